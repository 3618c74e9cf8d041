/* The benchmarks of `hamlet bench` that have a file of their own, and how all of them report. Each prints lines of
 * text, or of JSON.
 *
 * Errors: what the measured parts give. MPI: local.
 */
#ifndef HM_SCHEDULER_CLI_BENCH_H
#define HM_SCHEDULER_CLI_BENCH_H

#include "io/status.h"

#include <stdbool.h>
#include <stddef.h>

enum { HM_BENCH_REPEATS = 5 };

/* Median and spread; sorts the values. */
void hm_bench_report(const char *bench, const char *what, const char *unit, double values[HM_BENCH_REPEATS], bool json);
/* A file to write into, in TMPDIR. */
void hm_bench_path(char *path, size_t size);

enum hm_status hm_bench_forces(bool json);
enum hm_status hm_bench_lstm(bool json);
enum hm_status hm_bench_step(bool json);
/* The Hamiltonian as on the command line, '{type: ...}'; extended XYZ files. */
enum hm_status hm_bench_oracle(const char *hamiltonian, const char *const *geometry, size_t count, bool json);

/* Of the action of this configuration; NULL: of water. */
enum hm_status hm_bench_action(const char *path, bool json);

#endif
