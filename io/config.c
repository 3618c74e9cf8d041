#include "io/config_internal.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 64 << 20 };

/* ---- loading ---- */

static const char *const *copy_texts(struct hm_config *config, const char *const *texts, size_t count)
{
    const char **copies = hm_config_allocate(config, (count + 1) * sizeof *copies);
    for (size_t i = 0; copies && i < count; i++)
        if (texts[i]) copies[i] = hm_config_copy_text(config, texts[i], strlen(texts[i]));
    return copies;
}

/* The defaults go through the same parser and check as what a user writes. */
static void create_defaults(struct hm_config *config)
{
    config->defaults = hm_config_allocate(config, hm_config_schema_count * sizeof(struct config_node *));
    for (size_t i = 0; i < hm_config_schema_count && !config->out_of_memory; i++) {
        const struct config_entry *entry = &hm_config_schema[i];
        if (!entry->initial) continue;
        struct config_node *node;
        if (hm_config_tree_parse(config, entry->initial, strlen(entry->initial), 0, &node)) {
            hm_config_value_check(config, entry, entry->path, node);
            config->defaults[i] = node;
        }
    }
    assert(config->nfault == 0 && "a default of config_schema.def is not valid");
}

static void build(struct hm_config *config, const char *text, size_t size)
{
    if (!hm_config_tree_parse(config, text, size, 0, &config->root)) return;
    const struct config_place top = {0, 1, 1};
    if (!config->root) {
        if (config->noverride == 0) hm_config_fault_add(config, top, "the configuration is empty");
        config->root = hm_config_node_create(config, CONFIG_MAP, top);
    }
    for (size_t i = 1; i <= config->noverride && !config->out_of_memory; i++) hm_config_override_apply(config, i);
    if (!config->out_of_memory) hm_config_tree_check(config);
    if (config->nfault == 0 && !config->out_of_memory) hm_config_yaml_write(config);
}

static enum hm_status parse_bytes(const char *text, size_t size, const char *name, const char *const *overrides,
                                  const char *const *places, size_t noverride, struct hm_config **result)
{
    *result = NULL;
    struct hm_config *config = calloc(1, sizeof *config);
    if (!config) return hm_fail(HM_OUT_OF_MEMORY, "no memory to read %s", name);
    config->name = hm_config_copy_text(config, name, strlen(name));
    config->overrides = copy_texts(config, overrides, noverride);
    config->places = places ? copy_texts(config, places, noverride) : NULL;
    config->noverride = noverride;
    if (!config->out_of_memory) create_defaults(config);
    if (!config->out_of_memory) build(config, text, size);
    enum hm_status status = config->out_of_memory ? hm_fail(HM_OUT_OF_MEMORY, "no memory to read %s", name)
                                                  : hm_config_faults_report(config);
    if (status == HM_OK)
        *result = config;
    else
        hm_config_destroy(&config);
    return status;
}

enum hm_status hm_config_parse(const char *text, const char *name, const char *const *overrides, size_t noverride,
                               struct hm_config **config)
{
    return parse_bytes(text, strlen(text), name, overrides, NULL, noverride, config);
}

enum hm_status hm_config_parse_with(const char *text, size_t size, const char *name,
                                    const struct hm_config_setting *settings, size_t nsetting,
                                    struct hm_config **config)
{
    *config = NULL;
    const char **texts = calloc(2 * nsetting + 1, sizeof *texts);
    if (!texts) return hm_fail(HM_OUT_OF_MEMORY, "no memory to read %s", name);
    const char **places = texts + nsetting;
    for (size_t i = 0; i < nsetting; i++) {
        texts[i] = settings[i].text;
        places[i] = settings[i].place;
    }
    const enum hm_status status = parse_bytes(text, size, name, texts, places, nsetting, config);
    free(texts);
    return status;
}

