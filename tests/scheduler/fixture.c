#include "tests/scheduler/fixture.h"

#include <CUnit/CUnit.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fixture_job(const char *extra, struct hm_job *job)
{
    static const char base[] = "system: {initial_velocities: {temperature: 300 K, seed: 3}}\n"
                               "hamiltonian: {type: harmonic, molecule: HCl}\n";
    char text[2048];
    struct hm_config *config = NULL;
    snprintf(text, sizeof text, "%s%s", base, extra);
    enum hm_status status = hm_config_parse(text, "fixture.yaml", NULL, 0, &config);
    if (status == HM_OK) status = hm_job_from_config(config, job);
    CU_ASSERT_EQUAL(status, HM_OK);
    if (status != HM_OK) {
        printf("%s\n", hm_status_message());
        exit(1);
    }
}

void fixture_simulation(const struct hm_job *job, struct hm_layout *layout, struct hm_simulation *simulation)
{
    CU_ASSERT_EQUAL(hm_layout_plan(job->config, true, 1, layout), HM_OK);
    const enum hm_status status = hm_simulation_create(job, layout, simulation);
    CU_ASSERT_EQUAL(status, HM_OK);
    if (status != HM_OK) {
        printf("%s\n", hm_status_message());
        exit(1);
    }
    CU_ASSERT_EQUAL(hm_propagator_start(&simulation->propagator, simulation->state), HM_OK);
}

enum hm_status fixture_advance(struct hm_simulation *simulation, int64_t until)
{
    while (simulation->state->step < until) HM_TRY(hm_step(&simulation->propagator, simulation->state));
    return HM_OK;
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
