/* What the driver does about an oracle's faults, with an oracle that plays a script. */
#include "scheduler/dispatch.h"
#include "scheduler/dispatch_desk.h"
#include "tests/scheduler/fixture.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

/* ---- an oracle that plays a script: (w)ell, (f)ails, (n)ot finite, not (c)onverged, (r) broken for good ---- */

static struct {
    const char *script; // one letter for each evaluation; well at its end
    size_t evaluations, resets, reset_at;
} puppet;

static enum hm_status puppet_evaluate(void *self, const struct hm_frame *frame, struct hm_label *label)
{
    (void)self;
    const char act = *puppet.script ? *puppet.script++ : 'w';
    puppet.evaluations++;
    label->energy = (double)puppet.evaluations;
    memset(label->virial, 0, sizeof label->virial);
    for (size_t k = 0; k < 3 * frame->natom; k++) label->force[k] = act == 'n' ? NAN : 2 * frame->x[k];
    label->iterations = 17;
    if (act == 'c') label->status = HM_LABEL_NOT_CONVERGED;
    if (act == 'f') return hm_fail(HM_ORACLE_FAILED, "the puppet fell at evaluation %zu", puppet.evaluations);
    return act == 'r' ? hm_fail(HM_OUT_OF_MEMORY, "the puppet broke") : HM_OK;
}

static void puppet_reset(void *self)
{
    (void)self;
    puppet.resets++;
    puppet.reset_at = puppet.evaluations;
}

static void puppet_destroy(void **self)
{
    *self = NULL;
}

static const struct hm_hamiltonian_ops puppet_ops = {
    .evaluate = puppet_evaluate, .reset = puppet_reset, .destroy = puppet_destroy};
static struct hm_hamiltonian hamiltonian = {&puppet_ops, &puppet};

/* ---- what is written down ---- */

enum { MOST_RECORDS = 64 };
static struct hm_fault_record records[MOST_RECORDS];
static size_t nrecord;

static enum hm_status write_record(void *self, const struct hm_fault_record *record)
{
    (void)self;
    CU_ASSERT_TRUE(nrecord < MOST_RECORDS);
    records[nrecord++] = *record;
    return HM_OK;
}

static struct hm_dispatch oracle;
static struct hm_frame frame;
static double force[6];
static struct hm_label label;

static enum hm_status configure(const char *section)
{
    char text[512];
    struct hm_config *config = NULL;
    snprintf(text, sizeof text, "%s\nhamiltonian: {type: harmonic}\nintegrator: {timestep: 1 fs, steps: 1}\n", section);
    enum hm_status status = hm_config_parse(text, "run.yaml", NULL, 0, &config);
    if (status == HM_OK) status = hm_dispatch_configure(config, &oracle);
    hm_config_destroy(&config);
    return status;
}

static void begin(const char *section, const char *script)
{
    HM_ASSERT_OK(hm_frame_create(2, &frame));
    frame.x[3] = 3;
    HM_ASSERT_OK(hm_dispatch_create_inline(&hamiltonian, 2, &oracle));
    HM_ASSERT_OK(configure(section));
    HM_ASSERT_OK(hm_dispatch_log_faults(&oracle, (struct hm_fault_log){write_record, NULL}));
    oracle.step = 7;
    puppet.script = script;
    puppet.evaluations = puppet.resets = 0;
    label.force = force;
    nrecord = 0;
}

static void end(void)
{
    hm_dispatch_destroy(&oracle);
    hm_frame_release(&frame);
}

static enum hm_status ask(void)
{
    int group = 99;
    memset(force, 0, sizeof force);
    const enum hm_status status = hm_dispatch_ask(&oracle, &frame, &label, &group);
    if (status != HM_OK) return status;
    CU_ASSERT_EQUAL(group, -1);
    CU_ASSERT_EQUAL(label.status, HM_LABEL_CONVERGED);
    CU_ASSERT_EQUAL(force[3], 6);
    CU_ASSERT_EQUAL(label.energy, (double)puppet.evaluations);
    return HM_OK;
}

