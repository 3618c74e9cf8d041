#include "predictors/action_rows.h"

#include "predictors/levenberg.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* LAPACK, from OpenBLAS. */
void dsyev_(const char *job, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
            const int *lwork, int *info, size_t, size_t);

enum {
    BLOCK = 32 /* pairs whose rows are in the cache together */,
    PRODUCT = 2048 /* rows of one symmetric product */
};
enum { FEWEST_PAIRS = 100, ENOUGH_PAIRS = 500, ENOUGH_ROWS = 10 /* for each weight */ };
enum { MOST_WEIGHTS = 6000 };
enum { POLISH_BEFORE = 200, POLISH_ALONE = 1000 }; /* iterations of L-BFGS, if it is for us to say */

static const double LARGEST = 512e6; /* bytes of all u */
static const double REACHED = 1e-12; /* squares, over the largest */

struct rows {
    const struct hm_action_learner *learner;
    struct hm_interrupt interrupt;
    size_t count, images, each, blocks;      // blocks of one symmetric product
    double *x, *u, *target;                  // (images, count, ninput), (images, count, each, width), (count, each)
    double *y, *by, *work, *room, *jacobian; // of a block; jacobian of all `blocks` of a product
};

/* ---- building ---- */

static size_t most_directions(const struct hm_action_learner *learner, size_t images, size_t dim)
{
    return images * learner->width < dim ? images * learner->width : dim;
}

/* Pairs to look at; 0: too few. */
static size_t choose(const struct hm_action_learner *learner, const struct hm_action_rows_source *source)
{
    const size_t images = source->images, dim = source->dim, available = source->available;
    const size_t each = most_directions(learner, images, dim);
    const double bytes = (double)(images * each * learner->width * sizeof(double));
    const size_t wanted = 2 * ENOUGH_ROWS * learner->nweight / dim; /* about half the directions are reached */
    size_t count = wanted > ENOUGH_PAIRS ? wanted : ENOUGH_PAIRS;
    if ((double)count * bytes > LARGEST) count = (size_t)(LARGEST / bytes);
    if (count > available) count = available;
    return count < FEWEST_PAIRS || count * dim < 4 * learner->nweight || learner->nweight > MOST_WEIGHTS ? 0 : count;
}

struct basis {
    size_t dim, lines;        // lines = images width
    double *f, *wanted, *x;   // of a pair
    double *vectors, *values; // (dim, dim), (dim), of the largest last
    double *scratch;          // (8 dim)
};

/* The directions that the lines of f reach; how many. */
static size_t find_basis(struct basis *b)
{
    const int n = (int)b->dim, room = 8 * n;
    int info;
    size_t reached = 0;
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, n, (int)b->lines, 1, b->f, n, 0, b->vectors, n);
    dsyev_("V", "U", &n, b->vectors, &n, b->values, b->scratch, &room, &info, 1, 1);
    while (info == 0 && reached < b->dim && b->values[b->dim - 1 - reached] > REACHED * b->values[b->dim - 1])
        reached++;
    return reached;
}

/* Those of one pair, from the most to the least reached; what is left of `most` is zero. */
static void place(struct rows *rows, struct basis *b, size_t pair, size_t most)
{
    const size_t ninput = rows->learner->ninput, width = rows->learner->width, dim = b->dim, reached = find_basis(b);
    for (size_t g = 0; g < rows->images; g++)
        memcpy(&rows->x[(g * rows->count + pair) * ninput], &b->x[g * ninput], ninput * sizeof *b->x);
    if (reached > rows->each) rows->each = reached;
    for (size_t r = 0; r < reached && r < most; r++) {
        const double *v = &b->vectors[(dim - 1 - r) * dim];
        rows->target[pair * most + r] = cblas_ddot((int)dim, v, 1, b->wanted, 1);
        for (size_t g = 0; g < rows->images; g++)
            cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)width, (int)dim, 1, &b->f[g * width * dim], (int)dim, v, 1, 0,
                        &rows->u[((g * rows->count + pair) * most + r) * width], 1);
    }
}

