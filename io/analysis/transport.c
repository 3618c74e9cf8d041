#include "io/analysis/transport.h"

#include "io/analysis/fourier.h"
#include "io/analysis/statistics.h"
#include "io/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY_BYTES = 64 << 20, PARTS = 5, FEWEST_LAGS = 20 };

static const double FIT_FROM = 0.1, FIT_TO = 0.5; /* of the longest lag */

/* Positions of all frames, component by component. */
struct tracks {
    size_t nseries, frames; /* 3 natom */
    double *x;              /* (nseries, frames) Angstrom */
    size_t *group;          /* (natom) */
    size_t ngroup;          /* species, without all atoms */
    size_t *atoms;          /* (ngroup) how many */
    double *squares, *sums; /* (frames) scratch */
};

static enum hm_status assign_groups(const struct hm_run *run, struct tracks *t, struct hm_msd *msd)
{
    const size_t natom = run->frame.natom;
    t->group = calloc(natom + 1, sizeof *t->group);
    t->atoms = calloc(natom + 1, sizeof *t->atoms);
    msd->number = calloc(natom + 1, sizeof *msd->number);
    if (!t->group || !t->atoms || !msd->number) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu atoms", natom);
    for (size_t i = 0; i < natom; i++) {
        size_t g = 0;
        while (g < t->ngroup && msd->number[g] != run->frame.number[i]) g++;
        if (g == t->ngroup) msd->number[t->ngroup++] = run->frame.number[i];
        t->group[i] = g;
        t->atoms[g]++;
    }
    msd->number[t->ngroup] = 0;
    msd->ngroup = t->ngroup + 1;
    return HM_OK;
}

/* Frames after the warm-up, and of them every so many. */
static enum hm_status count_frames(const struct hm_run *run, size_t *frames, size_t *every)
{
    struct hm_frame_cursor cursor;
    struct hm_frame_view view;
    bool more;
    enum hm_status status;
    size_t count = 0;
    HM_TRY(hm_frame_cursor_create(run, &cursor));
    while ((status = hm_frame_cursor_sample(&cursor, 1, &view, &more)) == HM_OK && more) count++;
    hm_frame_cursor_release(&cursor);
    const size_t most = MEMORY_BYTES / (3 * run->frame.natom * sizeof(double)) + 1;
    *every = (count + most - 1) / most;
    if (*every == 0) *every = 1;
    *frames = (count + *every - 1) / *every;
    return status;
}

static enum hm_status read_tracks(const struct hm_run *run, size_t every, struct tracks *t)
{
    struct hm_frame_cursor cursor;
    struct hm_frame_view view;
    bool more;
    enum hm_status status;
    size_t at = 0;
    HM_TRY(hm_frame_cursor_create(run, &cursor));
    while ((status = hm_frame_cursor_sample(&cursor, every, &view, &more)) == HM_OK && more) {
        for (size_t s = 0; s < t->nseries; s++) t->x[s * t->frames + at] = view.x[s] * HM_LENGTH_ANGSTROM;
        at++;
    }
    hm_frame_cursor_release(&cursor);
    return status;
}

/* Adds (frames - k) MSD(k) of one component to sum (count): squares at both ends of all intervals, less twice the
 * products. */
static enum hm_status add_series(struct tracks *t, const double *series, size_t count, double *sum)
{
    double mean = 0, ends = 0;
    for (size_t n = 0; n < count; n++) mean += series[n] / (double)count;
    for (size_t n = 0; n < count; n++) t->squares[n] = series[n] - mean; /* small numbers cancel less */
    HM_TRY(hm_fourier_correlate(t->squares, count, count, t->sums));
    for (size_t n = 0; n < count; n++) {
        t->squares[n] *= t->squares[n];
        ends += 2 * t->squares[n];
    }
    for (size_t k = 0; k < count; k++) {
        if (k > 0) ends -= t->squares[k - 1] + t->squares[count - k];
        sum[k] += ends - 2 * t->sums[k];
    }
    return HM_OK;
}

/* MSD of all groups over frames first ... first + count - 1; msd (ngroup, count). */
static enum hm_status make_msd(struct tracks *t, size_t first, size_t count, double *msd)
{
    const size_t natom = t->nseries / 3;
    memset(msd, 0, (t->ngroup + 1) * count * sizeof *msd);
    for (size_t s = 0; s < t->nseries; s++)
        HM_TRY(add_series(t, t->x + s * t->frames + first, count, msd + t->group[s / 3] * count));
    double *const all = msd + t->ngroup * count;
    for (size_t k = 0; k < count; k++) {
        const double origins = (double)(count - k);
        for (size_t g = 0; g < t->ngroup; g++) {
            double *const value = &msd[g * count + k];
            if (k == 0) *value = 0;
            all[k] += *value / origins / (double)natom;
            *value /= origins * (double)t->atoms[g];
        }
    }
    return HM_OK;
}

