#include "scheduler/stretch_rows.h"

#include "predictors/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double NOISE_MAX = 0.01;

/* ---- from positions to kicks ---- */

/* Walks along the stretch: at step n the frame holds x_n, unwrapped, and v = v_{n-1/2}. */
struct walk {
    const struct hm_stretch *stretch;
    struct hm_frame frame;
    struct hm_window *window;
    double timestep;
    double *displacement, *kick;    // (natom, 3)
    double kicks, momenta, balance; // sums of squares
};

static void release_walk(struct walk *walk)
{
    hm_window_destroy(&walk->window);
    hm_frame_release(&walk->frame);
    free(walk->displacement);
    free(walk->kick);
}

static enum hm_status start_walk(struct walk *walk, const struct hm_frame *frame,
                                 struct hm_representation *representation, size_t history)
{
    const size_t size = 3 * frame->natom;
    HM_TRY(hm_frame_copy(frame, &walk->frame));
    HM_TRY(hm_window_create(representation, &walk->frame, history + 1, &walk->window));
    walk->displacement = calloc(size, sizeof *walk->displacement);
    walk->kick = calloc(size, sizeof *walk->kick);
    if (!walk->displacement || !walk->kick) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu atoms", frame->natom);
    memcpy(walk->frame.x, walk->stretch->x, size * sizeof *walk->frame.x);
    hm_stretch_displacement(walk->stretch, 0, walk->displacement);
    for (size_t k = 0; k < size; k++) {
        walk->frame.v[k] = walk->displacement[k] / walk->timestep;
        walk->frame.x[k] += walk->displacement[k];
    }
    return HM_OK;
}

/* Sums for the rms kick, and for the momentum that all kicks together add. */
static void weigh(struct walk *walk)
{
    double sum[3] = {0};
    for (size_t k = 0; k < 3 * walk->frame.natom; k++) {
        const double momentum = walk->frame.mass[k / 3] * walk->kick[k];
        walk->kicks += walk->kick[k] * walk->kick[k];
        walk->momenta += momentum * momentum;
        sum[k % 3] += momentum;
    }
    for (size_t k = 0; k < 3; k++) walk->balance += sum[k] * sum[k];
}

static void step(struct walk *walk, size_t n, double *row)
{
    const bool exact = !walk->stretch->exact || walk->stretch->exact[n];
    struct hm_frame *frame = &walk->frame;
    hm_stretch_displacement(walk->stretch, n, walk->displacement);
    for (size_t k = 0; k < 3 * frame->natom; k++) walk->kick[k] = walk->displacement[k] / walk->timestep - frame->v[k];
    weigh(walk);
    hm_window_open(walk->window);
    hm_window_close(walk->window, frame->v, walk->kick, exact);
    hm_window_rows(walk->window, (int64_t)n, 1, (int64_t)n, row);
    for (size_t k = 0; k < 3 * frame->natom; k++) {
        frame->v[k] += walk->kick[k];
        frame->x[k] += walk->displacement[k];
    }
    /* Where nothing was wrapped, the sum is only a rounded way to say the same. */
    if (!hm_frame_is_periodic(frame))
        memcpy(frame->x, &walk->stretch->x[3 * frame->natom * (n + 1)], 3 * frame->natom * sizeof *frame->x);
}

static enum hm_status make_rows(struct walk *walk, struct hm_stretch_rows *rows)
{
    const size_t size = hm_row_size(walk->window->nchannel);
    rows->count = walk->stretch->nframe - 2;
    rows->rows = calloc(rows->count, size * sizeof *rows->rows);
    if (!rows->rows) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu training rows", rows->count);
    for (size_t n = 1; n <= rows->count; n++) {
        double *row = &rows->rows[(n - 1) * size];
        step(walk, n, row);
        rows->labels += hm_row_kind(row) == HM_ROW_LABEL;
    }
    if (!(walk->kicks > 0))
        return hm_fail(HM_BAD_INPUT, "%s: nothing in it is ever pushed: every kick is zero", walk->stretch->path);
    return hm_memory_length(walk->window, &rows->memory);
}

/* ---- what is refused ---- */

static enum hm_status check_length(const struct hm_stretch *stretch, size_t history)
{
    const size_t needed = history + 3;
    if (stretch->nframe >= needed) return HM_OK;
    return hm_fail(HM_BAD_INPUT,
                   "%s: has %zu frames and a first label needs %zu: the predictor looks back on %zu steps "
                   "(predictor.history)",
                   stretch->path, stretch->nframe, needed, history);
}

/* Of the momentum left over, the part that rounded positions do not explain (twice their share, to be fair). */
static double unbalanced(const struct walk *walk, size_t count, double kick_error)
{
    double masses = 0;
    for (size_t i = 0; i < walk->frame.natom; i++) masses += walk->frame.mass[i] * walk->frame.mass[i];
    const double rounding = 3 * (double)count * masses * kick_error * kick_error;
    return sqrt(fmax(0, walk->balance - 4 * rounding) / walk->momenta);
}

static enum hm_status judge(const struct walk *walk, struct hm_stretch_rows *rows)
{
    const struct hm_stretch *stretch = walk->stretch;
    const double rms = sqrt(walk->kicks / (double)(rows->count * 3 * stretch->natom));
    const double kick_error = sqrt(6) * hm_stretch_rounding(stretch, rows->grid, sizeof rows->grid) / walk->timestep;
    rows->noise = kick_error / rms;
    rows->unbalanced = unbalanced(walk, rows->count, kick_error);
    if (!(rows->noise <= NOISE_MAX))
        return hm_fail(
            HM_BAD_INPUT,
            "%s: positions have %s: kicks from them are noise to %.2g of the rms kick, and at most %g can be "
            "learned from; record in double precision",
            stretch->path, rows->grid, rows->noise, NOISE_MAX);
    if (rows->labels == 0)
        return hm_fail(HM_BAD_INPUT, "%s: every kick in it was itself predicted; there is nothing to learn from",
                       stretch->path);
    return HM_OK;
}

enum hm_status hm_stretch_rows_make(const struct hm_stretch *stretch, const struct hm_frame *frame,
                                    struct hm_representation *representation, double timestep, size_t history,
                                    struct hm_stretch_rows *rows)
{
    struct walk walk = {.stretch = stretch, .timestep = timestep};
    *rows = (struct hm_stretch_rows){0};
    HM_TRY(hm_stretch_check_system(stretch, frame));
    HM_TRY(hm_stretch_check_clock(stretch, timestep));
    HM_TRY(check_length(stretch, history));
    enum hm_status status = start_walk(&walk, frame, representation, history);
    if (status == HM_OK) status = make_rows(&walk, rows);
    if (status == HM_OK) status = judge(&walk, rows);
    release_walk(&walk);
    if (status != HM_OK) hm_stretch_rows_release(rows);
    return status;
}

void hm_stretch_rows_release(struct hm_stretch_rows *rows)
{
    free(rows->rows);
    *rows = (struct hm_stretch_rows){0};
}
