/* A run that is read: its file, and its frames one after the other.
 *
 * Shapes: frames' x, v (natom, 3); bonds (nbond, 2).
 * Units: atomic units.
 * Errors: HM_BAD_INPUT (damaged, or not a Hamlet trajectory: one line says which), HM_IO_ERROR, HM_OUT_OF_MEMORY.
 * Owns: the open file and a slab of frames; memory does not grow with the length of the run.
 * MPI: local.
 */
#ifndef HM_IO_ANALYSIS_RUN_H
#define HM_IO_ANALYSIS_RUN_H

#include "io/trajectory.h"

struct hm_run {
    struct hm_trajectory *trajectory;
    struct hm_trajectory_info info;
    struct hm_frame frame; /* topology and cell */
    size_t nbond;
    size_t (*bonds)[2];
    int64_t steps;      /* done, as far as the file knows */
    int64_t first_step; /* where means begin: after the warm-up, or 0 */
};

enum hm_status hm_run_open(const char *path, struct hm_run *run);
void hm_run_close(struct hm_run *run);
/* The bonds that the run follows, or of a run that follows none those of its first frame; the caller frees them. */
enum hm_status hm_run_bonds(const struct hm_run *run, size_t (**bonds)[2], size_t *nbond);
/* HM_BAD_INPUT unless both runs are of the same elements in the same order. */
enum hm_status hm_run_check_same_atoms(const struct hm_run *run, const struct hm_run *reference);

/* A number of the configuration that the file holds; NaN where it has none. */
double hm_run_setting(const struct hm_run *run, const char *key);

/* Every decision, and the steps that it covers: one, or with a stride all up to the next decision. */
enum hm_status hm_run_walk_decisions(const struct hm_run *run,
                                     void (*see)(void *self, const struct hm_decision_record *decision, size_t steps),
                                     void *self);

/* Frames one after the other, read in slabs. */
struct hm_frame_cursor {
    const struct hm_run *run;
    size_t capacity, first, count, at; /* frames */
    size_t seen;                       /* after the warm-up */
    int64_t *steps;
    double *x, *v, *potential, *conserved;
};

struct hm_frame_view {
    int64_t step;
    const double *x, *v;
    double potential; /* NaN: unknown */
    double conserved; /* total energy less the thermostat's heat; NaN: unknown, or no thermostat */
};

enum hm_status hm_frame_cursor_create(const struct hm_run *run, struct hm_frame_cursor *cursor);
void hm_frame_cursor_release(struct hm_frame_cursor *cursor);
/* *more false after the last frame. The view lives until the next call. */
enum hm_status hm_frame_cursor_next(struct hm_frame_cursor *cursor, struct hm_frame_view *view, bool *more);
/* The same of the frames after the warm-up, the first and every `every`-th of them. */
enum hm_status hm_frame_cursor_sample(struct hm_frame_cursor *cursor, size_t every, struct hm_frame_view *view,
                                      bool *more);

#endif
