#include "tests/scheduler/fixture.h"

#include "hamiltonians/molecules.h"
#include "scheduler/roles.h"

#include <CUnit/CUnit.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must_hold(enum hm_status status)
{
    CU_ASSERT_EQUAL(status, HM_OK);
    if (status == HM_OK) return;
    printf("%s\n", hm_status_message());
    exit(1);
}

void fixture_job(const char *extra, struct hm_job *job)
{
    static const char base[] = "system: {initial_velocities: {temperature: 300 K, seed: 3}}\n"
                               "hamiltonian: {type: harmonic, molecule: HCl}\n";
    char text[2048];
    snprintf(text, sizeof text, "%s%s", base, extra);
    fixture_job_of(text, job);
}

void fixture_job_of(const char *text, struct hm_job *job)
{
    struct hm_config *config = NULL;
    enum hm_status status = hm_config_parse(text, "fixture.yaml", NULL, 0, &config);
    if (status == HM_OK) status = hm_job_from_config(config, job);
    must_hold(status);
}

static void create_simulation(const struct hm_job *job, struct hm_layout *layout, struct hm_simulation *simulation)
{
    size_t learners;
    must_hold(hm_job_learners(job, &learners));
    must_hold(hm_layout_plan(job->config, learners, 1, layout));
    must_hold(hm_simulation_create(job, layout, HM_NO_INTERRUPT, simulation));
}

void fixture_simulation(const struct hm_job *job, struct hm_layout *layout, struct hm_simulation *simulation)
{
    create_simulation(job, layout, simulation);
    must_hold(hm_simulation_start(simulation, job));
}

void fixture_create(struct fixture *fixture, const char *extra)
{
    fixture_job(extra, &fixture->job);
    create_simulation(&fixture->job, &fixture->layout, &fixture->simulation);
}

void fixture_begin_of(struct fixture *fixture, const char *text)
{
    fixture_job_of(text, &fixture->job);
    fixture_simulation(&fixture->job, &fixture->layout, &fixture->simulation);
}

void fixture_begin(struct fixture *fixture, const char *extra)
{
    fixture_create(fixture, extra);
    must_hold(hm_simulation_start(&fixture->simulation, &fixture->job));
}

void fixture_end(struct fixture *fixture)
{
    hm_simulation_release(&fixture->simulation);
    hm_job_release(&fixture->job);
}

/* ---- the spy ---- */

static size_t spy_history(const void *self)
{
    const struct fixture_spy *spy = self;
    return hm_predictor_history(&spy->inner);
}

static size_t spy_reseed_steps(const void *self)
{
    const struct fixture_spy *spy = self;
    return hm_predictor_reseed_steps(&spy->inner);
}

static void spy_predict(void *self, const struct hm_window *window, struct hm_prediction *prediction)
{
    struct fixture_spy *spy = self;
    spy->inner.ops->predict(spy->inner.self, window, prediction);
    for (size_t c = 0; c < window->nchannel; c++) prediction->motion[c] *= spy->factor;
    spy->predicted++;
}

static void spy_prime(void *self, const struct hm_window *window)
{
    struct fixture_spy *spy = self;
    if (spy->inner.ops->prime) spy->inner.ops->prime(spy->inner.self, window);
    spy->exact_behind = window->exact_behind;
    spy->primed++;
}

static const void *spy_parameters(const void *self, size_t *bytes)
{
    const struct fixture_spy *spy = self;
    return spy->inner.ops->parameters(spy->inner.self, bytes);
}

static void spy_adopt(void *self, const void *parameters)
{
    struct fixture_spy *spy = self;
    spy->inner.ops->adopt(spy->inner.self, parameters);
}

static void spy_save(const void *self, struct hm_archive *archive)
{
    const struct fixture_spy *spy = self;
    if (spy->inner.ops->save) spy->inner.ops->save(spy->inner.self, archive);
}

static enum hm_status spy_load(void *self, struct hm_archive *archive)
{
    struct fixture_spy *spy = self;
    return spy->inner.ops->load ? spy->inner.ops->load(spy->inner.self, archive) : HM_OK;
}

static void spy_destroy(void **self)
{
    struct fixture_spy *spy = *self;
    hm_predictor_destroy(&spy->inner);
    *self = NULL;
}

void fixture_send_spy(struct hm_simulation *simulation, struct fixture_spy *spy)
{
    struct hm_predictor *member = &simulation->committee.member[0];
    *spy = (struct fixture_spy){.inner = *member, .factor = 1};
    spy->ops = (struct hm_predictor_ops){
        .method = member->ops->method,
        .members_differ = member->ops->members_differ,
        .destroy = spy_destroy,
        .history = spy_history,
        .reseed_steps = spy_reseed_steps,
        .predict = spy_predict,
        .train = member->ops->train, /* never called: the driver's copy does not learn */
        .parameters = spy_parameters,
        .adopt = spy_adopt,
        .prime = spy_prime,
        .save = spy_save,
        .load = spy_load,
    };
    *member = (struct hm_predictor){&spy->ops, spy};
}

