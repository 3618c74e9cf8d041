/* What predictors see of a run besides the system: the cheaper Hamiltonian of `predictor.hamiltonian`, lent to them. */
#include "scheduler/scene.h"

#include "predictors/committee.h"
#include "tests/scheduler/fixture.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static const char cheaper[] = "predictor:\n"
                              "  type: hamiltonian\n"
                              "  hamiltonian:\n"
                              "    type: valence\n"
                              "    bonds: [{atoms: [0, 1], form: harmonic, k: 2 mdyn/A, r0: 1.3 A}]\n"
                              "integrator: {timestep: 0.25 fs, steps: 400}\ntraining: {warmup_steps: 10}\n";
/* 1 mdyn/A = 100 N/m; CODATA: hartree / bohr^2 = 1556.89 N/m, 1 A = 1.889726 bohr. */
static const double SPRING = 200 / 1556.893, LENGTH = 1.3 * 1.8897261246;

/* ---- the force that is lent ---- */

static void the_force_is_that_of_the_section(void)
{
    struct hm_job job;
    struct hm_scene scene;
    double force[6], x[6] = {0.1, 0.2, 0.3, 1.5, 1.1, 1.9};
    fixture_job(cheaper, &job);
    HM_ASSERT_OK(hm_scene_create(job.config, &job.frame, &scene));
    const struct hm_cheap_force *cheap = &scene.representation->cheap;
    CU_ASSERT_PTR_NOT_NULL_FATAL(cheap->evaluate);
    cheap->evaluate(cheap->self, x, force);
    const double d[3] = {x[3] - x[0], x[4] - x[1], x[5] - x[2]};
    const double r = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    for (size_t k = 0; k < 3; k++) {
        HM_ASSERT_NEAR(force[k], SPRING * (r - LENGTH) * d[k] / r, 1e-6);
        HM_ASSERT_NEAR(force[3 + k], -force[k], 1e-15);
    }
    x[4] = NAN; /* nobody is told, but nobody can take it for a force */
    cheap->evaluate(cheap->self, x, force);
    for (size_t k = 0; k < 6; k++) CU_ASSERT_TRUE(isnan(force[k]));
    CU_ASSERT_STRING_EQUAL(hm_status_message(), "");
    hm_scene_release(&scene);
    hm_job_release(&job);
}

static void without_a_section_nothing_is_lent(void)
{
    struct hm_job job;
    struct hm_scene scene;
    fixture_job("integrator: {timestep: 0.25 fs, steps: 9}\n", &job);
    HM_ASSERT_OK(hm_scene_create(job.config, &job.frame, &scene));
    CU_ASSERT_PTR_NULL(scene.representation->cheap.evaluate);
    hm_scene_release(&scene);
    hm_job_release(&job);
}

/* ---- runs ---- */

static void advance_to(struct fixture *f, const char *more, int64_t step)
{
    char extra[1024];
    snprintf(extra, sizeof extra, "%s%s", cheaper, more);
    fixture_begin(f, extra);
    HM_ASSERT_OK(fixture_advance(&f->simulation, step));
}

/* The kick that is predicted is off by what the two springs differ in. */
static void the_residual_is_the_difference_of_the_forces(void)
{
    struct fixture f;
    advance_to(&f, "policy: {type: never}\n", 200);
    const struct hm_state *s = f.simulation.state;
    CU_ASSERT_EQUAL(s->exact_steps, 10);
    CU_ASSERT_TRUE(s->residual_relative > 0.1 && s->residual_relative < 1);
    const double before = hm_kinetic_energy(&s->frame, s->frame.v);
    CU_ASSERT_TRUE(isfinite(before) && before > 0);
    fixture_end(&f);
}

