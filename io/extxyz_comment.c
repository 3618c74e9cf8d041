#include "io/extxyz_internal.h"

#include "io/units.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

enum { COLUMNS_MAX = 4096, SHOWN = 40 };
#define LARGEST_STEP 9e15 /* every whole number below is a double */

enum hm_status hm_extxyz_fault(const struct hm_extxyz_reader *reader, const char *what, struct hm_span shown)
{
    const int length = (int)(shown.length < SHOWN ? shown.length : SHOWN);
    return hm_fail(HM_BAD_INPUT, "%s:%zu: %s'%.*s'%s", reader->name, reader->line, what, length,
                   length ? shown.start : "", shown.length > SHOWN ? " ..." : "");
}

/* ---- fields ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool hm_span_next_field(struct hm_span *rest, const char *separators, struct hm_span *field)
{
    const char *at = rest->start, *end = rest->start + rest->length;
    while (at < end && (is_blank(*at) || strchr(separators, *at))) at++;
    field->start = at;
    while (at < end && !is_blank(*at) && !strchr(separators, *at)) at++;
    field->length = (size_t)(at - field->start);
    rest->start = at;
    rest->length = (size_t)(end - at);
    return field->length > 0;
}

static bool field_is(struct hm_span field, const char *word)
{
    return strlen(word) == field.length && strncasecmp(field.start, word, field.length) == 0;
}

bool hm_span_real(struct hm_span field, double *value)
{
    const char *end;
    return hm_number_scan(field.start, value, &end) && end == field.start + field.length;
}

bool hm_span_count(struct hm_span field, size_t most, size_t *value)
{
    size_t count = 0;
    for (size_t i = 0; i < field.length; i++) {
        if (!isdigit((unsigned char)field.start[i])) return false;
        count = 10 * count + (size_t)(field.start[i] - '0');
        if (count > most) return false;
    }
    *value = count;
    return field.length > 0;
}

/* ---- the comment line ---- */

static char closing(char open)
{
    switch (open) {
    case '"':
    case '\'':
        return open;
    case '{':
        return '}';
    case '[':
        return ']';
    default:
        return 0;
    }
}

/* One side of key=value: quoted, in (nested) brackets, or up to a blank (or '='). False for what is not closed. */
static bool next_value(struct hm_span *rest, bool is_key, struct hm_span *value)
{
    const char *at = rest->start, *end = rest->start + rest->length;
    const char open = at < end ? *at : 0, close = closing(open);
    size_t depth = 1;
    if (close) at++;
    value->start = at;
    if (close) {
        for (; at < end; at += *at == '\\' && at + 1 < end ? 2 : 1) {
            if (*at == close && --depth == 0) break;
            if (*at == open) depth++;
        }
    } else
        while (at < end && !is_blank(*at) && !(is_key && *at == '=')) at++;
    value->length = (size_t)(at - value->start);
    if (close && at >= end) return false;
    if (close) at++;
    rest->start = at;
    rest->length = (size_t)(end - at);
    return true;
}

static void skip_blanks(struct hm_span *rest)
{
    while (rest->length > 0 && is_blank(*rest->start)) {
        rest->start++;
        rest->length--;
    }
}

/* In free text a lone quote means nothing; next to keys that matter it does. */
static bool mentions_keys(struct hm_span line)
{
    static const char *const keys[] = {"Properties=", "Lattice=", "pbc="};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        for (size_t k = 0; k + strlen(keys[i]) <= line.length; k++)
            if (strncasecmp(line.start + k, keys[i], strlen(keys[i])) == 0) return true;
    return false;
}

enum hm_status hm_extxyz_read_comment(const struct hm_extxyz_reader *reader, struct hm_extxyz_comment *comment)
{
    struct hm_span rest = reader->text, key, value;
    *comment = (struct hm_extxyz_comment){0};
    for (;;) {
        skip_blanks(&rest);
        if (rest.length == 0) return HM_OK;
        const struct hm_span place = rest;
        bool good = next_value(&rest, true, &key);
        if (good) skip_blanks(&rest);
        if (good && (rest.length == 0 || *rest.start != '=')) continue; /* a word of its own */
        if (good) {
            rest.start++;
            rest.length--;
            skip_blanks(&rest);
            good = next_value(&rest, false, &value);
        }
        if (!good)
            return mentions_keys(reader->text) ? hm_extxyz_fault(reader, "a quote or bracket is not closed: ", place)
                                               : HM_OK;
        if (field_is(key, "Lattice")) comment->lattice = value;
        if (field_is(key, "pbc")) comment->pbc = value;
        if (field_is(key, "Properties")) comment->properties = value;
        if (field_is(key, "step")) comment->step = value;
        if (field_is(key, "time") || (key.length == 1 && *key.start == 't')) comment->time = value; /* T is no time */
    }
}

enum hm_status hm_extxyz_read_stamp(const struct hm_extxyz_reader *reader, const struct hm_extxyz_comment *comment,
                                    struct hm_extxyz_stamp *stamp)
{
    double value;
    *stamp = (struct hm_extxyz_stamp){.time = NAN};
    if (comment->time.start) {
        if (!hm_span_real(comment->time, &value))
            return hm_extxyz_fault(reader, "the time of a frame is a number (fs), not ", comment->time);
        stamp->time = value / HM_TIME_FS;
    }
    if (comment->step.start) {
        if (!hm_span_real(comment->step, &value) || fabs(value) > LARGEST_STEP || value != floor(value))
            return hm_extxyz_fault(reader, "the step of a frame is a whole number, not ", comment->step);
        stamp->step = (int64_t)value;
        stamp->has_step = true;
    }
    return HM_OK;
}

