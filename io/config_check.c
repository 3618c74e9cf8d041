/* The whole tree against the schema: unknown, repeated and missing keys. */
#include "io/config_internal.h"

#include <stdio.h>
#include <string.h>

/* A map on its way through the check: where it is in the schema, and what to call it. */
struct section {
    const char *generic; /* "hamiltonian.bonds[]"; "" at the top */
    const char *shown;   /* "hamiltonian.bonds[2]" */
    struct config_place at;
};

static void join(char path[CONFIG_PATH_BYTES], const char *section, const char *name)
{
    snprintf(path, CONFIG_PATH_BYTES, "%.*s%s%.*s", CONFIG_PATH_BYTES / 2 - 1, section, *section ? "." : "",
             CONFIG_PATH_BYTES / 2 - 1, name);
}

/* "integrator.timestep: 1 fs" is how keys are spoken of, not how YAML nests them. */
static bool fault_dotted(struct hm_config *config, const struct config_node *node)
{
    char generic[CONFIG_PATH_BYTES], example[512];
    if (!strchr(node->key, '.') || !hm_config_generic_path(node->key, generic)) return false;
    const struct config_entry *entry = hm_config_entry(generic);
    if (!entry) return false;
    hm_config_describe_example(entry, example, sizeof example);
    hm_config_fault_add(config, node->key_at, "unknown key '%.60s'; write it as a section: %s", node->key, example);
    return true;
}

static void fault_unknown(struct hm_config *config, const struct section *section, const struct config_node *node)
{
    char path[CONFIG_PATH_BYTES];
    const char *inside = *section->shown ? " in " : "";
    if (!*section->generic && fault_dotted(config, node)) return;
    const char *near = hm_config_nearest_child(section->generic, node->key);
    if (!near) {
        join(path, section->generic, node->key);
        near = hm_config_nearest_path(path);
    }
    if (near)
        hm_config_fault_add(config, node->key_at, "unknown key '%.60s'%s%s; did you mean '%s'?", node->key, inside,
                            section->shown, near);
    else
        hm_config_fault_add(config, node->key_at, "unknown key '%.60s'%s%s; 'hamlet explain' lists the keys", node->key,
                            inside, section->shown);
}

static bool is_repeated(struct hm_config *config, const struct config_node *map, size_t index)
{
    const struct config_node *node = map->items[index];
    const struct config_node *first = hm_config_node_child(map, node->key, strlen(node->key));
    if (first == node) return false;
    hm_config_fault_add(config, node->key_at, "duplicate key '%.60s'; it was first given on line %zu", node->key,
                        first->key_at.line);
    return true;
}

/* Required keys that `map` (NULL: not written at all) lacks; of a missing section, those inside it. */
static void check_missing(struct hm_config *config, const struct section *section, const struct config_node *map)
{
    for (size_t i = 0; i < hm_config_schema_count; i++) {
        const struct config_entry *entry = &hm_config_schema[i];
        const char *name = hm_config_child_name(entry, section->generic);
        if (!name || !entry->required || strchr(name, '[')) continue;
        if (map && hm_config_node_child(map, name, strlen(name))) continue;
        char shown[CONFIG_PATH_BYTES], type[512];
        join(shown, section->shown, name);
        if (entry->type == CONFIG_SECTION) {
            const struct section inner = {entry->path, shown, section->at};
            check_missing(config, &inner, NULL);
            continue;
        }
        hm_config_describe_type(entry, type, sizeof type);
        hm_config_fault_add(config, section->at, "missing required key '%s': %s", shown, type);
    }
}

static void check_map(struct hm_config *config, const struct section *section, struct config_node *map);

static void check_map_list(struct hm_config *config, const struct config_entry *entry, const char *shown,
                           struct config_node *list)
{
    char item_generic[CONFIG_PATH_BYTES], item_shown[CONFIG_PATH_BYTES];
    snprintf(item_generic, sizeof item_generic, "%.*s[]", CONFIG_PATH_BYTES - 8, entry->path);
    for (size_t i = 0; i < list->count; i++) {
        struct config_node *item = list->items[i];
        snprintf(item_shown, sizeof item_shown, "%.*s[%zu]", CONFIG_PATH_BYTES - 32, shown, i);
        const struct section inner = {item_generic, item_shown, item->at};
        if (item->kind == CONFIG_MAP)
            check_map(config, &inner, item);
        else if (item->kind != CONFIG_INVALID)
            hm_config_fault_add(config, item->at, "%s must be a map of keys", item_shown);
    }
}

static void check_key(struct hm_config *config, const struct section *section, struct config_node *node)
{
    char generic[CONFIG_PATH_BYTES], shown[CONFIG_PATH_BYTES];
    join(generic, section->generic, node->key);
    join(shown, section->shown, node->key);
    const struct config_entry *entry = hm_config_entry(generic);
    /* A key with a dot or a bracket of its own is not the path that it looks like. */
    if (!entry || node->key[strcspn(node->key, ".[")] != '\0') {
        fault_unknown(config, section, node);
        return;
    }
    /* A section whose keys are all commented out is an empty section. */
    if (entry->type == CONFIG_SECTION && !entry->words && hm_config_node_is_null(node)) node->kind = CONFIG_MAP;
    hm_config_value_check(config, entry, shown, node);
    const struct section inner = {entry->path, shown, node->key_at};
    if (entry->type == CONFIG_SECTION && node->kind == CONFIG_MAP) check_map(config, &inner, node);
    if (entry->type == CONFIG_MAP_LIST && node->kind == CONFIG_LIST) check_map_list(config, entry, shown, node);
}

static void check_map(struct hm_config *config, const struct section *section, struct config_node *map)
{
    for (size_t i = 0; i < map->count; i++)
        if (!is_repeated(config, map, i)) check_key(config, section, map->items[i]);
    check_missing(config, section, map);
}

void hm_config_tree_check(struct hm_config *config)
{
    const struct section top = {"", "", {0, 1, 1}};
    if (config->root->kind != CONFIG_MAP) {
        hm_config_fault_add(config, config->root->at,
                            "a configuration is a map of sections, such as 'integrator: {timestep: 0.25 fs}'");
        return;
    }
    check_map(config, &top, config->root);
}
