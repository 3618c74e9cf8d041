/* `hamlet explain`: the schema in words. */
#include "io/config_internal.h"

#include <string.h>

enum { TEXT_WIDTH = 88 };

/* Breaks at blanks, every line indented. */
static void print_wrapped(FILE *out, const char *text, int indent)
{
    int column = 0;
    while (*text) {
        const int length = (int)strcspn(text, " ");
        if (column > 0 && column + 1 + length > TEXT_WIDTH) {
            fputc('\n', out);
            column = 0;
        }
        column += column == 0 ? fprintf(out, "%*s%.*s", indent, "", length, text) : fprintf(out, " %.*s", length, text);
        text += length;
        while (*text == ' ') text++;
    }
    fputc('\n', out);
}

static void print_key(FILE *out, const struct config_entry *entry)
{
    char text[512];
    fprintf(out, "%s\n", entry->path);
    print_wrapped(out, entry->doc, 2);
    hm_config_describe_type(entry, text, sizeof text);
    fprintf(out, "  type:     %s\n", text);
    const bool list = entry->type >= CONFIG_INTEGER_LIST && entry->type <= CONFIG_REAL_OR_LIST;
    if (hm_config_describe_range(entry, text, sizeof text))
        fprintf(out, "  range:    %s%s\n", text, list ? " (each)" : "");
    if (entry->length.least == 1 && entry->length.most > 1) fputs("  length:   at least one\n", out);
    if (entry->type == CONFIG_INPUT_PATH) fputs("  relative: to the folder of the configuration file\n", out);
    if (entry->type == CONFIG_OUTPUT_PATH) fputs("  relative: to the folder in which hamlet is started\n", out);
    if (entry->initial)
        fprintf(out, "  default:  %s\n", entry->initial);
    else
        fprintf(out, "  default:  %s\n", entry->required ? "none; the key is required" : "none");
    if (!entry->example) return;
    hm_config_describe_example(entry, text, sizeof text);
    fprintf(out, "  example:  %s\n", text);
}

static bool is_below(const struct config_entry *entry, const char *section)
{
    const size_t length = strlen(section);
    return strncmp(entry->path, section, length) == 0 && (entry->path[length] == '.' || entry->path[length] == '[');
}

/* One line a key: path, default, meaning. */
static void print_summary(FILE *out, const struct config_entry *entry)
{
    const char *initial = entry->initial ? entry->initial : entry->required ? "required" : "-";
    if (entry->type == CONFIG_SECTION)
        fprintf(out, "\n%s: %s\n", entry->path, entry->doc);
    else
        fprintf(out, "  %-38s %-24s %s\n", entry->path, initial, entry->doc);
}

enum hm_status hm_config_explain(const char *key, FILE *out)
{
    char generic[CONFIG_PATH_BYTES];
    if (!key || !*key) {
        fputs("Every key with its default; 'hamlet explain KEY' says more.\n", out);
        for (size_t i = 0; i < hm_config_schema_count; i++) print_summary(out, &hm_config_schema[i]);
        return HM_OK;
    }
    const struct config_entry *entry = hm_config_generic_path(key, generic) ? hm_config_entry(generic) : NULL;
    if (!entry) {
        const char *near = hm_config_nearest_path(key);
        if (near) return hm_fail(HM_BAD_USAGE, "unknown key '%.60s'; did you mean '%s'?", key, near);
        return hm_fail(HM_BAD_USAGE, "unknown key '%.60s'; 'hamlet explain' lists the keys", key);
    }
    print_key(out, entry);
    bool titled = false;
    for (size_t i = 0; i < hm_config_schema_count; i++) {
        if (!is_below(&hm_config_schema[i], entry->path)) continue;
        if (!titled) fputs("  keys:\n", out);
        titled = true;
        print_summary(out, &hm_config_schema[i]);
    }
    return HM_OK;
}