/* From room for `most` directions of each pair to those that there are. */
static void close_up(struct rows *rows, size_t most)
{
    const size_t width = rows->learner->width, each = rows->each;
    for (size_t k = 0; k < rows->images * rows->count; k++)
        memmove(&rows->u[k * each * width], &rows->u[k * most * width], each * width * sizeof *rows->u);
    for (size_t k = 0; k < rows->count; k++)
        memmove(&rows->target[k * each], &rows->target[k * most], each * sizeof *rows->target);
}

static enum hm_status build(struct rows *rows, const struct hm_action_rows_source *source)
{
    const size_t dim = source->dim, ninput = rows->learner->ninput, width = rows->learner->width;
    const size_t lines = rows->images * width, most = most_directions(rows->learner, rows->images, dim);
    struct basis b = {.dim = dim, .lines = lines};
    rows->x = calloc(rows->images * rows->count * ninput, sizeof *rows->x);
    rows->u = calloc(rows->images * rows->count * most * width, sizeof *rows->u);
    rows->target = calloc(rows->count * most, sizeof *rows->target);
    b.f = calloc(lines * dim + rows->images * ninput + dim * dim + 10 * dim, sizeof *b.f);
    if (!rows->x || !rows->u || !rows->target || !b.f) {
        free(b.f);
        return HM_OUT_OF_MEMORY;
    }
    b.x = b.f + lines * dim;
    b.vectors = b.x + rows->images * ninput;
    b.values = b.vectors + dim * dim;
    b.wanted = b.values + dim;
    b.scratch = b.wanted + dim;
    rows->each = 1;
    for (size_t pair = 0; pair < rows->count; pair++) {
        source->describe(source->self, pair, rows->count, b.x, b.f, b.wanted);
        place(rows, &b, pair, most);
    }
    free(b.f);
    close_up(rows, most);
    return HM_OK;
}

static enum hm_status allocate_block(struct rows *rows)
{
    const struct hm_action_learner *l = rows->learner;
    rows->blocks = 1 + PRODUCT / (BLOCK * rows->each);
    rows->y = malloc(BLOCK * (2 * l->width + l->nwork + rows->each * l->nroom) * sizeof *rows->y);
    rows->jacobian = malloc(rows->blocks * BLOCK * rows->each * l->nweight * sizeof *rows->jacobian);
    if (!rows->y || !rows->jacobian) return HM_OUT_OF_MEMORY;
    rows->by = rows->y + BLOCK * l->width;
    rows->work = rows->by + BLOCK * l->width;
    rows->room = rows->work + BLOCK * l->nwork;
    return HM_OK;
}

static void release(struct rows *rows)
{
    free(rows->x);
    free(rows->u);
    free(rows->target);
    free(rows->y);
    free(rows->jacobian);
}

/* ---- what Levenberg-Marquardt asks for ---- */

static size_t block_at(const struct rows *rows, size_t first)
{
    return rows->count - first < BLOCK ? rows->count - first : BLOCK;
}

static const double *forward(struct rows *rows, size_t image, size_t first, size_t count)
{
    const double *x = &rows->x[(image * rows->count + first) * rows->learner->ninput];
    rows->learner->forward(rows->learner->self, count, x, rows->y, rows->work);
    return x;
}

static const double *directions(const struct rows *rows, size_t image, size_t pair)
{
    return &rows->u[(image * rows->count + pair) * rows->each * rows->learner->width];
}

