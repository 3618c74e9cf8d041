/* One value against its entry: type, unit, range. */
#include "io/config_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *kind_name(const struct config_node *node)
{
    if (node->kind == CONFIG_LIST) return "a list";
    return node->kind == CONFIG_MAP ? "a map" : "a single value";
}

static void fault_type(struct hm_config *config, const struct config_entry *entry, const char *path,
                       const struct config_node *node)
{
    char type[512];
    hm_config_describe_type(entry, type, sizeof type);
    if (node->kind == CONFIG_SCALAR)
        hm_config_fault_add(config, node->at, "%s must be %s; not '%.60s'", path, type, node->text);
    else
        hm_config_fault_add(config, node->at, "%s must be %s; not %s", path, type, kind_name(node));
}

static void check_range(struct hm_config *config, const struct config_entry *entry, const char *path,
                        const struct config_node *node, double value)
{
    const struct config_range range = entry->range;
    const bool low = range.low_open ? value > range.low : value >= range.low;
    char text[128];
    if (low && value <= range.high) return;
    if (!hm_config_describe_range(entry, text, sizeof text)) return;
    hm_config_fault_add(config, node->at, "%s must be %s; not %.60s", path, text, node->text);
}

/* ---- whole numbers ---- */

enum integer_fault { INTEGER_OK, INTEGER_MALFORMED, INTEGER_FRACTION, INTEGER_TOO_LARGE };

/* value = 10 value + digit; false on overflow. */
static bool push_digit(uint64_t *value, unsigned digit)
{
    if (*value > (UINT64_MAX - digit) / 10) return false;
    *value = 10 * *value + digit;
    return true;
}

/* Shifts the decimal point: exact, so that 1e6 is a whole number and 1.5 is none. */
static enum integer_fault scale_integer(uint64_t *value, long exponent)
{
    if (*value == 0) return INTEGER_OK;
    for (; exponent > 0; exponent--)
        if (!push_digit(value, 0)) return INTEGER_TOO_LARGE;
    for (; exponent < 0; exponent++) {
        if (*value % 10 != 0) return INTEGER_FRACTION;
        *value /= 10;
    }
    return INTEGER_OK;
}

/* The power of ten after "e"; beyond 1000 the exact amount does not matter. */
static const char *read_exponent(const char *at, long *exponent)
{
    if (*at != 'e' && *at != 'E') return at;
    const bool negative = at[1] == '-';
    const char *digit = at + 1 + (at[1] == '-' || at[1] == '+');
    if (!isdigit((unsigned char)*digit)) return at;
    long power = 0;
    for (; isdigit((unsigned char)*digit); digit++)
        if (power < 1000) power = 10 * power + (*digit - '0');
    *exponent += negative ? -power : power;
    return digit;
}

static enum integer_fault parse_integer(const char *text, int64_t *result)
{
    const bool negative = *text == '-';
    const char *at = text + (*text == '-' || *text == '+');
    uint64_t value = 0;
    long exponent = 0;
    size_t digits = 0;
    bool overflow = false, fraction = false;
    for (; isdigit((unsigned char)*at) || (*at == '.' && !fraction); at++) {
        if (*at == '.') {
            fraction = true;
            continue;
        }
        digits++;
        /* Trailing zeros of a fraction carry nothing. */
        if (fraction && at[strspn(at, "0")] == '\0') continue;
        if (!push_digit(&value, (unsigned)(*at - '0'))) overflow = true;
        if (fraction) exponent--;
    }
    at = read_exponent(at, &exponent);
    if (digits == 0 || *at != '\0') return INTEGER_MALFORMED;
    if (overflow) return fraction ? INTEGER_FRACTION : INTEGER_TOO_LARGE;
    const enum integer_fault fault = scale_integer(&value, exponent);
    if (fault != INTEGER_OK) return fault;
    if (value > (uint64_t)INT64_MAX) return INTEGER_TOO_LARGE;
    *result = negative ? -(int64_t)value : (int64_t)value;
    return INTEGER_OK;
}

