/* What the tables under /hamlet say: decisions, injections, training, timing. */
#include "io/analysis/analysis_internal.h"

#include "io/units.h"

#include <math.h>
#include <stdlib.h>

enum { SLAB_RECORDS = 16384, MOST_TIMED_CALLS = 1 << 20 };

/* ---- decisions ---- */

struct decision_counts {
    int64_t warmup_steps;
    size_t all, exact, after, after_exact, rolled_back; /* steps */
    size_t run, longest;                                /* of predictions */
    struct hm_decision_record stride;                   /* not counted yet: it reaches to the next decision */
    bool strides;
};

static void count_steps(struct decision_counts *c, const struct hm_decision_record *d, size_t steps)
{
    const bool exact = d->action == HM_INJECT, after = d->step >= c->warmup_steps;
    c->all += steps;
    c->exact += exact;
    c->after += after ? steps : 0;
    c->after_exact += after && exact;
    c->run = exact ? 0 : c->run + steps;
    if (c->run > c->longest) c->longest = c->run;
}

static void count_stride(struct decision_counts *c, int64_t until)
{
    if (c->strides && until > c->stride.step) count_steps(c, &c->stride, (size_t)(until - c->stride.step));
    c->strides = false;
}

static void count_decision(struct decision_counts *c, const struct hm_decision_record *d)
{
    if (!d->committed) {
        c->rolled_back++;
        return;
    }
    count_stride(c, d->step);
    c->strides = d->action == HM_ADVANCE;
    if (c->strides)
        c->stride = *d;
    else
        count_steps(c, d, 1);
}

/* The forces at the ends of rounds belong to no step. */
static enum hm_status count_rounds(const struct hm_run *run, struct decision_counts *c)
{
    struct hm_round_record round;
    for (size_t i = 0; i < run->info.nround; i++) {
        HM_TRY(hm_trajectory_read_rounds(run->trajectory, i, 1, &round));
        c->exact += (size_t)round.forces;
        c->after_exact += (size_t)round.forces;
        c->rolled_back += round.committed ? 0 : (size_t)round.strides;
    }
    return HM_OK;
}

static enum hm_status read_decisions(const struct hm_run *run, struct hm_analysis *a)
{
    struct decision_counts counts = {.warmup_steps = run->info.warmup_steps};
    struct hm_decision_record *slab = malloc(SLAB_RECORDS * sizeof *slab);
    if (!slab) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: reading decisions");
    enum hm_status status = HM_OK;
    for (size_t first = 0; first < run->info.ndecision && status == HM_OK; first += SLAB_RECORDS) {
        const size_t left = run->info.ndecision - first, count = left < SLAB_RECORDS ? left : SLAB_RECORDS;
        status = hm_trajectory_read_decisions(run->trajectory, first, count, slab);
        for (size_t i = 0; i < count && status == HM_OK; i++) count_decision(&counts, &slab[i]);
    }
    count_stride(&counts, (int64_t)run->steps);
    if (status == HM_OK) status = count_rounds(run, &counts);
    free(slab);
    a->rollbacks = (double)counts.rolled_back;
    if (status != HM_OK || counts.all == 0) return status;
    a->injections = (double)counts.after_exact;
    a->exact_fraction = (double)counts.exact / (double)counts.all;
    if (counts.after > 0) a->injection_fraction = a->injections / (double)counts.after;
    a->longest_prediction_run = (double)counts.longest;
    return HM_OK;
}

/* ---- injections ---- */

struct error_sums {
    size_t count, residual_count;
    double velocity_mae, velocity_mean, kick_mae, kick_mean, residual_square, kick_square;
};

struct warm_calls {
    size_t count, every, seen; /* seconds kept; one of `every` is kept */
    double *seconds;
    int64_t previous_step;
};

static void add_errors(struct error_sums *s, const struct hm_injection_record *r)
{
    if (!isfinite(r->velocity_mae) || !isfinite(r->velocity_mean) || !isfinite(r->kick_mae) || !isfinite(r->kick_mean))
        return;
    s->count++;
    s->velocity_mae += r->velocity_mae;
    s->velocity_mean += r->velocity_mean;
    s->kick_mae += r->kick_mae;
    s->kick_mean += r->kick_mean;
    /* The record keeps the ratio; a perfect prediction hides the size of its kick and is left out. */
    if (!(r->residual > 0) || !(r->residual_relative > 0) || !isfinite(r->residual_relative)) return;
    const double kick = r->residual / r->residual_relative;
    s->residual_count++;
    s->residual_square += r->residual * r->residual;
    s->kick_square += kick * kick;
}

/* An evaluation right after one at the step before: what an exact run would pay for every step. */
static void add_call(struct warm_calls *w, const struct hm_injection_record *r)
{
    const bool warm = r->step == w->previous_step + 1;
    w->previous_step = r->step;
    if (!warm || !isfinite(r->seconds) || w->seen++ % w->every != 0 || w->count == MOST_TIMED_CALLS) return;
    w->seconds[w->count++] = r->seconds;
}

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *values, size_t count)
{
    if (count == 0) return NAN;
    qsort(values, count, sizeof *values, ascending);
    return 0.5 * (values[(count - 1) / 2] + values[count / 2]);
}