enum hm_status hm_config_read_file(const char *path, char **text, size_t *size)
{
    enum hm_status status = HM_OK;
    size_t capacity = 0;
    *text = NULL;
    *size = 0;
    FILE *file = fopen(path, "rb");
    if (!file) return hm_fail(HM_BAD_CONFIG, "cannot read the configuration %s: %s", path, strerror(errno));
    do {
        if (*size == capacity) {
            capacity = capacity ? 2 * capacity : 16384;
            char *larger = realloc(*text, capacity);
            if (!larger) {
                status = hm_fail(HM_OUT_OF_MEMORY, "no memory to read %s", path);
                break;
            }
            *text = larger;
        }
        *size += fread(*text + *size, 1, capacity - *size, file);
        if (ferror(file))
            status = hm_fail(HM_BAD_CONFIG, "cannot read the configuration %s: %s", path, strerror(errno));
        else if (*size > FILE_BYTES_MAX)
            status = hm_fail(HM_BAD_CONFIG, "cannot read the configuration %s: it is larger than 64 MiB", path);
    } while (status == HM_OK && !feof(file));
    fclose(file);
    return status;
}

enum hm_status hm_config_load(const char *path, const char *const *overrides, size_t noverride,
                              struct hm_config **config)
{
    char *text;
    size_t size;
    *config = NULL;
    enum hm_status status = hm_config_read_file(path, &text, &size);
    if (status == HM_OK) status = parse_bytes(text, size, path, overrides, NULL, noverride, config);
    free(text);
    return status;
}

/* ---- reading ---- */

/* Where a view looks for a key. */
static const char *resolve(const struct hm_config *config, const char *key, char path[CONFIG_PATH_BYTES])
{
    if (!config->prefix || strncmp(key, "hamiltonian", strlen("hamiltonian")) != 0) return key;
    snprintf(path, CONFIG_PATH_BYTES, "%s%s", config->prefix, key);
    return path;
}

enum hm_status hm_config_view(const struct hm_config *config, const char *prefix, struct hm_config **view)
{
    *view = malloc(sizeof **view);
    if (!*view) return hm_fail(HM_OUT_OF_MEMORY, "no memory to read %s", config->name);
    **view = *config;
    (*view)->blocks = NULL; /* they stay with their owner */
    (*view)->prefix = prefix;
    return HM_OK;
}

bool hm_config_knows(const struct hm_config *config, const char *name)
{
    char path[CONFIG_PATH_BYTES], generic[CONFIG_PATH_BYTES];
    return hm_config_generic_path(resolve(config, name, path), generic) && hm_config_entry(generic);
}

/* The default behind a key, or NULL. The key must be in the schema: a name that is not is a slip in the code. */
static const struct config_node *default_node(const struct hm_config *config, const char *key)
{
    char list[CONFIG_PATH_BYTES], generic[CONFIG_PATH_BYTES];
    const bool known = hm_config_generic_path(key, generic);
    assert(known);
    const struct config_entry *entry = known ? hm_config_entry(generic) : NULL;
    if (entry) return config->defaults[entry - hm_config_schema];
    /* An item of a list of words or numbers: the default counts only where no list was written. */
    const char *bracket = strrchr(key, '[');
    assert(bracket && "not a key of config_schema.def");
    if (!bracket || bracket == key) return NULL;
    memcpy(list, key, (size_t)(bracket - key));
    list[bracket - key] = '\0';
    entry = hm_config_generic_path(list, generic) ? hm_config_entry(generic) : NULL;
    assert(entry && "not a key of config_schema.def");
    if (!entry || hm_config_node_find(config->root, list)) return NULL;
    struct config_node *node = config->defaults[entry - hm_config_schema];
    return node ? hm_config_node_find(node, bracket) : NULL;
}

static const struct config_node *value_node(const struct hm_config *config, const char *name)
{
    char path[CONFIG_PATH_BYTES];
    const char *key = resolve(config, name, path);
    const struct config_node *fallback = default_node(config, key);
    const struct config_node *node = hm_config_node_find(config->root, key);
    return node ? node : fallback;
}

