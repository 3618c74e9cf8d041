/* What /hamlet/strides says: rounds of a learned action, their iterations and what became of the energy. */
#include "io/analysis/analysis_internal.h"
#include "io/analysis/statistics.h"

#include <math.h>
#include <stdlib.h>

enum { LAST_PART = 10 }; /* one in so many rounds, at the end, tells the drift */

struct rounds {
    size_t taken, tried, solved, iterations; /* strides; solved inside the training domain, kept or not */
    size_t kept, refused;                    /* rounds */
    double worst;                            /* reversibility; NaN: not known of any */
    double *moved;                           /* (kept) |E - E_ref| over the mean kinetic energy */
};

static void add_round(void *self, const void *record)
{
    struct rounds *r = self;
    const struct hm_round_record *round = record;
    r->tried += (size_t)round->tried;
    r->solved += (size_t)round->strides;
    r->iterations += (size_t)round->iterations;
    r->worst = fmax(r->worst, round->reversibility);
    r->refused += !round->committed && round->strides > 0;
    if (!round->committed) return;
    r->taken += (size_t)round->strides;
    r->moved[r->kept++] = fabs(round->energy_change);
}

/* The mean kinetic energy is `heated` / 2 of kT. */
static double drift(const struct rounds *r, size_t heated)
{
    const size_t last = r->kept >= LAST_PART ? r->kept / LAST_PART : 1;
    return r->kept > 0 ? hm_median(r->moved + r->kept - last, last) * (double)heated / 2 : NAN;
}

enum hm_status hm_analyze_rounds(const struct hm_run *run, struct hm_analysis *a)
{
    struct rounds rounds = {.worst = NAN};
    if (run->info.nround == 0) return HM_OK;
    rounds.moved = malloc(run->info.nround * sizeof *rounds.moved);
    if (!rounds.moved) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu rounds", run->info.nround);
    const enum hm_status status = hm_trajectory_walk(run->trajectory, HM_TABLE_ROUNDS, add_round, &rounds);
    if (status == HM_OK) {
        a->strides = (double)rounds.taken;
        a->rounds = (double)run->info.nround;
        a->rounds_refused = (double)rounds.refused;
        a->iterations_per_stride = (double)rounds.iterations / (double)rounds.tried;
        a->stride_failure_fraction = (double)(rounds.tried - rounds.solved) / (double)rounds.tried;
        a->round_energy_drift_kT = drift(&rounds, a->heated);
        a->reversibility_max = rounds.worst;
    }
    free(rounds.moved);
    return status;
}
