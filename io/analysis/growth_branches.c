/* The branches of studies, from the tables of their runs. */
#include "io/analysis/growth_internal.h"

#include "io/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINDEMANN 0.1
#define SHARE_OF_STD (1.0 / 3.0)
#define CONSTANT 1e-9 /* a kinetic energy that does not change says nothing of how far two of them can be apart */

struct rows {
    size_t count;
    struct hm_study_record *record;
    size_t *first; /* (nrun + 1) */
};

static enum hm_status read_rows(const struct hm_run *runs, size_t nrun, struct rows *rows)
{
    rows->first = calloc(nrun + 1, sizeof *rows->first);
    if (!rows->first) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu studies", nrun);
    for (size_t r = 0; r < nrun; r++) rows->first[r + 1] = rows->first[r] + runs[r].info.nstudy;
    rows->count = rows->first[nrun];
    rows->record = calloc(rows->count + 1, sizeof *rows->record);
    if (!rows->record) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu samples of branches", rows->count);
    for (size_t r = 0; r < nrun; r++)
        if (runs[r].info.nstudy > 0)
            HM_TRY(hm_trajectory_read_study(runs[r].trajectory, 0, runs[r].info.nstudy, rows->record + rows->first[r]));
    return HM_OK;
}

/* ---- shapes ---- */

static int ascending(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static enum hm_status list_points(const struct rows *rows, struct hm_branches *b)
{
    b->unforced = calloc(rows->count + 1, sizeof *b->unforced);
    if (!b->unforced) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu samples of branches", rows->count);
    for (size_t k = 0; k < rows->count; k++) b->unforced[k] = rows->record[k].unforced;
    qsort(b->unforced, rows->count, sizeof *b->unforced, ascending);
    for (size_t k = 0; k < rows->count; k++)
        if (b->points == 0 || b->unforced[k] != b->unforced[b->points - 1]) b->unforced[b->points++] = b->unforced[k];
    b->length = b->points > 0 ? b->unforced[b->points - 1] : 0;
    return HM_OK;
}

static bool begins(const struct rows *rows, size_t run, size_t k)
{
    return k == rows->first[run] || rows->record[k].step != rows->record[k - 1].step;
}

static enum hm_status allocate(const struct rows *rows, struct hm_branches *b)
{
    b->first = calloc(b->nrun + 1, sizeof *b->first);
    if (!b->first) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu studies", b->nrun);
    for (size_t r = 0; r < b->nrun; r++) {
        b->first[r] = b->nbranch;
        for (size_t k = rows->first[r]; k < rows->first[r + 1]; k++) b->nbranch += begins(rows, r, k);
    }
    b->first[b->nrun] = b->nbranch;
    const size_t values = HM_BRANCH_CURVES * b->nbranch * b->points;
    b->reach = calloc(b->nbranch + 1, sizeof *b->reach);
    b->value = malloc((values + 1) * sizeof *b->value);
    if (!b->reach || !b->value) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu branches", b->nbranch);
    for (size_t k = 0; k < values; k++) b->value[k] = NAN;
    return HM_OK;
}

/* ---- values ---- */

static size_t point_of(const struct hm_branches *b, int64_t unforced)
{
    const int64_t *at = bsearch(&unforced, b->unforced, b->points, sizeof *b->unforced, ascending);
    return (size_t)(at - b->unforced);
}

static void put(struct hm_branches *b, size_t branch, const struct hm_study_record *record)
{
    const double values[HM_BRANCH_CURVES] = {
        record->position,           record->kinetic,
        record->potential,          record->kinetic + record->potential,
        record->baseline_position,  record->baseline_kinetic,
        record->baseline_potential, record->baseline_kinetic + record->baseline_potential,
    };
    const size_t point = point_of(b, record->unforced);
    for (size_t c = 0; c < HM_BRANCH_CURVES; c++) b->value[(c * b->nbranch + branch) * b->points + point] = values[c];
    if (isfinite(record->position)) b->reach[branch] = point + 1;
}

static void fill(const struct rows *rows, struct hm_branches *b)
{
    size_t branch = 0;
    for (size_t r = 0; r < b->nrun; r++)
        for (size_t k = rows->first[r]; k < rows->first[r + 1]; k++) {
            const struct hm_study_record *record = &rows->record[k];
            const bool last = k + 1 == rows->first[r + 1] || begins(rows, r, k + 1);
            put(b, branch, record);
            if (!last) continue;
            b->oracle_calls += record->oracle_calls;
            b->ended += isfinite(record->position) ? 0 : 1;
            branch++;
        }
}

/* ---- saturation ---- */

/* The shortest distance between two atoms of the first frame, Angstrom. */
static enum hm_status shortest_distance(const struct hm_run *run, double *shortest)
{
    const size_t n = run->frame.natom;
    *shortest = INFINITY;
    if (run->info.nframe == 0) return HM_OK;
    double *x = malloc(3 * n * sizeof *x);
    if (!x) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu atoms", n);
    const enum hm_status status = hm_trajectory_read_frames(run->trajectory, 0, 1, NULL, x, NULL, NULL, NULL, NULL);
    for (size_t i = 0; i < n && status == HM_OK; i++)
        for (size_t j = 0; j < i; j++) {
            double d[3];
            hm_minimum_image(&run->frame, x + 3 * i, x + 3 * j, d);
            *shortest = fmin(*shortest, sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]) * HM_LENGTH_ANGSTROM);
        }
    free(x);
    return status;
}

