/* Lennard-Jones atoms, in periodic boxes or free, and the Axilrod-Teller energy of their triangles (lennard_jones.h).
 */
#include "hamiltonians/lennard_jones.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TRIANGLE_LOCALS = 9 };

struct lennard_jones {
    struct hm_lj_model model;
    struct hm_lj_system system;
    const struct hm_lj_kernels *kernels;
    struct hm_neighbours *half, *full; // full: for the triangles
    struct hm_lj_triangles triangles;
    size_t *first;    // (natom + 1)
    uint32_t *higher; // of the full list, the neighbours of a higher number, ascending: an order without a past
    size_t capacity;
    int64_t builds;
    double *row, *force; // (natom, 4)
};

const struct hm_lj_kernels *hm_lj_kernels_available(size_t index)
{
    const struct hm_lj_kernels *found[3];
    size_t count = 0;
#if defined __x86_64__
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        found[count++] = &hm_lj_kernels_avx512;
    if (__builtin_cpu_supports("avx2")) found[count++] = &hm_lj_kernels_avx2;
#endif
    found[count++] = &hm_lj_kernels_portable;
    return index < count ? found[index] : NULL;
}

void hm_lj_kernels_choose(void *self, const struct hm_lj_kernels *kernels)
{
    struct lennard_jones *lj = self;
    lj->kernels = kernels;
}

static void destroy(void **self)
{
    struct lennard_jones *lj = *self;
    if (lj) {
        hm_lj_model_release(&lj->model);
        hm_neighbours_destroy(&lj->half);
        hm_neighbours_destroy(&lj->full);
        free(lj->triangles.local[0]);
        free(lj->triangles.numbers);
        free(lj->first);
        free(lj->higher);
        free(lj->row);
        free(lj->force);
        free(lj);
    }
    *self = NULL;
}

/* 3/2 2^52 grid units, of a grid at least `bits` powers of two finer than `scale`. */
static double magic_of(double scale, int bits)
{
    return scale > 0 ? 1.5 * exp2(floor(log2(scale)) + 52 - bits) : 0;
}

static double *allocate_rows(size_t natom)
{
    double *rows = aligned_alloc(32, (natom + 1) * 4 * sizeof *rows);
    if (rows) memset(rows, 0, (natom + 1) * 4 * sizeof *rows);
    return rows;
}

static enum hm_status prepare(const struct hm_frame *frame, struct lennard_jones *lj)
{
    const struct hm_lj_model *model = &lj->model;
    const size_t natom = frame->natom;
    lj->kernels = hm_lj_kernels_available(0);
    lj->row = allocate_rows(natom);
    lj->force = allocate_rows(natom);
    lj->first = calloc(natom + 1, sizeof *lj->first);
    if (!lj->row || !lj->force || !lj->first)
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for the forces of %zu atoms", natom);
    lj->system = (struct hm_lj_system){
        .natom = natom,
        .nspecies = model->nspecies,
        .species = model->species,
        .pair = model->pair,
        .cutoff = model->cutoff,
        .row = lj->row,
        .force_magic = magic_of(model->force, 41),
        .energy_magic = magic_of(model->energy * (double)(natom ? natom : 1), 47),
    };
    lj->triangles = (struct hm_lj_triangles){.nu = model->nu, .cutoff = model->cutoff3, .taper = model->taper};
    HM_TRY(hm_neighbours_create(frame, model->cutoff, model->skin, HM_NEIGHBOURS_HALF, &lj->half));
    if (!model->three_body) return HM_OK;
    const double skin = isinf(model->skin) ? 0.2 * model->cutoff3 : model->skin;
    return hm_neighbours_create(frame, model->cutoff3, skin, HM_NEIGHBOURS_FULL, &lj->full);
}

static enum hm_status create(const struct hm_config *config, const struct hm_frame *frame,
                             const struct hm_oracle_group *group, void **self)
{
    (void)group;
    struct lennard_jones *lj = calloc(1, sizeof *lj);
    *self = lj;
    if (!lj) return hm_fail(HM_OUT_OF_MEMORY, "no memory for a Hamiltonian");
    enum hm_status status = hm_lj_model_read(config, frame, &lj->model);
    if (status == HM_OK) status = prepare(frame, lj);
    if (status != HM_OK) destroy(self);
    return status;
}

/* ---- pairs ---- */

