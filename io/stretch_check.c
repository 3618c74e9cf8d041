#include "io/stretch.h"

#include "io/elements.h"
#include "io/units.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Printed with a few digits somewhere, a mass is still the same; another isotope differs by 1e-4 at the least. */
static const double MASS_TOLERANCE = 1e-5;
static const double CELL_TOLERANCE = 1e-6;
static const double CLOCK_TOLERANCE = 1e-3;
/* Velocities half a step away from their positions measure a time step to cos(w dt / 2). */
static const double VELOCITY_CLOCK_TOLERANCE = 0.05;

enum { DECIMALS_MAX = 12 };

/* ---- the system ---- */

static enum hm_status check_atoms(const struct hm_stretch *s, const struct hm_frame *frame)
{
    if (s->natom != frame->natom)
        return hm_fail(HM_BAD_INPUT, "%s: has %zu atoms and the system has %zu", s->path, s->natom, frame->natom);
    for (size_t i = 0; i < s->natom; i++) {
        if (s->number && s->number[i] != frame->number[i])
            return hm_fail(HM_BAD_INPUT, "%s: atom %zu is %s (species %d) and in the system it is %s", s->path, i,
                           hm_element_symbol(s->number[i]), s->number[i], hm_element_symbol(frame->number[i]));
        if (s->mass && !(fabs(s->mass[i] - frame->mass[i]) <= MASS_TOLERANCE * frame->mass[i]))
            return hm_fail(HM_BAD_INPUT, "%s: atom %zu (%s) has a mass of %.9g u and in the system one of %.9g u",
                           s->path, i, hm_element_symbol(frame->number[i]), s->mass[i] * HM_MASS_AMU,
                           frame->mass[i] * HM_MASS_AMU);
    }
    return HM_OK;
}

static enum hm_status check_box(const struct hm_stretch *s, const struct hm_frame *frame)
{
    for (size_t k = 0; k < 3; k++)
        if (s->periodic[k] != frame->periodic[k])
            return hm_fail(HM_BAD_INPUT, "%s: is%s periodic along lattice vector %zu and the system is%s", s->path,
                           s->periodic[k] ? "" : " not", k, frame->periodic[k] ? "" : " not");
    for (size_t k = 0; k < 9; k++)
        if (!(fabs(s->cell[k] - frame->cell[k]) <= CELL_TOLERANCE * (1 + fabs(frame->cell[k]))))
            return hm_fail(HM_BAD_INPUT, "%s: its box is not that of the system", s->path);
    return HM_OK;
}

static enum hm_status check_finite(const struct hm_stretch *s)
{
    const size_t size = 3 * s->natom;
    for (size_t k = 0; k < s->nframe * size; k++)
        if (!isfinite(s->x[k]))
            return hm_fail(HM_BAD_INPUT, "%s: frame %zu: the position of atom %zu is not finite", s->path, k / size,
                           k % size / 3);
    return HM_OK;
}

enum hm_status hm_stretch_check_system(const struct hm_stretch *stretch, const struct hm_frame *frame)
{
    HM_TRY(check_atoms(stretch, frame));
    HM_TRY(check_box(stretch, frame));
    return check_finite(stretch);
}

/* ---- the clock ---- */

static enum hm_status fail_spacing(const struct hm_stretch *s, double spacing, double timestep)
{
    const double steps = spacing / timestep;
    if (steps > 1.5 && fabs(steps - rint(steps)) < 1e-2)
        return hm_fail(HM_BAD_INPUT,
                       "%s: frames are %.0f steps (%.6g fs) apart; training needs every step: record with "
                       "output.stride: 1",
                       s->path, rint(steps), spacing * HM_TIME_FS);
    return hm_fail(HM_BAD_INPUT,
                   "%s: frames are %.9g fs apart and integrator.timestep is %.9g fs: they must be the same", s->path,
                   spacing * HM_TIME_FS, timestep * HM_TIME_FS);
}

/* A time in single precision is as coarse as its size. */
static enum hm_status check_times(const struct hm_stretch *s, double timestep)
{
    const double first = s->time[1] - s->time[0], last = s->time[s->nframe - 1];
    const double grain = 2 * FLT_EPSILON * fmax(fabs(s->time[0]), fabs(last));
    const double mean = (last - s->time[0]) / (double)(s->nframe - 1);
    if (!(fabs(first - timestep) <= CLOCK_TOLERANCE * timestep + grain)) return fail_spacing(s, first, timestep);
    for (size_t n = 2; n < s->nframe; n++) {
        const double spacing = s->time[n] - s->time[n - 1];
        if (!(fabs(spacing - timestep) <= CLOCK_TOLERANCE * timestep + grain))
            return hm_fail(HM_BAD_INPUT, "%s: frame %zu comes %.6g fs after the one before it, not %.6g fs: a gap",
                           s->path, n, spacing * HM_TIME_FS, timestep * HM_TIME_FS);
    }
    if (fabs(mean - timestep) > 0.1 * CLOCK_TOLERANCE * timestep + grain / (double)(s->nframe - 1))
        return fail_spacing(s, mean, timestep);
    return HM_OK;
}

/* Where times are right, step numbers need only be evenly spaced. */
static enum hm_status check_steps(const struct hm_stretch *s, double timestep)
{
    const int64_t first = s->step[1] - s->step[0];
    if (first != 1 && !s->time) {
        if (first > 1) return fail_spacing(s, (double)first * timestep, timestep);
        return hm_fail(HM_BAD_INPUT, "%s: step %lld comes after step %lld", s->path, (long long)s->step[1],
                       (long long)s->step[0]);
    }
    for (size_t n = 2; n < s->nframe; n++)
        if (s->step[n] - s->step[n - 1] != first)
            return hm_fail(HM_BAD_INPUT, "%s: step %lld comes after step %lld: a gap", s->path, (long long)s->step[n],
                           (long long)s->step[n - 1]);
    return HM_OK;
}

