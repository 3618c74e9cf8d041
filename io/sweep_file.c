#include "io/sweep_file.h"

#include "io/sweep_file_internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RANKS = 65536 };

const char *const hm_sweep_kind_names[HM_SWEEP_KINDS] = {"run",    "exact", "stretched", "longest_stable",
                                                         "linear", "respa"};
const char hm_sweep_baselines[] = "exact, stretched, longest_stable, linear or respa";

enum hm_sweep_kind hm_sweep_baseline_find(const char *name)
{
    int kind = HM_SWEEP_RUN + 1;
    while (kind < HM_SWEEP_KINDS && strcmp(name, hm_sweep_kind_names[kind]) != 0) kind++;
    return (enum hm_sweep_kind)kind;
}

const char *hm_sweep_place_text(struct sweep_reader *r, struct config_place at)
{
    char text[1024];
    hm_config_describe_place(r->document, at, text, sizeof text);
    return hm_config_copy_text(r->document, text, strlen(text));
}

/* ---- single values ---- */

static bool is_text(const struct config_node *node)
{
    return node->kind == CONFIG_SCALAR && !hm_config_node_is_null(node) && node->text[0] != '\0';
}

bool hm_sweep_read_integer(struct sweep_reader *r, const struct config_node *node, const char *what, int64_t low,
                           int64_t high, int64_t *value)
{
    char *end = NULL;
    const long long number = node->kind == CONFIG_SCALAR ? strtoll(node->text, &end, 10) : 0;
    if (end && end != node->text && *end == '\0' && number >= low && number <= high) {
        *value = number;
        return true;
    }
    hm_config_fault_add(r->document, node->at, "%s must be a whole number from %lld to %lld", what, (long long)low,
                        (long long)high);
    return false;
}

static const char *read_text(struct sweep_reader *r, const struct config_node *node, const char *what)
{
    if (is_text(node)) return node->text;
    hm_config_fault_add(r->document, node->at, "%s must be %s", node->key, what);
    return NULL;
}

/* ---- the other keys ---- */

static void read_combine(struct sweep_reader *r, const struct config_node *node)
{
    if (is_text(node) && strcmp(node->text, "zip") == 0)
        r->file->zip = true;
    else if (!is_text(node) || strcmp(node->text, "grid") != 0)
        hm_config_fault_add(r->document, node->at, "combine must be grid or zip");
}

static void read_baselines(struct sweep_reader *r, const struct config_node *node)
{
    if (node->kind != CONFIG_LIST) {
        hm_config_fault_add(r->document, node->at, "baselines must be a list of %s", hm_sweep_baselines);
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        const struct config_node *item = node->items[i];
        const enum hm_sweep_kind kind =
            item->kind == CONFIG_SCALAR ? hm_sweep_baseline_find(item->text) : HM_SWEEP_KINDS;
        if (kind == HM_SWEEP_KINDS)
            hm_config_fault_add(r->document, item->at, "a baseline must be %s; not '%.60s'", hm_sweep_baselines,
                                item->kind == CONFIG_SCALAR ? item->text : "a list or a map");
        else if (r->file->baseline[kind])
            hm_config_fault_add(r->document, item->at, "baselines lists '%s' twice", item->text);
        else {
            r->file->baseline[kind] = true;
            r->file->baseline_place[kind] = hm_sweep_place_text(r, item->at);
        }
    }
}

static void resolve_base(struct sweep_reader *r, const struct config_node *node)
{
    const char *text = read_text(r, node, "the path of a configuration, relative to this file");
    if (!text) return;
    const char *slash = text[0] == '/' ? NULL : strrchr(r->file->path, '/');
    struct sweep_words w = {.reader = r};
    if (slash) hm_sweep_words_put(&w, r->file->path, (size_t)(slash - r->file->path) + 1);
    hm_sweep_words_put(&w, text, strlen(text));
    r->file->base = w.text;
    if (!w.text) return;
    const enum hm_status status = hm_config_read_file(w.text, &r->file->base_text, &r->file->base_size);
    if (status == HM_OUT_OF_MEMORY) r->document->out_of_memory = true;
    if (status != HM_OK) hm_config_fault_add(r->document, node->at, "%s", hm_status_message());
}

