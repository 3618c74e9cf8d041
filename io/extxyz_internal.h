/* The inside of the extended XYZ reader: pieces of text, and what the comment line of a frame says.
 *
 * The text is never copied: a span points into it. Faults name file and line and show the piece they are about.
 *
 * MPI: local.
 */
#ifndef HM_IO_EXTXYZ_INTERNAL_H
#define HM_IO_EXTXYZ_INTERNAL_H

#include "io/extxyz.h"

/* A piece of the text, not terminated. */
struct hm_span {
    const char *start;
    size_t length;
};

struct hm_extxyz_reader {
    const char *name;
    const char *at; /* next line */
    const char *end;
    size_t line;         /* number of the line read last, from 1 */
    struct hm_span text; /* that line, without its end */
};

/* Where the columns of interest start; -1 where there is none. */
struct hm_extxyz_columns {
    int species, pos, velocity, momenta, mass, mask, count;
    bool exact; /* every line has just these columns */
};

struct hm_extxyz_comment {
    struct hm_span lattice, pbc, properties, time, step;
};

/* "file:line: <what>'<shown>'". */
enum hm_status hm_extxyz_fault(const struct hm_extxyz_reader *reader, const char *what, struct hm_span shown);

/* The next field of `rest`, up to a blank or one of `separators`; false when there is none. */
bool hm_span_next_field(struct hm_span *rest, const char *separators, struct hm_span *field);
bool hm_span_real(struct hm_span field, double *value);
/* Digits only, at most `most`. */
bool hm_span_count(struct hm_span field, size_t most, size_t *value);

/* The key=value pairs of the line read last. */
enum hm_status hm_extxyz_read_comment(const struct hm_extxyz_reader *reader, struct hm_extxyz_comment *comment);
/* Cell and periodicity of the frame. */
enum hm_status hm_extxyz_read_box(const struct hm_extxyz_reader *reader, const struct hm_extxyz_comment *comment,
                                  struct hm_frame *frame);
/* Its place in a trajectory. */
enum hm_status hm_extxyz_read_stamp(const struct hm_extxyz_reader *reader, const struct hm_extxyz_comment *comment,
                                    struct hm_extxyz_stamp *stamp);
enum hm_status hm_extxyz_read_properties(const struct hm_extxyz_reader *reader, struct hm_span text,
                                         struct hm_extxyz_columns *columns);

#endif
