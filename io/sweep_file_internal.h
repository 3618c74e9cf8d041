/* Inside the reading of a sweep file: the document as a tree, whose faults are collected as those of a configuration.
 *
 * Owns: everything hangs on the document. MPI: local.
 */
#ifndef HM_IO_SWEEP_FILE_INTERNAL_H
#define HM_IO_SWEEP_FILE_INTERNAL_H

#include "io/config_internal.h"
#include "io/sweep_file.h"

struct sweep_reader {
    struct hm_config *document;
    struct hm_sweep_file *file;
    struct hm_sweep_axis *axes; /* those of the file, while they are read */
};

/* A text that grows. */
struct sweep_words {
    struct sweep_reader *reader;
    char *text;
    size_t used, capacity;
};

void hm_sweep_words_put(struct sweep_words *w, const char *text, size_t length);

/* "sweep.yaml:5:12" */
const char *hm_sweep_place_text(struct sweep_reader *r, struct config_place at);
/* False when a fault was added. */
bool hm_sweep_read_integer(struct sweep_reader *r, const struct config_node *node, const char *what, int64_t low,
                           int64_t high, int64_t *value);
void hm_sweep_read_axes(struct sweep_reader *r, const struct config_node *node);
/* When all axes are there and sound. */
void hm_sweep_count_combinations(struct sweep_reader *r);

#endif