static void residuals(void *self, double *residual)
{
    struct rows *rows = self;
    const int each = (int)rows->each, width = (int)rows->learner->width;
    for (size_t k = 0; k < rows->count * rows->each; k++) residual[k] = -rows->target[k];
    for (size_t first = 0; first < rows->count; first += BLOCK)
        for (size_t g = 0; g < rows->images; g++) {
            const size_t count = block_at(rows, first);
            forward(rows, g, first, count);
            for (size_t b = 0; b < count; b++)
                cblas_dgemv(CblasRowMajor, CblasNoTrans, each, width, 1, directions(rows, g, first + b), width,
                            &rows->y[b * rows->learner->width], 1, 1, &residual[(first + b) * rows->each], 1);
        }
}

static void pull(void *self, const double *v, double *gradient)
{
    struct rows *rows = self;
    const int each = (int)rows->each, width = (int)rows->learner->width;
    memset(gradient, 0, rows->learner->nweight * sizeof *gradient);
    for (size_t first = 0; first < rows->count; first += BLOCK)
        for (size_t g = 0; g < rows->images; g++) {
            const size_t count = block_at(rows, first);
            const double *x = forward(rows, g, first, count);
            for (size_t b = 0; b < count; b++)
                cblas_dgemv(CblasRowMajor, CblasTrans, each, width, 1, directions(rows, g, first + b), width,
                            &v[(first + b) * rows->each], 1, 0, &rows->by[b * rows->learner->width], 1);
            rows->learner->teach(rows->learner->self, count, x, rows->by, rows->work, gradient);
        }
}

static enum hm_status normal(void *self, double *matrix)
{
    struct rows *rows = self;
    const size_t N = rows->learner->nweight;
    size_t filled = 0;
    memset(matrix, 0, N * N * sizeof *matrix);
    for (size_t first = 0; first < rows->count; first += BLOCK) {
        const size_t count = block_at(rows, first);
        double *jacobian = &rows->jacobian[filled * N];
        memset(jacobian, 0, count * rows->each * N * sizeof *jacobian);
        for (size_t g = 0; g < rows->images; g++) {
            const double *x = forward(rows, g, first, count);
            rows->learner->teach_each(rows->learner->self, count, rows->each, x, directions(rows, g, first), rows->work,
                                      rows->room, jacobian);
        }
        filled += count * rows->each;
        if (filled < rows->blocks * BLOCK * rows->each && first + BLOCK < rows->count) continue;
        HM_TRY(hm_interrupt_check(&rows->interrupt));
        cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, (int)N, (int)filled, 1, rows->jacobian, (int)N, 1, matrix,
                    (int)N);
        filled = 0;
    }
    return HM_OK;
}

static enum hm_status refine(const struct hm_action_learner *learner, const struct hm_action_rows_source *source,
                             size_t count, const struct hm_effort *effort)
{
    struct rows rows = {
        .learner = learner,
        .interrupt = effort->interrupt,
        .count = count,
        .images = source->images,
    };
    enum hm_status status = build(&rows, source);
    if (status == HM_OK) status = allocate_block(&rows);
    if (status == HM_OK) {
        const struct hm_squares squares = {
            .nweight = learner->nweight,
            .nresidual = rows.count * rows.each,
            .weights = learner->weights,
            .residuals = residuals,
            .normal = normal,
            .pull = pull,
            .self = &rows,
        };
        status = hm_levenberg_run(&squares, effort->refine);
    } else
        hm_fail(status, "no memory to refine %zu weights on %zu pairs", learner->nweight, rows.count);
    release(&rows);
    return status;
}

enum hm_status hm_action_rows_fit(const struct hm_action_learner *learner, const struct hm_action_rows_source *source,
                                  const struct hm_descent *descent, const struct hm_effort *effort)
{
    const size_t count = effort->refine > 0 ? choose(learner, source) : 0;
    struct hm_effort first = *effort;
    if (first.polish == HM_POLISH_AUTO) first.polish = count > 0 ? POLISH_BEFORE : POLISH_ALONE;
    HM_TRY(hm_descent_run(descent, &first));
    return count > 0 ? refine(learner, source, count, effort) : HM_OK;
}
