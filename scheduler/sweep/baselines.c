#define _GNU_SOURCE /* vasprintf */
#include "scheduler/sweep/baselines.h"

#include "scheduler/period.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hm_baseline_release(struct hm_baseline *baseline)
{
    for (size_t i = 0; i < baseline->count; i++) free(baseline->text[i]);
    *baseline = (struct hm_baseline){0};
}

HM_PRINTF(2, 3) static enum hm_status set(struct hm_baseline *baseline, const char *format, ...)
{
    va_list arguments;
    if (baseline->count == HM_BASELINE_SETTINGS) return hm_fail(HM_INTERNAL, "a baseline with too many settings");
    va_start(arguments, format);
    const int length = vasprintf(&baseline->text[baseline->count], format, arguments);
    va_end(arguments);
    if (length < 0) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the settings of a baseline");
    baseline->count++;
    return HM_OK;
}

HM_PRINTF(2, 3) static void describe(struct hm_baseline *baseline, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(baseline->summary, sizeof baseline->summary, format, arguments);
    va_end(arguments);
}

/* A key that was written, as it was written. */
static enum hm_status keep(const struct hm_config *run, const char *key, struct hm_baseline *baseline)
{
    if (!hm_config_has(run, key)) return HM_OK;
    char *value = hm_config_line(run, key);
    if (!value) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the settings of a baseline");
    const enum hm_status status = set(baseline, "%s=%s", key, value);
    free(value);
    return status;
}

/* ---- plain leapfrog ---- */

/* Every step exact, nothing learned; whatever ranks there are evaluate. */
static enum hm_status derive_exact(const struct hm_config *run, struct hm_baseline *baseline)
{
    describe(baseline, "every step exact");
    HM_TRY(set(baseline, "predictor={type: zero}"));
    HM_TRY(set(baseline, "training={warmup_steps: %lld}", (long long)hm_config_integer(run, "training.warmup_steps")));
    HM_TRY(set(baseline, "policy={type: always}"));
    HM_TRY(set(baseline, "injection={}"));
    return set(baseline, "ranks=auto");
}

static int64_t scaled(int64_t count, double factor, int64_t least)
{
    const int64_t nearest = (int64_t)llround((double)count * factor);
    return nearest > least ? nearest : least;
}

enum hm_status hm_baseline_rescale(const struct hm_config *run, int64_t steps, struct hm_baseline *baseline)
{
    const int64_t whole = hm_config_integer(run, "integrator.steps");
    if (steps == whole) return HM_OK; /* the texts stay as they are written */
    const double factor = (double)steps / (double)whole;
    HM_TRY(set(baseline, "integrator.steps=%lld", (long long)steps));
    HM_TRY(set(baseline, "integrator.timestep=%.17g fs",
               hm_config_real(run, "integrator.timestep") * HM_TIME_FS / factor));
    HM_TRY(set(baseline, "training={warmup_steps: %lld}",
               (long long)scaled(hm_config_integer(run, "training.warmup_steps"), factor, 0)));
    return set(baseline, "output.stride=%lld", (long long)scaled(hm_config_integer(run, "output.stride"), factor, 1));
}

static enum hm_status derive_stretched(const struct hm_config *run, struct hm_baseline *baseline)
{
    if (!hm_config_is(run, "policy.type", "periodic"))
        return hm_fail(HM_BAD_INPUT, "no frequency is known beforehand of the policy '%s'",
                       hm_config_text(run, "policy.type"));
    const double frequency = hm_config_real(run, "policy.frequency");
    if (frequency <= 0) return hm_fail(HM_BAD_INPUT, "there is no time step of dt/f where policy.frequency is 0");
    HM_TRY(derive_exact(run, baseline));
    const int64_t whole = hm_config_integer(run, "integrator.steps"), steps = scaled(whole, frequency, 1);
    describe(baseline, "plain leapfrog at dt/f, a step of %.4g fs",
             hm_config_real(run, "integrator.timestep") * HM_TIME_FS * (double)whole / (double)steps);
    return hm_baseline_rescale(run, steps, baseline);
}

/* ---- the linear predictor ---- */

static bool knows_geometry(const struct hm_config *run)
{
    const struct hm_predictor_ops *ops;
    return hm_predictor_find(run, &ops) == HM_OK && ops->sees == HM_SEES_ATOMS;
}