/* A question under the rules, what it comes to, after how many evaluations, and a word of the message. */
static void check(const char *section, const char *script, enum hm_status expected, size_t evaluations,
                  const char *word)
{
    begin(section, script);
    const enum hm_status status = ask();
    const bool right = status == expected && puppet.evaluations == evaluations && strstr(hm_status_message(), word);
    if (!right)
        printf("\n      %s, %s: status %d after %zu evaluations: %s ", section, script, (int)status, puppet.evaluations,
               hm_status_message());
    CU_ASSERT_TRUE(right);
    CU_ASSERT_EQUAL(nrecord, expected == HM_OK ? evaluations - 1 : evaluations);
    end();
}

static void test_ladder(void)
{
    check("", "w", HM_OK, 1, "");
    check("", "fncw", HM_OK, 4, "");
    check("", "ffff", HM_ORACLE_FAILED, 4,
          "step 7: no force after 4 calls of the oracle (4 failed); the last: the puppet fell at evaluation 4");
    check("", "fncc", HM_ORACLE_FAILED, 4,
          "(2 not converged, 1 not finite, 1 failed); the last: it did not converge in 17");
    check("oracle: {on_failure: [stop]}", "f", HM_ORACLE_FAILED, 1, "after 1 call of");
    check("oracle: {on_failure: [stop]}", "c", HM_ORACLE_FAILED, 1, "1 not converged");
    check("oracle: {retries: 5}", "fffffw", HM_OK, 6, "");
    check("oracle: {retries: 5, on_failure: [retry]}", "ffffff", HM_ORACLE_FAILED, 6, "6 failed");
    check("oracle: {retries: 0}", "ff", HM_ORACLE_FAILED, 2, "2 failed");
    check("oracle: {retries: 100}", "", HM_OK, 1, "");
}

/* What is not finite whoever is asked, however often, is the geometry's fault. */
static void test_divergence(void)
{
    check("", "nnnn", HM_DIVERGED, 4, "step 7: the oracle's energy or force is not finite (asked 4 times)");
    check("", "nnfn", HM_ORACLE_FAILED, 4, "3 not finite, 1 failed");
    begin("", "w");
    frame.x[0] = INFINITY;
    CU_ASSERT_EQUAL(ask(), HM_DIVERGED);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "a position is not finite"));
    CU_ASSERT_EQUAL(puppet.evaluations, 1);
    CU_ASSERT_EQUAL(nrecord, 0); /* not the oracle's */
    frame.x[0] = 0;
    HM_ASSERT_OK(ask());
    end();
}

/* Of a program elsewhere nobody knows what it would say of another geometry: it may simply be broken. */
static void test_a_program_that_is_never_finite(void)
{
    begin("", "nnnn");
    oracle.rules.analytic = false;
    CU_ASSERT_EQUAL(ask(), HM_ORACLE_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "after 4 calls of the oracle (4 not finite)"));
    end();
}

/* A question without an answer has not been asked: the next has its ticket, and so its group. */
static void test_a_failed_question_gives_its_ticket_back(void)
{
    begin("oracle: {on_failure: [stop]}", "wfw");
    HM_ASSERT_OK(ask());
    CU_ASSERT_EQUAL(ask(), HM_ORACLE_FAILED);
    CU_ASSERT_EQUAL(records[0].request, 1);
    CU_ASSERT_EQUAL(oracle.desk->tickets, 1);
    HM_ASSERT_OK(ask());
    CU_ASSERT_EQUAL(oracle.desk->tickets, 2);
    end();
}

