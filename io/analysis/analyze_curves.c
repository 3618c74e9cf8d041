/* Correlation curves of a run: from /hamlet/correlations, or from its frames if every step is one. */
#include "io/analysis/analysis_internal.h"

#include "io/analysis/correlations.h"
#include "io/units.h"

#include <math.h>
#include <stdlib.h>

#define LOWEST_PEAK_CM 50.0
#define LEAST_PEAK 0.05

static enum hm_status allocate(struct hm_curves *c, size_t ngroup, size_t lags)
{
    c->ngroup = ngroup;
    c->lags = lags;
    c->number = calloc(ngroup, sizeof *c->number);
    c->weight = calloc(ngroup, sizeof *c->weight);
    c->vacf = calloc(ngroup, lags * sizeof *c->vacf);
    c->spectrum = calloc(ngroup, (lags + 1) * sizeof *c->spectrum);
    c->total_vacf = calloc(lags, sizeof *c->total_vacf);
    c->total_spectrum = calloc(lags + 1, sizeof *c->total_spectrum);
    if (c->number && c->weight && c->vacf && c->spectrum && c->total_vacf && c->total_spectrum) return HM_OK;
    return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu correlation curves of %zu lags", ngroup, lags);
}

void hm_curves_release(struct hm_curves *c)
{
    free(c->number);
    free(c->weight);
    free(c->vacf);
    free(c->spectrum);
    free(c->total_vacf);
    free(c->total_spectrum);
    *c = (struct hm_curves){0};
}

/* Sum of the masses of one species: mean squares are per component, so mass times mean square shares out <K>. */
static double species_mass(const struct hm_run *run, int number)
{
    double mass = 0;
    for (size_t i = 0; i < run->frame.natom; i++)
        if (run->frame.number[i] == number) mass += run->frame.mass[i];
    return mass;
}

static void add_up(struct hm_curves *c)
{
    double sum = 0;
    for (size_t g = 0; g < c->ngroup; g++) sum += c->weight[g];
    for (size_t g = 0; g < c->ngroup && sum > 0; g++) {
        c->weight[g] /= sum;
        for (size_t k = 0; k < c->lags; k++) c->total_vacf[k] += c->weight[g] * c->vacf[g * c->lags + k];
        for (size_t k = 0; k <= c->lags; k++) c->total_spectrum[k] += c->weight[g] * c->spectrum[g * (c->lags + 1) + k];
    }
}

/* ---- from the file ---- */

struct stored {
    double *values;
    size_t rows, columns;
};

enum { VACF, SPECTRUM, GROUPS, MEAN_SQUARE, STEPS, TIME, STORED };

static enum hm_status fill_from_stored(const struct hm_run *run, const struct stored *s, int64_t *stride,
                                       struct hm_curves *c)
{
    const size_t ngroup = s[VACF].rows, lags = s[VACF].columns;
    if (ngroup == 0 || lags == 0) return HM_OK;
    if (s[SPECTRUM].rows != ngroup || s[SPECTRUM].columns != lags + 1 || s[GROUPS].rows * s[GROUPS].columns != ngroup ||
        s[MEAN_SQUARE].rows * s[MEAN_SQUARE].columns != ngroup || s[STEPS].rows * s[STEPS].columns != 1)
        return hm_fail(HM_BAD_INPUT, "/hamlet/correlations is damaged: shapes of its arrays do not fit");
    HM_TRY(allocate(c, ngroup, lags));
    for (size_t k = 0; k < ngroup * lags; k++) c->vacf[k] = s[VACF].values[k];
    for (size_t k = 0; k < ngroup * (lags + 1); k++) c->spectrum[k] = s[SPECTRUM].values[k];
    for (size_t g = 0; g < ngroup; g++) {
        const int number = c->number[g] = (int)s[GROUPS].values[g];
        if (number == 0)
            c->has_bonds = true;
        else
            c->weight[g] = s[MEAN_SQUARE].values[g] * species_mass(run, number);
    }
    /* Those of strides are farther apart than a step. */
    if (s[TIME].rows * s[TIME].columns > 1) *stride = llround(s[TIME].values[1] / (run->info.timestep * HM_TIME_FS));
    const double steps = s[STEPS].values[0];
    c->valid = steps < (double)lags ? (size_t)fmax(steps, 0) : lags;
    return HM_OK;
}

static enum hm_status read_stored(const struct hm_run *run, int64_t *stride, struct hm_curves *c)
{
    static const char *const names[STORED] = {"vacf", "spectrum", "groups", "mean_square", "steps", "vacf_time"};
    struct stored stored[STORED] = {{0}};
    enum hm_status status = HM_OK;
    for (size_t i = 0; i < STORED && status == HM_OK; i++)
        status =
            hm_trajectory_read_array(run->trajectory, names[i], &stored[i].values, &stored[i].rows, &stored[i].columns);
    if (status == HM_OK) status = fill_from_stored(run, stored, stride, c);
    for (size_t i = 0; i < STORED; i++) free(stored[i].values);
    return status;
}