/* What a network stands on, if that is a force: "surrogate" or "hamiltonian", else NULL. */
static const char *base_force(const struct hm_config *run)
{
    const char *base = hm_config_text(run, "predictor.base.type");
    return strcmp(base, "surrogate") == 0 || strcmp(base, "hamiltonian") == 0 ? base : NULL;
}

/* The history was another predictor's choice; so were, where it knew the geometry, single injections. */
static enum hm_status derive_linear(const struct hm_job *job, struct hm_baseline *baseline)
{
    const struct hm_config *run = job->config;
    describe(baseline, "the run itself, whose predictor is linear");
    if (hm_config_is(run, "predictor.type", "linear")) return HM_OK;
    const bool geometry = knows_geometry(run);
    const bool pair =
        hm_config_is(run, "predictor.representation", "pair") && job->frame.natom <= (size_t)HM_PAIR_MAX_ATOMS;
    if (!pair && hm_config_has(run, "thermostat.type"))
        return hm_fail(HM_BAD_INPUT,
                       "of %zu atoms the linear predictor continues cartesian velocities, which the thermostat changes "
                       "at random",
                       job->frame.natom);
    const bool velocity = !pair || hm_config_lists(run, "predictor.inputs", "velocity");
    const bool coordinate = hm_config_lists(run, "predictor.inputs", "coordinate");
    describe(baseline, "the linear predictor on %s", pair ? "impulses along pairs" : "cartesian velocities");
    HM_TRY(set(baseline, "predictor={type: linear, representation: %s, inputs: [%s%s%s]}", pair ? "pair" : "cartesian",
               velocity ? "velocity" : "", velocity && coordinate ? ", " : "", coordinate ? "coordinate" : ""));
    if (!geometry && !base_force(run)) { /* of a surrogate these are something else */
        HM_TRY(keep(run, "predictor.degree", baseline));
        HM_TRY(keep(run, "predictor.ridge", baseline));
    }
    HM_TRY(keep(run, "predictor.max_kick", baseline));
    if (hm_config_has(run, "injection.form")) HM_TRY(set(baseline, "injection.form=kick"));
    if (geometry && hm_config_has(run, "injection.burst")) HM_TRY(set(baseline, "injection.burst=auto"));
    return HM_OK;
}

/* ---- r-RESPA ---- */

static enum hm_status find_period(const struct hm_job *job, double *period)
{
    struct hm_hamiltonian hamiltonian;
    struct hm_dispatch oracle;
    HM_TRY(hm_hamiltonian_create(job->config, &job->frame, NULL, &hamiltonian));
    enum hm_status status = hm_dispatch_create_inline(&hamiltonian, job->frame.natom, &oracle);
    if (status == HM_OK) {
        status = hm_fastest_period(&oracle, &job->frame, period);
        hm_dispatch_destroy(&oracle);
    }
    hm_hamiltonian_destroy(&hamiltonian);
    return status;
}

static enum hm_status derive_force(const struct hm_config *run, const char **force, struct hm_baseline *baseline)
{
    *force = hm_config_text(run, "predictor.type");
    if (knows_geometry(run) && !hm_config_is(run, "predictor.type", "lstm")) return HM_OK;
    const char *base = base_force(run);
    if (!base)
        return hm_fail(HM_BAD_INPUT,
                       "the %s predictor is no force that could act between impulses; surrogate and hamiltonian are, "
                       "also as the base of an lstm",
                       *force);
    *force = base;
    HM_TRY(set(baseline, "predictor={type: %s}", base));
    if (strcmp(base, "hamiltonian") == 0) {
        HM_TRY(keep(run, "predictor.hamiltonian", baseline));
    } else {
        HM_TRY(keep(run, "predictor.basis", baseline));
        HM_TRY(keep(run, "predictor.degree", baseline));
        HM_TRY(keep(run, "predictor.ridge", baseline));
    }
    return keep(run, "predictor.max_kick", baseline);
}

