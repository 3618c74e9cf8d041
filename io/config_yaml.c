/* The tree as YAML text: block style, lists of single values in one line. */
#include "io/config_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct writer {
    struct hm_config *config;
    yaml_emitter_t emitter;
    yaml_mapping_style_t style; /* everything inside a flow is one, too */
    char *text;
    size_t size, capacity;
    bool failed;
};

static int collect(void *data, unsigned char *bytes, size_t size)
{
    struct writer *writer = data;
    if (writer->size + size + 1 > writer->capacity) {
        const size_t capacity = 2 * (writer->size + size) + 1024;
        char *text = hm_config_allocate(writer->config, capacity);
        if (!text) return 0;
        if (writer->size) memcpy(text, writer->text, writer->size);
        writer->text = text;
        writer->capacity = capacity;
    }
    memcpy(writer->text + writer->size, bytes, size);
    writer->size += size;
    return 1;
}

/* The emitter takes the event over, whether it succeeds or not. */
static void emit(struct writer *writer, yaml_event_t *event, int made)
{
    if (writer->failed) {
        if (made) yaml_event_delete(event);
        return;
    }
    if (!made || !yaml_emitter_emit(&writer->emitter, event)) writer->failed = true;
}

/* Whether a text that stood without quotes may do so anywhere. Being strict keeps the choice out of the emitter's
 * hands, so that the same values always give the same text. */
static bool is_safe_plain(const char *text)
{
    const char *start = text + (*text == '-' || *text == '+' || *text == '.');
    if (!isalnum((unsigned char)*start) && *start != '/' && *start != '_') return false;
    for (const char *at = text; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr(" ._/+-^*()=", *at)) return false;
    return true;
}

static void write_scalar(struct writer *writer, const char *text, bool plain)
{
    yaml_event_t event;
    const yaml_scalar_style_t style = plain ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    const int made =
        yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), plain, 1, style);
    emit(writer, &event, made);
}

static void write_node(struct writer *writer, const struct config_node *node)
{
    yaml_event_t event;
    if (node->kind == CONFIG_SCALAR) {
        write_scalar(writer, node->text, node->plain && is_safe_plain(node->text));
        return;
    }
    if (node->kind == CONFIG_LIST) {
        const bool flat = node->count == 0 || node->items[0]->kind == CONFIG_SCALAR;
        const yaml_sequence_style_t style = flat ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE;
        emit(writer, &event, yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, style));
        for (size_t i = 0; i < node->count; i++) write_node(writer, node->items[i]);
        emit(writer, &event, yaml_sequence_end_event_initialize(&event));
        return;
    }
    emit(writer, &event, yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, writer->style));
    for (size_t i = 0; i < node->count; i++) {
        write_scalar(writer, node->items[i]->key, true);
        write_node(writer, node->items[i]);
    }
    emit(writer, &event, yaml_mapping_end_event_initialize(&event));
}

/* The text hangs on `config`; NULL without memory. */
static char *write_document(struct hm_config *config, const struct config_node *root, yaml_mapping_style_t style)
{
    struct writer writer = {.config = config, .style = style};
    yaml_event_t event;
    if (!yaml_emitter_initialize(&writer.emitter)) return NULL;
    yaml_emitter_set_output(&writer.emitter, collect, &writer);
    yaml_emitter_set_unicode(&writer.emitter, 1);
    yaml_emitter_set_width(&writer.emitter, -1);
    emit(&writer, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(&writer, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    write_node(&writer, root);
    emit(&writer, &event, yaml_document_end_event_initialize(&event, 1));
    emit(&writer, &event, yaml_stream_end_event_initialize(&event));
    if (!writer.failed && !yaml_emitter_flush(&writer.emitter)) writer.failed = true;
    yaml_emitter_delete(&writer.emitter);
    return writer.failed ? NULL : writer.text;
}

/* The tree was checked: nothing but memory can go wrong. */
void hm_config_yaml_write(struct hm_config *config)
{
    config->yaml = write_document(config, config->root, YAML_BLOCK_MAPPING_STYLE);
    if (!config->yaml) config->out_of_memory = true;
}

char *hm_config_line(const struct hm_config *config, const char *key)
{
    const struct config_node *node = hm_config_node_find(config->root, key);
    struct hm_config *holder = node ? calloc(1, sizeof *holder) : NULL;
    if (!holder) return NULL;
    const char *text = write_document(holder, node, YAML_FLOW_MAPPING_STYLE);
    char *line = text ? strndup(text, strcspn(text, "\n")) : NULL;
    hm_config_destroy(&holder);
    return line;
}