static void check_integer(struct hm_config *config, const struct config_entry *entry, const char *path,
                          struct config_node *node)
{
    switch (node->kind == CONFIG_SCALAR ? parse_integer(node->text, &node->integer) : INTEGER_MALFORMED) {
    case INTEGER_OK:
        node->real = (double)node->integer;
        check_range(config, entry, path, node, node->real);
        break;
    case INTEGER_TOO_LARGE:
        hm_config_fault_add(config, node->at, "%s is too large: %.60s is beyond 2^63 - 1", path, node->text);
        break;
    case INTEGER_FRACTION:
    case INTEGER_MALFORMED:
        fault_type(config, entry, path, node);
        break;
    }
}

/* ---- the other types ---- */

static void check_real(struct hm_config *config, const struct config_entry *entry, const char *path,
                       struct config_node *node)
{
    if (node->kind != CONFIG_SCALAR) {
        fault_type(config, entry, path, node);
        return;
    }
    if (hm_units_parse_named(path, node->text, entry->dimension, &node->real) != HM_OK)
        hm_config_fault_add(config, node->at, "%s%s%s", hm_status_message(), entry->words ? "; or write " : "",
                            entry->words ? entry->words : "");
    else
        check_range(config, entry, path, node, node->real / hm_units_example_scale(entry->dimension));
}

static void check_word(struct hm_config *config, const struct config_entry *entry, const char *path,
                       struct config_node *node)
{
    char type[512], nearest[CONFIG_WORD_BYTES];
    if (node->kind != CONFIG_SCALAR) {
        fault_type(config, entry, path, node);
        return;
    }
    if (hm_config_allows(entry, node->text)) return;
    hm_config_describe_type(entry, type, sizeof type);
    if (hm_config_nearest_word(entry, node->text, nearest))
        hm_config_fault_add(config, node->at, "%s must be %s; not '%.60s'; did you mean '%s'?", path, type, node->text,
                            nearest);
    else
        fault_type(config, entry, path, node);
}

static void check_flag(struct hm_config *config, const struct config_entry *entry, const char *path,
                       struct config_node *node)
{
    const bool scalar = node->kind == CONFIG_SCALAR;
    node->flag = scalar && strcmp(node->text, "true") == 0;
    if (!node->flag && !(scalar && strcmp(node->text, "false") == 0)) fault_type(config, entry, path, node);
}

static bool is_name(const char *text)
{
    if (!isalpha((unsigned char)*text)) return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr("_-+", *text)) return false;
    return true;
}

/* Inputs lie beside the file that names them; outputs go where the user stands. */
static void resolve_path(struct hm_config *config, const struct config_entry *entry, struct config_node *node)
{
    const char *slash = strrchr(config->name, '/');
    node->path = node->text;
    if (entry->type != CONFIG_INPUT_PATH || node->text[0] == '/' || !slash) return;
    const size_t folder = (size_t)(slash - config->name) + 1;
    char *path = hm_config_allocate(config, folder + strlen(node->text) + 1);
    if (!path) return;
    memcpy(path, config->name, folder);
    memcpy(path + folder, node->text, strlen(node->text));
    node->path = path;
}

static void check_text(struct hm_config *config, const struct config_entry *entry, const char *path,
                       struct config_node *node)
{
    const bool scalar = node->kind == CONFIG_SCALAR;
    if (!scalar || node->text[0] == '\0' || (entry->type == CONFIG_NAME && !is_name(node->text)))
        fault_type(config, entry, path, node);
    else if (entry->type == CONFIG_INPUT_PATH || entry->type == CONFIG_OUTPUT_PATH)
        resolve_path(config, entry, node);
}

/* ---- lists ---- */

