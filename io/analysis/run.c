/* Opening a run for reading, and its frames one after the other. */
#include "io/analysis/run.h"

#include "io/config.h"
#include "io/connectivity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SLAB_BYTES = 4 << 20, SLAB_FRAMES = 4096 };

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* A killed run never wrote how far it came: its last frame and decision say so. */
static enum hm_status count_steps(struct hm_run *run)
{
    run->steps = run->info.steps_done;
    if (run->info.nframe > 0) {
        int64_t step;
        HM_TRY(
            hm_trajectory_read_frames(run->trajectory, run->info.nframe - 1, 1, &step, NULL, NULL, NULL, NULL, NULL));
        run->steps = larger(run->steps, step + 1);
    }
    if (run->info.ndecision > 0) {
        struct hm_decision_record last;
        HM_TRY(hm_trajectory_read_decisions(run->trajectory, run->info.ndecision - 1, 1, &last));
        run->steps = larger(run->steps, last.step + 1);
    }
    run->first_step = run->info.warmup_steps < run->steps ? run->info.warmup_steps : 0;
    return HM_OK;
}

enum hm_status hm_run_open(const char *path, struct hm_run *run)
{
    enum hm_status status;
    *run = (struct hm_run){0};
    HM_TRY(hm_trajectory_open(path, &run->trajectory));
    run->info = *hm_trajectory_info(run->trajectory);
    HM_TRY_GOTO(status, hm_trajectory_read_topology(run->trajectory, &run->frame), failed);
    run->nbond = run->info.nbond;
    run->bonds = calloc(run->nbond + 1, sizeof *run->bonds);
    if (!run->bonds) {
        status = hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu bonds", run->nbond);
        goto failed;
    }
    if (run->nbond > 0) HM_TRY_GOTO(status, hm_trajectory_read_bonds(run->trajectory, run->bonds), failed);
    for (size_t b = 0; b < run->nbond; b++)
        if (run->bonds[b][0] >= run->frame.natom || run->bonds[b][1] >= run->frame.natom) {
            status = hm_fail(HM_BAD_INPUT, "%s: bond %zu names an atom that is not there", path, b);
            goto failed;
        }
    HM_TRY_GOTO(status, count_steps(run), failed);
    return HM_OK;
failed:
    hm_run_close(run);
    return status;
}

void hm_run_close(struct hm_run *run)
{
    if (run->trajectory) hm_trajectory_close(&run->trajectory);
    hm_frame_release(&run->frame);
    free(run->bonds);
    *run = (struct hm_run){0};
}

enum hm_status hm_run_bonds(const struct hm_run *run, size_t (**bonds)[2], size_t *nbond)
{
    struct hm_frame first;
    *nbond = run->nbond;
    if (run->nbond == 0 && run->info.nframe > 0) {
        HM_TRY(hm_frame_copy(&run->frame, &first));
        enum hm_status status = hm_trajectory_read_frames(run->trajectory, 0, 1, NULL, first.x, NULL, NULL, NULL, NULL);
        if (status == HM_OK) status = hm_connectivity_find(&first, bonds, nbond);
        hm_frame_release(&first);
        return status;
    }
    *bonds = calloc(run->nbond + 1, sizeof **bonds);
    if (!*bonds) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu bonds", run->nbond);
    memcpy(*bonds, run->bonds, run->nbond * sizeof **bonds);
    return HM_OK;
}

enum hm_status hm_run_check_same_atoms(const struct hm_run *run, const struct hm_run *reference)
{
    bool same = run->frame.natom == reference->frame.natom;
    for (size_t i = 0; same && i < run->frame.natom; i++) same = run->frame.number[i] == reference->frame.number[i];
    if (same) return HM_OK;
    return hm_fail(HM_BAD_INPUT, "the reference holds other atoms (%zu) than the run (%zu): compare runs of one system",
                   reference->frame.natom, run->frame.natom);
}

double hm_run_setting(const struct hm_run *run, const char *key)
{
    struct hm_archive text = {0};
    struct hm_config *config = NULL;
    double value = NAN;
    if (hm_trajectory_read_config(run->trajectory, &text) == HM_OK &&
        hm_config_parse((const char *)text.bytes, "configuration", NULL, 0, &config) == HM_OK)
        value = hm_config_real(config, key);
    hm_config_destroy(&config);
    hm_archive_release(&text);
    hm_status_clear();
    return value;
}

