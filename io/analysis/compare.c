/* A run against its reference: how far apart they go, and whether they move alike. */
#include "io/analysis/analysis_internal.h"

#include "io/analysis/blocks.h"
#include "io/units.h"

#include <math.h>
#include <stdlib.h>

#define PI 3.14159265358979323846
/* Lags compared: 1.668 ps is 10 cm^-1 between points of the spectrum. */
#define RESOLUTION_CM 10.0
#define LONGEST_LAG_FS (1e15 / (2.0 * RESOLUTION_CM * 2.99792458e10))
#define HIGHEST_CM 10000.0

enum { DIVERGENCE_POINTS = 20 };

/* ---- frames ---- */

struct differences {
    double first_step, last_step;         /* the logarithmic scale */
    size_t next;                          /* point of the scale still to come */
    struct hm_position_divergence latest; /* last common frame */
    size_t count, potential_count;
    double kinetic_square, potential_square, reference_kinetic, energy_shift;
    struct hm_blocks total, heat; /* differences of the total and the kinetic energy */
};

static double position_rms(const struct hm_run *run, const double *a, const double *b)
{
    double square = 0;
    for (size_t k = 0; k < 3 * run->frame.natom; k++) square += (a[k] - b[k]) * (a[k] - b[k]);
    return sqrt(square / (double)run->frame.natom) * HM_LENGTH_ANGSTROM;
}

static double scale_point(const struct differences *d, size_t index)
{
    const double share = (double)index / (DIVERGENCE_POINTS - 1);
    return d->first_step * pow(fmax(d->last_step / d->first_step, 1.0), share);
}

static void note_position(struct differences *d, struct hm_analysis *a)
{
    const double step = (double)d->latest.step;
    if (d->latest.step <= 0) return;
    if (d->first_step == 0) d->first_step = step;
    if (d->next >= DIVERGENCE_POINTS || step < scale_point(d, d->next) * (1 - 1e-12)) return;
    a->divergence[a->ndivergence++] = d->latest;
    while (d->next < DIVERGENCE_POINTS && scale_point(d, d->next) <= step * (1 + 1e-12)) d->next++;
}

static void add_difference(struct differences *d, const struct hm_run *run, const struct hm_frame_view *mine,
                           const struct hm_frame_view *theirs, struct hm_analysis *a)
{
    const double kinetic = hm_kinetic_energy(&run->frame, mine->v);
    const double reference = hm_kinetic_energy(&run->frame, theirs->v);
    const double potential = mine->potential - theirs->potential;
    d->latest = (struct hm_position_divergence){mine->step, position_rms(run, mine->x, theirs->x)};
    note_position(d, a);
    d->count++;
    d->kinetic_square += (kinetic - reference) * (kinetic - reference);
    d->reference_kinetic += reference;
    hm_blocks_add(&d->heat, mine->step, kinetic - reference);
    hm_blocks_add(&d->total, mine->step, kinetic - reference + potential);
    if (!isfinite(potential)) return;
    d->potential_count++;
    d->potential_square += potential * potential;
    d->energy_shift += kinetic - reference + potential;
}

static enum hm_status read_differences(struct differences *d, const struct hm_run *run, struct hm_analysis *a)
{
    struct hm_drift total, heat;
    if (d->count == 0) return HM_OK;
    const double mean = d->reference_kinetic / (double)d->count;
    const double kelvin = 2 / (double)hm_degrees_of_freedom(&run->frame) * HM_TEMPERATURE_KELVIN;
    HM_TRY(hm_blocks_estimate(&d->total, &total));
    HM_TRY(hm_blocks_estimate(&d->heat, &heat));
    a->energy_shift_relative_error = total.mean_error / mean;
    a->temperature_shift_K = heat.mean * kelvin;
    a->temperature_shift_K_error = heat.mean_error * kelvin;
    a->kinetic_divergence = sqrt(d->kinetic_square / (double)d->count) / mean;
    if (d->potential_count > 0) {
        a->potential_divergence = sqrt(d->potential_square / (double)d->potential_count) / mean;
        a->energy_shift_relative = d->energy_shift / (double)d->potential_count / mean;
    }
    const bool shown = a->ndivergence > 0 && a->divergence[a->ndivergence - 1].step == d->latest.step;
    if (!shown && d->latest.step > 0) a->divergence[a->ndivergence++] = d->latest;
    return HM_OK;
}