/* ---- from the frames ---- */

static enum hm_status push_frames(const struct hm_run *run, struct hm_correlations *correlations)
{
    struct hm_frame_cursor cursor;
    struct hm_frame_view view;
    bool more;
    enum hm_status status;
    HM_TRY(hm_frame_cursor_create(run, &cursor));
    while ((status = hm_frame_cursor_next(&cursor, &view, &more)) == HM_OK && more)
        hm_correlations_push(correlations, &run->frame, view.x, view.v);
    hm_frame_cursor_release(&cursor);
    return status;
}

static enum hm_status take_curves(const struct hm_run *run, const struct hm_correlations *from, struct hm_curves *c)
{
    const size_t lags = hm_correlations_lags(from);
    const int64_t steps = hm_correlations_steps(from);
    HM_TRY(allocate(c, hm_correlations_groups(from), lags));
    c->valid = (uint64_t)steps < lags ? (size_t)steps : lags;
    for (size_t g = 0; g < c->ngroup; g++) {
        const int number = c->number[g] = hm_correlations_group_number(from, g);
        double mean_square, spacing;
        HM_TRY(hm_correlations_vacf(from, g, lags, c->vacf + g * lags, &mean_square));
        HM_TRY(hm_correlations_spectrum(from, g, c->spectrum + g * (lags + 1), &spacing));
        if (number == 0)
            c->has_bonds = true;
        else
            c->weight[g] = mean_square * species_mass(run, number);
    }
    return HM_OK;
}

static enum hm_status compute_from_frames(const struct hm_run *run, struct hm_curves *c)
{
    struct hm_correlations *correlations;
    HM_TRY(hm_correlations_create(&run->frame, run->nbond, (const size_t(*)[2])run->bonds,
                                  run->info.timestep * (double)run->info.stride, (int64_t)run->info.nframe, 0,
                                  &correlations));
    enum hm_status status = push_frames(run, correlations);
    if (status == HM_OK) status = take_curves(run, correlations, c);
    hm_correlations_destroy(&correlations);
    return status;
}

/* Every so many steps of the run is a point. */
static enum hm_status finish(const struct hm_run *run, int64_t stride, enum hm_status status, struct hm_curves *c)
{
    if (status != HM_OK) {
        hm_curves_release(c);
        return status;
    }
    if (c->lags == 0) return HM_OK;
    const double dt = run->info.timestep * (double)stride;
    c->dt_fs = dt * HM_TIME_FS;
    c->spacing_cm = HM_ENERGY_WAVENUMBER_CM * 3.14159265358979323846 / ((double)c->lags * dt);
    add_up(c);
    return HM_OK;
}

enum hm_status hm_curves_from_frames(const struct hm_run *run, struct hm_curves *c)
{
    *c = (struct hm_curves){0};
    if (run->info.nframe <= 2) return HM_OK;
    return finish(run, run->info.stride, compute_from_frames(run, c), c);
}

enum hm_status hm_curves_read(const struct hm_run *run, struct hm_curves *c)
{
    *c = (struct hm_curves){0};
    int64_t stride = 1;
    const enum hm_status read = read_stored(run, &stride, c), status = finish(run, stride, read, c);
    return status == HM_OK && c->lags == 0 && run->info.stride == 1 ? hm_curves_from_frames(run, c) : status;
}

/* Diatomics and the like. Where bonds share an atom there are bends and twists, which no bond feels. */
static bool bonds_are_apart(const struct hm_analysis *a)
{
    for (size_t b = 0; b < a->nbond; b++)
        for (size_t other = 0; other < b; other++)
            for (int ends = 0; ends < 4; ends++)
                if (a->bonds[b][ends / 2] == a->bonds[other][ends % 2]) return false;
    return a->nbond > 0;
}

void hm_analyze_curves(const struct hm_curves *c, struct hm_analysis *a)
{
    if (c->valid < 3) return;
    a->peaks_of_bonds = c->has_bonds && bonds_are_apart(a);
    const double *spectrum = a->peaks_of_bonds ? c->spectrum + (c->ngroup - 1) * (c->lags + 1) : c->total_spectrum;
    const double steps = c->dt_fs / a->timestep_fs; /* from a point to the next */
    a->vacf_first_inflection_steps = steps * hm_first_inflection(c->total_vacf, c->valid / 2);
    a->has_spectrum = true;
    a->npeak =
        hm_spectrum_peaks(spectrum, c->lags + 1, c->spacing_cm, LOWEST_PEAK_CM, LEAST_PEAK, a->peaks_cm, HM_PEAKS);
}
