/* Policies as tables: a character for every step.
 *
 *   given   what the predictor's error and its one bounded signal are, in units of the target and the bound:
 *           - half   = the same   + twice   ? not a number
 *           or what the driver does without asking the policy: g guard, a absurd, n not ready
 *   done    p predicted   I injected   b in a burst   r replayed   T, A: as I, a, and an episode is asked for
 *           ! what no policy may do: draft, or ask for an episode at any other step
 */
#ifndef HM_TESTS_SCHEDULER_POLICY_TABLE_H
#define HM_TESTS_SCHEDULER_POLICY_TABLE_H

#include "scheduler/policy.h"

enum { TABLE_LONGEST = 63 };

/* The log that `replay` repeats. */
enum { TABLE_RECORDED = 10 };
extern const uint8_t table_recorded[TABLE_RECORDED];

struct table_row {
    const char *policy; // YAML
    size_t burst;
    const char *given, *done;
};

/* What came of a row: no padding, so that memcmp compares it. */
struct table_trace {
    char done[TABLE_LONGEST + 1];
    double signal[TABLE_LONGEST], threshold[TABLE_LONGEST];
};

/* A run of as many steps as are recorded, with a committee of two; `override` is a --set, or NULL. Assert success. */
struct hm_config *table_configure(const char *policy, const char *override);
struct hm_policy table_policy(const char *policy, struct hm_config **config);

struct hm_decision table_decide(struct hm_policy *policy, size_t burst, int64_t since_active,
                                struct hm_signals signals);

/* The row, with the policy's state handed over to a fresh one before step `at`. */
struct table_trace table_play(const struct table_row *row, size_t at);

/* Asserts every row, whatever the step at which it is saved and resumed. */
void table_check(const struct table_row *rows, size_t count);

/* The status of loading the archive, which is released, into a fresh policy. */
enum hm_status table_load(const char *policy, struct hm_archive *archive);
/* What comes before every policy's own state. */
void table_put_name(struct hm_archive *archive, const char *name);

#endif