/* Impulses at equal intervals of M steps: f = 1/M, rounded up so that no interval ever has a step more. */
static enum hm_status derive_interval(const struct hm_job *job, const char *force, struct hm_baseline *baseline)
{
    static const double digits = 1e9;
    const struct hm_config *run = job->config;
    const double own = hm_config_is(run, "policy.type", "periodic") ? hm_config_real(run, "policy.frequency") : 0;
    double period;
    HM_TRY(find_period(job, &period));
    const double timestep = hm_config_real(run, "integrator.timestep"), least = hm_period_frequency(period, timestep);
    if (own > 0 && own >= least) {
        describe(baseline, "impulses of the %s predictor's error at the run's own frequency %g", force, own);
        return set(baseline, "policy={type: periodic, frequency: %s}", hm_config_text(run, "policy.frequency"));
    }
    const double steps = floor((1 + 1e-9) / least);
    if (!isfinite(steps))
        return hm_fail(HM_BAD_INPUT, "nothing vibrates, so that no interval of impulses is the longest");
    const double frequency = ceil(digits / steps) / digits;
    describe(baseline, "impulses of the %s predictor's error every %g steps, the most for a period of %.3g fs", force,
             steps, period * HM_TIME_FS);
    return set(baseline, "policy={type: periodic, frequency: %.9g}", frequency);
}

static enum hm_status derive_respa(const struct hm_job *job, struct hm_baseline *baseline)
{
    const char *force;
    HM_TRY(derive_force(job->config, &force, baseline));
    HM_TRY(derive_interval(job, force, baseline));
    HM_TRY(keep(job->config, "policy.activate_after_steps", baseline));
    return set(baseline, "injection={form: impulse}");
}

enum hm_status hm_baseline_derive(const struct hm_job *run, enum hm_sweep_kind kind, struct hm_baseline *baseline)
{
    *baseline = (struct hm_baseline){0};
    switch (kind) {
    case HM_SWEEP_EXACT:
        return derive_exact(run->config, baseline);
    case HM_SWEEP_LONGEST_STABLE:
        HM_TRY(derive_exact(run->config, baseline));
        describe(baseline, "plain leapfrog at the longest step that is stable");
        return HM_OK;
    case HM_SWEEP_STRETCHED:
        return derive_stretched(run->config, baseline);
    case HM_SWEEP_LINEAR:
        return derive_linear(run, baseline);
    case HM_SWEEP_RESPA:
        return derive_respa(run, baseline);
    case HM_SWEEP_RUN:
    case HM_SWEEP_KINDS:
        break;
    }
    return hm_fail(HM_INTERNAL, "there is no baseline of kind %d", (int)kind);
}

/* ---- what means nothing ---- */

static bool is_within(const char *key, const char *section)
{
    const size_t length = strlen(section);
    return strncmp(key, section, length) == 0 && (key[length] == '\0' || key[length] == '.');
}

static bool is_one_of(const char *key, const char *const *sections)
{
    while (*sections && !is_within(key, *sections)) sections++;
    return *sections != NULL;
}

bool hm_baseline_ignores(enum hm_sweep_kind kind, const char *key)
{
    /* What a baseline reads nothing of, but for some keys. */
    static const char *const exact[] = {"predictor", "training", "policy", "injection", "ranks", NULL};
    static const char *const stretched[] = {"predictor", "training", "injection", "ranks", NULL};
    static const char *const warmup[] = {"training.warmup_steps", NULL};
    static const char *const linear[] = {"predictor", "injection.form", NULL};
    static const char *const of_linear[] = {"predictor.representation", "predictor.inputs",   "predictor.degree",
                                            "predictor.ridge",          "predictor.max_kick", NULL};
    static const char *const respa[] = {
        "injection",           "policy.jitter", "policy.signal",   "policy.above", "policy.bounds",
        "policy.max_interval", "policy.target", "policy.interval", "policy.log",   NULL};
    static const char *const none[] = {NULL};
    static const struct {
        const char *const *sections, *const *but;
    } ignored[HM_SWEEP_KINDS] = {
        [HM_SWEEP_EXACT] = {exact, warmup},         [HM_SWEEP_LONGEST_STABLE] = {exact, warmup},
        [HM_SWEEP_STRETCHED] = {stretched, warmup}, [HM_SWEEP_LINEAR] = {linear, of_linear},
        [HM_SWEEP_RESPA] = {respa, none},
    };
    if (kind == HM_SWEEP_RUN || kind == HM_SWEEP_KINDS) return false;
    return is_one_of(key, ignored[kind].sections) && !is_one_of(key, ignored[kind].but);
}
