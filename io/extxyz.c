#include "io/extxyz.h"

#include "io/elements.h"
#include "io/units.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ASE's unit of velocity, sqrt(eV/amu), in atomic units. */
#define ASE_VELOCITY sqrt(HM_MASS_AMU / HM_ENERGY_EV)
#define DEUTERIUM_AMU 2.01410177812
#define TRITIUM_AMU 3.01604928199

enum { COLUMNS_MAX = 4096, SHOWN = 40 };

/* A piece of the text, not terminated. */
struct span {
    const char *start;
    size_t length;
};

struct reader {
    const char *name;
    const char *at; /* next line */
    const char *end;
    size_t line;      /* number of the line read last, from 1 */
    struct span text; /* that line, without its end */
};

/* Where the columns of interest start; -1 where there is none. */
struct columns {
    int species, pos, velocity, momenta, mass, count;
    bool exact; /* every line has just these columns */
};

struct comment {
    struct span lattice, pbc, properties;
};

static enum hm_status fault(const struct reader *reader, const char *what, struct span shown)
{
    const int length = (int)(shown.length < SHOWN ? shown.length : SHOWN);
    return hm_fail(HM_BAD_INPUT, "%s:%zu: %s'%.*s'%s", reader->name, reader->line, what, length,
                   length ? shown.start : "", shown.length > SHOWN ? " ..." : "");
}

/* ---- lines and fields ---- */

