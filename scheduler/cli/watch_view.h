/* What `hamlet watch` shows of a run: a few lines redrawn in place on a terminal, a line for every look elsewhere.
 *
 * Errors: none. Owns: its history; the terminal while it is open.
 * MPI: none.
 */
#ifndef HM_SCHEDULER_CLI_WATCH_VIEW_H
#define HM_SCHEDULER_CLI_WATCH_VIEW_H

#include "io/live.h"

#include <stdio.h>

enum { HM_WATCH_HISTORY = 120 };

struct hm_watch_view {
    FILE *out;
    const char *name;
    bool terminal, unicode;
    int lines; // that stand on the terminal
    struct hm_live last;
    double speed; // steps/s, between the last two looks; 0: not known yet
    size_t looks;
    double speeds[HM_WATCH_HISTORY], errors[HM_WATCH_HISTORY], temperatures[HM_WATCH_HISTORY]; // rings
};

void hm_watch_view_open(struct hm_watch_view *view, const char *name, FILE *out);
/* A new state of the run. */
void hm_watch_view_add(struct hm_watch_view *view, const struct hm_live *live);
/* `remark`: what else there is to say ("no news for 12 s"), or "". */
void hm_watch_view_draw(struct hm_watch_view *view, const char *remark);
/* Gives the terminal back as it was, with the last view standing. */
void hm_watch_view_close(struct hm_watch_view *view);

#endif
