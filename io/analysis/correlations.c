#include "io/analysis/correlations.h"

#include "io/analysis/fourier.h"
#include "io/units.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

/* A row is a little longer than the block: rows a power of two apart would share one cache set in every push. */
enum { DEFAULT_BLOCK = 65536, LEAST_BLOCK = 16, ROW_PAD = 16, MEMORY_BYTES = 64 << 20 };

struct hm_correlations {
    size_t natom, nbond, nspecies, ngroup, nseries, block;
    double timestep;
    size_t (*bonds)[2];
    size_t *atom_group;   // (natom)
    int *group_number;    // (ngroup) Z, 0 for the bonds
    size_t *group_series; // (ngroup) number of series
    double *series;       // (nseries, block + ROW_PAD): 3 natom velocity components, then bonds
    size_t filled;        // steps in the unfinished block
    size_t finished;      // blocks
    double *power;        // (ngroup, block + 1) of the finished blocks
    struct hm_fourier *fourier;
    double *padded;                 // (2 block) scratch
    struct hm_complex *transformed; // (block + 1) scratch
    double *total;                  // (block + 1) scratch
};

/* ---- life ---- */

static size_t choose_block(size_t nseries, int64_t steps)
{
    size_t block = DEFAULT_BLOCK;
    while (block > LEAST_BLOCK && nseries > MEMORY_BYTES / (block * sizeof(double))) block /= 2;
    while (block > LEAST_BLOCK && steps > 0 && block / 2 >= (uint64_t)steps) block /= 2;
    return block;
}

static size_t row_length(const struct hm_correlations *c)
{
    return c->block + ROW_PAD;
}

static enum hm_status allocate(struct hm_correlations *c)
{
    const size_t most_groups = c->natom + 1, bins = c->block + 1;
    if (c->nseries > SIZE_MAX / sizeof(double) / row_length(c))
        return hm_fail(HM_OUT_OF_MEMORY, "out of memory: correlations of %zu series", c->nseries);
    c->bonds = calloc(c->nbond + 1, sizeof *c->bonds);
    c->atom_group = calloc(c->natom + 1, sizeof *c->atom_group);
    c->group_number = calloc(most_groups, sizeof *c->group_number);
    c->group_series = calloc(most_groups, sizeof *c->group_series);
    c->series = calloc(c->nseries + 1, row_length(c) * sizeof *c->series);
    c->padded = calloc(2 * c->block, sizeof *c->padded);
    c->transformed = calloc(bins, sizeof *c->transformed);
    c->total = calloc(bins, sizeof *c->total);
    if (!c->bonds || !c->atom_group || !c->group_number || !c->group_series || !c->series || !c->padded ||
        !c->transformed || !c->total)
        return hm_fail(HM_OUT_OF_MEMORY, "out of memory: correlations of %zu series over %zu steps", c->nseries,
                       c->block);
    return hm_fourier_create(2 * c->block, &c->fourier);
}

static enum hm_status assign_groups(struct hm_correlations *c, const struct hm_frame *topology)
{
    for (size_t i = 0; i < c->natom; i++) {
        size_t group = 0;
        while (group < c->nspecies && c->group_number[group] != topology->number[i]) group++;
        if (group == c->nspecies) c->group_number[c->nspecies++] = topology->number[i];
        c->atom_group[i] = group;
        c->group_series[group] += 3;
    }
    c->ngroup = c->nspecies + (c->nbond > 0);
    if (c->nbond > 0) c->group_series[c->nspecies] = c->nbond;
    c->power = calloc(c->ngroup + 1, (c->block + 1) * sizeof *c->power);
    if (!c->power) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: spectra of %zu groups", c->ngroup);
    return HM_OK;
}

static enum hm_status check_arguments(const struct hm_frame *topology, size_t nbond, const size_t (*bonds)[2],
                                      double timestep, size_t block)
{
    if (block != 0 && (block < LEAST_BLOCK || block > INT_MAX / 2 || (block & (block - 1)) != 0))
        return hm_fail(HM_BAD_USAGE, "correlations need a block of a power of two of at least %d steps, not %zu",
                       LEAST_BLOCK, block);
    if (!(timestep > 0)) return hm_fail(HM_BAD_USAGE, "correlations need a positive time step");
    for (size_t b = 0; b < nbond; b++)
        if (bonds[b][0] >= topology->natom || bonds[b][1] >= topology->natom)
            return hm_fail(HM_BAD_USAGE, "bond %zu joins atoms %zu and %zu, but there are %zu atoms", b, bonds[b][0],
                           bonds[b][1], topology->natom);
    return HM_OK;
}

