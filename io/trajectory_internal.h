/* The inside of the trajectory file: what its writer and its reader share.
 *
 * Rows are collected in blocks, one chunk of the file at a time. All per-frame datasets form one block and share its
 * counters; each table of records is a block of its own. A block goes to the file when its chunk is full or when a
 * flush is due; the next one starts where the chunk goes on, so that writes stay aligned and chunks never move.
 *
 * What makes a killed run readable: chunks are written past what the metadata on disk refers to, and metadata
 * only in H5Fflush (the cache does not evict, freed space is not used again). Datasets that others are counted by
 * (position) are extended last. Chunks are not compressed: a compressed chunk moves when it grows. Gaps left are
 * kills between two metadata writes of one flush, for microseconds: of a flush in which a node of a chunk index splits
 * (only in a run of over 1000 chunks, every 500), when the rows that node leads to can be lost; and of one that writes
 * the first name in a group, when that group can be lost. Then a resume is refused.
 *
 * A resume keeps to it. Rows are cut in two turns, a flush after each: first to the end of the chunk that the last row
 * to keep lies in, which only drops whole chunks; then to that row, for which HDF5 fills the rest of the chunk at once,
 * while the metadata on disk still count it: a reader drops what it finds unfilled at the end. The file does not get
 * shorter. Names are never taken out (a kill could leave a node and its heap of names at odds): weights, timing and
 * arrays that the resumed run has not come to yet are marked as such in place, and written over later.
 *
 * Owns: every handle hangs on struct hm_trajectory.
 * MPI: local.
 */
#ifndef HM_IO_TRAJECTORY_INTERNAL_H
#define HM_IO_TRAJECTORY_INTERNAL_H

#include "io/trajectory.h"

#include <hdf5.h>
#include <stdbool.h>

enum { HM_SERIES_MAX = 13, HM_RANK_MAX = 3 };

/* The per-frame datasets, in the order in which they are written. */
enum hm_series_name {
    HM_SERIES_STEP,
    HM_SERIES_TIME,
    HM_SERIES_POTENTIAL,
    HM_SERIES_KINETIC,
    HM_SERIES_TOTAL,
    HM_SERIES_TEMPERATURE,
    HM_SERIES_CONSERVED, /* thermostatted only */
    HM_SERIES_EDGES,     /* periodic only, as image */
    HM_SERIES_IMAGE,
    HM_SERIES_FORCE,
    HM_SERIES_VELOCITY,
    HM_SERIES_POSITION,
    HM_SERIES_COUNT
};

#define HM_WEIGHTS_GROUP "/hamlet/weights"
#define HM_PROVENANCE_GROUP "/hamlet/provenance"
#define HM_RUN_ID "run_id"
#define HM_FROZEN "/hamlet/frozen"

/* The id's hexadecimal digits, and a zero. */
enum { HM_RUN_ID_BYTES = 17 };
/* In place of the member of weights that a resumed run has not learned yet. */
enum { HM_WEIGHTS_WITHDRAWN = -1 };

struct hm_series {
    hid_t dataset;            /* 0: absent */
    hid_t type;               /* in memory; owned when it is a compound */
    int rank;                 /* of one row plus 1 */
    hsize_t row[HM_RANK_MAX]; /* row[0] unused, then the shape of a row */
    size_t row_bytes;
    unsigned char *buffer; /* (capacity) rows */
};

struct hm_block {
    struct hm_series series[HM_SERIES_MAX];
    size_t nseries;
    size_t capacity; /* rows of a chunk */
    size_t pending;  /* rows in memory */
    hsize_t written; /* rows in the file */
};

struct hm_trajectory {
    char *path;
    hid_t file;
    bool writable;
    enum hm_status status; /* the first write failure; the file is not touched again after it */
    bool dirty;            /* something waits for H5Fflush */
    double next_flush;
    struct hm_frame topology;
    struct hm_block frames;
    struct hm_block tables[HM_TABLE_COUNT];
    struct hm_trajectory_info info;
    char id[HM_RUN_ID_BYTES]; /* of the run; a writer's */
    int32_t newest_weights;   /* the highest version stored; 0: none */
};

/* ---- failures ---- */