static void test_restart(void)
{
    begin("", "ccc");
    HM_ASSERT_OK(ask());
    CU_ASSERT_EQUAL(puppet.resets, 1);
    CU_ASSERT_EQUAL(puppet.reset_at, 3); /* the last rung */
    HM_ASSERT_OK(ask());
    CU_ASSERT_EQUAL(puppet.resets, 1); /* the next question begins at the bottom */
    end();
    begin("oracle: {on_failure: [restart_scf, retry, stop]}", "cff");
    HM_ASSERT_OK(ask());
    CU_ASSERT_EQUAL(puppet.reset_at, 1);
    CU_ASSERT_EQUAL(puppet.resets, 1);
    end();
}

static void test_every_fault_is_written_down(void)
{
    static const enum hm_fault expected[] = {HM_FAULT_NOT_CONVERGED, HM_FAULT_FAILED, HM_FAULT_NOT_FINITE};
    begin("", "wcfnwf");
    HM_ASSERT_OK(ask());
    HM_ASSERT_OK(ask());
    CU_ASSERT_EQUAL(nrecord, 3);
    for (size_t k = 0; k < 3; k++) {
        CU_ASSERT_EQUAL(records[k].step, 7);
        CU_ASSERT_EQUAL(records[k].request, 1);
        CU_ASSERT_EQUAL(records[k].attempt, (int32_t)k);
        CU_ASSERT_EQUAL(records[k].oracle_group, -1);
        CU_ASSERT_EQUAL(records[k].fault, (int32_t)expected[k]);
        CU_ASSERT_EQUAL(records[k].iterations, expected[k] == HM_FAULT_FAILED ? 0 : 17);
        CU_ASSERT_TRUE(records[k].seconds >= 0 && records[k].seconds < 60);
        CU_ASSERT_EQUAL(oracle.faults[expected[k]], 1);
    }
    oracle.step = 8;
    HM_ASSERT_OK(ask());
    CU_ASSERT_EQUAL(nrecord, 4);
    CU_ASSERT_EQUAL(records[3].step, 8);
    CU_ASSERT_EQUAL(oracle.calls, 3); /* labels */
    end();
}

static void test_faults_wait_for_the_log(void)
{
    begin("", "ff");
    HM_ASSERT_OK(hm_dispatch_log_faults(&oracle, (struct hm_fault_log){NULL, NULL}));
    HM_ASSERT_OK(ask());
    CU_ASSERT_EQUAL(nrecord, 0);
    HM_ASSERT_OK(hm_dispatch_log_faults(&oracle, (struct hm_fault_log){write_record, NULL}));
    CU_ASSERT_EQUAL(nrecord, 2);
    CU_ASSERT_EQUAL(records[1].attempt, 1);
    HM_ASSERT_OK(hm_dispatch_log_faults(&oracle, (struct hm_fault_log){write_record, NULL}));
    CU_ASSERT_EQUAL(nrecord, 2); /* once */
    end();
}

/* What no retry can mend is no fault of a call. */
static void test_other_failures_end_at_once(void)
{
    begin("", "fr");
    CU_ASSERT_EQUAL(ask(), HM_OUT_OF_MEMORY);
    CU_ASSERT_EQUAL(puppet.evaluations, 2);
    HM_ASSERT_OK(ask()); /* the request is not open any more */
    end();
}

static void test_tickets(void)
{
    int64_t ticket, other;
    int group;
    bool done;
    begin("", "");
    CU_ASSERT_EQUAL(hm_dispatch_poll(&oracle, 0, &label, &group, &done), HM_INTERNAL);
    HM_ASSERT_OK(hm_dispatch_submit(&oracle, &frame, &ticket));
    CU_ASSERT_EQUAL(hm_dispatch_submit(&oracle, &frame, &other), HM_INTERNAL); /* one at a time inline */
    hm_dispatch_cancel(&oracle, ticket);
    CU_ASSERT_EQUAL(hm_dispatch_poll(&oracle, ticket, &label, &group, &done), HM_INTERNAL);
    HM_ASSERT_OK(hm_dispatch_submit(&oracle, &frame, &ticket));
    HM_ASSERT_OK(hm_dispatch_poll(&oracle, ticket, &label, &group, &done));
    CU_ASSERT_TRUE(done);
    CU_ASSERT_EQUAL(hm_dispatch_poll(&oracle, ticket, &label, &group, &done), HM_INTERNAL); /* spent */
    end();
}

