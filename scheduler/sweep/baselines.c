#include "scheduler/sweep/baselines.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

HM_PRINTF(2, 3) static void set(struct hm_baseline *baseline, const char *format, ...)
{
    va_list arguments;
    if (baseline->count == HM_BASELINE_SETTINGS) return;
    va_start(arguments, format);
    vsnprintf(baseline->text[baseline->count++], HM_BASELINE_TEXT, format, arguments);
    va_end(arguments);
}

/* Every step exact, nothing learned; whatever ranks there are evaluate. */
static void derive_exact(const struct hm_config *run, struct hm_baseline *baseline)
{
    set(baseline, "predictor={type: zero}");
    set(baseline, "training={warmup_steps: %lld}", (long long)hm_config_integer(run, "training.warmup_steps"));
    set(baseline, "policy={type: always}");
    set(baseline, "injection={}");
    set(baseline, "ranks=auto");
}

static int64_t scaled(int64_t count, double factor, int64_t least)
{
    const int64_t nearest = (int64_t)llround((double)count * factor);
    return nearest > least ? nearest : least;
}

void hm_baseline_rescale(const struct hm_config *run, int64_t steps, struct hm_baseline *baseline)
{
    const int64_t whole = hm_config_integer(run, "integrator.steps");
    if (steps == whole) return; /* the texts stay as they are written */
    const double factor = (double)steps / (double)whole;
    set(baseline, "integrator.steps=%lld", (long long)steps);
    set(baseline, "integrator.timestep=%.17g fs", hm_config_real(run, "integrator.timestep") * HM_TIME_FS / factor);
    set(baseline, "training={warmup_steps: %lld}",
        (long long)scaled(hm_config_integer(run, "training.warmup_steps"), factor, 0));
    set(baseline, "output.stride=%lld", (long long)scaled(hm_config_integer(run, "output.stride"), factor, 1));
}

static enum hm_status derive_stretched(const struct hm_config *run, struct hm_baseline *baseline)
{
    if (!hm_config_is(run, "policy.type", "periodic"))
        return hm_fail(HM_BAD_INPUT, "no frequency is known beforehand of the policy '%s'",
                       hm_config_text(run, "policy.type"));
    const double frequency = hm_config_real(run, "policy.frequency");
    if (frequency <= 0) return hm_fail(HM_BAD_INPUT, "there is no time step of dt/f where policy.frequency is 0");
    derive_exact(run, baseline);
    hm_baseline_rescale(run, scaled(hm_config_integer(run, "integrator.steps"), frequency, 1), baseline);
    return HM_OK;
}

/* A key of the predictor that was written, as it was written. */
static void keep(const struct hm_config *run, const char *name, struct hm_baseline *baseline)
{
    char key[64];
    snprintf(key, sizeof key, "predictor.%s", name);
    if (hm_config_has(run, key)) set(baseline, "%s=%s", key, hm_config_text(run, key));
}

/* The history was another predictor's choice. */
static void derive_linear(const struct hm_config *run, struct hm_baseline *baseline)
{
    const bool velocity = hm_config_lists(run, "predictor.inputs", "velocity");
    const bool coordinate = hm_config_lists(run, "predictor.inputs", "coordinate");
    if (hm_config_is(run, "predictor.type", "linear")) return;
    set(baseline, "predictor={type: linear, representation: %s, inputs: [%s%s%s]}",
        hm_config_text(run, "predictor.representation"), velocity ? "velocity" : "", velocity && coordinate ? ", " : "",
        coordinate ? "coordinate" : "");
    keep(run, "degree", baseline);
    keep(run, "ridge", baseline);
    keep(run, "max_kick", baseline);
}

enum hm_status hm_baseline_derive(const struct hm_config *run, enum hm_sweep_kind kind, struct hm_baseline *baseline)
{
    baseline->count = 0;
    switch (kind) {
    case HM_SWEEP_EXACT:
    case HM_SWEEP_LONGEST_STABLE:
        derive_exact(run, baseline);
        return HM_OK;
    case HM_SWEEP_STRETCHED:
        return derive_stretched(run, baseline);
    case HM_SWEEP_LINEAR:
        derive_linear(run, baseline);
        return HM_OK;
    case HM_SWEEP_RUN:
    case HM_SWEEP_KINDS:
        break;
    }
    return hm_fail(HM_INTERNAL, "there is no baseline of kind %d", (int)kind);
}

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
    static const char *const exact[] = {"predictor", "training", "policy", "injection", "ranks", NULL};
    static const char *const stretched[] = {"predictor", "training", "injection", "ranks", NULL};
    static const char *const warmup[] = {"training.warmup_steps", NULL};
    static const char *const linear[] = {"predictor", NULL};
    static const char *const kept[] = {"predictor.representation", "predictor.inputs",   "predictor.degree",
                                       "predictor.ridge",          "predictor.max_kick", NULL};
    switch (kind) {
    case HM_SWEEP_EXACT:
    case HM_SWEEP_LONGEST_STABLE:
        return is_one_of(key, exact) && !is_one_of(key, warmup);
    case HM_SWEEP_STRETCHED:
        return is_one_of(key, stretched) && !is_one_of(key, warmup);
    case HM_SWEEP_LINEAR:
        return is_one_of(key, linear) && !is_one_of(key, kept);
    case HM_SWEEP_RUN:
    case HM_SWEEP_KINDS:
        break;
    }
    return false;
}
