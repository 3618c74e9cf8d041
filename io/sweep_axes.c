/* The axes of a sweep file: keys, values, and what goes together. */
#include "io/sweep_file_internal.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RUNS = 1000000, MOST_KEYS = 16 };

/* ---- values as YAML ---- */

void hm_sweep_words_put(struct sweep_words *w, const char *text, size_t length)
{
    if (w->used + length + 1 > w->capacity) {
        const size_t capacity = 2 * (w->used + length) + 64;
        char *grown = hm_config_allocate(w->reader->document, capacity);
        if (!grown) return;
        if (w->used > 0) memcpy(grown, w->text, w->used);
        w->text = grown;
        w->capacity = capacity;
    }
    memcpy(w->text + w->used, text, length);
    w->used += length;
    w->text[w->used] = '\0';
}

/* Quotes unless the text means the same anywhere, also inside a list or a map. */
static void put_scalar(struct sweep_words *w, const struct config_node *node)
{
    bool plain = node->plain && node->text[0] != '\0';
    for (const char *c = node->text; plain && *c; c++) plain = isalnum((unsigned char)*c) || strchr(" ._/+-^*()", *c);
    if (plain) {
        hm_sweep_words_put(w, node->text, strlen(node->text));
        return;
    }
    hm_sweep_words_put(w, "\"", 1);
    for (const char *c = node->text; *c; c++) {
        char escaped[8];
        if (*c == '"' || *c == '\\')
            snprintf(escaped, sizeof escaped, "\\%c", *c);
        else if (iscntrl((unsigned char)*c))
            snprintf(escaped, sizeof escaped, "\\x%02x", (unsigned)(unsigned char)*c);
        else
            snprintf(escaped, sizeof escaped, "%c", *c);
        hm_sweep_words_put(w, escaped, strlen(escaped));
    }
    hm_sweep_words_put(w, "\"", 1);
}

static void put_node(struct sweep_words *w, const struct config_node *node)
{
    if (node->kind == CONFIG_SCALAR) {
        put_scalar(w, node);
        return;
    }
    const bool list = node->kind == CONFIG_LIST;
    hm_sweep_words_put(w, list ? "[" : "{", 1);
    for (size_t i = 0; i < node->count; i++) {
        if (i > 0) hm_sweep_words_put(w, ", ", 2);
        if (!list) {
            hm_sweep_words_put(w, node->items[i]->key, strlen(node->items[i]->key));
            hm_sweep_words_put(w, ": ", 2);
        }
        put_node(w, node->items[i]);
    }
    hm_sweep_words_put(w, list ? "]" : "}", 1);
}

static const char *yaml_of(struct sweep_reader *r, const struct config_node *node)
{
    struct sweep_words w = {.reader = r};
    put_node(&w, node);
    return w.text;
}

static double number_of(const char *text)
{
    double value;
    const char *end;
    return hm_number_scan(text, &value, &end) && *end == '\0' ? value : NAN;
}

/* ---- axes ---- */

static void fault_key(struct sweep_reader *r, struct config_place at, const char *key)
{
    const char *near = hm_config_nearest_path(key);
    if (near)
        hm_config_fault_add(r->document, at, "the axis '%.60s' is no key of a configuration; did you mean '%s'?", key,
                            near);
    else
        hm_config_fault_add(r->document, at,
                            "the axis '%.60s' is no key of a configuration; 'hamlet explain' lists the keys", key);
}

static bool is_seed(const char *key)
{
    const char *dot = strrchr(key, '.');
    return strcmp(dot ? dot + 1 : key, "seed") == 0;
}