bool hm_config_has(const struct hm_config *config, const char *name)
{
    char path[CONFIG_PATH_BYTES];
    const char *key = resolve(config, name, path);
    default_node(config, key);
    return hm_config_node_find(config->root, key) != NULL;
}

bool hm_config_is(const struct hm_config *config, const char *key, const char *word)
{
    const struct config_node *node = value_node(config, key);
    return node && node->kind == CONFIG_SCALAR && strcmp(node->text, word) == 0;
}

/* A word in place of a number ("auto") has no number. */
static bool is_number(const struct config_node *node)
{
    double value;
    const char *end;
    return node && node->kind == CONFIG_SCALAR && hm_number_scan(node->text, &value, &end);
}

double hm_config_real(const struct hm_config *config, const char *key)
{
    const struct config_node *node = value_node(config, key);
    return is_number(node) ? node->real : NAN;
}

int64_t hm_config_integer(const struct hm_config *config, const char *key)
{
    const struct config_node *node = value_node(config, key);
    return node ? node->integer : 0;
}

bool hm_config_flag(const struct hm_config *config, const char *key)
{
    const struct config_node *node = value_node(config, key);
    return node && node->flag;
}

const char *hm_config_text(const struct hm_config *config, const char *key)
{
    const struct config_node *node = value_node(config, key);
    return node && node->kind == CONFIG_SCALAR ? node->text : NULL;
}

size_t hm_config_length(const struct hm_config *config, const char *key)
{
    const struct config_node *node = value_node(config, key);
    return node && node->kind == CONFIG_LIST ? node->count : 0;
}

bool hm_config_lists(const struct hm_config *config, const char *key, const char *word)
{
    const struct config_node *node = value_node(config, key);
    if (!node || node->kind != CONFIG_LIST) return false;
    for (size_t i = 0; i < node->count; i++)
        if (node->items[i]->kind == CONFIG_SCALAR && strcmp(node->items[i]->text, word) == 0) return true;
    return false;
}

const char *hm_config_other_key(const struct hm_config *config, const char *section, const char *const *keys)
{
    const struct config_node *map = value_node(config, section);
    for (size_t i = 0; map && map->kind == CONFIG_MAP && i < map->count; i++) {
        const char *key = map->items[i]->key;
        bool known = strcmp(key, "type") == 0;
        for (const char *const *name = keys; *name && !known; name++) known = strcmp(key, *name) == 0;
        if (!known) return key;
    }
    return NULL;
}

const char *hm_config_path(const struct hm_config *config, const char *key)
{
    const struct config_node *node = value_node(config, key);
    return node ? node->path : NULL;
}

/* The place of a key, or of the nearest parent that was written. */
static struct config_place nearest_place(const struct hm_config *config, const char *key)
{
    char path[CONFIG_PATH_BYTES];
    size_t length = strlen(key);
    if (length >= sizeof path) length = sizeof path - 1;
    memcpy(path, key, length);
    while (length > 0) {
        path[length] = '\0';
        const struct config_node *node = hm_config_node_find(config->root, path);
        if (node) return node->key_at;
        while (length > 0 && path[length - 1] != '.' && path[length - 1] != '[') length--;
        if (length > 0) length--;
    }
    return (struct config_place){0, 1, 1};
}

enum hm_status hm_config_fault(const struct hm_config *config, const char *key, const char *format, ...)
{
    char place[1024], message[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    char path[CONFIG_PATH_BYTES];
    hm_config_describe_place(config, nearest_place(config, resolve(config, key, path)), place, sizeof place);
    return hm_fail(HM_BAD_CONFIG, "%s: %s", place, message);
}

const char *hm_config_yaml(const struct hm_config *config)
{
    return config->yaml;
}

const char *hm_config_name(const struct hm_config *config)
{
    return config->name;
}