/* ---- decisions ---- */

struct decisions {
    void (*see)(void *self, const struct hm_decision_record *decision, size_t steps);
    void *self;
    bool striding;
    struct hm_decision_record stride; /* not seen yet: the next one says how far it reached */
};

static void end_stride(struct decisions *d, int64_t at)
{
    if (d->striding && at > d->stride.step) d->see(d->self, &d->stride, (size_t)(at - d->stride.step));
    d->striding = false;
}

static void see_decision(void *self, const void *record)
{
    struct decisions *d = self;
    const struct hm_decision_record *decision = record;
    if (decision->committed) end_stride(d, decision->step);
    if (decision->committed && decision->action == HM_ADVANCE) {
        d->stride = *decision;
        d->striding = true;
    } else {
        d->see(d->self, decision, 1);
    }
}

enum hm_status hm_run_walk_decisions(const struct hm_run *run,
                                     void (*see)(void *self, const struct hm_decision_record *decision, size_t steps),
                                     void *self)
{
    struct decisions decisions = {.see = see, .self = self};
    HM_TRY(hm_trajectory_walk(run->trajectory, HM_TABLE_DECISIONS, see_decision, &decisions));
    end_stride(&decisions, run->steps);
    return HM_OK;
}

/* ---- frames ---- */

enum hm_status hm_frame_cursor_create(const struct hm_run *run, struct hm_frame_cursor *cursor)
{
    const size_t ncomponent = 3 * run->frame.natom;
    size_t capacity = SLAB_BYTES / ((2 * ncomponent + 2) * sizeof(double));
    if (capacity > SLAB_FRAMES) capacity = SLAB_FRAMES;
    if (capacity == 0) capacity = 1;
    *cursor = (struct hm_frame_cursor){.run = run, .capacity = capacity};
    cursor->steps = malloc(capacity * sizeof *cursor->steps);
    cursor->potential = malloc(capacity * sizeof *cursor->potential);
    cursor->conserved = malloc(capacity * sizeof *cursor->conserved);
    cursor->x = malloc((capacity * ncomponent + 1) * sizeof *cursor->x);
    cursor->v = malloc((capacity * ncomponent + 1) * sizeof *cursor->v);
    if (cursor->steps && cursor->potential && cursor->conserved && cursor->x && cursor->v) return HM_OK;
    hm_frame_cursor_release(cursor);
    return hm_fail(HM_OUT_OF_MEMORY, "out of memory: reading frames of %zu atoms", run->frame.natom);
}

void hm_frame_cursor_release(struct hm_frame_cursor *cursor)
{
    free(cursor->steps);
    free(cursor->potential);
    free(cursor->conserved);
    free(cursor->x);
    free(cursor->v);
    *cursor = (struct hm_frame_cursor){0};
}

enum hm_status hm_frame_cursor_next(struct hm_frame_cursor *cursor, struct hm_frame_view *view, bool *more)
{
    *more = false;
    if (cursor->at == cursor->count) {
        const size_t left = cursor->run->info.nframe - cursor->first - cursor->count;
        if (left == 0) return HM_OK;
        cursor->first += cursor->count;
        cursor->count = left < cursor->capacity ? left : cursor->capacity;
        cursor->at = 0;
        HM_TRY(hm_trajectory_read_frames(cursor->run->trajectory, cursor->first, cursor->count, cursor->steps,
                                         cursor->x, cursor->v, NULL, cursor->potential, NULL));
        HM_TRY(hm_trajectory_read_conserved(cursor->run->trajectory, cursor->first, cursor->count, cursor->conserved));
    }
    const size_t ncomponent = 3 * cursor->run->frame.natom, at = cursor->at++;
    *view = (struct hm_frame_view){cursor->steps[at], cursor->x + at * ncomponent, cursor->v + at * ncomponent,
                                   cursor->potential[at], cursor->conserved[at]};
    *more = true;
    return HM_OK;
}

enum hm_status hm_frame_cursor_sample(struct hm_frame_cursor *cursor, size_t every, struct hm_frame_view *view,
                                      bool *more)
{
    do {
        HM_TRY(hm_frame_cursor_next(cursor, view, more));
    } while (*more && (view->step < cursor->run->first_step || cursor->seen++ % every != 0));
    return HM_OK;
}
