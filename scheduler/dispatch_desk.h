/* The inside of dispatch.h: open requests, what is known of the groups, and what calls have taken so far.
 *
 * Errors: HM_OUT_OF_MEMORY. Owns: everything in it. MPI: none.
 */
#ifndef HM_SCHEDULER_DISPATCH_DESK_H
#define HM_SCHEDULER_DISPATCH_DESK_H

#include "scheduler/dispatch.h"

enum { HM_PACE_CALLS = 256, HM_FAULT_TEXT = 512 };

struct hm_request {
    int64_t ticket; // -1: free
    int64_t call;   // under way; -1: not sent yet
    int group;
    size_t attempt; // calls before this one
    bool restart, answered;
    double since;          // clock: when the group was free to begin with it
    struct hm_frame frame; // natom 0 before the first use
    struct hm_label label; // the answer
    enum hm_status status; // of the answer
    int64_t faults[HM_FAULT_COUNT];
    char text[HM_FAULT_TEXT]; // of the latest fault
};

struct hm_group {
    int64_t owed; // answers under way
    bool aside;   // did not answer in time
};

/* Seconds of the latest calls, by what the driver sees of them. */
struct hm_pace {
    double seconds[HM_PACE_CALLS];
    size_t count;    // ever
    double quantile; // 95 %, of not quite the latest
};

struct hm_desk {
    size_t natom, nrequest;
    int ngroup; // 1 inline
    int64_t tickets, calls;
    struct hm_request *request; // (nrequest)
    struct hm_group *group;     // (ngroup)
    double *force;              // (nrequest + 1, natom, 3)
    struct hm_answer answer;    // read into, then changes places with a request's
    struct hm_pace pace;
    struct hm_fault_log log;
    struct hm_archive unwritten; // fault records
};

enum hm_status hm_desk_create(int ngroup, size_t natom, size_t nrequest, struct hm_desk **desk);
void hm_desk_destroy(struct hm_desk **desk);
/* NULL if there is none. */
struct hm_request *hm_desk_find(struct hm_desk *desk, int64_t ticket);
/* The first group from `group` on that is not set aside; -1: none is left. */
int hm_desk_next_group(const struct hm_desk *desk, int group);

void hm_pace_add(struct hm_pace *pace, double seconds);
double hm_pace_deadline(const struct hm_pace *pace, const struct hm_dispatch_rules *rules);

/* What a call came to, HM_FAULT_NONE for a label that can be used. */
enum hm_fault hm_request_judge(struct hm_request *request);
/* Writes the fault down. */
enum hm_status hm_request_log_fault(struct hm_dispatch *dispatch, struct hm_request *request, enum hm_fault fault);
/* The status of a request that has failed, with its message. */
enum hm_status hm_request_give_up(struct hm_dispatch *dispatch, const struct hm_request *request);

#endif