static enum hm_status read_lattice(const struct hm_extxyz_reader *reader, struct hm_span text, double cell[9])
{
    struct hm_span rest = text, field;
    size_t count = 0;
    while (hm_span_next_field(&rest, ",[]", &field)) {
        double value;
        if (!hm_span_real(field, &value))
            return hm_extxyz_fault(reader, "Lattice holds something that is not a finite number: ", field);
        if (count < 9) cell[count] = value / HM_LENGTH_ANGSTROM;
        count++;
    }
    return count == 9 ? HM_OK : hm_extxyz_fault(reader, "Lattice needs 9 numbers, not ", text);
}

static enum hm_status read_pbc(const struct hm_extxyz_reader *reader, struct hm_span text, bool periodic[3])
{
    struct hm_span rest = text, field;
    size_t count = 0;
    while (hm_span_next_field(&rest, ",[]", &field)) {
        const bool yes = field_is(field, "T") || field_is(field, "True") || field_is(field, "1");
        const bool no = field_is(field, "F") || field_is(field, "False") || field_is(field, "0");
        if (!yes && !no) return hm_extxyz_fault(reader, "pbc is made of T and F, not ", field);
        if (count < 3) periodic[count] = yes;
        count++;
    }
    if (count == 1) periodic[1] = periodic[2] = periodic[0];
    return count == 1 || count == 3 ? HM_OK : hm_extxyz_fault(reader, "pbc needs 3 flags, e.g. \"T T F\", not ", text);
}

enum hm_status hm_extxyz_read_box(const struct hm_extxyz_reader *reader, const struct hm_extxyz_comment *comment,
                                  struct hm_frame *frame)
{
    const bool has_cell = comment->lattice.start != NULL;
    for (int k = 0; k < 3; k++) frame->periodic[k] = has_cell;
    if (has_cell) HM_TRY(read_lattice(reader, comment->lattice, frame->cell));
    if (comment->pbc.start) HM_TRY(read_pbc(reader, comment->pbc, frame->periodic));
    if (!has_cell && hm_frame_is_periodic(frame))
        return hm_extxyz_fault(reader, "a periodic direction needs a Lattice; pbc is ", comment->pbc);
    for (int k = 0; k < 9; k++)
        if (!frame->periodic[k / 3]) frame->cell[k] = 0.0;
    return HM_OK;
}

/* Notes one name:type:count of Properties that matters here. */
static enum hm_status note_column(const struct hm_extxyz_reader *reader, struct hm_extxyz_columns *columns,
                                  struct hm_span name, char type, size_t count)
{
    static const char *const velocities[] = {"vel", "velo", "velocities"};
    int *place = NULL;
    size_t expected = 3;
    if (field_is(name, "species")) {
        if (type != 'S' || count != 1)
            return hm_extxyz_fault(reader, "chemical symbols (species:S:1) are needed in ", name);
        columns->species = columns->count;
        return HM_OK;
    }
    if (field_is(name, "move_mask")) {
        if (type != 'L' || count != 1)
            return hm_extxyz_fault(reader, "atoms are held as a whole: one column (L:1) is needed for ", name);
        columns->mask = columns->count;
        return HM_OK;
    }
    if (field_is(name, "pos")) place = &columns->pos;
    if (field_is(name, "momenta")) place = &columns->momenta;
    for (size_t i = 0; i < 3; i++)
        if (field_is(name, velocities[i])) place = &columns->velocity;
    if (field_is(name, "masses") || field_is(name, "mass")) {
        place = &columns->mass;
        expected = 1;
    }
    if (!place) return HM_OK;
    if ((type != 'R' && type != 'I') || count != expected)
        return hm_extxyz_fault(
            reader, expected == 3 ? "three real columns (R:3) are needed for " : "one real column (R:1) is needed for ",
            name);
    *place = columns->count;
    return HM_OK;
}

enum hm_status hm_extxyz_read_properties(const struct hm_extxyz_reader *reader, struct hm_span text,
                                         struct hm_extxyz_columns *columns)
{
    struct hm_span rest = text, name, type, number;
    *columns = (struct hm_extxyz_columns){-1, -1, -1, -1, -1, -1, 0, true};
    while (hm_span_next_field(&rest, ":", &name)) {
        size_t count;
        if (!hm_span_next_field(&rest, ":", &type) || !hm_span_next_field(&rest, ":", &number))
            return hm_extxyz_fault(reader, "Properties is not a list of name:type:count: ", text);
        if (type.length != 1 || !strchr("SRIL", *type.start))
            return hm_extxyz_fault(reader, "a type in Properties must be S, R, I or L, not ", type);
        if (!hm_span_count(number, COLUMNS_MAX, &count) || count == 0)
            return hm_extxyz_fault(reader, "a column count in Properties must be a whole number from 1, not ", number);
        HM_TRY(note_column(reader, columns, name, *type.start, count));
        columns->count += (int)count;
        if (columns->count > COLUMNS_MAX) return hm_extxyz_fault(reader, "too many columns in Properties: ", text);
    }
    if (columns->species < 0) return hm_extxyz_fault(reader, "Properties names no species: ", text);
    if (columns->pos < 0) return hm_extxyz_fault(reader, "Properties names no pos: ", text);
    return HM_OK;
}