static void read_errors(const struct error_sums *s, struct hm_analysis *a)
{
    if (s->count == 0) return;
    a->kick_accuracy_percent = 100 * (1 - s->kick_mae / s->kick_mean);
    a->velocity_accuracy_percent = 100 * (1 - s->velocity_mae / s->velocity_mean);
    a->velocity_mae_angstrom_per_ps = s->velocity_mae / (double)s->count;
    if (s->residual_count > 0)
        a->residual_rms_relative = sqrt(s->residual_square / s->kick_square);
    else if (s->kick_mae == 0)
        a->residual_rms_relative = 0;
}

static enum hm_status walk_injections(const struct hm_run *run, struct hm_injection_record *slab,
                                      struct error_sums *errors, struct warm_calls *calls)
{
    for (size_t first = 0; first < run->info.ninjection; first += SLAB_RECORDS) {
        const size_t left = run->info.ninjection - first, count = left < SLAB_RECORDS ? left : SLAB_RECORDS;
        HM_TRY(hm_trajectory_read_injections(run->trajectory, first, count, slab));
        for (size_t i = 0; i < count; i++) {
            if (slab[i].step >= run->info.warmup_steps) add_errors(errors, &slab[i]);
            add_call(calls, &slab[i]);
        }
    }
    return HM_OK;
}

static enum hm_status read_injections(const struct hm_run *run, struct hm_analysis *a)
{
    const size_t total = run->info.ninjection;
    struct error_sums errors = {0};
    struct warm_calls calls = {.every = total / MOST_TIMED_CALLS + 1, .previous_step = INT64_MIN};
    struct hm_injection_record *slab = malloc(SLAB_RECORDS * sizeof *slab);
    calls.seconds = malloc((total < MOST_TIMED_CALLS ? total + 1 : MOST_TIMED_CALLS) * sizeof *calls.seconds);
    const enum hm_status status = slab && calls.seconds
                                      ? walk_injections(run, slab, &errors, &calls)
                                      : hm_fail(HM_OUT_OF_MEMORY, "out of memory: reading injections");
    if (status == HM_OK) {
        a->oracle_calls = (double)total;
        read_errors(&errors, a);
        a->speedup_vs_exact = median(calls.seconds, calls.count) * (double)run->steps /
                              (a->wall_seconds - (a->seconds_study > 0 ? a->seconds_study : 0));
    }
    free(slab);
    free(calls.seconds);
    return status;
}

enum hm_status hm_analyze_injected_energies(const struct hm_run *run, struct hm_blocks *blocks)
{
    enum hm_status status = HM_OK;
    const size_t total = run->info.ninjection;
    struct hm_injection_record *slab = calloc(SLAB_RECORDS, sizeof *slab);
    if (!slab) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: reading injections");
    for (size_t first = 0; status == HM_OK && first < total; first += SLAB_RECORDS) {
        const size_t left = total - first, count = left < SLAB_RECORDS ? left : SLAB_RECORDS;
        status = hm_trajectory_read_injections(run->trajectory, first, count, slab);
        for (size_t i = 0; status == HM_OK && i < count; i++)
            if (slab[i].total_energy != 0)
                hm_blocks_add(blocks, slab[i].step, slab[i].total_energy / HM_ENERGY_KJ_PER_MOL);
    }
    free(slab);
    return status;
}

/* ---- faults ---- */

static enum hm_status read_faults(const struct hm_run *run, struct hm_analysis *a)
{
    size_t count[HM_FAULT_COUNT] = {0};
    a->oracle_faults = (double)run->info.nfault;
    if (run->info.nfault == 0) return HM_OK;
    for (size_t i = 0; i < run->info.nfault; i++) {
        struct hm_fault_record record;
        HM_TRY(hm_trajectory_read_faults(run->trajectory, i, 1, &record));
        if (record.fault > 0 && record.fault < HM_FAULT_COUNT) count[record.fault]++;
    }
    a->oracle_faults_failed = (double)count[HM_FAULT_FAILED];
    a->oracle_faults_late = (double)count[HM_FAULT_LATE];
    a->oracle_faults_not_converged = (double)count[HM_FAULT_NOT_CONVERGED];
    a->oracle_faults_not_finite = (double)count[HM_FAULT_NOT_FINITE];
    return HM_OK;
}

/* ---- training and timing ---- */

static enum hm_status read_training(const struct hm_run *run, struct hm_analysis *a)
{
    size_t accepted = 0;
    for (size_t i = 0; i < run->info.ntraining; i++) {
        struct hm_training_record record;
        HM_TRY(hm_trajectory_read_training(run->trajectory, i, 1, &record));
        accepted += record.accepted != 0;
    }
    a->training_episodes = (double)run->info.ntraining;
    a->training_accepted = (double)accepted;
    return HM_OK;
}

static void read_timing(const struct hm_run *run, struct hm_analysis *a)
{
    a->wall_seconds = hm_trajectory_read_timing(run->trajectory, "wall");
    a->seconds_predict = hm_trajectory_read_timing(run->trajectory, "predict");
    a->seconds_oracle = hm_trajectory_read_timing(run->trajectory, "oracle");
    a->seconds_train = hm_trajectory_read_timing(run->trajectory, "train");
    a->seconds_wait = hm_trajectory_read_timing(run->trajectory, "wait");
    a->seconds_write = hm_trajectory_read_timing(run->trajectory, "write");
    a->seconds_study = hm_trajectory_read_timing(run->trajectory, "study");
}

enum hm_status hm_analyze_logs(const struct hm_run *run, struct hm_analysis *a)
{
    read_timing(run, a);
    HM_TRY(read_decisions(run, a));
    HM_TRY(read_injections(run, a));
    HM_TRY(read_faults(run, a));
    return read_training(run, a);
}
