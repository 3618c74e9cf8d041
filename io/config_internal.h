/* The inside of the configuration: a tree of nodes with their places, the schema, and the faults.
 *
 * Loading goes in passes, one file each: text to tree (config_parse.c), --set (config_set.c), tree against schema
 * (config_check.c, values in config_value.c), tree to YAML (config_yaml.c). A pass adds its faults to the list and
 * goes on, so that all of them are reported; only memory and I/O trouble ends it early.
 *
 * Owns: everything hangs on the config's list of blocks and goes with hm_config_destroy.
 * MPI: local.
 */
#ifndef HM_IO_CONFIG_INTERNAL_H
#define HM_IO_CONFIG_INTERNAL_H

#include "io/config.h"

/* ---- schema ---- */

enum config_type {
    CONFIG_SECTION, /* a map of keys; with words also one of these words */
    CONFIG_REAL,    /* a number, with a unit where it has a dimension */
    CONFIG_INTEGER,
    CONFIG_FLAG, /* true | false */
    CONFIG_WORD, /* one of the allowed words */
    CONFIG_NAME, /* an identifier; what names exist is known elsewhere */
    CONFIG_TEXT,
    CONFIG_INPUT_PATH,  /* relative to the config file's folder */
    CONFIG_OUTPUT_PATH, /* relative to the current folder */
    CONFIG_WORD_LIST,   /* of allowed words, none twice */
    CONFIG_NAME_LIST,   /* of names, which may repeat */
    CONFIG_INTEGER_LIST,
    CONFIG_REAL_LIST,
    CONFIG_REAL_OR_LIST, /* a single number may stand in place of the list */
    CONFIG_MAP_LIST      /* items follow in the table as "path[].key" */
};

/* Limits in the dimension's example unit (of a length: Angstrom); infinite where open-ended. */
struct config_range {
    double low, high;
    bool low_open; /* > low rather than >= low */
};

/* Number of items of a list. */
struct config_length {
    size_t least, most;
};

struct config_entry {
    const char *path;
    enum config_type type;
    enum hm_dimension dimension;
    struct config_range range; /* of the number, or of each number of a list */
    struct config_length length;
    const char *initial; /* default as it would be written; NULL: none */
    const char *words;   /* allowed words, separated by blanks; NULL: none */
    bool required;       /* when the section around it is required or written */
    const char *example;
    const char *doc;
};

extern const struct config_entry hm_config_schema[];
extern const size_t hm_config_schema_count;

enum { CONFIG_PATH_BYTES = 192, CONFIG_DEPTH_MAX = 32, CONFIG_WORD_BYTES = 64 };

/* "hamiltonian.bonds[12].k" to "hamiltonian.bonds[].k"; false when it does not fit or is not a path. */
bool hm_config_generic_path(const char *path, char generic[CONFIG_PATH_BYTES]);
/* The entry of a generic path, or NULL. */
const struct config_entry *hm_config_entry(const char *generic);
/* The name below `section` ("" = top) when the entry is its direct child, else NULL. */
const char *hm_config_child_name(const struct config_entry *entry, const char *section);
bool hm_config_allows(const struct config_entry *entry, const char *word);
/* The allowed word nearest to `word`, copied to `nearest`; false when none is near. */
bool hm_config_nearest_word(const struct config_entry *entry, const char *word, char nearest[CONFIG_WORD_BYTES]);
/* The name nearest to `name` directly below `section`; NULL when none is near. */
const char *hm_config_nearest_child(const char *section, const char *name);
/* The full path nearest to `path`, first of all one with the same last name. NULL when none is near. */
const char *hm_config_nearest_path(const char *path);

/* What a value of this key looks like: "a number with a unit of time, e.g. 0.25 fs". */
void hm_config_describe_type(const struct config_entry *entry, char *text, size_t size);
/* "> 0", "from 1 to 512"; false when every number will do. */
bool hm_config_describe_range(const struct config_entry *entry, char *text, size_t size);
/* As a user would write it: "hamiltonian: {bonds: [{k: 516 N/m}]}". */
void hm_config_describe_example(const struct config_entry *entry, char *text, size_t size);

/* ---- tree ---- */

/* Line and column count from 1; `override` 0 is the file, i is the i-th --set, counted from 1. */
struct config_place {
    size_t override, line, column;
};

enum config_kind { CONFIG_SCALAR, CONFIG_LIST, CONFIG_MAP, CONFIG_INVALID /* already reported */ };

struct config_node {
    enum config_kind kind;
    struct config_place at, key_at;
    const char *key;  /* in a map, else NULL */
    const char *text; /* of a scalar */
    bool plain;       /* written without quotes */
    struct config_node **items;
    size_t count, capacity;
    /* Set by the check, as far as the type has them. */
    double real;
    int64_t integer;
    bool flag;
    const char *path;
};

struct config_fault {
    struct config_place at;
    size_t order;
    char *message;
};

struct config_block;

struct hm_config {
    const char *name;
    const char *prefix;            /* of a view; NULL otherwise */
    struct config_node *root;      /* NULL only while an empty file is read */
    struct config_node **defaults; /* by schema entry; NULL where there is none */
    const char *yaml;
    const char *const *overrides; /* copies of the --set arguments */
    const char *const *places;    /* where each was written; NULL, or a NULL of it: on the command line */
    size_t noverride;
    struct config_fault *faults;
    size_t nfault, fault_capacity;
    struct config_block *blocks;
    bool out_of_memory;
};

/* Zeroed memory that lives as long as the config; NULL (and out_of_memory set) when there is none. */
void *hm_config_allocate(struct hm_config *config, size_t size);
char *hm_config_copy_text(struct hm_config *config, const char *text, size_t length);

struct config_node *hm_config_node_create(struct hm_config *config, enum config_kind kind, struct config_place at);
/* Appends to a list or, with node->key set, to a map. */
void hm_config_node_append(struct hm_config *config, struct config_node *parent, struct config_node *node);
struct config_node *hm_config_node_child(const struct config_node *map, const char *key, size_t length);
/* The node of a concrete path ("hamiltonian.bonds[2].k") that was written, or NULL. */
struct config_node *hm_config_node_find(struct config_node *root, const char *path);
bool hm_config_node_is_null(const struct config_node *node);

void hm_config_fault_add(struct hm_config *config, struct config_place at, const char *format, ...) HM_PRINTF(3, 4);
/* Sets the message from all faults, in the order of the file; HM_OK when there are none. */
enum hm_status hm_config_faults_report(struct hm_config *config);
/* "run.yaml:3:5" or "--set key=value". */
void hm_config_describe_place(const struct hm_config *config, struct config_place at, char *text, size_t size);

/* ---- passes ---- */

/* *root is NULL for a text without content. False when a fault was added and there is no tree to go on with. */
bool hm_config_tree_parse(struct hm_config *config, const char *text, size_t size, size_t override,
                          struct config_node **root);
/* A path that --set takes: an entry, or an item of a list ("predictor.inputs[0]"). */
bool hm_config_path_is_known(const char *path);
void hm_config_override_apply(struct hm_config *config, size_t override);
void hm_config_tree_check(struct hm_config *config);
/* Checks one value against its entry and stores it in the node; `path` stands in messages. */
void hm_config_value_check(struct hm_config *config, const struct config_entry *entry, const char *path,
                           struct config_node *node);
void hm_config_yaml_write(struct hm_config *config);

#endif