/* Wrapped the same way whatever happened before. */
static void wrap(struct lennard_jones *lj, const struct hm_frame *frame)
{
    struct hm_lj_system *s = &lj->system;
    for (int k = 0; k < 3; k++) {
        s->length[k] = frame->periodic[k] ? fabs(frame->cell[4 * k]) : 0;
        s->inverse[k] = frame->periodic[k] ? 1 / s->length[k] : 0;
    }
    const double magic = 6755399441055744.0; /* 3/2 2^52: adding and subtracting it rounds to a whole number */
    for (size_t i = 0; i < s->natom; i++)
        for (size_t k = 0; k < 3; k++) {
            const double x = frame->x[3 * i + k];
            s->row[4 * i + k] = x - s->length[k] * ((x * s->inverse[k] + magic) - magic);
        }
}

/* virial = sum over pairs of (x_j - x_i - image) F^T */
static void set_virial(const struct hm_lj_system *s, const struct hm_lj_sums *sums, double virial[9])
{
    for (size_t i = 0; i < s->natom; i++)
        for (size_t p = 0; p < 3; p++)
            for (size_t q = p; q < 3; q++) virial[3 * p + q] += s->row[4 * i + p] * sums->force[4 * i + q];
    for (size_t p = 0; p < 3; p++)
        for (size_t q = p; q < 3; q++) {
            virial[3 * p + q] -= s->length[p] * sums->images[3 * p + q];
            virial[3 * q + p] = virial[3 * p + q];
        }
}

static double on_grid(double value, double magic)
{
    return (value + magic) - magic;
}

/* Any cell: each pair by hm_minimum_image. The same grid, the same energy function, one pair at a time. */
static void add_pairs_skewed(const struct lennard_jones *lj, const struct hm_frame *frame, struct hm_lj_sums *sums,
                             double virial[9])
{
    const struct hm_lj_system *s = &lj->system;
    const double limit = s->cutoff * s->cutoff;
    for (size_t i = 0; i < s->natom; i++)
        for (size_t n = lj->half->first[i]; n < lj->half->first[i + 1]; n++) {
            const size_t j = lj->half->list[n];
            const double *c = s->pair + HM_LJ_PARAMETERS * (s->species[i] * s->nspecies + s->species[j]);
            double d[3];
            hm_minimum_image(frame, frame->x + 3 * i, frame->x + 3 * j, d);
            const double square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
            if (!(square < limit)) continue;
            const double inverse = 1 / square, sixth = inverse * inverse * inverse;
            const double attraction = c[HM_LJ_C6] * sixth, both = c[HM_LJ_C12] * sixth * sixth - attraction;
            const double pull = 6 * (2 * both + attraction) * inverse - 2 * c[HM_LJ_C2];
            sums->energy += on_grid(both + c[HM_LJ_C2] * square + c[HM_LJ_C0], s->energy_magic);
            for (size_t p = 0; p < 3; p++) {
                const double f = on_grid(pull * d[p], s->force_magic);
                sums->force[4 * j + p] += f;
                sums->force[4 * i + p] -= f;
                for (size_t q = 0; q < 3; q++) virial[3 * q + p] += d[q] * f;
            }
        }
}

/* ---- triangles ---- */