/* Walks both files together and stops where one ends; frames meet at equal times. */
static enum hm_status meet(const struct hm_run *run, const struct hm_run *reference, struct hm_frame_cursor *mine,
                           struct hm_frame_cursor *theirs, struct differences *d, struct hm_analysis *a)
{
    const double dt = run->info.timestep, dt_reference = reference->info.timestep;
    const double same = 1e-6 * fmin(dt, dt_reference);
    struct hm_frame_view one, other;
    bool more_one, more_other;
    HM_TRY(hm_frame_cursor_next(mine, &one, &more_one));
    HM_TRY(hm_frame_cursor_next(theirs, &other, &more_other));
    while (more_one && more_other) {
        const double t = (double)one.step * dt, gap = t - (double)other.step * dt_reference;
        const double tolerance = same + 1e-12 * t;
        if (fabs(gap) <= tolerance) add_difference(d, run, &one, &other, a);
        const bool step_one = gap <= tolerance, step_other = gap >= -tolerance;
        if (step_one) HM_TRY(hm_frame_cursor_next(mine, &one, &more_one));
        if (step_other) HM_TRY(hm_frame_cursor_next(theirs, &other, &more_other));
    }
    return HM_OK;
}

enum hm_status hm_compare_frames(const struct hm_run *run, const struct hm_run *reference, struct hm_analysis *a)
{
    struct differences differences = {0};
    struct hm_frame_cursor mine, theirs;
    HM_TRY(hm_run_check_same_atoms(run, reference));
    differences.last_step =
        fmin((double)run->steps, (double)reference->steps * reference->info.timestep / run->info.timestep);
    hm_blocks_start(&differences.total, run->first_step, (int64_t)differences.last_step);
    differences.heat = differences.total;
    HM_TRY(hm_frame_cursor_create(run, &mine));
    enum hm_status status = hm_frame_cursor_create(reference, &theirs);
    if (status == HM_OK) {
        status = hm_blocks_keep(&differences.total);
        if (status == HM_OK) status = hm_blocks_keep(&differences.heat);
        if (status == HM_OK) status = meet(run, reference, &mine, &theirs, &differences, a);
        hm_frame_cursor_release(&theirs);
    }
    hm_frame_cursor_release(&mine);
    if (status == HM_OK) status = read_differences(&differences, run, a);
    hm_blocks_release(&differences.total);
    hm_blocks_release(&differences.heat);
    return status;
}

/* ---- curves ---- */

/* Linear interpolation; exact where the times of the curves fall together. */
static double curve_at(const struct hm_curves *c, double t_fs)
{
    const double place = t_fs / c->dt_fs;
    size_t k = (size_t)place;
    if (k + 1 >= c->valid) return c->total_vacf[c->valid - 1];
    const double share = place - (double)k;
    return (1 - share) * c->total_vacf[k] + share * c->total_vacf[k + 1];
}

static double vacf_rmse(const struct hm_curves *a, const struct hm_curves *b, double span_fs)
{
    const double dt = fmax(a->dt_fs, b->dt_fs);
    const size_t count = (size_t)(span_fs / dt + 1e-9);
    double square = 0;
    for (size_t k = 0; k < count; k++) {
        const double difference = curve_at(a, dt * (double)k) - curve_at(b, dt * (double)k);
        square += difference * difference;
    }
    return count > 0 ? sqrt(square / (double)count) : NAN;
}

/* Cosine transform of the Hann-windowed lags below span_fs at one wavenumber; cosines by recurrence. */
static double spectrum_at(const struct hm_curves *c, double span_fs, double wavenumber_cm)
{
    const double turn = 2 * PI * 2.99792458e-5 * wavenumber_cm * c->dt_fs;
    double sum = 1, before = cos(turn), now = 1; /* cos(-turn), cos(0) */
    for (size_t k = 1; k < c->valid && (double)k * c->dt_fs < span_fs; k++) {
        const double next = 2 * cos(turn) * now - before;
        before = now;
        now = next;
        sum += (1 + cos(PI * (double)k * c->dt_fs / span_fs)) * c->total_vacf[k] * now;
    }
    return sum * c->dt_fs;
}

static double vdos_overlap(const struct hm_curves *a, const struct hm_curves *b, double span_fs)
{
    const double spacing = 1 / (2 * span_fs * 2.99792458e-5);
    const double nyquist = 1 / (2 * fmax(a->dt_fs, b->dt_fs) * 2.99792458e-5), highest = fmin(HIGHEST_CM, nyquist);
    double ab = 0, aa = 0, bb = 0;
    for (size_t k = 0; (double)k * spacing <= highest; k++) {
        const double sa = spectrum_at(a, span_fs, spacing * (double)k),
                     sb = spectrum_at(b, span_fs, spacing * (double)k);
        ab += sa * sb;
        aa += sa * sa;
        bb += sb * sb;
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}

enum hm_status hm_compare_curves(const struct hm_curves *curves, const struct hm_curves *reference,
                                 struct hm_analysis *analysis)
{
    if (curves->valid < 3 || reference->valid < 3) return HM_OK;
    double span_fs = fmin((double)curves->valid * curves->dt_fs, (double)reference->valid * reference->dt_fs);
    span_fs = fmin(span_fs, LONGEST_LAG_FS);
    analysis->vacf_rmse = vacf_rmse(curves, reference, span_fs);
    analysis->vdos_overlap = vdos_overlap(curves, reference, span_fs);
    return HM_OK;
}