static void test_bad_rules(void)
{
    static const char *const refused[][2] = {
        {"oracle: {on_failure: [retry, retry, stop]}", "lists 'retry' twice"},
        {"oracle: {on_failure: [stop, retry]}", "run.yaml:1:29: 'retry' is never reached"},
        {"oracle: {on_failure: [give_up]}", "give_up"},
        {"oracle: {on_failure: []}", "oracle.on_failure"},
        {"oracle: {retries: -1}", "oracle.retries"},
        {"oracle: {retries: 101}", "oracle.retries"},
        {"oracle: {deadline: 5}", "unit"},
        {"oracle: {deadline: 0 s}", "oracle.deadline"},
    };
    begin("", "");
    for (size_t k = 0; k < sizeof refused / sizeof *refused; k++) {
        const enum hm_status status = configure(refused[k][0]);
        const bool said = strstr(hm_status_message(), refused[k][1]) != NULL;
        if (status != HM_BAD_CONFIG || !said) printf("\n      %s: %s ", refused[k][0], hm_status_message());
        CU_ASSERT_TRUE(status == HM_BAD_CONFIG && said);
    }
    HM_ASSERT_OK(configure("oracle: {deadline: 30 ms}"));
    CU_ASSERT_EQUAL(oracle.rules.deadline, 0.03);
    HM_ASSERT_OK(configure(""));
    CU_ASSERT_EQUAL(oracle.rules.deadline, 0);
    end();
}

static void test_deadlines_are_learned(void)
{
    struct hm_pace pace = {0};
    const struct hm_dispatch_rules learned = {0}, given = {.deadline = 0.5}, patient = {.patience = 2000};
    CU_ASSERT_EQUAL(hm_pace_deadline(&pace, &learned), 1800);
    CU_ASSERT_EQUAL(hm_pace_deadline(&pace, &given), 0.5);
    CU_ASSERT_EQUAL(hm_pace_deadline(&pace, &patient), 2000); /* what gives up by itself is not given up before */
    for (int k = 0; k < 5; k++) hm_pace_add(&pace, 1e-3);
    CU_ASSERT_EQUAL(hm_pace_deadline(&pace, &learned), 10); /* not less */
    for (int k = 0; k < 123; k++) hm_pace_add(&pace, k % 10 == 0 ? 100 : 3);
    HM_ASSERT_NEAR(hm_pace_deadline(&pace, &learned), 1000, 1e-9); /* one in ten is no exception */
    for (int k = 0; k < 1000; k++) hm_pace_add(&pace, k % 50 == 0 ? 90 : 2);
    HM_ASSERT_NEAR(hm_pace_deadline(&pace, &learned), 20,
                   1e-9); /* 2 % are exceptions, and what is long past is forgotten */
    CU_ASSERT_EQUAL(hm_pace_deadline(&pace, &given), 0.5);
}

static const struct hm_test tests[] = {
    {"the ladder", test_ladder},
    {"what is not finite for everybody", test_divergence},
    {"a program that is never finite", test_a_program_that_is_never_finite},
    {"a failed question gives its ticket back", test_a_failed_question_gives_its_ticket_back},
    {"a fresh start", test_restart},
    {"every fault is written down", test_every_fault_is_written_down},
    {"faults wait for the log", test_faults_wait_for_the_log},
    {"other failures end at once", test_other_failures_end_at_once},
    {"tickets", test_tickets},
    {"bad rules", test_bad_rules},
    {"deadlines are learned", test_deadlines_are_learned},
};

HM_TEST_MAIN("dispatch", tests)
