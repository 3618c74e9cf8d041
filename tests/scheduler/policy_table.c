#include "tests/scheduler/policy_table.h"

#include "tests/test.h"

#include <stdio.h>
#include <string.h>

const uint8_t table_recorded[TABLE_RECORDED] = {1, 1, 0, 0, 1, 0, 1, 0, 0, 0};

struct hm_config *table_configure(const char *policy, const char *override)
{
    char text[512];
    struct hm_config *config = NULL;
    snprintf(text, sizeof text,
             "hamiltonian: {type: harmonic, molecule: HCl}\nintegrator: {timestep: 1 fs, steps: %d}\n"
             "predictor: {type: lstm, committee: 2}\npolicy: %s\n",
             TABLE_RECORDED, policy);
    HM_ASSERT_OK(hm_config_parse(text, "policy.yaml", &override, override ? 1 : 0, &config));
    return config;
}

struct hm_policy table_policy(const char *policy, struct hm_config **config)
{
    struct hm_policy made;
    *config = table_configure(policy, NULL);
    const struct hm_policy_setup setup = {*config, table_recorded, TABLE_RECORDED};
    HM_ASSERT_OK(hm_policy_create(&setup, &made));
    return made;
}

struct hm_decision table_decide(struct hm_policy *policy, size_t burst, int64_t since_active, struct hm_signals signals)
{
    const struct hm_evidence evidence = {since_active, since_active, burst, &signals, NAN};
    struct hm_decision decision;
    hm_policy_choose(policy, &evidence, &decision);
    return decision;
}

/* An absurd kick counts as above the target by its name, whatever it comes to. */
static double magnitude(char given)
{
    static const char letters[] = "-=+a";
    static const double values[] = {0.5, 1, 2, 0.5};
    const char *at = strchr(letters, given);
    return at ? values[at - letters] : NAN;
}

/* What the driver does without asking. */
static bool is_forced(char given, enum hm_reason *reason)
{
    static const char letters[] = "gan";
    static const enum hm_reason reasons[] = {HM_REASON_GUARD, HM_REASON_ABSURD, HM_REASON_NOT_READY};
    const char *at = strchr(letters, given);
    if (at) *reason = reasons[at - letters];
    return at != NULL;
}

static char letter(const struct hm_decision *decision, bool episode)
{
    static const char *const exact[HM_REASON_COUNT] = {
        [HM_REASON_POLICY] = "IT", [HM_REASON_ABSURD] = "aA",    [HM_REASON_BURST] = "b!",
        [HM_REASON_GUARD] = "g!",  [HM_REASON_NOT_READY] = "n!", [HM_REASON_REPLAY] = "r!",
    };
    if (decision->action == HM_PREDICT) return "p!"[episode];
    if (decision->action != HM_INJECT || !exact[decision->reason]) return '!';
    return exact[decision->reason][episode];
}

/* Steps first .. last - 1. */
static void play(struct hm_policy *policy, const struct table_row *row, size_t first, size_t last,
                 struct table_trace *trace)
{
    for (size_t n = first; n < last; n++) {
        const double value = magnitude(row->given[n]);
        struct hm_decision decision = {.action = HM_INJECT, .signal = NAN, .threshold = NAN};
        if (!is_forced(row->given[n], &decision.reason))
            decision = table_decide(policy, row->burst, (int64_t)n, (struct hm_signals){NAN, NAN, value, false});
        const double residual = decision.action == HM_INJECT ? value : NAN;
        const struct hm_outcome outcome = {(int64_t)n, decision.action, decision.reason, residual};
        trace->done[n] = letter(&decision, hm_policy_observe(policy, &outcome));
        trace->signal[n] = decision.signal;
        trace->threshold[n] = decision.threshold;
    }
}

/* Through an archive, all of which is read. */
static void hand_over(const struct hm_policy *from, struct hm_policy *to)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    hm_policy_save(from, &archive);
    HM_ASSERT_OK(hm_policy_load(to, &archive));
    CU_ASSERT_EQUAL(archive.cursor, archive.size);
    hm_archive_release(&archive);
}

struct table_trace table_play(const struct table_row *row, size_t at)
{
    struct hm_config *config, *other_config;
    struct table_trace trace = {0};
    struct hm_policy policy = table_policy(row->policy, &config), other = table_policy(row->policy, &other_config);
    play(&policy, row, 0, at, &trace);
    hand_over(&policy, &other);
    play(&other, row, at, strlen(row->given), &trace);
    hm_policy_destroy(&policy);
    hm_policy_destroy(&other);
    hm_config_destroy(&config);
    hm_config_destroy(&other_config);
    return trace;
}

void table_check(const struct table_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; at <= strlen(rows[i].given); at++) {
            const struct table_trace trace = table_play(&rows[i], at);
            CU_ASSERT_STRING_EQUAL(trace.done, rows[i].done);
            if (strcmp(trace.done, rows[i].done) == 0) continue;
            printf("\n%s, bursts of %zu, resumed at %zu\n  given %s\n  done  %s\n  want  %s\n", rows[i].policy,
                   rows[i].burst, at, rows[i].given, trace.done, rows[i].done);
        }
}

enum hm_status table_load(const char *policy, struct hm_archive *archive)
{
    struct hm_config *config;
    struct hm_policy fresh = table_policy(policy, &config);
    const enum hm_status status = hm_policy_load(&fresh, archive);
    hm_policy_destroy(&fresh);
    hm_config_destroy(&config);
    hm_archive_release(archive);
    return status;
}

void table_put_name(struct hm_archive *archive, const char *name)
{
    hm_archive_put_tag(archive, "POLICY");
    hm_archive_put_text(archive, name);
}