static enum hm_status find_saturation(const struct hm_run *runs, const struct rows *rows, struct hm_branches *b)
{
    double shortest = INFINITY, mean = 0, square = 0, count = 0; /* Welford */
    for (size_t k = 0; k < rows->count; k++) {
        const double kinetic = rows->record[k].exact_kinetic, from_mean = kinetic - mean;
        if (!isfinite(kinetic)) continue;
        count++;
        mean += from_mean / count;
        square += from_mean * (kinetic - mean);
    }
    const double std = count > 0 ? sqrt(square / count) : 0;
    HM_TRY(shortest_distance(&runs[0], &shortest));
    b->saturation[HM_DIVERGENCE_POSITION] = LINDEMANN * shortest;
    for (size_t k = HM_DIVERGENCE_KINETIC; k < HM_DIVERGENCE_COUNT; k++)
        b->saturation[k] = std > CONSTANT * mean ? SHARE_OF_STD * std : INFINITY;
    return HM_OK;
}

static enum hm_status check_runs(const struct hm_run *runs, size_t nrun)
{
    for (size_t r = 1; r < nrun; r++) {
        HM_TRY(hm_run_check_same_atoms(&runs[r], &runs[0]));
        if (runs[r].info.timestep != runs[0].info.timestep)
            return hm_fail(HM_BAD_INPUT, "studies of different time steps (%g and %g fs) do not make one",
                           runs[0].info.timestep * HM_TIME_FS, runs[r].info.timestep * HM_TIME_FS);
    }
    return HM_OK;
}

enum hm_status hm_branches_read(const struct hm_run *runs, size_t nrun, struct hm_branches *branches)
{
    struct rows rows = {0};
    enum hm_status status;
    *branches = (struct hm_branches){.nrun = nrun, .timestep_fs = runs[0].info.timestep * HM_TIME_FS};
    HM_TRY(check_runs(runs, nrun));
    HM_TRY_GOTO(status, read_rows(runs, nrun, &rows), done);
    HM_TRY_GOTO(status, list_points(&rows, branches), done);
    HM_TRY_GOTO(status, allocate(&rows, branches), done);
    fill(&rows, branches);
    status = find_saturation(runs, &rows, branches);
done:
    free(rows.record);
    free(rows.first);
    if (status != HM_OK) hm_branches_release(branches);
    return status;
}

void hm_branches_release(struct hm_branches *b)
{
    free(b->unforced);
    free(b->first);
    free(b->reach);
    free(b->value);
    *b = (struct hm_branches){0};
}