enum hm_status hm_correlations_create(const struct hm_frame *topology, size_t nbond, const size_t (*bonds)[2],
                                      double timestep, int64_t steps, size_t block,
                                      struct hm_correlations **correlations)
{
    enum hm_status status;
    *correlations = NULL;
    HM_TRY(check_arguments(topology, nbond, bonds, timestep, block));
    struct hm_correlations *c = calloc(1, sizeof *c);
    if (!c) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: correlations");
    c->natom = topology->natom;
    c->nbond = nbond;
    c->nseries = 3 * c->natom + nbond;
    c->timestep = timestep;
    c->block = block ? block : choose_block(c->nseries, steps);
    HM_TRY_GOTO(status, allocate(c), failed);
    if (nbond > 0) memcpy(c->bonds, bonds, nbond * sizeof *bonds);
    HM_TRY_GOTO(status, assign_groups(c, topology), failed);
    *correlations = c;
    return HM_OK;
failed:
    hm_correlations_destroy(&c);
    return status;
}

void hm_correlations_destroy(struct hm_correlations **correlations)
{
    struct hm_correlations *c = *correlations;
    if (!c) return;
    hm_fourier_destroy(&c->fourier);
    free(c->bonds);
    free(c->atom_group);
    free(c->group_number);
    free(c->group_series);
    free(c->series);
    free(c->power);
    free(c->padded);
    free(c->transformed);
    free(c->total);
    free(c);
    *correlations = NULL;
}

/* ---- accumulating ---- */

/* Adds |transform|^2 of every series of `group` (all groups: SIZE_MAX), cut to `length` steps, to the power of its
 * group. `power` points at the row of the first group wanted. */
static void add_power(const struct hm_correlations *c, size_t group, size_t length, double *power)
{
    memset(c->padded + length, 0, (2 * c->block - length) * sizeof *c->padded);
    for (size_t s = 0; s < c->nseries; s++) {
        const size_t own = s < 3 * c->natom ? c->atom_group[s / 3] : c->nspecies;
        if (group != SIZE_MAX && own != group) continue;
        double *const row = group == SIZE_MAX ? power + own * (c->block + 1) : power;
        memcpy(c->padded, c->series + s * row_length(c), length * sizeof *c->padded);
        hm_fourier_real(c->fourier, c->padded, c->transformed);
        for (size_t k = 0; k <= c->block; k++) {
            const double re = c->transformed[k].re, im = c->transformed[k].im;
            row[k] += re * re + im * im;
        }
    }
}

/* d r_ij / dt; zero for atoms in one place, where it has no meaning. */
static double bond_rate(const struct hm_frame *frame, const double *x, const double *v, const size_t bond[2])
{
    const size_t i = 3 * bond[0], j = 3 * bond[1];
    double d[3];
    hm_minimum_image(frame, x + i, x + j, d);
    const double square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
    double along = 0;
    for (size_t k = 0; k < 3; k++) along += (v[j + k] - v[i + k]) * d[k];
    return square > 0 ? along / sqrt(square) : 0.0;
}

void hm_correlations_push(struct hm_correlations *c, const struct hm_frame *frame, const double *x, const double *v)
{
    const size_t row = row_length(c), ncomponent = 3 * c->natom;
    double *now = c->series + c->filled;
    for (size_t s = 0; s < ncomponent; s++, now += row) *now = v[s];
    for (size_t b = 0; b < c->nbond; b++, now += row) *now = bond_rate(frame, x, v, c->bonds[b]);
    if (++c->filled < c->block) return;
    add_power(c, SIZE_MAX, c->block, c->power);
    c->finished++;
    c->filled = 0;
}

/* ---- curves ---- */

size_t hm_correlations_groups(const struct hm_correlations *c)
{
    return c->ngroup;
}

size_t hm_correlations_lags(const struct hm_correlations *c)
{
    return c->block;
}

int hm_correlations_group_number(const struct hm_correlations *c, size_t group)
{
    return group < c->ngroup ? c->group_number[group] : 0;
}

