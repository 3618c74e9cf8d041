/* One pass over the frames: energy, momenta, temperature, equipartition, bond lengths. */
#include "io/analysis/analysis_internal.h"

#include "io/analysis/blocks.h"
#include "io/units.h"

#include <math.h>
#include <stdlib.h>

static const double AT_REST = 1e-6; /* of sum |r||p| */

/* Largest change of a vector since the first frame, and the mean of the sum of magnitudes it is compared with. */
struct conserved {
    double first[3], largest, scale;
    size_t count;
};

struct length_sums {
    size_t count;
    double mean, square; /* Welford */
};

struct pass {
    const struct hm_run *run;
    struct hm_blocks energy, heat; /* total and kinetic energy */
    struct conserved linear, angular;
    size_t counted; /* frames after warm-up */
    size_t unknown; /* of them without an energy */
    double kinetic; /* summed over these */
    struct length_sums *lengths;
    struct hm_equipartition *equipartition;
};

static double norm(const double a[3])
{
    return sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2]);
}

static void conserve(struct conserved *c, const double now[3], double scale)
{
    double change[3];
    for (size_t k = 0; k < 3; k++) {
        if (c->count == 0) c->first[k] = now[k];
        change[k] = now[k] - c->first[k];
    }
    c->largest = fmax(c->largest, norm(change));
    c->scale += scale;
    c->count++;
}

static double conserved_result(const struct conserved *c)
{
    return c->scale > 0 ? c->largest / (c->scale / (double)c->count) : NAN;
}

/* Momentum in the laboratory; angular momentum about the centre of mass, from relative velocities. */
static void add_momenta(struct pass *p, const double *x, const double *v)
{
    const struct hm_frame *frame = &p->run->frame;
    double linear[3], angular[3] = {0}, centre[3] = {0}, mass = 0, sum_p = 0, sum_rp = 0;
    for (size_t i = 0; i < frame->natom; i++) {
        for (size_t k = 0; k < 3; k++) centre[k] += frame->mass[i] * x[3 * i + k];
        mass += frame->mass[i];
        sum_p += frame->mass[i] * norm(v + 3 * i);
    }
    hm_linear_momentum(frame, v, linear);
    for (size_t i = 0; i < frame->natom; i++) {
        double r[3], q[3];
        for (size_t k = 0; k < 3; k++) {
            r[k] = x[3 * i + k] - centre[k] / mass;
            q[k] = frame->mass[i] * (v[3 * i + k] - linear[k] / mass);
        }
        for (size_t k = 0; k < 3; k++) angular[k] += r[(k + 1) % 3] * q[(k + 2) % 3] - r[(k + 2) % 3] * q[(k + 1) % 3];
        sum_rp += norm(r) * norm(q);
    }
    conserve(&p->linear, linear, sum_p);
    conserve(&p->angular, angular, sum_rp);
}

static void add_lengths(struct pass *p, const double *x)
{
    for (size_t b = 0; b < p->run->nbond; b++) {
        struct length_sums *s = &p->lengths[b];
        double d[3];
        hm_minimum_image(&p->run->frame, x + 3 * p->run->bonds[b][0], x + 3 * p->run->bonds[b][1], d);
        const double r = norm(d), from_mean = r - s->mean;
        s->count++;
        s->mean += from_mean / (double)s->count;
        s->square += from_mean * (r - s->mean);
    }
}

static void add_frame(struct pass *p, const struct hm_frame_view *view)
{
    add_momenta(p, view->x, view->v);
    if (view->step < p->run->first_step) return;
    const double kinetic = hm_kinetic_energy(&p->run->frame, view->v);
    p->counted++;
    p->kinetic += kinetic;
    const double energy = p->run->info.thermostatted ? view->conserved : kinetic + view->potential;
    if (!isfinite(energy)) p->unknown++;
    hm_blocks_add(&p->energy, view->step, energy);
    hm_blocks_add(&p->heat, view->step, kinetic);
    add_lengths(p, view->x);
    hm_equipartition_add(p->equipartition, view->x, view->v);
}

/* ---- what came of it ---- */

static enum hm_status read_energy(struct pass *p, struct hm_analysis *a)
{
    const struct hm_run *run = p->run;
    struct hm_drift drift, heat;
    HM_TRY(hm_blocks_estimate(&p->energy, &drift));
    HM_TRY(hm_blocks_estimate(&p->heat, &heat));
    a->mean_kinetic = p->counted > 0 ? p->kinetic / (double)p->counted : NAN;
    a->energy_drift_relative = drift.drift / a->mean_kinetic;
    a->energy_max_block_deviation_relative = drift.deviation / a->mean_kinetic;
    a->energy_drift_relative_error = drift.drift_error / a->mean_kinetic;
    const double slope = HM_ENERGY_EV * 1e3 / (run->info.timestep * HM_TIME_PS) / (double)run->frame.natom;
    a->energy_drift_meV_per_atom_per_ps = drift.slope * slope;
    a->energy_drift_meV_per_atom_per_ps_error = drift.slope_error * slope;
    const double kelvin = 2 / (double)hm_degrees_of_freedom(&run->frame) * HM_TEMPERATURE_KELVIN;
    a->mean_temperature_K = a->mean_kinetic * kelvin;
    a->mean_temperature_K_error = heat.mean_error * kelvin;
    return HM_OK;
}