/* "a.seed + b.seed" to its keys; the name is written anew, with single blanks. */
static void read_keys(struct sweep_reader *r, const struct config_node *node, struct hm_sweep_axis *axis)
{
    const char **keys = hm_config_allocate(r->document, MOST_KEYS * sizeof *keys);
    struct sweep_words name = {.reader = r};
    if (!keys) return;
    axis->key = keys;
    axis->seeds = true;
    for (const char *at = node->key; at; at = strchr(at, '+') ? strchr(at, '+') + 1 : NULL) {
        size_t length = strcspn(at, "+");
        while (length > 0 && *at == ' ') at++, length--;
        while (length > 0 && at[length - 1] == ' ') length--;
        const char *key = hm_config_copy_text(r->document, at, length);
        if (!key) return;
        if (axis->nkey == MOST_KEYS) {
            hm_config_fault_add(r->document, node->key_at, "an axis sets %d keys at most", MOST_KEYS);
            return;
        }
        if (!hm_config_path_is_known(key))
            fault_key(r, node->key_at, key);
        else if (strcmp(key, "output.trajectory") == 0 || strcmp(key, "output") == 0)
            hm_config_fault_add(r->document, node->key_at,
                                "%s is no axis: every run of a sweep has its own file in 'folder'", key);
        axis->seeds = axis->seeds && is_seed(key);
        keys[axis->nkey++] = key;
        if (axis->nkey > 1) hm_sweep_words_put(&name, " + ", 3);
        hm_sweep_words_put(&name, key, length);
    }
    axis->name = name.text;
}

static void read_value(struct sweep_reader *r, const char *yaml, const char *shown, struct config_place at,
                       const struct hm_sweep_axis *axis, struct hm_sweep_value *value)
{
    struct hm_config_setting *settings = hm_config_allocate(r->document, axis->nkey * sizeof *settings);
    const char *place = hm_sweep_place_text(r, at);
    value->text = shown;
    value->number = number_of(shown);
    value->setting = settings;
    for (size_t k = 0; settings && k < axis->nkey; k++) {
        struct sweep_words w = {.reader = r};
        hm_sweep_words_put(&w, axis->key[k], strlen(axis->key[k]));
        hm_sweep_words_put(&w, "=", 1);
        hm_sweep_words_put(&w, yaml, strlen(yaml));
        settings[k] = (struct hm_config_setting){w.text, place};
    }
}

static void read_range(struct sweep_reader *r, const struct config_node *node, struct hm_sweep_axis *axis)
{
    const int64_t most = INT64_C(1) << 53; /* numbers of a table are doubles */
    int64_t from = 1, count = 0, step = 1;
    bool good = true;
    for (size_t i = 0; i < node->count; i++) {
        const struct config_node *item = node->items[i];
        if (strcmp(item->key, "from") == 0)
            good = hm_sweep_read_integer(r, item, "from", -most, most, &from) && good;
        else if (strcmp(item->key, "count") == 0)
            good = hm_sweep_read_integer(r, item, "count", 1, MOST_RUNS, &count) && good;
        else if (strcmp(item->key, "step") == 0)
            good = hm_sweep_read_integer(r, item, "step", -INT32_MAX, INT32_MAX, &step) && good;
        else {
            hm_config_fault_add(r->document, item->key_at,
                                "unknown key '%.60s' of a range; write {from: 1, count: 10, step: 1}, and a section as "
                                "an item of a list",
                                item->key);
            good = false;
        }
    }
    if (good && (count == 0 || (step == 0 && count > 1))) {
        hm_config_fault_add(r->document, node->at, "a range needs %s: {from: 1, count: 10}",
                            count == 0 ? "its count" : "a step that is not 0");
        good = false;
    }
    if (!good) return;
    axis->value = hm_config_allocate(r->document, (size_t)count * sizeof *axis->value);
    for (int64_t i = 0; axis->value && i < count; i++) {
        char text[32];
        snprintf(text, sizeof text, "%lld", (long long)(from + i * step));
        const char *copy = hm_config_copy_text(r->document, text, strlen(text));
        if (!copy) return;
        read_value(r, copy, copy, node->at, axis, &axis->value[axis->count++]);
    }
}