/* A cheaper Hamiltonian that is the exact one cannot be told from it. */
static void the_exact_hamiltonian_predicts_the_exact_run(void)
{
    static const char same[] = "integrator: {timestep: 0.25 fs, steps: 400}\ntraining: {warmup_steps: 10}\n"
                               "predictor: {type: hamiltonian, hamiltonian: {type: harmonic, molecule: HCl}}\n";
    char never[512], always[512];
    struct fixture predicted, exact;
    snprintf(never, sizeof never, "%spolicy: {type: never}\n", same);
    snprintf(always, sizeof always, "%spolicy: {type: always}\n", same);
    fixture_begin(&predicted, never);
    fixture_begin(&exact, always);
    HM_ASSERT_OK(fixture_advance(&predicted.simulation, 400));
    HM_ASSERT_OK(fixture_advance(&exact.simulation, 400));
    const struct hm_state *a = predicted.simulation.state, *b = exact.simulation.state;
    CU_ASSERT_EQUAL(a->exact_steps, 10);
    CU_ASSERT_EQUAL(b->exact_steps, 400);
    for (size_t k = 0; k < 6; k++) HM_ASSERT_NEAR(a->frame.x[k], b->frame.x[k], 1e-10);
    fixture_end(&predicted);
    fixture_end(&exact);
}

/* ---- faults ---- */

static void check_refused(const char *predictor, const char *message)
{
    char extra[1024];
    struct hm_job job;
    struct hm_scene scene;
    struct hm_committee committee = {0};
    snprintf(extra, sizeof extra, "integrator: {timestep: 0.25 fs, steps: 9}\n%s\n", predictor);
    fixture_job(extra, &job);
    enum hm_status status = hm_scene_create(job.config, &job.frame, &scene);
    if (status == HM_OK) {
        status = hm_committee_create(job.config, scene.representation, &committee);
        hm_scene_release(&scene);
    }
    CU_ASSERT_EQUAL(status, HM_BAD_CONFIG);
    if (!strstr(hm_status_message(), message)) printf("\n      %s\n      not %s ", hm_status_message(), message);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), message));
    CU_ASSERT_EQUAL(hm_job_check(&job), HM_BAD_CONFIG); /* before anything starts */
    hm_job_release(&job);
}

static void faults_point_at_the_key_in_the_predictor(void)
{
    check_refused("predictor: {type: hamiltonian}",
                  "fixture.yaml:4:13: hamiltonian needs the cheaper one: 'predictor: {hamiltonian: {type: ...}}'");
    check_refused("predictor:\n  type: surrogate\n  base: {type: hamiltonian}",
                  "fixture.yaml:6:10: hamiltonian needs the cheaper one");
    check_refused("predictor:\n  type: hamiltonian\n  hamiltonian: {type: quantum}", "fixture.yaml:6:17: ");
    check_refused("predictor:\n  type: hamiltonian\n  hamiltonian: {type: harmonic, molecule: XeF}",
                  "fixture.yaml:6:33: ");
    check_refused("predictor:\n  type: hamiltonian\n  hamiltonian:\n    type: valence\n"
                  "    bonds: [{atoms: [0, 2], k: 2 mdyn/A, r0: 1.3 A}]",
                  "fixture.yaml:8:25: ");
    check_refused("predictor:\n  type: hamiltonian\n  hamiltonian:\n    type: harmonic\n    molecule: HCl\n    "
                  "charges: [0.1 e, -0.1 e]",
                  "fixture.yaml:9:5: 'type: harmonic' has no 'charges'");
}

static const struct hm_test tests[] = {
    {"the force is that of the section", the_force_is_that_of_the_section},
    {"without a section nothing is lent", without_a_section_nothing_is_lent},
    {"the residual is the difference of the forces", the_residual_is_the_difference_of_the_forces},
    {"the exact Hamiltonian predicts the exact run", the_exact_hamiltonian_predicts_the_exact_run},
    {"faults point at the key in the predictor", faults_point_at_the_key_in_the_predictor},
};
HM_TEST_MAIN("scene", tests)