/* ---- dynamics ---- */

enum hm_status fixture_advance(struct hm_simulation *simulation, int64_t until)
{
    while (simulation->state->step < until) HM_TRY(hm_step(&simulation->propagator, simulation->state));
    return hm_propagator_finish(&simulation->propagator, simulation->state);
}

void fixture_on_all_ranks(const char *extra, struct hm_interrupt interrupt, fixture_play *play)
{
    struct hm_job job;
    struct hm_layout layout;
    size_t learners;
    fixture_job(extra, &job);
    must_hold(hm_job_learners(&job, &learners));
    must_hold(hm_layout_create(job.config, learners, MPI_COMM_WORLD, &layout));
    if (layout.role == HM_ROLE_DRIVER) {
        struct hm_simulation simulation;
        must_hold(hm_simulation_create(&job, &layout, interrupt, &simulation));
        play(&simulation, &job);
        hm_simulation_release(&simulation);
        bool ended;
        must_hold(hm_role_stop_others(&layout, INFINITY, &ended));
    } else if (layout.role == HM_ROLE_ORACLE) {
        struct hm_hamiltonian hamiltonian;
        const struct hm_oracle_group group = {layout.group, layout.ngroup, &layout.group_comm, HM_NO_INTERRUPT};
        must_hold(hm_hamiltonian_create(job.config, &job.frame, &group, &hamiltonian));
        must_hold(hm_role_oracle(&layout, &hamiltonian, &job.frame));
        hm_hamiltonian_destroy(&hamiltonian);
    } else {
        struct hm_representation *representation;
        struct hm_apprentice apprentice;
        must_hold(hm_representation_create(job.config, &job.frame, &representation));
        must_hold(hm_apprentice_create(job.config, representation, (size_t)(layout.rank - 1), (size_t)layout.npredictor,
                                       &job.weights, &apprentice));
        must_hold(hm_role_predictor(&layout, &apprentice));
        hm_apprentice_destroy(&apprentice);
        hm_representation_destroy(&representation);
    }
    hm_layout_release(&layout);
    hm_job_release(&job);
}

static void force(double k, double r0, const double *x, double *f)
{
    double d[3];
    for (int p = 0; p < 3; p++) d[p] = x[3 + p] - x[p];
    const double r = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    for (int p = 0; p < 3; p++) {
        const double on_second = -(k * (r - r0)) * d[p] / r;
        f[3 + p] = 0 + on_second;
        f[p] = 0 - on_second;
    }
}

double fixture_shadow_energy(const struct hm_frame *frame, const double *x, const double *v, double dt)
{
    struct hm_molecule hcl;
    double f[6], r = 0, energy = 0;
    CU_ASSERT_TRUE(hm_molecule_find("HCl", &hcl));
    for (int p = 0; p < 3; p++) r += (x[3 + p] - x[p]) * (x[3 + p] - x[p]);
    r = sqrt(r);
    force(hcl.k, hcl.r0, x, f);
    for (int c = 0; c < 6; c++) energy += 0.5 * frame->mass[c / 3] * v[c] * v[c];
    for (int c = 0; c < 6; c++) energy -= dt * dt / 8 * f[c] * f[c] / frame->mass[c / 3];
    return energy + 0.5 * hcl.k * (r - hcl.r0) * (r - hcl.r0);
}

void fixture_plain_leapfrog(const struct hm_frame *start, double k, double r0, double dt, int64_t steps, double *x,
                            double *v)
{
    double f[6];
    memcpy(x, start->x, sizeof f);
    memcpy(v, start->v, sizeof f);
    force(k, r0, x, f);
    for (int c = 0; c < 6; c++) v[c] -= 0.5 * (dt * f[c] / start->mass[c / 3]);
    for (int64_t step = 0; step < steps; step++) {
        force(k, r0, x, f);
        for (int c = 0; c < 6; c++) v[c] += dt * f[c] / start->mass[c / 3];
        for (int c = 0; c < 6; c++) x[c] += dt * v[c];
    }
}

bool fixture_same_state(const struct hm_state *a, const struct hm_state *b)
{
    struct hm_archive bytes_a = HM_ARCHIVE_EMPTY, bytes_b = HM_ARCHIVE_EMPTY;
    hm_state_save(a, &bytes_a);
    hm_state_save(b, &bytes_b);
    const bool same = bytes_a.size == bytes_b.size && memcmp(bytes_a.bytes, bytes_b.bytes, bytes_a.size) == 0;
    hm_archive_release(&bytes_a);
    hm_archive_release(&bytes_b);
    return same;
}