/* "path: cannot <action> <what>: <HDF5's or the system's reason>", one line. */
enum hm_status hm_trajectory_fail(const struct hm_trajectory *trajectory, enum hm_status code, const char *action,
                                  const char *what);
/* HDF5 prints nothing by itself from here on. */
void hm_hdf5_silence(void);

/* ---- small pieces ---- */

/* Neither locks the file, so that it can be read while it is written, nor evicts metadata between flushes. */
hid_t hm_hdf5_access_list(void);
/* The file at trajectory->path, any HDF5 there is, to be written to as well if it is marked writable; or a new one, in
 * place of an old one only with `overwrite`. */
enum hm_status hm_hdf5_open(struct hm_trajectory *trajectory);
enum hm_status hm_hdf5_create(struct hm_trajectory *trajectory, bool overwrite);
/* Closes any kind of handle; 0 and failed ones are ignored. */
void hm_hdf5_close(hid_t handle);
bool hm_hdf5_exists(hid_t file, const char *path);
/* A string type without a length limit, UTF-8. */
hid_t hm_hdf5_text_type(void);

enum hm_status hm_hdf5_put_text(struct hm_trajectory *trajectory, hid_t object, const char *name, const char *text);
enum hm_status hm_hdf5_put_reals(struct hm_trajectory *trajectory, hid_t object, const char *name, const double *values,
                                 size_t count);
enum hm_status hm_hdf5_put_int(struct hm_trajectory *trajectory, hid_t object, const char *name, int64_t value);
/* A text of fixed length: it sits in the object's own header, which a killed writer leaves whole or not at all. */
enum hm_status hm_hdf5_put_words(struct hm_trajectory *trajectory, hid_t object, const char *name, const char *text);
/* /hamlet/provenance: name, value; ends with {NULL, NULL}, or NULL for none. */
enum hm_status hm_trajectory_put_provenance(struct hm_trajectory *trajectory, const char *const (*provenance)[2]);

/* ---- growing datasets ---- */

/* What a writer knows of its file before it has one. */
enum hm_status hm_trajectory_describe(struct hm_trajectory *trajectory, const char *path,
                                      const struct hm_trajectory_setup *setup);
/* All per-frame datasets and tables with their buffers: made anew, or those of a file that has them. Opened, row[0] of
 * a series is the number of its rows. */
enum hm_status hm_trajectory_make_series(struct hm_trajectory *trajectory);
enum hm_status hm_trajectory_open_series(struct hm_trajectory *trajectory);

/* ---- reading ---- */

/* Opens a dataset of this rank and gives its shape. */
enum hm_status hm_trajectory_open_dataset(const struct hm_trajectory *trajectory, const char *path, int rank,
                                          hsize_t dims[HM_RANK_MAX], hid_t *dataset);
/* An attribute of one value, a text of either kind of HDF5 string; `path` stands in messages. *text is allocated. */
enum hm_status hm_hdf5_get_int(const struct hm_trajectory *trajectory, hid_t object, const char *path, const char *name,
                               int64_t *value);
enum hm_status hm_hdf5_get_words(const struct hm_trajectory *trajectory, hid_t object, const char *path,
                                 const char *name, char **text);
/* Rows first .. first+count-1 of an open series, as `type` in memory. */
enum hm_status hm_trajectory_read_rows(const struct hm_trajectory *trajectory, const struct hm_series *series,
                                       size_t first, size_t count, hid_t type, void *out);
/* `count` values of an attribute of /hamlet/run. */
enum hm_status hm_trajectory_get_attribute(const struct hm_trajectory *trajectory, const char *name, hid_t type,
                                           size_t count, void *value);

/* ---- records ---- */

extern const char *const hm_table_paths[HM_TABLE_COUNT];
size_t hm_record_bytes(enum hm_table_name table);
size_t hm_record_packed_bytes(enum hm_table_name table);
/* Fields after each other without gaps, as in the file. */
void hm_record_pack(enum hm_table_name table, const void *record, unsigned char *packed);
/* The compound of the struct in memory, or of the packed row. The caller closes it. */
hid_t hm_record_type(enum hm_table_name table, bool packed);

void hm_trajectory_release(struct hm_trajectory *trajectory);

#endif
