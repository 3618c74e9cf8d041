/* What the tables under /hamlet say: decisions, injections, training, timing. */
#include "io/analysis/analysis_internal.h"

#include "io/analysis/statistics.h"
#include "io/units.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_TIMED_CALLS = 1 << 20 };

/* ---- decisions ---- */

struct decision_counts {
    int64_t warmup_steps;
    size_t all, exact, after, after_exact, rolled_back; /* steps */
    size_t run, longest;                                /* of predictions */
    size_t stride;                                      /* steps of one; 0: none */
    size_t strided;                                     /* steps in strides */
};

static void count_decision(void *self, const struct hm_decision_record *d, size_t steps)
{
    struct decision_counts *c = self;
    const bool exact = d->action == HM_INJECT, after = d->step >= c->warmup_steps;
    if (!d->committed) {
        c->rolled_back++;
        return;
    }
    c->all += steps;
    c->exact += exact;
    c->after += after ? steps : 0;
    c->after_exact += after && exact;
    c->run = exact ? 0 : c->run + steps;
    if (c->run > c->longest) c->longest = c->run;
    if (d->action != HM_ADVANCE) return;
    if (steps > c->stride) c->stride = steps; /* the last one of a killed run is not known to its end */
    c->strided += steps;
}

struct round_counts {
    size_t forces, refused; /* at the ends of rounds, and strides that were taken back */
};

static void count_round(void *self, const void *record)
{
    struct round_counts *c = self;
    const struct hm_round_record *round = record;
    c->forces += (size_t)round->forces;
    c->refused += round->committed ? 0 : (size_t)round->strides;
}

/* Forces of rounds belong to no step. A run whose every round was refused has its stride in the configuration alone. */
static enum hm_status count_rounds(const struct hm_run *run, struct decision_counts *c, struct hm_analysis *a)
{
    struct round_counts rounds = {0};
    if (run->info.nround == 0) return HM_OK;
    HM_TRY(hm_trajectory_walk(run->trajectory, HM_TABLE_ROUNDS, count_round, &rounds));
    const double stride = c->stride > 0 ? (double)c->stride : hm_run_setting(run, "predictor.stride");
    c->stride = stride > 0 ? (size_t)stride : 0;
    c->exact += rounds.forces;
    c->after_exact += rounds.forces;
    c->rolled_back += rounds.refused * c->stride;
    a->oracle_calls = (double)c->exact;
    return HM_OK;
}

static enum hm_status read_decisions(const struct hm_run *run, struct hm_analysis *a)
{
    struct decision_counts counts = {.warmup_steps = run->info.warmup_steps};
    HM_TRY(hm_run_walk_decisions(run, count_decision, &counts));
    HM_TRY(count_rounds(run, &counts, a));
    a->rollbacks = (double)counts.rolled_back;
    if (counts.stride > 0) a->stride_fs = (double)counts.stride * a->timestep_fs;
    if (counts.all == 0) return HM_OK;
    a->injections = (double)counts.after_exact;
    a->exact_fraction = (double)counts.exact / (double)counts.all;
    if (counts.after > 0) a->injection_fraction = a->injections / (double)counts.after;
    if (counts.after > 0 && run->info.nround > 0) a->stride_fraction = (double)counts.strided / (double)counts.after;
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

struct injection_sums {
    int64_t warmup_steps;
    struct error_sums errors;
    struct warm_calls calls;
};

static void add_injection(void *self, const void *record)
{
    struct injection_sums *s = self;
    const struct hm_injection_record *r = record;
    if (r->step >= s->warmup_steps) add_errors(&s->errors, r);
    add_call(&s->calls, r);
}

static enum hm_status read_injections(const struct hm_run *run, struct hm_analysis *a)
{
    const size_t total = run->info.ninjection;
    struct injection_sums sums = {.warmup_steps = run->info.warmup_steps,
                                  .calls = {.every = total / MOST_TIMED_CALLS + 1, .previous_step = INT64_MIN}};
    struct warm_calls *calls = &sums.calls;
    calls->seconds = malloc((total < MOST_TIMED_CALLS ? total + 1 : MOST_TIMED_CALLS) * sizeof *calls->seconds);
    if (!calls->seconds) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: reading injections");
    const enum hm_status status = hm_trajectory_walk(run->trajectory, HM_TABLE_INJECTIONS, add_injection, &sums);
    if (status == HM_OK) {
        if (run->info.nround == 0) a->oracle_calls = (double)total;
        read_errors(&sums.errors, a);
        a->speedup_vs_exact = hm_median(calls->seconds, calls->count) * (double)run->steps /
                              (a->wall_seconds - (a->seconds_study > 0 ? a->seconds_study : 0));
    }
    free(calls->seconds);
    return status;
}

/* An older file does not have it. */
double hm_injection_energy(const struct hm_injection_record *r)
{
    return r->total_energy != 0 ? r->total_energy : NAN;
}

struct telling {
    int64_t first_step;
    size_t count;
};

static void count_telling(void *self, const void *record)
{
    struct telling *t = self;
    const struct hm_injection_record *r = record;
    if (r->step >= t->first_step && isfinite(hm_injection_energy(r))) t->count++;
}

enum hm_status hm_injections_tell_more(const struct hm_run *run, size_t telling, size_t silent, bool *more)
{
    struct telling injections = {.first_step = run->first_step};
    if (silent > 0) HM_TRY(hm_trajectory_walk(run->trajectory, HM_TABLE_INJECTIONS, count_telling, &injections));
    *more = silent > 0 && injections.count > telling;
    return HM_OK;
}

static void add_energy(void *self, const void *record)
{
    const struct hm_injection_record *r = record;
    hm_blocks_add(self, r->step, hm_injection_energy(r) / HM_ENERGY_KJ_PER_MOL);
}

enum hm_status hm_analyze_injected_energies(const struct hm_run *run, struct hm_blocks *blocks)
{
    return hm_trajectory_walk(run->trajectory, HM_TABLE_INJECTIONS, add_energy, blocks);
}

/* ---- faults ---- */

static void count_fault(void *self, const void *record)
{
    size_t *count = self;
    const struct hm_fault_record *r = record;
    if (r->fault > 0 && r->fault < HM_FAULT_COUNT) count[r->fault]++;
}

static enum hm_status read_faults(const struct hm_run *run, struct hm_analysis *a)
{
    size_t count[HM_FAULT_COUNT] = {0};
    a->oracle_faults = (double)run->info.nfault;
    if (run->info.nfault == 0) return HM_OK;
    HM_TRY(hm_trajectory_walk(run->trajectory, HM_TABLE_FAULTS, count_fault, count));
    a->oracle_faults_failed = (double)count[HM_FAULT_FAILED];
    a->oracle_faults_late = (double)count[HM_FAULT_LATE];
    a->oracle_faults_not_converged = (double)count[HM_FAULT_NOT_CONVERGED];
    a->oracle_faults_not_finite = (double)count[HM_FAULT_NOT_FINITE];
    return HM_OK;
}

/* ---- training and timing ---- */

static void count_accepted(void *self, const void *record)
{
    const struct hm_training_record *r = record;
    *(size_t *)self += r->accepted != 0;
}

static enum hm_status read_training(const struct hm_run *run, struct hm_analysis *a)
{
    size_t accepted = 0;
    HM_TRY(hm_trajectory_walk(run->trajectory, HM_TABLE_TRAINING, count_accepted, &accepted));
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
