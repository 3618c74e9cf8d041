#include "io/config_manual.h"

#include "io/config_internal.h"

#include <string.h>

enum { TEXT = 512 };

void hm_man_escape(const char *text, FILE *out)
{
    bool line_start = true;
    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\'')) fputs("\\&", out);
        line_start = *text == '\n';
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
    }
}

/* A section right below the top begins a chapter. */
static bool is_chapter(const struct config_entry *entry)
{
    return entry->type == CONFIG_SECTION && !strchr(entry->path, '.');
}

/* "a number with a unit of time, e.g. 0.25 fs; > 0; required", as far as it says something. */
static void describe(const struct config_entry *entry, size_t size, char *text)
{
    char part[TEXT];
    hm_config_describe_type(entry, text, size);
    if (hm_config_describe_range(entry, part, sizeof part))
        snprintf(text + strlen(text), size - strlen(text), "; %s", part);
    if (entry->type == CONFIG_INPUT_PATH)
        snprintf(text + strlen(text), size - strlen(text), "; relative to the folder of the configuration");
    if (entry->type == CONFIG_OUTPUT_PATH)
        snprintf(text + strlen(text), size - strlen(text), "; relative to the folder in which hamlet is started");
    if (entry->required) snprintf(text + strlen(text), size - strlen(text), "; required");
}

/* ---- man ---- */

static void put_man_line(const char *word, const char *text, FILE *out)
{
    fprintf(out, ".br\n%s: ", word);
    hm_man_escape(text, out);
    fputc('\n', out);
}

void hm_config_write_man(FILE *out)
{
    char text[2 * TEXT];
    for (size_t i = 0; i < hm_config_schema_count; i++) {
        const struct config_entry *entry = &hm_config_schema[i];
        fputs(is_chapter(entry) ? ".SH \"" : ".TP\n.B \"", out);
        hm_man_escape(entry->path, out);
        fputs("\"\n", out);
        hm_man_escape(entry->doc, out);
        fputc('\n', out);
        if (entry->type == CONFIG_SECTION) continue;
        describe(entry, sizeof text, text);
        put_man_line("Value", text, out);
        if (entry->initial) put_man_line("Default", entry->initial, out);
        if (!entry->example) continue;
        hm_config_describe_example(entry, text, sizeof text);
        put_man_line("Example", text, out);
    }
}

/* ---- Markdown ---- */

/* In a table a bar would end the cell. */
static void put_cell(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (strchr("|<>*_[]", *text)) fputc('\\', out);
        fputc(*text, out);
    }
}

void hm_config_write_markdown(FILE *out)
{
    char text[2 * TEXT];
    for (size_t i = 0; i < hm_config_schema_count; i++) {
        const struct config_entry *entry = &hm_config_schema[i];
        if (is_chapter(entry)) {
            fprintf(out, "\n## %s\n\n", entry->path);
            put_cell(entry->doc, out);
            fputs("\n\n| key | value | default | meaning |\n|---|---|---|---|\n", out);
            continue;
        }
        fprintf(out, "| `%s` | ", entry->path);
        if (entry->type == CONFIG_SECTION)
            fputs("section", out);
        else
            describe(entry, sizeof text, text);
        if (entry->type != CONFIG_SECTION) put_cell(text, out);
        fputs(" | ", out);
        if (entry->initial) fprintf(out, "`%s`", entry->initial);
        fputs(" | ", out);
        put_cell(entry->doc, out);
        fputs(" |\n", out);
    }
}

void hm_config_write_paths(FILE *out)
{
    for (size_t i = 0; i < hm_config_schema_count; i++) fprintf(out, "%s\n", hm_config_schema[i].path);
}
