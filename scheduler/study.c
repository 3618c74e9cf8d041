#include "scheduler/study.h"

#include "scheduler/integrator.h"

#include "io/log.h"
#include "io/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double SAMPLES_PER_DECADE = 24, LOOK_EVERY_SECONDS = 1e-3;

/* ---- what is asked for ---- */

static int64_t first_branch(const struct hm_config *config)
{
    return hm_config_integer(config, "training.warmup_steps") +
           hm_config_integer(config, "policy.activate_after_steps");
}

static bool is_socket(const struct hm_config *config)
{
    return hm_config_is(config, "hamiltonian.type", "ipi") ||
           (hm_config_has(config, "hamiltonian.hamiltonian.type") &&
            hm_config_is(config, "hamiltonian.hamiltonian.type", "ipi"));
}

enum hm_status hm_study_check(const struct hm_config *config)
{
    if (!hm_config_has(config, "study.branch_steps")) return HM_OK;
    const int64_t first = first_branch(config), length = hm_config_integer(config, "study.branch_steps");
    const int64_t steps = hm_config_integer(config, "integrator.steps");
    if (is_socket(config))
        return hm_config_fault(config, "study",
                               "the program behind a socket serves the run alone: a study needs a Hamiltonian that can "
                               "be had twice");
    if (first + length > steps)
        return hm_config_fault(config, "study.branch_steps",
                               "no branch of %lld steps fits between step %lld, where the policy begins to decide, and "
                               "the end of the run after %lld",
                               (long long)length, (long long)first, (long long)steps);
    return HM_OK;
}

/* 1, 2, 3, ... and equal ratios as soon as they are more than a step apart; the last step is always one. */
static enum hm_status choose_samples(struct hm_study *study)
{
    const double ratio = pow(10, 1 / SAMPLES_PER_DECADE);
    size_t count = 0, most = 2 + (size_t)(SAMPLES_PER_DECADE * (log10((double)study->length) + 2));
    study->sample = calloc(most, sizeof *study->sample);
    study->record = calloc(most, sizeof *study->record);
    if (!study->sample || !study->record) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the records of a study");
    for (int64_t n = 1; n <= study->length;) {
        study->sample[count++] = n;
        const int64_t next = (int64_t)floor((double)n * ratio);
        n = n < study->length && next > study->length ? study->length : next > n ? next : n + 1;
    }
    study->nsample = count;
    return HM_OK;
}

static enum hm_status create_branches(struct hm_study *study, const struct hm_job *job)
{
    const size_t length = hm_committee_history(&study->committee) + 1, n = 3 * job->frame.natom;
    const size_t count = hm_config_flag(job->config, "study.baseline") ? HM_BRANCH_COUNT : HM_BRANCH_BASELINE;
    double *next = study->scratch = calloc(5 * n, sizeof *next);
    double **const arrays[] = {&study->kick, &study->first_kick, &study->v_before, &study->v_on, &study->force};
    if (!next) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the branches of a study");
    for (size_t a = 0; a < sizeof arrays / sizeof *arrays; a++, next += n) *arrays[a] = next;
    for (size_t b = 0; b < count; b++) {
        struct hm_branch *branch = &study->branch[b];
        HM_TRY(hm_state_create(&job->frame, study->scene.representation, length, &branch->state));
        HM_TRY(hm_hamiltonian_create(job->config, &job->frame, NULL, &branch->hamiltonian));
    }
    return HM_OK;
}

enum hm_status hm_study_create(const struct hm_job *job, const struct hm_propagator *run, struct hm_study *study)
{
    const struct hm_config *config = job->config;
    enum hm_status status;
    *study = (struct hm_study){.run = run};
    if (!hm_config_has(config, "study.branch_steps")) return HM_OK;
    HM_TRY(hm_study_check(config));
    study->every = hm_config_integer(config, "study.branch_every_steps");
    study->length = hm_config_integer(config, "study.branch_steps");
    study->first = first_branch(config);
    study->last = hm_config_integer(config, "integrator.steps") - study->length;
    HM_TRY_GOTO(status, choose_samples(study), failed);
    HM_TRY_GOTO(status, hm_scene_create(config, &job->frame, &study->scene), failed);
    HM_TRY_GOTO(status, hm_committee_create(config, study->scene.representation, &study->committee), failed);
    HM_TRY_GOTO(status, create_branches(study, job), failed);
    return HM_OK;
failed:
    hm_study_release(study);
    return status;
}

