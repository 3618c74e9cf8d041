#include "io/config_internal.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The vocabulary of config_schema.def. */
#define ANY                        \
    {                              \
        -INFINITY, INFINITY, false \
    }
#define ABOVE(low)          \
    {                       \
        low, INFINITY, true \
    }
#define AT_LEAST(low)        \
    {                        \
        low, INFINITY, false \
    }
#define WITHIN(low, high) \
    {                     \
        low, high, false  \
    }
#define ANY_LENGTH  \
    {               \
        0, SIZE_MAX \
    }
#define NOT_EMPTY   \
    {               \
        1, SIZE_MAX \
    }
#define LENGTH(least, most) \
    {                       \
        least, most         \
    }
#define REQUIRED true
#define OPTIONAL false

const struct config_entry hm_config_schema[] = {
#define HM_KEY(path, type, dimension, range, length, initial, words, need, example, doc) \
    {path, CONFIG_##type, HM_DIMENSION_##dimension, range, length, initial, words, need, example, doc},
#include "io/config_schema.def"
#undef HM_KEY
};

const size_t hm_config_schema_count = sizeof hm_config_schema / sizeof *hm_config_schema;

bool hm_config_generic_path(const char *path, char generic[CONFIG_PATH_BYTES])
{
    size_t length = 0;
    for (const char *at = path; *at; at++) {
        if (length + 3 > CONFIG_PATH_BYTES) return false;
        generic[length++] = *at;
        if (*at != '[') continue;
        if (at[1] != ']' && !isdigit((unsigned char)at[1])) return false;
        while (isdigit((unsigned char)at[1])) at++;
        if (at[1] != ']') return false;
    }
    generic[length] = '\0';
    return length > 0;
}

const struct config_entry *hm_config_entry(const char *generic)
{
    for (size_t i = 0; i < hm_config_schema_count; i++)
        if (strcmp(hm_config_schema[i].path, generic) == 0) return &hm_config_schema[i];
    return NULL;
}

const char *hm_config_child_name(const struct config_entry *entry, const char *section)
{
    const size_t length = strlen(section);
    const char *name = entry->path;
    if (length > 0) {
        if (strncmp(entry->path, section, length) != 0 || entry->path[length] != '.') return NULL;
        name += length + 1;
    }
    return strchr(name, '.') ? NULL : name;
}

/* The next word of a blank-separated list; returns where to go on, NULL at the end. */
static const char *next_word(const char *at, char word[CONFIG_WORD_BYTES])
{
    while (*at == ' ') at++;
    const size_t length = strcspn(at, " ");
    if (length == 0) return NULL;
    assert(length < CONFIG_WORD_BYTES);
    memcpy(word, at, length);
    word[length] = '\0';
    return at + length;
}

bool hm_config_allows(const struct config_entry *entry, const char *word)
{
    char allowed[CONFIG_WORD_BYTES];
    for (const char *at = entry->words; at && (at = next_word(at, allowed));)
        if (strcmp(allowed, word) == 0) return true;
    return false;
}

/* ---- nearest names ---- */

enum { DISTANCE_LENGTH_MAX = 128 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edit distance with swapped neighbours counted once and letter case ignored (optimal string alignment). */
static size_t edit_distance(const char *a, const char *b)
{
    const size_t na = strlen(a), nb = strlen(b);
    if (na > DISTANCE_LENGTH_MAX || nb > DISTANCE_LENGTH_MAX) return SIZE_MAX;
    size_t rows[3][DISTANCE_LENGTH_MAX + 1];
    size_t *before = rows[0], *previous = rows[1], *row = rows[2];
    for (size_t j = 0; j <= nb; j++) previous[j] = before[j] = j;
    for (size_t i = 1; i <= na; i++) {
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            const int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);
            row[j] = least(least(previous[j], row[j - 1]) + 1, previous[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) && cb == tolower((unsigned char)a[i - 2]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *const oldest = before;
        before = previous;
        previous = row;
        row = oldest;
    }
    return previous[nb];
}

/* Beyond a third of its letters a name is not a slip of the pen but another name. */
static size_t near_enough(const char *name)
{
    return 1 + strlen(name) / 3;
}

struct nearest {
    const char *wanted, *found;
    size_t distance;
};

static void consider(struct nearest *nearest, const char *candidate, const char *result)
{
    const size_t distance = edit_distance(nearest->wanted, candidate);
    if (distance >= nearest->distance || distance > near_enough(nearest->wanted)) return;
    if (distance >= strlen(candidate)) return; /* nothing in common */
    nearest->distance = distance;
    nearest->found = result;
}

bool hm_config_nearest_word(const struct config_entry *entry, const char *word, char found[CONFIG_WORD_BYTES])
{
    char allowed[CONFIG_WORD_BYTES];
    struct nearest nearest = {word, NULL, SIZE_MAX};
    for (const char *at = entry->words; at && (at = next_word(at, allowed));) {
        const size_t before = nearest.distance;
        consider(&nearest, allowed, found);
        if (nearest.distance < before) memcpy(found, allowed, sizeof allowed);
    }
    return nearest.found != NULL;
}

const char *hm_config_nearest_child(const char *section, const char *name)
{
    struct nearest nearest = {name, NULL, SIZE_MAX};
    for (size_t i = 0; i < hm_config_schema_count; i++) {
        const char *child = hm_config_child_name(&hm_config_schema[i], section);
        if (child) consider(&nearest, child, child);
    }
    return nearest.found;
}

const char *hm_config_nearest_name(const char *name, const char *const *names, size_t count)
{
    struct nearest nearest = {name, NULL, SIZE_MAX};
    for (size_t i = 0; i < count; i++) consider(&nearest, names[i], names[i]);
    return nearest.found;
}

static const char *last_name(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

const char *hm_config_nearest_path(const char *path)
{
    /* A right name in the wrong section says more than any likeness of letters. */
    const char *found = NULL;
    size_t distance = SIZE_MAX;
    for (size_t i = 0; i < hm_config_schema_count; i++) {
        const char *candidate = hm_config_schema[i].path;
        const size_t apart = edit_distance(path, candidate);
        if (strcasecmp(last_name(candidate), last_name(path)) != 0 || apart >= distance) continue;
        distance = apart;
        found = candidate;
    }
    if (found) return found;
    struct nearest nearest = {path, NULL, SIZE_MAX};
    for (size_t i = 0; i < hm_config_schema_count; i++)
        consider(&nearest, hm_config_schema[i].path, hm_config_schema[i].path);
    return nearest.found;
}

/* ---- descriptions ---- */

/* "a, b or c" */
static void join_words(const char *words, char *text, size_t size)
{
    char word[CONFIG_WORD_BYTES], following[CONFIG_WORD_BYTES];
    size_t used = 0;
    const char *at = next_word(words, word);
    text[0] = '\0';
    for (bool first = true; at && used < size; first = false) {
        const char *then = next_word(at, following);
        const int count = snprintf(text + used, size - used, "%s%s", first ? "" : then ? ", " : " or ", word);
        used += (size_t)count;
        memcpy(word, following, sizeof word);
        at = then;
    }
}

static void describe_list(const struct config_entry *entry, const char *words, char *text, size_t size)
{
    const char *example = entry->example ? entry->example : entry->initial;
    const char *sort = entry->type == CONFIG_MAP_LIST       ? "maps"
                       : entry->type == CONFIG_NAME_LIST    ? "names"
                       : entry->type == CONFIG_INTEGER_LIST ? "whole numbers"
                                                            : "numbers";
    if (entry->type == CONFIG_WORD_LIST)
        snprintf(text, size, "a list of %s, e.g. %s", words, example);
    else if (entry->length.least == entry->length.most)
        snprintf(text, size, "a list of exactly %zu %s, e.g. %s", entry->length.least, sort, example);
    else
        snprintf(text, size, "a list of %s, e.g. %s", sort, example);
}

void hm_config_describe_type(const struct config_entry *entry, char *text, size_t size)
{
    char words[256] = "";
    if (entry->words) join_words(entry->words, words, sizeof words);
    switch (entry->type) {
    case CONFIG_SECTION:
        snprintf(text, size, "a section of keys");
        break;
    case CONFIG_REAL:
        if (entry->dimension == HM_DIMENSION_NONE)
            snprintf(text, size, "a number");
        else
            snprintf(text, size, "a number with a unit of %s, e.g. %s", hm_units_dimension_name(entry->dimension),
                     entry->example);
        break;
    case CONFIG_INTEGER:
        snprintf(text, size, "a whole number");
        break;
    case CONFIG_FLAG:
        snprintf(text, size, "true or false");
        break;
    case CONFIG_WORD:
        snprintf(text, size, "%s", words);
        return;
    case CONFIG_NAME:
        snprintf(text, size, "a name, e.g. %s", entry->example);
        break;
    case CONFIG_TEXT:
        snprintf(text, size, "text");
        break;
    case CONFIG_INPUT_PATH:
    case CONFIG_OUTPUT_PATH:
        snprintf(text, size, "the path of a file");
        break;
    case CONFIG_REAL_OR_LIST:
        snprintf(text, size, "a number with a unit of %s, or ", hm_units_dimension_name(entry->dimension));
        describe_list(entry, words, text + strlen(text), size - strlen(text));
        return;
    case CONFIG_WORD_LIST:
    case CONFIG_NAME_LIST:
    case CONFIG_INTEGER_LIST:
    case CONFIG_REAL_LIST:
    case CONFIG_MAP_LIST:
        describe_list(entry, words, text, size);
        if (entry->type == CONFIG_WORD_LIST) return; /* said already */
        break;
    }
    const size_t used = strlen(text);
    if (entry->words) snprintf(text + used, size - used, ", or %s", words);
}

bool hm_config_describe_range(const struct config_entry *entry, char *text, size_t size)
{
    const struct config_range range = entry->range;
    const char *unit = hm_units_example(entry->dimension);
    char low[48], high[48];
    /* Zero is zero in every unit; other limits need theirs. */
    snprintf(low, sizeof low, range.low == 0.0 ? "%g" : "%g%s%s", range.low, *unit ? " " : "", unit);
    snprintf(high, sizeof high, "%g%s%s", range.high, *unit ? " " : "", unit);
    if (isinf(range.low) && isinf(range.high)) return false;
    if (isinf(range.high))
        snprintf(text, size, "%s %s", range.low_open ? ">" : ">=", low);
    else
        snprintf(text, size, "from %s to %s", low, high);
    return true;
}

/* Puts `piece` at the end of what is there, as far as it fits. */
static void append(char *text, size_t size, const char *piece)
{
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "%s", piece);
}

void hm_config_describe_example(const struct config_entry *entry, char *text, size_t size)
{
    char closing[2 * CONFIG_DEPTH_MAX + 1] = "", letter[2] = "";
    size_t depth = 0;
    text[0] = '\0';
    for (const char *at = entry->path; *at && depth + 1 < sizeof closing - 1; at++) {
        letter[0] = *at;
        append(text, size, *at == '.' ? ": {" : *at == '[' ? ": [{" : letter);
        if (*at == '[') {
            closing[depth++] = ']';
            at += 2; /* "[]." */
        }
        if (*at == '.') closing[depth++] = '}';
    }
    append(text, size, ": ");
    append(text, size, entry->example ? entry->example : "{}");
    while (depth > 0) {
        letter[0] = closing[--depth];
        append(text, size, letter);
    }
}