int64_t hm_correlations_steps(const struct hm_correlations *c)
{
    return (int64_t)(c->finished * c->block + c->filled);
}

/* Pairs of steps `lag` apart within one block, over all blocks and series of the group. */
static double pairs(const struct hm_correlations *c, size_t group, size_t lag)
{
    const size_t tail = c->filled > lag ? c->filled - lag : 0;
    return (double)c->group_series[group] * ((double)c->finished * (double)(c->block - lag) + (double)tail);
}

/* Power of the group with the unfinished block, into c->total; returns its sum over all 2 block frequencies. */
static double collect_power(const struct hm_correlations *c, size_t group)
{
    const size_t bins = c->block + 1;
    memcpy(c->total, c->power + group * bins, bins * sizeof *c->total);
    if (c->filled > 0) add_power(c, group, c->filled, c->total);
    double sum = c->total[0] + c->total[c->block];
    for (size_t k = 1; k < c->block; k++) sum += 2.0 * c->total[k];
    return sum;
}

static void group_vacf(const struct hm_correlations *c, size_t group, size_t count, double *vacf, double *mean_square)
{
    const double sum = collect_power(c, group);
    const double n0 = pairs(c, group, 0), both = 2.0 * (double)c->block;
    memset(vacf, 0, count * sizeof *vacf);
    if (mean_square) *mean_square = n0 > 0 ? sum / both / n0 : 0.0;
    if (!(sum > 0)) return;
    /* Even and real as the power is, forward is as good as back. */
    c->padded[0] = c->total[0];
    for (size_t k = 1; k <= c->block; k++) c->padded[k] = c->padded[2 * c->block - k] = c->total[k];
    hm_fourier_real(c->fourier, c->padded, c->transformed);
    for (size_t k = 0; k < count && k < c->block; k++) {
        const double n = pairs(c, group, k);
        if (n > 0) vacf[k] = c->transformed[k].re / sum * (n0 / n);
    }
    if (count > 0) vacf[0] = 1.0;
}

static enum hm_status check_group(const struct hm_correlations *c, size_t group)
{
    if (group < c->ngroup) return HM_OK;
    return hm_fail(HM_BAD_USAGE, "correlations have %zu groups, there is no group %zu", c->ngroup, group);
}

enum hm_status hm_correlations_vacf(const struct hm_correlations *c, size_t group, size_t count, double *vacf,
                                    double *mean_square)
{
    HM_TRY(check_group(c, group));
    group_vacf(c, group, count, vacf, mean_square);
    return HM_OK;
}

static double wavenumber_spacing(const struct hm_correlations *c)
{
    return PI / ((double)c->block * c->timestep) / HM_ANGULAR_FREQUENCY_PER_CM;
}

/* `vacf` (block) and `spectrum` (block + 1) may be the same memory. */
static void group_spectrum(const struct hm_correlations *c, const double *vacf, double *spectrum)
{
    const size_t block = c->block, span = c->finished > 0 ? block : c->filled;
    const double area = (double)block * wavenumber_spacing(c);
    memset(c->padded, 0, 2 * block * sizeof *c->padded);
    for (size_t k = 0; k < span; k++) {
        const double window = 0.5 * (1.0 + cos(PI * (double)k / (double)span));
        c->padded[k] = window * vacf[k];
        if (k > 0) c->padded[2 * block - k] = c->padded[k];
    }
    hm_fourier_real(c->fourier, c->padded, c->transformed);
    for (size_t k = 0; k <= block; k++) spectrum[k] = c->transformed[k].re / area;
}

enum hm_status hm_correlations_spectrum(const struct hm_correlations *c, size_t group, double *spectrum,
                                        double *spacing_cm)
{
    HM_TRY(check_group(c, group));
    group_vacf(c, group, c->block, spectrum, NULL);
    group_spectrum(c, spectrum, spectrum);
    *spacing_cm = wavenumber_spacing(c);
    return HM_OK;
}

/* ---- the file ---- */