static void check_item(struct hm_config *config, const struct config_entry *entry, const char *path,
                       struct config_node *node, size_t index)
{
    struct config_node *item = node->items[index];
    if (item->kind == CONFIG_INVALID) return;
    char item_path[CONFIG_PATH_BYTES + 32];
    snprintf(item_path, sizeof item_path, "%s[%zu]", path, index);
    struct config_entry single = *entry;
    if (entry->type == CONFIG_REAL_LIST || entry->type == CONFIG_REAL_OR_LIST) {
        single.type = CONFIG_REAL;
        check_real(config, &single, item_path, item);
        return;
    }
    if (entry->type == CONFIG_NAME_LIST) {
        single.type = CONFIG_NAME;
        check_text(config, &single, item_path, item);
        return;
    }
    if (entry->type == CONFIG_INTEGER_LIST) {
        single.type = CONFIG_INTEGER;
        check_integer(config, &single, item_path, item);
        return;
    }
    single.type = CONFIG_WORD;
    check_word(config, &single, item_path, item);
    for (size_t i = 0; i < index && item->kind == CONFIG_SCALAR; i++)
        if (node->items[i]->kind == CONFIG_SCALAR && strcmp(node->items[i]->text, item->text) == 0) {
            hm_config_fault_add(config, item->at, "%s lists '%.60s' twice", path, item->text);
            return;
        }
}

static void check_list(struct hm_config *config, const struct config_entry *entry, const char *path,
                       struct config_node *node)
{
    if (node->kind != CONFIG_LIST) {
        fault_type(config, entry, path, node);
        return;
    }
    if (node->count < entry->length.least || node->count > entry->length.most) {
        char type[512];
        hm_config_describe_type(entry, type, sizeof type);
        if (node->count == 0)
            hm_config_fault_add(config, node->at, "%s is empty; it must be %s", path, type);
        else
            hm_config_fault_add(config, node->at, "%s has %zu item%s; it must be %s", path, node->count,
                                node->count == 1 ? "" : "s", type);
    }
    if (entry->type == CONFIG_MAP_LIST) return;
    for (size_t i = 0; i < node->count; i++) check_item(config, entry, path, node, i);
}

void hm_config_value_check(struct hm_config *config, const struct config_entry *entry, const char *path,
                           struct config_node *node)
{
    if (node->kind == CONFIG_INVALID) return;
    if (hm_config_node_is_null(node)) {
        char type[512];
        hm_config_describe_type(entry, type, sizeof type);
        hm_config_fault_add(config, node->at, "%s has no value; it must be %s", path, type);
        return;
    }
    const bool or_word = entry->type != CONFIG_WORD && entry->type != CONFIG_WORD_LIST;
    if (or_word && node->kind == CONFIG_SCALAR && hm_config_allows(entry, node->text)) return;
    switch (entry->type) {
    case CONFIG_SECTION:
        if (node->kind != CONFIG_MAP) fault_type(config, entry, path, node);
        break;
    case CONFIG_REAL:
        check_real(config, entry, path, node);
        break;
    case CONFIG_INTEGER:
        check_integer(config, entry, path, node);
        break;
    case CONFIG_FLAG:
        check_flag(config, entry, path, node);
        break;
    case CONFIG_WORD:
        check_word(config, entry, path, node);
        break;
    case CONFIG_NAME:
    case CONFIG_TEXT:
    case CONFIG_INPUT_PATH:
    case CONFIG_OUTPUT_PATH:
        check_text(config, entry, path, node);
        break;
    case CONFIG_REAL_OR_LIST:
        if (node->kind == CONFIG_SCALAR)
            check_real(config, entry, path, node);
        else
            check_list(config, entry, path, node);
        break;
    case CONFIG_WORD_LIST:
    case CONFIG_NAME_LIST:
    case CONFIG_INTEGER_LIST:
    case CONFIG_REAL_LIST:
    case CONFIG_MAP_LIST:
        check_list(config, entry, path, node);
        break;
    }
}