void hm_stretch_displacement(const struct hm_stretch *stretch, size_t n, double *displacement)
{
    struct hm_frame box = {0}; /* all that an image needs */
    for (size_t k = 0; k < 9; k++) box.cell[k] = stretch->cell[k];
    for (size_t k = 0; k < 3; k++) box.periodic[k] = stretch->periodic[k];
    const double *here = &stretch->x[3 * stretch->natom * n], *next = here + 3 * stretch->natom;
    for (size_t i = 0; i < stretch->natom; i++)
        hm_minimum_image(&box, here + 3 * i, next + 3 * i, displacement + 3 * i);
}

/* Fits dt in x_{n+1} - x_{n-1} = 2 dt v_n: dt = sum d v / 2 sum v v. */
static enum hm_status check_velocities(const struct hm_stretch *s, double timestep)
{
    const size_t size = 3 * s->natom;
    double dv = 0, vv = 0, dd = 0;
    double *moves = malloc(2 * size * sizeof *moves), *before = moves, *after = moves + size;
    if (!moves) return hm_fail(HM_OUT_OF_MEMORY, "%s: out of memory", s->path);
    hm_stretch_displacement(s, 0, before);
    for (size_t n = 1; n + 1 < s->nframe; n++) {
        hm_stretch_displacement(s, n, after);
        for (size_t k = 0; k < size; k++) {
            const double d = before[k] + after[k], v = s->v[n * size + k];
            dv += d * v;
            vv += v * v;
            dd += d * d;
            before[k] = after[k];
        }
    }
    free(moves);
    const double spacing = dv / (2 * vv);
    const double explained = dv * dv / (dd * vv); /* of the displacements, by these velocities */
    if (!(explained > 0.75))
        return hm_fail(HM_BAD_INPUT,
                       "%s: says neither time nor step, and its velocities do not explain how its positions move: add "
                       "time (fs) or step to the frames",
                       s->path);
    if (fabs(spacing - timestep) <= VELOCITY_CLOCK_TOLERANCE * timestep) return HM_OK;
    return hm_fail(
        HM_BAD_INPUT,
        "%s: by their velocities, frames are about %.3g fs apart and integrator.timestep is %.6g fs: training "
        "needs every step",
        s->path, spacing * HM_TIME_FS, timestep * HM_TIME_FS);
}

enum hm_status hm_stretch_check_clock(const struct hm_stretch *stretch, double timestep)
{
    if (stretch->nframe < 3)
        return hm_fail(HM_BAD_INPUT, "%s: has %zu frames; three make the first kick", stretch->path, stretch->nframe);
    if (!stretch->time && !stretch->step && !stretch->v)
        return hm_fail(
            HM_BAD_INPUT,
            "%s: says neither time nor step nor velocities, so how far its frames are apart cannot be known: "
            "add time (fs) or step to the frames",
            stretch->path);
    if (stretch->time) HM_TRY(check_times(stretch, timestep));
    if (stretch->step) HM_TRY(check_steps(stretch, timestep));
    return stretch->time || !stretch->v ? HM_OK : check_velocities(stretch, timestep);
}

/* ---- rounding ---- */

/* Positions as they stand in the file, but for the rounding of the unit. */
static double as_stored(const struct hm_stretch *s, size_t k)
{
    return s->x[k] / s->length;
}

static bool is_single_precision(const struct hm_stretch *s)
{
    for (size_t k = 0; k < s->nframe * 3 * s->natom; k++) {
        const double value = as_stored(s, k);
        if (fabs(value - (double)(float)value) > 4 * DBL_EPSILON * fabs(value)) return false;
    }
    return true;
}

static bool has_decimals(const struct hm_stretch *s, double scale)
{
    for (size_t k = 0; k < s->nframe * 3 * s->natom; k++) {
        const double value = as_stored(s, k) * scale;
        if (fabs(value - rint(value)) > 1e-3 + 4 * DBL_EPSILON * fabs(value)) return false;
    }
    return true;
}

/* The rms over positions of a unit in the last place of a float, over sqrt(12). */
static double single_precision_error(const struct hm_stretch *s)
{
    const size_t count = s->nframe * 3 * s->natom;
    double squares = 0;
    for (size_t k = 0; k < count; k++) {
        int exponent;
        frexp(as_stored(s, k), &exponent);
        const double unit = ldexp(1.0, exponent - FLT_MANT_DIG);
        squares += unit * unit;
    }
    return s->length * sqrt(squares / (12 * (double)count));
}

/* Numbers may lie on both grids (k / 1024 has ten decimals, a float of 1.25 has two): the coarser one is meant. */
double hm_stretch_rounding(const struct hm_stretch *stretch, char *text, size_t size)
{
    double scale = 1, decimal = 0;
    int decimals = 0;
    while (decimals <= DECIMALS_MAX && !has_decimals(stretch, scale)) {
        decimals++;
        scale *= 10;
    }
    if (decimals <= DECIMALS_MAX) decimal = stretch->length / (scale * sqrt(12));
    const double single = is_single_precision(stretch) ? single_precision_error(stretch) : 0;
    if (decimal > single)
        snprintf(text, size, "%d decimals", decimals);
    else
        snprintf(text, size, "%s precision", single > 0 ? "single" : "double");
    return fmax(decimal, single);
}