static enum hm_status write_curves(const struct hm_correlations *c, struct hm_trajectory *trajectory, double *vacf,
                                   double *spectrum, double *axis)
{
    const size_t lags = c->block, bins = lags + 1, ngroup = c->ngroup;
    double *const number = axis, *const mean_square = axis + ngroup; /* axis holds 2 ngroup + bins */
    const double unit = HM_VELOCITY_ANGSTROM_PER_PS * HM_VELOCITY_ANGSTROM_PER_PS;
    for (size_t g = 0; g < ngroup; g++) {
        group_vacf(c, g, lags, vacf + g * lags, &mean_square[g]);
        group_spectrum(c, vacf + g * lags, spectrum + g * bins);
        mean_square[g] *= unit;
        number[g] = c->group_number[g];
    }
    HM_TRY(hm_trajectory_write_array(trajectory, "vacf", "1", vacf, ngroup, lags));
    HM_TRY(hm_trajectory_write_array(trajectory, "spectrum", "cm", spectrum, ngroup, bins));
    HM_TRY(hm_trajectory_write_array(trajectory, "groups", "1", number, ngroup, 1));
    HM_TRY(hm_trajectory_write_array(trajectory, "mean_square", "Angstrom2 ps-2", mean_square, ngroup, 1));
    for (size_t k = 0; k < lags; k++) axis[k] = (double)k * c->timestep * HM_TIME_FS;
    HM_TRY(hm_trajectory_write_array(trajectory, "vacf_time", "fs", axis, lags, 1));
    for (size_t k = 0; k < bins; k++) axis[k] = (double)k * wavenumber_spacing(c);
    HM_TRY(hm_trajectory_write_array(trajectory, "wavenumber", "cm-1", axis, bins, 1));
    const double steps = (double)hm_correlations_steps(c);
    return hm_trajectory_write_array(trajectory, "steps", "1", &steps, 1, 1);
}

enum hm_status hm_correlations_write(const struct hm_correlations *c, struct hm_trajectory *trajectory)
{
    const size_t bins = c->block + 1;
    double *vacf = calloc(c->ngroup + 1, c->block * sizeof *vacf);
    double *spectrum = calloc(c->ngroup + 1, bins * sizeof *spectrum);
    double *axis = calloc(2 * c->ngroup + bins, sizeof *axis);
    const enum hm_status status = vacf && spectrum && axis
                                      ? write_curves(c, trajectory, vacf, spectrum, axis)
                                      : hm_fail(HM_OUT_OF_MEMORY, "out of memory: writing the correlations");
    free(vacf);
    free(spectrum);
    free(axis);
    return status;
}

/* ---- state: tag, shape, counters, power, the unfinished block row by row ---- */

void hm_correlations_save(const struct hm_correlations *c, struct hm_archive *archive)
{
    hm_archive_put_tag(archive, "curves");
    hm_archive_put_size(archive, c->nseries);
    hm_archive_put_size(archive, c->ngroup);
    hm_archive_put_size(archive, c->block);
    hm_archive_put_size(archive, c->finished);
    hm_archive_put_size(archive, c->filled);
    hm_archive_put_reals(archive, c->power, c->ngroup * (c->block + 1));
    for (size_t s = 0; s < c->nseries; s++)
        hm_archive_put(archive, c->series + s * row_length(c), c->filled * sizeof *c->series);
}

enum hm_status hm_correlations_load(struct hm_correlations *c, struct hm_archive *archive)
{
    size_t nseries, ngroup, block, finished, filled;
    HM_TRY(hm_archive_expect_tag(archive, "curves"));
    HM_TRY(hm_archive_get_size(archive, &nseries));
    HM_TRY(hm_archive_get_size(archive, &ngroup));
    HM_TRY(hm_archive_get_size(archive, &block));
    HM_TRY(hm_archive_get_size(archive, &finished));
    HM_TRY(hm_archive_get_size(archive, &filled));
    if (nseries != c->nseries || ngroup != c->ngroup || block != c->block || filled >= block)
        return hm_fail(
            HM_BAD_INPUT,
            "stored correlations (%zu series, %zu groups, blocks of %zu) do not fit this run (%zu, %zu, %zu)", nseries,
            ngroup, block, c->nseries, c->ngroup, c->block);
    HM_TRY(hm_archive_get_reals(archive, c->power, ngroup * (block + 1)));
    for (size_t s = 0; s < nseries; s++)
        HM_TRY(hm_archive_get(archive, c->series + s * row_length(c), filled * sizeof *c->series));
    c->finished = finished;
    c->filled = filled;
    return HM_OK;
}