static bool next_line(struct reader *reader)
{
    if (reader->at >= reader->end) return false;
    const char *stop = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
    const char *last = stop ? stop : reader->end;
    reader->text = (struct span){reader->at, (size_t)(last - reader->at)};
    while (reader->text.length > 0 && reader->text.start[reader->text.length - 1] == '\r') reader->text.length--;
    reader->at = stop ? stop + 1 : reader->end;
    reader->line++;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The next field of `rest`, up to a blank or one of `separators`; false when there is none. */
static bool next_field(struct span *rest, const char *separators, struct span *field)
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

static bool field_is(struct span field, const char *word)
{
    return strlen(word) == field.length && strncasecmp(field.start, word, field.length) == 0;
}

static bool field_real(struct span field, double *value)
{
    const char *end;
    return hm_number_scan(field.start, value, &end) && end == field.start + field.length;
}

/* Digits only, at most `most`. */
static bool field_count(struct span field, size_t most, size_t *value)
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

static bool is_blank_line(struct span line)
{
    struct span field;
    return !next_field(&line, "", &field);
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
static bool next_value(struct span *rest, bool is_key, struct span *value)
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

static void skip_blanks(struct span *rest)
{
    while (rest->length > 0 && is_blank(*rest->start)) {
        rest->start++;
        rest->length--;
    }
}

/* In free text a lone quote means nothing; next to keys that matter it does. */
static bool mentions_keys(struct span line)
{
    static const char *const keys[] = {"Properties=", "Lattice=", "pbc="};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        for (size_t k = 0; k + strlen(keys[i]) <= line.length; k++)
            if (strncasecmp(line.start + k, keys[i], strlen(keys[i])) == 0) return true;
    return false;
}

static enum hm_status read_comment(const struct reader *reader, struct comment *comment)
{
    struct span rest = reader->text, key, value;
    *comment = (struct comment){{0}, {0}, {0}};
    for (;;) {
        skip_blanks(&rest);
        if (rest.length == 0) return HM_OK;
        const struct span place = rest;
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
            return mentions_keys(reader->text) ? fault(reader, "a quote or bracket is not closed: ", place) : HM_OK;
        if (field_is(key, "Lattice")) comment->lattice = value;
        if (field_is(key, "pbc")) comment->pbc = value;
        if (field_is(key, "Properties")) comment->properties = value;
    }
}

static enum hm_status read_lattice(const struct reader *reader, struct span text, double cell[9])
{
    struct span rest = text, field;
    size_t count = 0;
    while (next_field(&rest, ",[]", &field)) {
        double value;
        if (!field_real(field, &value))
            return fault(reader, "Lattice holds something that is not a finite number: ", field);
        if (count < 9) cell[count] = value / HM_LENGTH_ANGSTROM;
        count++;
    }
    return count == 9 ? HM_OK : fault(reader, "Lattice needs 9 numbers, not ", text);
}

static enum hm_status read_pbc(const struct reader *reader, struct span text, bool periodic[3])
{
    struct span rest = text, field;
    size_t count = 0;
    while (next_field(&rest, ",[]", &field)) {
        const bool yes = field_is(field, "T") || field_is(field, "True") || field_is(field, "1");
        const bool no = field_is(field, "F") || field_is(field, "False") || field_is(field, "0");
        if (!yes && !no) return fault(reader, "pbc is made of T and F, not ", field);
        if (count < 3) periodic[count] = yes;
        count++;
    }
    if (count == 1) periodic[1] = periodic[2] = periodic[0];
    return count == 1 || count == 3 ? HM_OK : fault(reader, "pbc needs 3 flags, e.g. \"T T F\", not ", text);
}

static enum hm_status read_box(const struct reader *reader, const struct comment *comment, struct hm_frame *frame)
{
    const bool has_cell = comment->lattice.start != NULL;
    for (int k = 0; k < 3; k++) frame->periodic[k] = has_cell;
    if (has_cell) HM_TRY(read_lattice(reader, comment->lattice, frame->cell));
    if (comment->pbc.start) HM_TRY(read_pbc(reader, comment->pbc, frame->periodic));
    if (!has_cell && hm_frame_is_periodic(frame))
        return fault(reader, "a periodic direction needs a Lattice; pbc is ", comment->pbc);
    for (int k = 0; k < 9; k++)
        if (!frame->periodic[k / 3]) frame->cell[k] = 0.0;
    return HM_OK;
}

/* Notes one name:type:count of Properties that matters here. */
static enum hm_status note_column(const struct reader *reader, struct columns *columns, struct span name, char type,
                                  size_t count)
{
    static const char *const velocities[] = {"vel", "velo", "velocities"};
    int *place = NULL;
    size_t expected = 3;
    if (field_is(name, "species")) {
        if (type != 'S' || count != 1) return fault(reader, "chemical symbols (species:S:1) are needed in ", name);
        columns->species = columns->count;
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
        return fault(
            reader, expected == 3 ? "three real columns (R:3) are needed for " : "one real column (R:1) is needed for ",
            name);
    *place = columns->count;
    return HM_OK;
}

static enum hm_status read_properties(const struct reader *reader, struct span text, struct columns *columns)
{
    struct span rest = text, name, type, number;
    *columns = (struct columns){-1, -1, -1, -1, -1, 0, true};
    while (next_field(&rest, ":", &name)) {
        size_t count;
        if (!next_field(&rest, ":", &type) || !next_field(&rest, ":", &number))
            return fault(reader, "Properties is not a list of name:type:count: ", text);
        if (type.length != 1 || !strchr("SRIL", *type.start))
            return fault(reader, "a type in Properties must be S, R, I or L, not ", type);
        if (!field_count(number, COLUMNS_MAX, &count) || count == 0)
            return fault(reader, "a column count in Properties must be a whole number from 1, not ", number);
        HM_TRY(note_column(reader, columns, name, *type.start, count));
        columns->count += (int)count;
        if (columns->count > COLUMNS_MAX) return fault(reader, "too many columns in Properties: ", text);
    }
    if (columns->species < 0) return fault(reader, "Properties names no species: ", text);
    if (columns->pos < 0) return fault(reader, "Properties names no pos: ", text);
    return HM_OK;
}

/* ---- atoms ---- */

static enum hm_status unknown_element(const struct reader *reader, struct span field)
{
    char symbol[3] = "";
    for (size_t i = 0; i < field.length && i < 2; i++)
        symbol[i] = (char)(i ? tolower((unsigned char)field.start[i]) : toupper((unsigned char)field.start[i]));
    if (field.length <= 2 && hm_element_number(symbol) > 0)
        return hm_fail(HM_BAD_INPUT, "%s:%zu: unknown element '%.*s'; did you mean '%s'?", reader->name, reader->line,
                       (int)field.length, field.start, symbol);
    if (field.length > 0 && isdigit((unsigned char)*field.start))
        return fault(reader, "a chemical symbol is needed, not the number ", field);
    return fault(reader, "unknown element ", field);
}

static enum hm_status read_species(const struct reader *reader, struct span field, size_t i, struct hm_frame *frame)
{
    char symbol[3] = "";
    if (field.length <= 2) memcpy(symbol, field.start, field.length);
    frame->number[i] = hm_element_number(symbol);
    if (frame->number[i] == 0) return unknown_element(reader, field);
    frame->mass[i] = hm_element_mass(frame->number[i]);
    if (strcmp(symbol, "D") == 0) frame->mass[i] = DEUTERIUM_AMU / HM_MASS_AMU;
    if (strcmp(symbol, "T") == 0) frame->mass[i] = TRITIUM_AMU / HM_MASS_AMU;
    return HM_OK;
}

/* The value of one column, if it is of interest: where it goes, and in which unit it is. */
static double *column_target(const struct columns *columns, int column, size_t i, struct hm_frame *frame, double *unit)
{
    const bool has_momenta = columns->momenta >= 0;
    const int velocity = has_momenta ? columns->momenta : columns->velocity;
    if (column >= columns->pos && column < columns->pos + 3) {
        *unit = 1.0 / HM_LENGTH_ANGSTROM;
        return &frame->x[3 * i + (size_t)(column - columns->pos)];
    }
    if (velocity >= 0 && column >= velocity && column < velocity + 3) {
        *unit = ASE_VELOCITY / (has_momenta ? HM_MASS_AMU : 1.0);
        return &frame->v[3 * i + (size_t)(column - velocity)];
    }
    *unit = 1.0 / HM_MASS_AMU;
    return column == columns->mass ? &frame->mass[i] : NULL;
}

static enum hm_status read_atom(const struct reader *reader, const struct columns *columns, size_t i,
                                struct hm_frame *frame)
{
    struct span rest = reader->text, field;
    double mass = 0.0;
    int column = 0;
    for (; column < columns->count && next_field(&rest, "", &field); column++) {
        double unit, value;
        double *target = column_target(columns, column, i, frame, &unit);
        if (column == columns->species) HM_TRY(read_species(reader, field, i, frame));
        if (!target) continue;
        if (!field_real(field, &value)) return fault(reader, "a finite number is needed, not ", field);
        if (column == columns->mass)
            mass = value * unit;
        else
            *target = value * unit;
    }
    if (column < columns->count || (columns->exact && next_field(&rest, "", &field)))
        return hm_fail(HM_BAD_INPUT, "%s:%zu: %s than the %d columns of an atom", reader->name, reader->line,
                       column < columns->count ? "fewer" : "more", columns->count);
    if (columns->mass >= 0) frame->mass[i] = mass; /* wherever the column stands */
    return HM_OK;
}

/* Momenta become velocities once the masses are known to be usable. */
static enum hm_status finish_velocities(const struct reader *reader, const struct columns *columns,
                                        struct hm_frame *frame)
{
    frame->has_velocities = columns->momenta >= 0 || columns->velocity >= 0;
    if (columns->momenta < 0) return HM_OK;
    for (size_t i = 0; i < frame->natom; i++) {
        if (!(frame->mass[i] > 0.0))
            return hm_fail(HM_BAD_INPUT, "%s: the mass of atom %zu (%s) is %g u; it must be positive", reader->name, i,
                           hm_element_symbol(frame->number[i]), frame->mass[i] * HM_MASS_AMU);
        for (size_t k = 0; k < 3; k++) frame->v[3 * i + k] /= frame->mass[i];
    }
    return HM_OK;
}

static enum hm_status read_atoms(struct reader *reader, const struct columns *columns, struct hm_frame *frame)
{
    for (size_t i = 0; i < frame->natom; i++) {
        if (!next_line(reader) || is_blank_line(reader->text))
            return hm_fail(HM_BAD_INPUT, "%s:%zu: atom %zu of %zu is missing", reader->name,
                           reader->line + (reader->at >= reader->end), i, frame->natom);
        HM_TRY(read_atom(reader, columns, i, frame));
    }
    return finish_velocities(reader, columns, frame);
}

/* ---- frames ---- */

/* Finds the count line of the next frame; *found false at the end of the text. */
static enum hm_status read_count(struct reader *reader, size_t *natom, bool *found)
{
    do {
        *found = next_line(reader);
        if (!*found) return HM_OK;
    } while (is_blank_line(reader->text));
    struct span rest = reader->text, field, more;
    if (!next_field(&rest, "", &field) || next_field(&rest, "", &more) || !field_count(field, SIZE_MAX / 32, natom))
        return fault(reader, "a frame starts with its number of atoms, not ", reader->text);
    if (*natom == 0) return fault(reader, "a frame needs atoms; their number is ", field);
    /* The shortest atom is "H 0 0 0": believed only if the text is long enough. */
    if (*natom > (size_t)(reader->end - reader->at) / 7)
        return fault(reader, "the text is too short for this number of atoms: ", field);
    return HM_OK;
}

static enum hm_status skip_frame(struct reader *reader, size_t natom)
{
    for (size_t i = 0; i < natom + 1; i++)
        if (!next_line(reader))
            return hm_fail(HM_BAD_INPUT, "%s:%zu: the frame ends early: %zu of its %zu atoms are there", reader->name,
                           reader->line, i > 0 ? i - 1 : 0, natom);
    return HM_OK;
}

static enum hm_status read_frame(struct reader *reader, size_t natom, struct hm_frame *frame)
{
    struct comment comment;
    struct columns columns = {0, 1, -1, -1, -1, 4, false}; /* plain XYZ */
    if (!next_line(reader)) return hm_fail(HM_BAD_INPUT, "%s:%zu: the frame ends early", reader->name, reader->line);
    HM_TRY(read_comment(reader, &comment));
    if (comment.properties.start) HM_TRY(read_properties(reader, comment.properties, &columns));
    HM_TRY(hm_frame_create(natom, frame));
    enum hm_status status = read_box(reader, &comment, frame);
    if (status == HM_OK) status = read_atoms(reader, &columns, frame);
    if (status == HM_OK) status = hm_frame_check(frame, reader->name);
    if (status != HM_OK) hm_frame_release(frame);
    return status;
}

enum hm_status hm_extxyz_parse(const char *text, const char *name, long index, struct hm_frame *frame)
{
    struct reader reader = {.name = name, .at = text, .end = text + strlen(text)}, last = reader;
    size_t natom = 0, last_natom = 0;
    bool found = true;
    *frame = (struct hm_frame){0};
    if (index < -1) return hm_fail(HM_BAD_INPUT, "%s: there is no frame %ld; 0 is the first, -1 the last", name, index);
    for (long i = 0;; i++) {
        HM_TRY(read_count(&reader, &natom, &found));
        if (!found) {
            if (i == 0) return hm_fail(HM_BAD_INPUT, "%s: there are no atoms in it", name);
            if (index >= 0) return hm_fail(HM_BAD_INPUT, "%s: there is no frame %ld, only %ld", name, index, i);
            return read_frame(&last, last_natom, frame);
        }
        if (i == index) return read_frame(&reader, natom, frame);
        last = reader;
        last_natom = natom;
        HM_TRY(skip_frame(&reader, natom));
    }
}

/* ---- files ---- */

static enum hm_status read_text(FILE *file, const char *path, struct hm_archive *text)
{
    char block[65536];
    size_t count;
    while ((count = fread(block, 1, sizeof block, file)) > 0) {
        if (memchr(block, '\0', count)) return hm_fail(HM_BAD_INPUT, "%s: is not a text file", path);
        hm_archive_put(text, block, count);
        HM_TRY(text->status);
    }
    if (ferror(file)) return hm_fail(HM_IO_ERROR, "%s: cannot be read: %s", path, strerror(errno));
    hm_archive_put(text, "", 1);
    return text->status;
}

enum hm_status hm_extxyz_read(const char *path, long index, struct hm_frame *frame)
{
    struct hm_archive text = HM_ARCHIVE_EMPTY;
    *frame = (struct hm_frame){0};
    FILE *file = fopen(path, "r");
    if (!file) return hm_fail(HM_BAD_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
    enum hm_status status = read_text(file, path, &text);
    if (status == HM_OK) status = hm_extxyz_parse((const char *)text.bytes, path, index, frame);
    fclose(file);
    hm_archive_release(&text);
    return status;
}
