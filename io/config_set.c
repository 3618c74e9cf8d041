/* --set key=value: puts a value into the tree before it is checked. */
#include "io/config_internal.h"

#include <stdlib.h>
#include <string.h>

struct setting {
    struct hm_config *config;
    struct config_place at;
    struct config_node *value;
};

static struct config_node *create(struct setting *setting, enum config_kind kind, const char *key, size_t length)
{
    struct config_node *node = hm_config_node_create(setting->config, kind, setting->at);
    if (node && key) node->key = hm_config_copy_text(setting->config, key, length);
    return node;
}

/* Whether a node that stands in the way of a deeper key gives way: nothing, or a word in place of a section. */
static bool gives_way(const struct config_node *node, const char *path, size_t length)
{
    char so_far[CONFIG_PATH_BYTES], generic[CONFIG_PATH_BYTES];
    if (hm_config_node_is_null(node)) return true;
    memcpy(so_far, path, length);
    so_far[length] = '\0';
    const struct config_entry *entry = hm_config_generic_path(so_far, generic) ? hm_config_entry(generic) : NULL;
    return entry && node->kind == CONFIG_SCALAR && hm_config_allows(entry, node->text);
}

/* The slot of `map` for a key, made if need be. */
static struct config_node **slot_of_key(struct setting *setting, struct config_node *map, const char *key,
                                        size_t length)
{
    for (size_t i = 0; i < map->count; i++)
        if (strlen(map->items[i]->key) == length && memcmp(map->items[i]->key, key, length) == 0) return &map->items[i];
    struct config_node *node = create(setting, CONFIG_INVALID, key, length);
    if (!node || !node->key) return NULL;
    const size_t before = map->count;
    hm_config_node_append(setting->config, map, node);
    return map->count > before ? &map->items[before] : NULL;
}

static struct config_node **slot_of_index(struct setting *setting, struct config_node *list, unsigned long long index,
                                          const char *path)
{
    if (index > list->count) {
        hm_config_fault_add(setting->config, setting->at, "%s: the list has %zu items, so its next index is %zu", path,
                            list->count, list->count);
        return NULL;
    }
    if (index == list->count) {
        struct config_node *node = create(setting, CONFIG_INVALID, NULL, 0);
        if (!node) return NULL;
        hm_config_node_append(setting->config, list, node);
        if (index == list->count) return NULL;
    }
    return &list->items[index];
}

/* Walks down, making sections and lists on the way, and puts the value at the end. */
static void put(struct setting *setting, const char *path)
{
    struct config_node **slot = &setting->config->root;
    const char *at = path;
    while (*at) {
        const bool index = *at == '[';
        const enum config_kind kind = index ? CONFIG_LIST : CONFIG_MAP;
        struct config_node *node = *slot;
        if (!node ||
            (node->kind != kind && (node->kind == CONFIG_INVALID || gives_way(node, path, (size_t)(at - path))))) {
            struct config_node *fresh = create(setting, kind, NULL, 0);
            if (!fresh) return;
            fresh->key = node ? node->key : NULL;
            *slot = node = fresh;
        }
        if (node->kind != kind) return; /* its type is wrong; the check says so */
        if (index) {
            char *end;
            slot = slot_of_index(setting, node, strtoull(at + 1, &end, 10), path);
            at = end + 1;
        } else {
            if (*at == '.') at++;
            const size_t length = strcspn(at, ".[");
            slot = slot_of_key(setting, node, at, length);
            at += length;
        }
        if (!slot) return;
    }
    if (*slot) setting->value->key = (*slot)->key;
    setting->value->key_at = setting->at;
    *slot = setting->value;
}

bool hm_config_path_is_known(const char *path)
{
    char generic[CONFIG_PATH_BYTES];
    if (!hm_config_generic_path(path, generic) || strstr(path, "[]") || path[0] == '.') return false;
    if (hm_config_entry(generic)) return true;
    const size_t length = strlen(generic); /* the list it is an item of */
    if (length < 3 || strcmp(generic + length - 2, "[]") != 0) return false;
    generic[length - 2] = '\0';
    const struct config_entry *list = hm_config_entry(generic);
    return list && list->type >= CONFIG_WORD_LIST;
}

void hm_config_override_apply(struct hm_config *config, size_t override)
{
    struct setting setting = {config, {override, 1, 1}, NULL};
    const char *text = config->overrides[override - 1];
    const char *equals = strchr(text, '=');
    if (!equals || equals == text) {
        hm_config_fault_add(config, setting.at, "write --set key=value, e.g. --set integrator.steps=1000");
        return;
    }
    char *path = hm_config_copy_text(config, text, (size_t)(equals - text));
    if (!path) return;
    if (!hm_config_path_is_known(path)) {
        const char *near = hm_config_nearest_path(path);
        if (near)
            hm_config_fault_add(config, setting.at, "unknown key '%.60s'; did you mean '%s'?", path, near);
        else
            hm_config_fault_add(config, setting.at, "unknown key '%.60s'; 'hamlet explain' lists the keys", path);
        return;
    }
    if (!hm_config_tree_parse(config, equals + 1, strlen(equals + 1), override, &setting.value)) return;
    if (!setting.value) {
        hm_config_fault_add(config, setting.at, "%s has no value", path);
        return;
    }
    put(&setting, path);
}
