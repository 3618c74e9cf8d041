/* Injection bursts at a fixed frequency.
 *
 * With f the fraction of exact steps and b the burst, the period is P = b / f steps, not necessarily whole. Cell k = 1,
 * 2, ... is the steps ceil((k-1) P) .. ceil(k P) - 1, counted from the policy's activation; its last b steps are exact.
 * So fractions accumulate, the stretch after the warm-up is predicted, and f = 1 makes every step exact.
 *
 * Every burst of several steps reseeds the predictor with a small kick whose sign depends on the phase of the
 * vibration. When the period is close to a multiple of a vibrational one, the kicks add up coherently and the energy
 * swings. `jitter` J breaks the phase: the burst of cell k starts floor(J u_k (P - b)) steps early, u_k uniform in (0,
 * 1), one burst a cell still.
 *
 * Nothing to remember: all is a function of the step. */
#include "scheduler/policy.h"

#include "io/rng.h"

#include <math.h>
#include <stdlib.h>

struct periodic {
    double frequency;
    double jitter; // negative: auto
    struct hm_rng_key key;
};

static const double AUTOMATIC_JITTER = 0.1;

static enum hm_status create(const struct hm_policy_setup *setup, void **self)
{
    struct periodic *periodic = malloc(sizeof *periodic);
    if (!periodic) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the policy");
    periodic->frequency = hm_config_real(setup->config, "policy.frequency");
    const bool automatic = hm_config_is(setup->config, "policy.jitter", "auto");
    periodic->jitter = automatic ? -1 : hm_config_real(setup->config, "policy.jitter");
    periodic->key = (struct hm_rng_key){
        .seed = (uint64_t)hm_config_integer(setup->config, "training.seed"),
        .purpose = HM_RNG_POLICY,
    };
    *self = periodic;
    return HM_OK;
}

static void destroy(void **self)
{
    free(*self);
    *self = NULL;
}

/* ceil(k P) by one correctly rounded division: 300 bursts at f = 0.03 end at step 10000, not 10001. */
static double cell_end(const struct periodic *periodic, double burst, double cell)
{
    return ceil(cell * burst / periodic->frequency);
}

/* The cell a step belongs to; the estimate may be off by a rounding. */
static double find_cell(const struct periodic *periodic, double burst, double now)
{
    double cell = floor(now * periodic->frequency / burst) + 1;
    while (cell_end(periodic, burst, cell) <= now) cell++;
    while (cell_end(periodic, burst, cell - 1) > now) cell--;
    return cell;
}

static double steps_early(const struct periodic *periodic, double burst, double cell)
{
    double uniform[2];
    const double automatic = burst > 1 ? AUTOMATIC_JITTER : 0;
    const double jitter = periodic->jitter < 0 ? automatic : periodic->jitter;
    if (jitter == 0) return 0;
    hm_rng_uniform2(periodic->key, (uint64_t)cell, 0, uniform);
    return floor(jitter * burst * (1 / periodic->frequency - 1) * uniform[0]);
}

static void choose(void *self, const struct hm_evidence *evidence, struct hm_decision *decision)
{
    const struct periodic *periodic = self;
    const double burst = (double)evidence->burst, now = (double)evidence->since_active;
    if (!isfinite(cell_end(periodic, burst, 1))) return; /* frequency 0, or as good as */
    const double cell = find_cell(periodic, burst, now);
    const double latest = cell_end(periodic, burst, cell) - burst;
    const double start = fmax(cell_end(periodic, burst, cell - 1), latest - steps_early(periodic, burst, cell));
    if (now < start || now >= start + burst) return;
    decision->action = HM_INJECT;
    if (now > start) decision->reason = HM_REASON_BURST;
}

const struct hm_policy_ops hm_policy_periodic = {
    .method = {"periodic", "bursts of exact steps at a fixed frequency"},
    .create = create,
    .destroy = destroy,
    .choose = choose,
};
