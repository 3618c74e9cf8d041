#include "scheduler/stride_shares.h"

#include "io/analysis/motions.h"
#include "io/analysis/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { PARTS = 2, BLOCKS = 8, FEWEST_FRAMES = 64, MOLECULE_ATOMS = 64 };
static const double NOTICEABLE = 0.1, STANDARD_ERRORS = 5, OF_ALL = 0.1;

struct shares {
    struct hm_run run;
    size_t (*bonds)[2];
    size_t frames[PARTS]; /* in the warm-up, after it */
    struct hm_motions *motions[PARTS][BLOCKS];
};

/* Of a kind of motion in a part of the run. */
struct mean {
    double value, error;
};

static enum hm_status open(const char *trajectory, struct shares *s)
{
    HM_TRY(hm_run_open(trajectory, &s->run));
    const struct hm_trajectory_info *info = &s->run.info;
    const int64_t frames = (info->warmup_steps + info->stride - 1) / info->stride;
    s->frames[0] = (size_t)frames < info->nframe ? (size_t)frames : info->nframe;
    s->frames[1] = info->nframe - s->frames[0];
    return HM_OK;
}

static enum hm_status create_motions(struct shares *s)
{
    size_t nbond;
    HM_TRY(hm_run_bonds(&s->run, &s->bonds, &nbond));
    /* Each is told of all frames, so that together they take no longer than one of all would. */
    for (int p = 0; p < PARTS; p++)
        for (int b = 0; b < BLOCKS; b++)
            HM_TRY(hm_motions_create(&s->run.frame, nbond, (const size_t(*)[2])s->bonds, s->run.info.nframe,
                                     &s->motions[p][b]));
    return HM_OK;
}

static void release(struct shares *s)
{
    for (int p = 0; p < PARTS; p++)
        for (int b = 0; b < BLOCKS; b++) hm_motions_destroy(&s->motions[p][b]);
    free(s->bonds);
    hm_run_close(&s->run);
}

static bool tells_something(const struct shares *s)
{
    return !s->run.info.periodic && s->run.frame.natom <= MOLECULE_ATOMS && s->frames[0] >= FEWEST_FRAMES &&
           s->frames[1] >= FEWEST_FRAMES;
}

static enum hm_status look_at_frames(struct shares *s)
{
    struct hm_frame_cursor cursor;
    struct hm_frame_view view;
    bool more = true;
    HM_TRY(hm_frame_cursor_create(&s->run, &cursor));
    enum hm_status status = HM_OK;
    for (size_t frame = 0; more; frame++) {
        status = hm_frame_cursor_next(&cursor, &view, &more);
        if (status != HM_OK || !more) break;
        const int part = frame >= s->frames[0];
        const size_t at = part ? frame - s->frames[0] : frame;
        hm_motions_add(s->motions[part][at * BLOCKS / s->frames[part]], view.x, view.v);
    }
    hm_frame_cursor_release(&cursor);
    return status;
}

static struct mean mean_of(const struct shares *s, int part, enum hm_motion motion)
{
    double of[BLOCKS], sum = 0, squares = 0;
    for (int b = 0; b < BLOCKS; b++) {
        double energy, dimensions;
        hm_motions_read(s->motions[part][b], motion, &energy, &dimensions);
        of[b] = dimensions > 0 ? energy / dimensions : 0;
        sum += of[b] / BLOCKS;
    }
    for (int b = 0; b < BLOCKS; b++) squares += (of[b] - sum) * (of[b] - sum);
    return (struct mean){sum, sqrt(squares / (BLOCKS * (BLOCKS - 1)))};
}

static void compare(const struct shares *s, size_t size, char *warning)
{
    double all = 0, most = 0;
    for (int m = 0; m < HM_MOTION_COUNT; m++) all = fmax(all, mean_of(s, 0, (enum hm_motion)m).value);
    for (int m = 0; m < HM_MOTION_COUNT; m++) {
        const struct mean before = mean_of(s, 0, (enum hm_motion)m), after = mean_of(s, 1, (enum hm_motion)m);
        const double change = fabs(after.value - before.value) / fmax(before.value, OF_ALL * all);
        const double known = STANDARD_ERRORS * hypot(before.error, after.error);
        if (!(change > fmax(NOTICEABLE, most)) || fabs(after.value - before.value) <= known) continue;
        most = change;
        snprintf(warning, size,
                 "note: %s has %.3g times the kinetic energy that it had in the warm-up; the gate sees only the sum of "
                 "all motions. Either the warm-up was too short to show the share of each, or the map moves energy "
                 "between them, as near a resonance: an exact run tells (hamlet run --baseline exact)",
                 hm_motion_name((enum hm_motion)m), after.value / before.value);
    }
}

enum hm_status hm_stride_shares(const char *trajectory, size_t size, char *warning)
{
    struct shares s = {0};
    *warning = '\0';
    enum hm_status status = open(trajectory, &s);
    if (status == HM_OK && tells_something(&s)) {
        status = create_motions(&s);
        if (status == HM_OK) status = look_at_frames(&s);
        if (status == HM_OK) compare(&s, size, warning);
    }
    release(&s);
    return status;
}