static void read_lengths(const struct pass *p, struct hm_analysis *a)
{
    for (size_t b = 0; b < p->run->nbond; b++) {
        const struct length_sums *s = &p->lengths[b];
        const double n = (double)s->count;
        a->lengths[b].mean_angstrom = s->count > 0 ? s->mean * HM_LENGTH_ANGSTROM : NAN;
        a->lengths[b].std_angstrom = s->count > 0 ? sqrt(s->square / n) * HM_LENGTH_ANGSTROM : NAN;
    }
}

/* A bath, or what holds an atom, takes part in them. */
static void read_momenta(const struct pass *p, struct hm_analysis *a)
{
    const struct hm_run *run = p->run;
    const bool pushed = run->info.thermostatted && run->frame.at_rest == 0;
    if (run->frame.nfrozen > 0) return;
    if (!pushed) a->momentum_drift_relative = conserved_result(&p->linear);
    if (!run->info.thermostatted && !run->info.periodic && run->frame.natom > 1)
        a->angular_momentum_drift_relative = conserved_result(&p->angular);
}

/* A run that began without turning, and whose turning nothing changes, has no heat in it. */
static void read_heated(const struct pass *p, struct hm_analysis *a)
{
    const struct hm_run *run = p->run;
    const struct conserved *turning = &p->angular;
    const bool kept = !run->info.thermostatted && !run->info.periodic && run->frame.nfrozen == 0 && turning->count > 0;
    a->heated = hm_degrees_of_freedom(&run->frame);
    if (kept && run->frame.natom > 1 && norm(turning->first) <= AT_REST * turning->scale / (double)turning->count)
        a->heated -= run->frame.natom == 2 ? 2 : 3;
}

static enum hm_status read_equipartition(const struct pass *p, struct hm_analysis *a)
{
    const bool alone = p->run->frame.natom <= 2 && !p->run->info.thermostatted;
    if (alone || p->counted == 0) return HM_OK;
    const size_t ngroup = hm_equipartition_groups(p->equipartition);
    a->groups = calloc(ngroup, sizeof *a->groups);
    if (!a->groups) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu groups", ngroup);
    a->ngroup = hm_equipartition_read(p->equipartition, a->groups);
    for (size_t g = 0; g < a->ngroup; g++)
        a->groups[g].ratio = a->groups[g].kt / (a->mean_temperature_K / HM_TEMPERATURE_KELVIN);
    return HM_OK;
}

static enum hm_status prefer_injections(struct pass *p)
{
    bool better;
    struct hm_blocks blocks;
    HM_TRY(hm_injections_tell_more(p->run, p->counted - p->unknown, p->unknown, &better));
    if (!better) return HM_OK;
    hm_blocks_start(&blocks, p->run->first_step, p->run->steps);
    HM_TRY(hm_blocks_keep(&blocks));
    hm_blocks_release(&p->energy);
    p->energy = blocks;
    return hm_analyze_injected_energies(p->run, &p->energy);
}

static enum hm_status walk(struct pass *p)
{
    struct hm_frame_cursor cursor;
    struct hm_frame_view view;
    bool more;
    enum hm_status status;
    HM_TRY(hm_frame_cursor_create(p->run, &cursor));
    while ((status = hm_frame_cursor_next(&cursor, &view, &more)) == HM_OK && more) add_frame(p, &view);
    hm_frame_cursor_release(&cursor);
    return status;
}

enum hm_status hm_analyze_frames(const struct hm_run *run, struct hm_analysis *a)
{
    enum hm_status status;
    struct pass pass = {.run = run, .lengths = calloc(run->nbond + 1, sizeof *pass.lengths)};
    a->lengths = calloc(run->nbond + 1, sizeof *a->lengths);
    hm_blocks_start(&pass.energy, run->first_step, run->steps);
    pass.heat = pass.energy;
    if (!pass.lengths || !a->lengths) {
        status = hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu bonds", run->nbond);
        goto done;
    }
    HM_TRY_GOTO(status, hm_blocks_keep(&pass.energy), done);
    HM_TRY_GOTO(status, hm_blocks_keep(&pass.heat), done);
    HM_TRY_GOTO(status, hm_equipartition_create(run, &pass.equipartition), done);
    HM_TRY_GOTO(status, walk(&pass), done);
    HM_TRY_GOTO(status, prefer_injections(&pass), done);
    HM_TRY_GOTO(status, read_energy(&pass, a), done);
    read_lengths(&pass, a);
    read_momenta(&pass, a);
    read_heated(&pass, a);
    status = read_equipartition(&pass, a);
done:
    hm_equipartition_destroy(&pass.equipartition);
    hm_blocks_release(&pass.energy);
    hm_blocks_release(&pass.heat);
    free(pass.lengths);
    return status;
}