void hm_study_release(struct hm_study *study)
{
    for (size_t b = 0; b < HM_BRANCH_COUNT; b++) {
        hm_hamiltonian_destroy(&study->branch[b].hamiltonian);
        hm_state_destroy(&study->branch[b].state);
    }
    hm_committee_destroy(&study->committee);
    hm_scene_release(&study->scene);
    hm_archive_release(&study->copy);
    free(study->sample);
    free(study->record);
    free(study->scratch);
    *study = (struct hm_study){0};
}

/* ---- one step of one branch ---- */

/* The committee's kick; false where it is not a number. */
static bool predict(struct hm_study *study, struct hm_state *s)
{
    const size_t n = 3 * s->frame.natom;
    struct hm_signals signals;
    double sum = 0;
    hm_window_open(s->window);
    if (!s->primed) hm_committee_prime(&study->committee, s->window);
    s->primed = true;
    hm_committee_kick(&study->committee, s->window, 1, study->kick, &signals);
    hm_hold_frozen(&s->frame, study->kick);
    for (size_t k = 0; k < n; k++) sum += study->kick[k] * 0; /* 0 for a finite number, NaN otherwise */
    return sum == 0;
}

/* What the branch's oracle cannot say ends it, not the run. */
static enum hm_status evaluate(struct hm_study *study, struct hm_branch *branch, struct hm_label *label, bool *good)
{
    label->force = study->force;
    const enum hm_status status = hm_hamiltonian_evaluate(&branch->hamiltonian, &branch->state->frame, label);
    study->oracle_calls++;
    *good = status == HM_OK && label->status == HM_LABEL_CONVERGED;
    if (status != HM_ORACLE_FAILED && status != HM_DIVERGED) return status;
    hm_status_clear();
    return HM_OK;
}

/* Kick and drift; afterwards x_spare is x_n. */
static void move(struct hm_study *study, struct hm_branch *branch, const double *kick)
{
    struct hm_state *s = branch->state;
    double heat;
    hm_leapfrog_kick(s->frame.natom, kick, s->frame.v);
    hm_on_step_velocity(s->frame.natom, s->frame.v, kick, study->v_on);
    branch->kinetic = hm_kinetic_energy(&s->frame, study->v_on);
    if (hm_propagator_drift(study->run, s, kick, &heat) != HM_OK) { /* it left physics */
        hm_status_clear();
        branch->there = false;
    }
    s->step++;
}

/* Step n of a branch; `sampled`: its energy is wanted, too. */
static enum hm_status advance(struct hm_study *study, enum hm_branch_kind kind, int64_t n, bool sampled)
{
    struct hm_branch *branch = &study->branch[kind];
    const size_t bytes = 3 * branch->state->frame.natom * sizeof(double);
    const bool exact = kind == HM_BRANCH_EXACT || (kind == HM_BRANCH_BASELINE && n > 0);
    struct hm_label label = {.energy = NAN};
    bool good = true;
    if (!branch->there) return HM_OK;
    if (exact || sampled) HM_TRY(evaluate(study, branch, &label, &good));
    branch->potential = label.energy;
    if (exact) {
        hm_force_to_kick(&branch->state->frame, study->run->schedule.timestep, study->force, study->kick);
    } else if (kind == HM_BRANCH_PREDICTED) {
        memcpy(study->v_before, branch->state->frame.v, bytes);
        good = good && predict(study, branch->state);
        hm_window_close(branch->state->window, study->v_before, study->kick, false);
        if (n == 0) memcpy(study->first_kick, study->kick, bytes);
    }
    if (kind == HM_BRANCH_BASELINE && n == 0) good = study->branch[HM_BRANCH_PREDICTED].there;
    branch->there = good;
    if (good) move(study, branch, kind == HM_BRANCH_BASELINE && n == 0 ? study->first_kick : study->kick);
    return HM_OK;
}

/* ---- all of them side by side ---- */