static void read_list(struct sweep_reader *r, const struct config_node *node, struct hm_sweep_axis *axis)
{
    if (node->count == 0) hm_config_fault_add(r->document, node->at, "the axis '%s' is empty", axis->name);
    axis->value = hm_config_allocate(r->document, (node->count + 1) * sizeof *axis->value);
    for (size_t i = 0; axis->value && i < node->count; i++) {
        const struct config_node *item = node->items[i];
        if (item->kind == CONFIG_INVALID) continue;
        if (hm_config_node_is_null(item)) {
            hm_config_fault_add(r->document, item->at, "the axis '%s' has an item without a value", axis->name);
            continue;
        }
        const char *yaml = yaml_of(r, item);
        const char *shown = item->kind == CONFIG_SCALAR ? item->text : yaml;
        if (!yaml) return;
        bool twice = false;
        for (size_t j = 0; j < axis->count; j++) twice = twice || strcmp(axis->value[j].text, shown) == 0;
        if (twice)
            hm_config_fault_add(r->document, item->at, "the axis '%s' lists '%.60s' twice", axis->name, shown);
        else
            read_value(r, yaml, shown, item->at, axis, &axis->value[axis->count++]);
    }
}

/* `inner` is a key inside the section or list `outer`. */
static bool is_inside(const char *inner, const char *outer)
{
    const size_t length = strlen(outer);
    return strncmp(inner, outer, length) == 0 && (inner[length] == '.' || inner[length] == '[');
}

/* A key that two axes set, or that a later axis replaces together with its section. */
static void check_conflict(struct sweep_reader *r, const struct config_node *node, const char *key, const char *earlier)
{
    if (strcmp(key, earlier) == 0)
        hm_config_fault_add(r->document, node->key_at, "two axes set '%s'", key);
    else if (is_inside(earlier, key))
        hm_config_fault_add(r->document, node->key_at,
                            "the axis '%s' would replace what the axis '%s' above has set; put it first", key, earlier);
}

static void read_axis(struct sweep_reader *r, const struct config_node *node, struct hm_sweep_axis *axis)
{
    read_keys(r, node, axis);
    if (!axis->name || r->document->out_of_memory) return;
    for (size_t k = 0; k < axis->nkey; k++) {
        for (size_t j = 0; j < k; j++) check_conflict(r, node, axis->key[k], axis->key[j]);
        for (const struct hm_sweep_axis *before = r->axes; before < axis; before++)
            for (size_t j = 0; j < before->nkey; j++) check_conflict(r, node, axis->key[k], before->key[j]);
    }
    if (node->kind == CONFIG_MAP)
        read_range(r, node, axis);
    else if (node->kind == CONFIG_LIST)
        read_list(r, node, axis);
    else if (node->kind == CONFIG_SCALAR)
        hm_config_fault_add(r->document, node->at,
                            "the axis '%s' must be a list of values, or a range such as {from: 1, count: 10}",
                            axis->name);
    axis->numeric = true;
    for (size_t i = 0; i < axis->count; i++) axis->numeric = axis->numeric && !isnan(axis->value[i].number);
}

void hm_sweep_read_axes(struct sweep_reader *r, const struct config_node *node)
{
    if (node->kind != CONFIG_MAP || node->count == 0) {
        hm_config_fault_add(r->document, node->at,
                            "axes must be a map of keys to values, such as {policy.frequency: [0.001, 0.01]}");
        return;
    }
    r->axes = hm_config_allocate(r->document, node->count * sizeof *r->axes);
    if (!r->axes) return;
    r->file->axis = r->axes;
    for (size_t i = 0; i < node->count && !r->document->out_of_memory; i++) {
        read_axis(r, node->items[i], &r->axes[i]);
        r->file->naxis = i + 1;
    }
}

void hm_sweep_count_combinations(struct sweep_reader *r)
{
    struct hm_sweep_file *file = r->file;
    const struct config_node *node = hm_config_node_child(r->document->root, "axes", 4);
    size_t total = 1;
    if (!node || r->document->nfault > 0) return;
    for (size_t a = 0; a < file->naxis; a++) {
        if (file->zip && file->axis[a].count != file->axis[0].count)
            hm_config_fault_add(r->document, node->items[a]->at,
                                "combine: zip takes the values of all axes side by side, but '%s' has %zu and '%s' %zu",
                                file->axis[0].name, file->axis[0].count, file->axis[a].name, file->axis[a].count);
        total = file->zip ? file->axis[a].count : total * file->axis[a].count;
        if (total > MOST_RUNS) {
            hm_config_fault_add(r->document, node->at, "these axes make more than %d runs", MOST_RUNS);
            return;
        }
    }
    file->combinations = total;
}