static int ascending(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Scratch for the neighbours of one atom, in whole vectors. */
static enum hm_status hold_locals(struct lennard_jones *lj, size_t most)
{
    struct hm_lj_triangles *t = &lj->triangles;
    most = (most + 3) & ~(size_t)3;
    if (most <= t->most) return HM_OK;
    free(t->local[0]);
    free(t->numbers);
    t->most = 0;
    t->local[0] = calloc(TRIANGLE_LOCALS * most, sizeof(double));
    t->numbers = calloc(most, sizeof *t->numbers);
    if (!t->local[0] || !t->numbers) return hm_fail(HM_OUT_OF_MEMORY, "no memory for triangles of atoms");
    for (size_t k = 1; k < TRIANGLE_LOCALS; k++) t->local[k] = t->local[0] + k * most;
    t->most = most;
    return HM_OK;
}

/* After the full list was made: the half of it that does not depend on when. */
static enum hm_status order_neighbours(struct lennard_jones *lj)
{
    const struct hm_neighbours *full = lj->full;
    const size_t natom = lj->system.natom;
    size_t used = 0, most = 4;
    if (full->first[natom] > lj->capacity) {
        free(lj->higher);
        lj->capacity = 0;
        lj->higher = malloc(full->capacity * sizeof *lj->higher);
        if (!lj->higher) return hm_fail(HM_OUT_OF_MEMORY, "no memory for triangles of atoms");
        lj->capacity = full->capacity;
    }
    for (size_t i = 0; i < natom; i++) {
        lj->first[i] = used;
        for (size_t n = full->first[i]; n < full->first[i + 1]; n++)
            if (full->list[n] > i) lj->higher[used++] = full->list[n];
        qsort(lj->higher + lj->first[i], used - lj->first[i], sizeof *lj->higher, ascending);
        if (used - lj->first[i] > most) most = used - lj->first[i];
    }
    lj->first[natom] = used;
    HM_TRY(hold_locals(lj, most));
    lj->builds = full->builds;
    return HM_OK;
}

static void displacement(const struct hm_lj_system *s, const struct hm_frame *frame, bool orthogonal, size_t i,
                         size_t j, double d[3])
{
    const double magic = 6755399441055744.0;
    if (!orthogonal) {
        hm_minimum_image(frame, frame->x + 3 * i, frame->x + 3 * j, d);
        return;
    }
    for (size_t k = 0; k < 3; k++) {
        d[k] = s->row[4 * j + k] - s->row[4 * i + k];
        d[k] -= s->length[k] * ((d[k] * s->inverse[k] + magic) - magic);
    }
}

/* Those within the cutoff now; the last vector is filled up with places far from everything. */
static size_t gather(struct lennard_jones *lj, const struct hm_frame *frame, bool orthogonal, size_t i)
{
    struct hm_lj_triangles *t = &lj->triangles;
    const double limit = t->cutoff * t->cutoff;
    size_t count = 0;
    for (size_t n = lj->first[i]; n < lj->first[i + 1]; n++) {
        double d[3];
        displacement(&lj->system, frame, orthogonal, i, lj->higher[n], d);
        const double square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
        for (size_t k = 0; k < 3; k++) t->local[k][count] = d[k];
        t->local[3][count] = square;
        t->numbers[count] = lj->higher[n];
        count += square < limit;
    }
    for (size_t n = count; n % 4 != 0; n++) {
        for (size_t k = 0; k < 3; k++) t->local[k][n] = 8 * t->cutoff;
        t->local[3][n] = 192 * limit;
    }
    return count;
}

static enum hm_status add_triangles(struct lennard_jones *lj, const struct hm_frame *frame, bool orthogonal,
                                    struct hm_lj_sums *sums)
{
    HM_TRY(hm_neighbours_update(lj->full, frame, frame->x));
    if (lj->builds != lj->full->builds) HM_TRY(order_neighbours(lj));
    for (size_t i = 0; i < lj->system.natom; i++) {
        const size_t count = gather(lj, frame, orthogonal, i);
        if (count >= 2) lj->kernels->triangles(&lj->system, &lj->triangles, i, count, sums);
    }
    return HM_OK;
}

/* ---- the operations ---- */

static bool is_finite(const struct hm_frame *frame)
{
    double none = 0;
    for (size_t k = 0; k < 3 * frame->natom; k++) none += 0 * frame->x[k];
    return none == 0;
}

static enum hm_status evaluate(void *self, const struct hm_frame *frame, struct hm_label *label)
{
    struct lennard_jones *lj = self;
    const size_t natom = frame->natom;
    struct hm_lj_sums sums = {.force = lj->force};
    const bool orthogonal = hm_frame_is_orthogonal(frame);
    memset(label->virial, 0, sizeof label->virial);
    memset(lj->force, 0, 4 * natom * sizeof *lj->force);
    if (!is_finite(frame)) { /* no list for that */
        memset(label->force, 0, 3 * natom * sizeof *label->force);
        label->energy = NAN;
        return HM_OK;
    }
    HM_TRY(hm_neighbours_update(lj->half, frame, frame->x));
    if (orthogonal) {
        wrap(lj, frame);
        lj->kernels->pairs(&lj->system, lj->half, &sums);
        set_virial(&lj->system, &sums, label->virial);
    } else {
        add_pairs_skewed(lj, frame, &sums, label->virial);
    }
    if (lj->full) HM_TRY(add_triangles(lj, frame, orthogonal, &sums));
    for (size_t k = 0; k < 9; k++) label->virial[k] += sums.virial[k];
    for (size_t i = 0; i < natom; i++)
        for (size_t k = 0; k < 3; k++) label->force[3 * i + k] = lj->force[4 * i + k];
    label->energy = sums.energy;
    return HM_OK;
}

static const char *const keys[] = {"pairs", "mixing", "cutoff", "shift", "skin", "axilrod_teller", NULL};

const struct hm_hamiltonian_ops hm_hamiltonian_lennard_jones = {
    .method = {"lennard_jones", "Lennard-Jones atoms with a cutoff, periodic or free; Axilrod-Teller on request"},
    .keys = keys,
    .analytic = true,
    .create = create,
    .evaluate = evaluate,
    .destroy = destroy,
};