static double distance(const struct hm_branch *a, const struct hm_branch *b)
{
    const size_t natom = a->state->frame.natom;
    double square = 0;
    for (size_t k = 0; k < 3 * natom; k++) square += pow(a->state->x_spare[k] - b->state->x_spare[k], 2);
    return sqrt(square / (double)natom);
}

static void compare(const struct hm_study *study, enum hm_branch_kind kind, double apart[3])
{
    const struct hm_branch *exact = &study->branch[HM_BRANCH_EXACT], *branch = &study->branch[kind];
    apart[0] = apart[1] = apart[2] = NAN;
    if (!exact->there || !branch->there) return;
    apart[0] = distance(branch, exact) * HM_LENGTH_ANGSTROM;
    apart[1] = (branch->kinetic - exact->kinetic) * HM_ENERGY_KJ_PER_MOL;
    apart[2] = (branch->potential - exact->potential) * HM_ENERGY_KJ_PER_MOL;
}

static void sample(struct hm_study *study, const struct hm_state *from, int64_t n, int64_t calls)
{
    const struct hm_branch *exact = &study->branch[HM_BRANCH_EXACT];
    double predicted[3], baseline[3];
    compare(study, HM_BRANCH_PREDICTED, predicted);
    compare(study, HM_BRANCH_BASELINE, baseline);
    study->record[study->nrecord++] = (struct hm_study_record){
        .step = from->step,
        .unforced = n,
        .position = predicted[0],
        .kinetic = predicted[1],
        .potential = predicted[2],
        .baseline_position = baseline[0],
        .baseline_kinetic = baseline[1],
        .baseline_potential = baseline[2],
        .exact_kinetic = exact->there ? exact->kinetic * HM_ENERGY_KJ_PER_MOL : NAN,
        .oracle_calls = study->oracle_calls - calls,
        .weights_version = from->weights_version,
    };
}

/* The state of the run, to the bit, in every branch; oracles begin from nothing. */
static enum hm_status leave(struct hm_study *study, const struct hm_state *from)
{
    hm_archive_clear(&study->copy);
    hm_state_save(from, &study->copy);
    const size_t mark = study->copy.size;
    hm_committee_save(study->run->committee, &study->copy);
    HM_TRY(study->copy.status);
    for (size_t b = 0; b < HM_BRANCH_COUNT; b++) {
        struct hm_branch *branch = &study->branch[b];
        branch->there = branch->state != NULL;
        if (!branch->there) continue;
        study->copy.cursor = 0;
        HM_TRY(hm_state_load(branch->state, &study->copy));
        hm_hamiltonian_reset(&branch->hamiltonian);
    }
    study->copy.cursor = mark;
    study->nrecord = 0;
    return hm_committee_load(&study->committee, &study->copy);
}

static bool interrupted(const struct hm_study *study, double *looked)
{
    const struct hm_interrupt *interrupt = &study->run->interrupt;
    const double now = hm_clock();
    if (!interrupt->asked || now - *looked < LOOK_EVERY_SECONDS) return false;
    *looked = now;
    return interrupt->asked(interrupt->self);
}

static enum hm_status branch(struct hm_study *study, const struct hm_state *from)
{
    const int64_t calls = study->oracle_calls;
    double looked = hm_clock();
    HM_TRY(leave(study, from));
    for (int64_t n = 0; n <= study->length; n++) {
        const bool sampled = n == study->sample[study->nrecord];
        if (interrupted(study, &looked)) return hm_fail(HM_STOPPED, "stopped within a branch");
        for (int kind = 0; kind < HM_BRANCH_COUNT; kind++)
            HM_TRY(advance(study, (enum hm_branch_kind)kind, n, sampled));
        if (sampled) sample(study, from, n, calls);
    }
    return HM_OK;
}

bool hm_study_is_due(const struct hm_study *study, int64_t step)
{
    return study->every > 0 && step >= study->first && step <= study->last && (step - study->first) % study->every == 0;
}

enum hm_status hm_study_branch(struct hm_study *study, const struct hm_state *state)
{
    const struct hm_committee *committee = study->run->committee;
    study->nrecord = 0;
    if (!hm_committee_ready(committee) || state->window->filled < hm_committee_history(committee)) return HM_OK;
    const double started = hm_clock();
    const enum hm_status status = branch(study, state);
    study->branches += status == HM_OK;
    study->seconds += hm_clock() - started;
    return status;
}