/* D from the slope between two lags; `time` (count) is scratch. */
static enum hm_status diffuse(const double *msd, size_t count, double dt_ps, double *time, double *diffusion)
{
    const size_t from = (size_t)ceil(FIT_FROM * (double)(count - 1)), to = (size_t)floor(FIT_TO * (double)(count - 1));
    struct hm_line line;
    *diffusion = NAN;
    if (count < FEWEST_LAGS) return HM_OK;
    for (size_t k = from; k <= to; k++) time[k - from] = (double)k * dt_ps;
    HM_TRY(hm_line_through(time, msd + from, to - from + 1, &line));
    *diffusion = line.slope / 6;
    return HM_OK;
}

static enum hm_status estimate(struct tracks *t, struct hm_msd *msd, double *time)
{
    const size_t part = t->frames / PARTS;
    for (size_t g = 0; g < msd->ngroup; g++) {
        HM_TRY(diffuse(msd->msd_angstrom2 + g * msd->lags, msd->lags, msd->dt_ps, time, &msd->diffusion[g]));
        msd->diffusion_error[g] = NAN;
    }
    msd->fit_from_ps = ceil(FIT_FROM * (double)(msd->lags - 1)) * msd->dt_ps;
    msd->fit_to_ps = floor(FIT_TO * (double)(msd->lags - 1)) * msd->dt_ps;
    if (part < FEWEST_LAGS) return HM_OK;
    double *const own = calloc(msd->ngroup, (part + PARTS) * sizeof *own), *const d = own + msd->ngroup * part;
    if (!own) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: mean square displacements");
    enum hm_status status = HM_OK;
    for (size_t p = 0; p < PARTS && status == HM_OK; p++) {
        status = make_msd(t, p * part, part, own);
        for (size_t g = 0; g < msd->ngroup && status == HM_OK; g++)
            status = diffuse(own + g * part, part, msd->dt_ps, time, &d[g * PARTS + p]);
    }
    for (size_t g = 0; g < msd->ngroup && status == HM_OK; g++) {
        double mean = 0, square = 0;
        for (size_t p = 0; p < PARTS; p++) mean += d[g * PARTS + p] / PARTS;
        for (size_t p = 0; p < PARTS; p++) square += pow(d[g * PARTS + p] - mean, 2);
        msd->diffusion_error[g] = sqrt(square / (PARTS - 1) / PARTS);
    }
    free(own);
    return status;
}

static enum hm_status compute(const struct hm_run *run, struct tracks *t, struct hm_msd *msd)
{
    size_t every;
    double *time = NULL;
    enum hm_status status;
    HM_TRY(assign_groups(run, t, msd));
    HM_TRY(count_frames(run, &t->frames, &every));
    if (t->frames < 2) return HM_OK;
    t->nseries = 3 * run->frame.natom;
    t->x = calloc(t->nseries, t->frames * sizeof *t->x);
    t->squares = calloc(3, t->frames * sizeof *t->squares);
    msd->msd_angstrom2 = calloc(msd->ngroup, t->frames * sizeof *msd->msd_angstrom2);
    msd->diffusion = calloc(msd->ngroup, sizeof *msd->diffusion);
    msd->diffusion_error = calloc(msd->ngroup, sizeof *msd->diffusion_error);
    if (!t->x || !t->squares || !msd->msd_angstrom2 || !msd->diffusion || !msd->diffusion_error)
        return hm_fail(HM_OUT_OF_MEMORY, "out of memory: positions of %zu frames", t->frames);
    t->sums = t->squares + t->frames;
    time = t->sums + t->frames;
    msd->lags = msd->frames = t->frames;
    msd->dt_ps = run->info.timestep * HM_TIME_PS * (double)run->info.stride * (double)every;
    status = read_tracks(run, every, t);
    if (status == HM_OK) status = make_msd(t, 0, t->frames, msd->msd_angstrom2);
    return status == HM_OK ? estimate(t, msd, time) : status;
}

enum hm_status hm_msd_compute(const struct hm_run *run, struct hm_msd *msd)
{
    struct tracks tracks = {0};
    *msd = (struct hm_msd){0};
    const enum hm_status status = compute(run, &tracks, msd);
    free(tracks.x);
    free(tracks.group);
    free(tracks.atoms);
    free(tracks.squares);
    if (status != HM_OK) hm_msd_release(msd);
    return status;
}

void hm_msd_release(struct hm_msd *msd)
{
    free(msd->number);
    free(msd->msd_angstrom2);
    free(msd->diffusion);
    free(msd->diffusion_error);
    *msd = (struct hm_msd){0};
}
