/* The tree of nodes, its memory, and the list of faults. */
#include "io/config_internal.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULT_BYTES = 1024, REPORT_BYTES = 15000 };

/* Every allocation is one block, so that memory checkers see its exact bounds. */
struct config_block {
    struct config_block *next;
    max_align_t data[];
};

void *hm_config_allocate(struct hm_config *config, size_t size)
{
    struct config_block *block = calloc(1, sizeof *block + size);
    if (!block) {
        config->out_of_memory = true;
        return NULL;
    }
    block->next = config->blocks;
    config->blocks = block;
    return block->data;
}

char *hm_config_copy_text(struct hm_config *config, const char *text, size_t length)
{
    char *copy = hm_config_allocate(config, length + 1);
    if (copy) memcpy(copy, text, length);
    return copy;
}

void hm_config_destroy(struct hm_config **config)
{
    if (!config || !*config) return;
    for (struct config_block *block = (*config)->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(*config);
    *config = NULL;
}

struct config_node *hm_config_node_create(struct hm_config *config, enum config_kind kind, struct config_place at)
{
    struct config_node *node = hm_config_allocate(config, sizeof *node);
    if (!node) return NULL;
    node->kind = kind;
    node->at = node->key_at = at;
    return node;
}

void hm_config_node_append(struct hm_config *config, struct config_node *parent, struct config_node *node)
{
    if (parent->count == parent->capacity) {
        const size_t capacity = parent->capacity ? 2 * parent->capacity : 8;
        struct config_node **items = hm_config_allocate(config, capacity * sizeof *items);
        if (!items) return;
        if (parent->count) memcpy(items, parent->items, parent->count * sizeof *items);
        parent->items = items;
        parent->capacity = capacity;
    }
    parent->items[parent->count++] = node;
}

struct config_node *hm_config_node_child(const struct config_node *map, const char *key, size_t length)
{
    if (map->kind != CONFIG_MAP) return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (strlen(map->items[i]->key) == length && memcmp(map->items[i]->key, key, length) == 0) return map->items[i];
    return NULL;
}

struct config_node *hm_config_node_find(struct config_node *root, const char *path)
{
    struct config_node *node = root;
    const char *at = path;
    while (node && *at) {
        if (*at == '[') {
            char *end;
            const unsigned long long index = strtoull(at + 1, &end, 10);
            if (node->kind != CONFIG_LIST || index >= node->count || *end != ']') return NULL;
            node = node->items[index];
            at = end + 1;
            continue;
        }
        if (*at == '.') at++;
        const size_t length = strcspn(at, ".[");
        node = hm_config_node_child(node, at, length);
        at += length;
    }
    return node;
}

bool hm_config_node_is_null(const struct config_node *node)
{
    if (node->kind != CONFIG_SCALAR || !node->plain) return false;
    static const char *const null[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < sizeof null / sizeof *null; i++)
        if (strcmp(node->text, null[i]) == 0) return true;
    return false;
}

/* ---- faults ---- */

void hm_config_fault_add(struct hm_config *config, struct config_place at, const char *format, ...)
{
    char text[FAULT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    /* One fault is one line, whatever the quoted text holds. */
    for (char *c = text; *c; c++)
        if (iscntrl((unsigned char)*c)) *c = ' ';
    if (config->nfault == config->fault_capacity) {
        const size_t capacity = config->fault_capacity ? 2 * config->fault_capacity : 16;
        struct config_fault *faults = hm_config_allocate(config, capacity * sizeof *faults);
        if (!faults) return;
        if (config->nfault) memcpy(faults, config->faults, config->nfault * sizeof *faults);
        config->faults = faults;
        config->fault_capacity = capacity;
    }
    char *message = hm_config_copy_text(config, text, strlen(text));
    if (!message) return;
    config->faults[config->nfault] = (struct config_fault){at, config->nfault, message};
    config->nfault++;
}

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int compare_faults(const void *left, const void *right)
{
    const struct config_fault *a = left, *b = right;
    int order = compare_sizes(a->at.override, b->at.override);
    if (!order) order = compare_sizes(a->at.line, b->at.line);
    if (!order) order = compare_sizes(a->at.column, b->at.column);
    return order ? order : compare_sizes(a->order, b->order);
}

void hm_config_describe_place(const struct hm_config *config, struct config_place at, char *text, size_t size)
{
    if (at.override == 0) {
        snprintf(text, size, "%s:%zu:%zu", config->name, at.line, at.column);
        return;
    }
    if (config->places && config->places[at.override - 1]) {
        snprintf(text, size, "%s", config->places[at.override - 1]);
        return;
    }
    snprintf(text, size, "--set %.160s", config->overrides[at.override - 1]);
    for (char *c = text; *c; c++)
        if (iscntrl((unsigned char)*c)) *c = ' ';
}

enum hm_status hm_config_faults_report(struct hm_config *config)
{
    if (config->nfault == 0) return HM_OK;
    qsort(config->faults, config->nfault, sizeof *config->faults, compare_faults);
    hm_status_clear();
    for (size_t i = 0, used = 0; i < config->nfault; i++) {
        char place[FAULT_BYTES];
        hm_config_describe_place(config, config->faults[i].at, place, sizeof place);
        used += strlen(place) + strlen(config->faults[i].message) + 3;
        if (used > REPORT_BYTES)
            return hm_fail_append(HM_BAD_CONFIG, "%s: and %zu more faults", config->name, config->nfault - i);
        hm_fail_append(HM_BAD_CONFIG, "%s: %s", place, config->faults[i].message);
    }
    return HM_BAD_CONFIG;
}
