/* The configuration: YAML checked against one schema table (io/config_schema.def).
 *
 * The table drives validation, defaults, `hamlet explain` and the manual. A key is a dotted path
 * ("integrator.timestep"); items of a list carry an index ("hamiltonian.bonds[2].k"). After a successful load
 * every value is of its declared type, within range and in atomic units, so the getters cannot fail;
 * asking for a key outside the table is a programming error (assert).
 *
 * Faults are reported all at once, one line each: file:line:column: message, with the nearest valid key.
 * Refused as such: anchors, aliases, tags, a second document, text that is not UTF-8, nesting deeper than 32.
 *
 * Units: getters return atomic units (wall times: seconds).
 * Errors: HM_BAD_CONFIG (a file that cannot be read included), HM_OUT_OF_MEMORY.
 * Owns: the parsed document; strings returned are borrowed and live as long as the config.
 * MPI: local (the driver's text is sent to the others, who parse it again).
 */
#ifndef HM_IO_CONFIG_H
#define HM_IO_CONFIG_H

#include "io/status.h"
#include "io/units.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct hm_config;

/* `overrides`: "key=value" strings of --set, applied in their order before validation; the value is YAML. Sections are
 * made as needed, a list grows by its next index. Their faults begin with "--set key=value: ". */
enum hm_status hm_config_load(const char *path, const char *const *overrides, size_t noverride,
                              struct hm_config **config);
/* The same from text; `name` stands in messages and its folder resolves relative paths. */
enum hm_status hm_config_parse(const char *text, const char *name, const char *const *overrides, size_t noverride,
                               struct hm_config **config);

/* A setting that stands in another file: its faults begin with its place there, "sweep.yaml:5:12". */
struct hm_config_setting {
    const char *text;  /* "key=value" */
    const char *place; /* NULL: --set */
};

/* The whole file in memory (free); its size is not asked for, so that pipes work. */
enum hm_status hm_config_read_file(const char *path, char **text, size_t *size);

/* The same from the text of a file that was read already, with such settings. */
enum hm_status hm_config_parse_with(const char *text, size_t size, const char *name,
                                    const struct hm_config_setting *settings, size_t nsetting,
                                    struct hm_config **config);
/* The same configuration seen by a Hamiltonian whose section stands deeper: keys "hamiltonian..." are looked up behind
 * `prefix` ("predictor."), which is borrowed, as is everything else; destroyed like any other, before the original. */
enum hm_status hm_config_view(const struct hm_config *config, const char *prefix, struct hm_config **view);
void hm_config_destroy(struct hm_config **config);

/* Whether there is such a key at all, where a Hamiltonian's section may stand deeper than its keys go. */
bool hm_config_knows(const struct hm_config *config, const char *key);

/* Getters give what was written, else the default; a key with neither gives NaN, 0, false, NULL. So does a word
 * in place of a number: ask hm_config_is(config, key, "auto") first. Items of a list: "hamiltonian.bonds[0].atoms[1]".
 */
bool hm_config_has(const struct hm_config *config, const char *key); /* written by the user */
bool hm_config_is(const struct hm_config *config, const char *key,
                  const char *word); /* value is this word, e.g. "auto" */
double hm_config_real(const struct hm_config *config, const char *key);
int64_t hm_config_integer(const struct hm_config *config, const char *key);
bool hm_config_flag(const struct hm_config *config, const char *key);
const char *hm_config_text(const struct hm_config *config, const char *key); /* NULL: not given and no default */
size_t hm_config_length(const struct hm_config *config, const char *key);    /* items of a list; 0 if absent */
bool hm_config_lists(const struct hm_config *config, const char *key, const char *word); /* a list holds this word */

/* The first key written in a section beside `type` that is none of `keys` (NULL at their end), or NULL. */
const char *hm_config_other_key(const struct hm_config *config, const char *section, const char *const *keys);

/* A path-valued key as one can open it: inputs are relative to the config file's folder, outputs to the current
 * folder (the schema says which is which). hm_config_text gives it as written. */
const char *hm_config_path(const struct hm_config *config, const char *key);

/* "file:line:column: message" for a fault found later (an atom index beyond the geometry); points at the
 * key, or at the nearest parent that was written. Sets the message and returns HM_BAD_CONFIG. */
enum hm_status hm_config_fault(const struct hm_config *config, const char *key, const char *format, ...)
    HM_PRINTF(3, 4);

/* The configuration as YAML with overrides applied: parses again to the same values. Owned by the config. */
const char *hm_config_yaml(const struct hm_config *config);
/* A key that was written, with all below it, as YAML in one line (free); NULL without it, or without memory. */
char *hm_config_line(const struct hm_config *config, const char *key);
const char *hm_config_name(const struct hm_config *config);

/* The nearest of some names, for messages; NULL when none is near. */
const char *hm_config_nearest_name(const char *name, const char *const *names, size_t count);

/* `hamlet explain`: one key, a section, or everything (key NULL). Fails with the nearest key. */
enum hm_status hm_config_explain(const char *key, FILE *out);

#endif
