/* YAML text to a tree. Events rather than libyaml's documents: they give the same places, anchors and tags can be
 * refused where they stand, and nesting is bounded before it costs anything. */
#include "io/config_internal.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct builder {
    struct hm_config *config;
    size_t override;
    struct config_node *stack[CONFIG_DEPTH_MAX]; /* open collections */
    size_t depth;
    const char *key; /* of the value to come; NULL when a map waits for a key */
    struct config_place key_at;
    struct config_node *root;
    size_t ndocument;
    bool broken; /* no tree to go on with */
};

static struct config_place place_of(const struct builder *builder, yaml_mark_t mark)
{
    return (struct config_place){builder->override, mark.line + 1, mark.column + 1};
}

static void stop_at(struct builder *builder, yaml_mark_t mark, const char *message)
{
    hm_config_fault_add(builder->config, place_of(builder, mark), "%s", message);
    builder->broken = true;
}

/* ---- characters ---- */

/* Length of the UTF-8 sequence at `s`, 0 where it is none (surrogates and overlong forms included). */
static size_t utf8_length(const unsigned char *s, size_t left)
{
    static const unsigned least[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (s[0] < 0x80) return 1;
    const size_t length = (s[0] & 0xe0) == 0xc0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : (s[0] & 0xf8) == 0xf0 ? 4 : 0;
    if (length == 0 || length > left) return 0;
    unsigned point = s[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
        point = point << 6 | (s[i] & 0x3fu);
    }
    if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return 0;
    return length;
}

/* Refuses what is not text, with its place; libyaml would only know the byte. */
static bool check_characters(struct builder *builder, const char *text, size_t size)
{
    const unsigned char *s = (const unsigned char *)text;
    struct config_place at = {builder->override, 1, 1};
    for (size_t i = 0, length; i < size; i += length) {
        length = utf8_length(s + i, size - i);
        if (length == 0) {
            hm_config_fault_add(builder->config, at, "this is not UTF-8 text");
            return false;
        }
        if (s[i] == 0x7f || (s[i] < 0x20 && s[i] != '\t' && s[i] != '\n' && s[i] != '\r')) {
            hm_config_fault_add(builder->config, at, "a control character (byte 0x%02x) is not text", (unsigned)s[i]);
            return false;
        }
        if (s[i] == '\n') {
            at.line++;
            at.column = 1;
        } else {
            at.column++;
        }
    }
    return true;
}

/* ---- events ---- */

static void refuse_anchor_and_tag(struct builder *builder, yaml_mark_t mark, const yaml_char_t *anchor,
                                  const yaml_char_t *tag)
{
    if (anchor)
        hm_config_fault_add(builder->config, place_of(builder, mark),
                            "anchors (&%.40s) are not supported; write the value where it is needed",
                            (const char *)anchor);
    if (tag)
        hm_config_fault_add(builder->config, place_of(builder, mark), "tags (%.40s) are not supported; leave it out",
                            (const char *)tag);
}

/* Puts a finished scalar or a fresh collection where it belongs. */
static void place_node(struct builder *builder, struct config_node *node)
{
    if (builder->depth == 0) {
        builder->root = node;
        return;
    }
    struct config_node *parent = builder->stack[builder->depth - 1];
    if (parent->kind == CONFIG_MAP) {
        node->key = builder->key;
        node->key_at = builder->key_at;
        builder->key = NULL;
    }
    hm_config_node_append(builder->config, parent, node);
}

static bool waits_for_key(const struct builder *builder)
{
    return builder->depth > 0 && builder->stack[builder->depth - 1]->kind == CONFIG_MAP && !builder->key;
}

static void on_scalar(struct builder *builder, const yaml_event_t *event)
{
    const struct config_place at = place_of(builder, event->start_mark);
    const char *value = (const char *)event->data.scalar.value;
    const size_t length = event->data.scalar.length;
    refuse_anchor_and_tag(builder, event->start_mark, event->data.scalar.anchor, event->data.scalar.tag);
    if (strlen(value) != length) {
        stop_at(builder, event->start_mark, "a NUL character (\\0) is not text");
        return;
    }
    const char *text = hm_config_copy_text(builder->config, value, length);
    if (!text) return;
    if (waits_for_key(builder)) {
        builder->key = text;
        builder->key_at = at;
        return;
    }
    struct config_node *node = hm_config_node_create(builder->config, CONFIG_SCALAR, at);
    if (!node) return;
    node->text = text;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    place_node(builder, node);
}

static void on_collection_start(struct builder *builder, const yaml_event_t *event, enum config_kind kind)
{
    if (waits_for_key(builder)) {
        stop_at(builder, event->start_mark, "a key must be a word, not a list or a map");
        return;
    }
    if (builder->depth == CONFIG_DEPTH_MAX) {
        stop_at(builder, event->start_mark, "nested too deeply");
        return;
    }
    if (kind == CONFIG_MAP)
        refuse_anchor_and_tag(builder, event->start_mark, event->data.mapping_start.anchor,
                              event->data.mapping_start.tag);
    else
        refuse_anchor_and_tag(builder, event->start_mark, event->data.sequence_start.anchor,
                              event->data.sequence_start.tag);
    struct config_node *node = hm_config_node_create(builder->config, kind, place_of(builder, event->start_mark));
    if (!node) return;
    place_node(builder, node);
    builder->stack[builder->depth++] = node;
}

static void on_alias(struct builder *builder, const yaml_event_t *event)
{
    hm_config_fault_add(builder->config, place_of(builder, event->start_mark),
                        "aliases (*%.40s) are not supported; write the value out",
                        (const char *)event->data.alias.anchor);
    if (waits_for_key(builder)) {
        builder->broken = true;
        return;
    }
    struct config_node *node =
        hm_config_node_create(builder->config, CONFIG_INVALID, place_of(builder, event->start_mark));
    if (node) place_node(builder, node);
}

static void on_event(struct builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++builder->ndocument > 1)
            stop_at(builder, event->start_mark, "a second document starts here; a configuration is one document");
        break;
    case YAML_SCALAR_EVENT:
        on_scalar(builder, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        on_collection_start(builder, event, CONFIG_LIST);
        break;
    case YAML_MAPPING_START_EVENT:
        on_collection_start(builder, event, CONFIG_MAP);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        builder->depth--;
        break;
    case YAML_ALIAS_EVENT:
        on_alias(builder, event);
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
}

/* ---- syntax errors ---- */

/* The place of a byte; libyaml's reader knows no more than that. */
static struct config_place place_of_byte(const struct builder *builder, const char *text, size_t size, size_t offset)
{
    struct config_place at = {builder->override, 1, 1};
    for (size_t i = 0; i < offset && i < size; i++) {
        if (text[i] == '\n') {
            at.line++;
            at.column = 1;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            at.column++;
        }
    }
    return at;
}

/* Whether the indentation before a place holds a tab, the commonest cause of YAML errors. */
static bool tab_near(const char *text, size_t size, size_t index)
{
    if (index > size) index = size;
    if (index < size && text[index] == '\t') return true;
    while (index > 0 && (text[index - 1] == ' ' || text[index - 1] == '\t'))
        if (text[--index] == '\t') return true;
    return false;
}

static void report_syntax_error(struct builder *builder, const yaml_parser_t *parser, const char *text, size_t size)
{
    if (parser->error == YAML_MEMORY_ERROR) {
        builder->config->out_of_memory = true;
        return;
    }
    const char *problem = parser->problem ? parser->problem : "not YAML";
    if (parser->error == YAML_READER_ERROR) {
        hm_config_fault_add(builder->config, place_of_byte(builder, text, size, parser->problem_offset), "%s", problem);
        return;
    }
    const char *hint = tab_near(text, size, parser->problem_mark.index) ? " (indent with spaces, not tabs)" : "";
    /* Where the broken thing began helps only when it is somewhere else. */
    if (parser->context && parser->context_mark.line != parser->problem_mark.line && builder->override == 0)
        hm_config_fault_add(builder->config, place_of(builder, parser->problem_mark),
                            "YAML syntax: %s, %s that starts on line %zu%s", problem, parser->context,
                            parser->context_mark.line + 1, hint);
    else
        hm_config_fault_add(builder->config, place_of(builder, parser->problem_mark), "YAML syntax: %s%s", problem,
                            hint);
}

bool hm_config_tree_parse(struct hm_config *config, const char *text, size_t size, size_t override,
                          struct config_node **root)
{
    struct builder builder = {.config = config, .override = override};
    *root = NULL;
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark would count as a column */
        text += 3;
        size -= 3;
    }
    if (!check_characters(&builder, text, size)) return false;
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        config->out_of_memory = true;
        return false;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    for (bool finished = false; !finished && !builder.broken && !config->out_of_memory;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            report_syntax_error(&builder, &parser, text, size);
            builder.broken = true;
            break;
        }
        on_event(&builder, &event);
        finished = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    if (builder.broken || config->out_of_memory) return false;
    /* "---" alone is a document with nothing in it. */
    if (builder.root && !hm_config_node_is_null(builder.root)) *root = builder.root;
    return true;
}