static void read_key(struct sweep_reader *r, const struct config_node *node)
{
    static const char *const keys[] = {"base", "folder", "combine", "axes", "baselines", "ranks_per_run"};
    int64_t ranks = 1;
    size_t k = 0;
    while (k < sizeof keys / sizeof *keys && strcmp(node->key, keys[k]) != 0) k++;
    if (k < sizeof keys / sizeof *keys && hm_config_node_child(r->document->root, node->key, strlen(node->key)) != node)
        hm_config_fault_add(r->document, node->key_at, "duplicate key '%s'", node->key);
    else if (k == 0)
        resolve_base(r, node);
    else if (k == 1)
        r->file->folder = read_text(r, node, "the path of a folder to make");
    else if (k == 2)
        read_combine(r, node);
    else if (k == 3)
        hm_sweep_read_axes(r, node);
    else if (k == 4)
        read_baselines(r, node);
    else if (k == 5 && hm_sweep_read_integer(r, node, "ranks_per_run", 1, MOST_RANKS, &ranks))
        r->file->ranks_per_run = (int)ranks;
    else if (k > 5) {
        const char *near = hm_config_nearest_name(node->key, keys, sizeof keys / sizeof *keys);
        hm_config_fault_add(r->document, node->key_at, "unknown key '%.60s'%s%s%s", node->key,
                            near ? "; did you mean '"
                                 : "; a sweep has base, folder, combine, axes, baselines and "
                                   "ranks_per_run",
                            near ? near : "", near ? "'?" : "");
    }
}

static void read_document(struct sweep_reader *r)
{
    static const char *const required[] = {"base", "folder", "axes"};
    const struct config_place top = {0, 1, 1};
    struct config_node *root;
    if (!hm_config_tree_parse(r->document, r->file->text, r->file->size, 0, &root)) return;
    r->document->root = root;
    if (!root || root->kind != CONFIG_MAP) {
        hm_config_fault_add(r->document, top, "a sweep is a map: {base: run.yaml, folder: out, axes: {...}}");
        return;
    }
    for (size_t i = 0; i < root->count && !r->document->out_of_memory; i++) read_key(r, root->items[i]);
    for (size_t i = 0; i < sizeof required / sizeof *required; i++)
        if (!hm_config_node_child(root, required[i], strlen(required[i])))
            hm_config_fault_add(r->document, top, "missing required key '%s'", required[i]);
    hm_sweep_count_combinations(r);
}

enum hm_status hm_sweep_file_load(const char *path, struct hm_sweep_file *file)
{
    *file = (struct hm_sweep_file){.ranks_per_run = 1};
    HM_TRY(hm_config_read_file(path, &file->text, &file->size));
    file->document = calloc(1, sizeof *file->document);
    struct sweep_reader reader = {file->document, file, NULL};
    enum hm_status status = HM_OK;
    if (file->document) {
        file->document->name = file->path = hm_config_copy_text(file->document, path, strlen(path));
        if (file->path) read_document(&reader);
        if (!file->document->out_of_memory) status = hm_config_faults_report(file->document);
    }
    if (!file->document || file->document->out_of_memory)
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory to read %s", path);
    if (status != HM_OK) hm_sweep_file_release(file);
    return status;
}

void hm_sweep_file_release(struct hm_sweep_file *file)
{
    free(file->base_text);
    free(file->text);
    hm_config_destroy(&file->document);
    *file = (struct hm_sweep_file){0};
}

enum hm_status hm_sweep_file_fault(const struct hm_sweep_file *file, const char *key, const char *format, ...)
{
    char place[1024], message[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    const struct config_node *node = hm_config_node_child(file->document->root, key, strlen(key));
    hm_config_describe_place(file->document, node ? node->at : (struct config_place){0, 1, 1}, place, sizeof place);
    return hm_fail(HM_BAD_CONFIG, "%s: %s", place, message);
}
