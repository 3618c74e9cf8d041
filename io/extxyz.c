#include "io/extxyz_internal.h"

#include "io/elements.h"
#include "io/units.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

/* ASE's unit of velocity, sqrt(eV/amu), in atomic units. */
#define ASE_VELOCITY sqrt(HM_MASS_AMU / HM_ENERGY_EV)
#define DEUTERIUM_AMU 2.01410177812
#define TRITIUM_AMU 3.01604928199

/* ---- lines ---- */

static bool next_line(struct hm_extxyz_reader *reader)
{
    if (reader->at >= reader->end) return false;
    const char *stop = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
    const char *last = stop ? stop : reader->end;
    reader->text = (struct hm_span){reader->at, (size_t)(last - reader->at)};
    while (reader->text.length > 0 && reader->text.start[reader->text.length - 1] == '\r') reader->text.length--;
    reader->at = stop ? stop + 1 : reader->end;
    reader->line++;
    return true;
}

static bool is_blank_line(struct hm_span line)
{
    struct hm_span field;
    return !hm_span_next_field(&line, "", &field);
}

/* ---- atoms ---- */

static enum hm_status unknown_element(const struct hm_extxyz_reader *reader, struct hm_span field)
{
    char symbol[3] = "";
    for (size_t i = 0; i < field.length && i < 2; i++)
        symbol[i] = (char)(i ? tolower((unsigned char)field.start[i]) : toupper((unsigned char)field.start[i]));
    if (field.length <= 2 && hm_element_number(symbol) > 0)
        return hm_fail(HM_BAD_INPUT, "%s:%zu: unknown element '%.*s'; did you mean '%s'?", reader->name, reader->line,
                       (int)field.length, field.start, symbol);
    if (field.length > 0 && isdigit((unsigned char)*field.start))
        return hm_extxyz_fault(reader, "a chemical symbol is needed, not the number ", field);
    return hm_extxyz_fault(reader, "unknown element ", field);
}

static enum hm_status read_species(const struct hm_extxyz_reader *reader, struct hm_span field, size_t i,
                                   struct hm_frame *frame)
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

/* True where the atom may move. */
static enum hm_status read_mask(const struct hm_extxyz_reader *reader, struct hm_span field, size_t i,
                                struct hm_frame *frame)
{
    const char letter = field.length > 0 ? (char)toupper((unsigned char)*field.start) : '\0';
    if (letter != 'T' && letter != 'F') return hm_extxyz_fault(reader, "move_mask must be T or F, not ", field);
    if (letter == 'F') hm_frame_freeze(frame, i);
    return HM_OK;
}

/* The value of one column, if it is of interest: where it goes, and in which unit it is. */
static double *column_target(const struct hm_extxyz_columns *columns, int column, size_t i, struct hm_frame *frame,
                             double *unit)
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

static enum hm_status read_atom(const struct hm_extxyz_reader *reader, const struct hm_extxyz_columns *columns,
                                size_t i, struct hm_frame *frame)
{
    struct hm_span rest = reader->text, field;
    double mass = 0.0;
    int column = 0;
    for (; column < columns->count && hm_span_next_field(&rest, "", &field); column++) {
        double unit, value;
        double *target = column_target(columns, column, i, frame, &unit);
        if (column == columns->species) HM_TRY(read_species(reader, field, i, frame));
        if (column == columns->mask) HM_TRY(read_mask(reader, field, i, frame));
        if (!target) continue;
        if (!hm_span_real(field, &value)) return hm_extxyz_fault(reader, "a finite number is needed, not ", field);
        if (column == columns->mass)
            mass = value * unit;
        else
            *target = value * unit;
    }
    if (column < columns->count || (columns->exact && hm_span_next_field(&rest, "", &field)))
        return hm_fail(HM_BAD_INPUT, "%s:%zu: %s than the %d columns of an atom", reader->name, reader->line,
                       column < columns->count ? "fewer" : "more", columns->count);
    if (columns->mass >= 0) frame->mass[i] = mass; /* wherever the column stands */
    return HM_OK;
}

/* Momenta become velocities once the masses are known to be usable. */
static enum hm_status finish_velocities(const struct hm_extxyz_reader *reader, const struct hm_extxyz_columns *columns,
                                        struct hm_frame *frame)
{
    frame->has_velocities = columns->momenta >= 0 || columns->velocity >= 0;
    for (size_t i = 0; i < frame->natom; i++) /* whatever the columns said */
        if (hm_frame_holds(frame, i)) hm_frame_freeze(frame, i);
    if (columns->momenta < 0) return HM_OK;
    for (size_t i = 0; i < frame->natom; i++) {
        if (!(frame->mass[i] > 0.0))
            return hm_fail(HM_BAD_INPUT, "%s: the mass of atom %zu (%s) is %g u; it must be positive", reader->name, i,
                           hm_element_symbol(frame->number[i]), frame->mass[i] * HM_MASS_AMU);
        for (size_t k = 0; k < 3; k++) frame->v[3 * i + k] /= frame->mass[i];
    }
    return HM_OK;
}

static enum hm_status read_atoms(struct hm_extxyz_reader *reader, const struct hm_extxyz_columns *columns,
                                 struct hm_frame *frame)
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
static enum hm_status read_count(struct hm_extxyz_reader *reader, size_t *natom, bool *found)
{
    do {
        *found = next_line(reader);
        if (!*found) return HM_OK;
    } while (is_blank_line(reader->text));
    struct hm_span rest = reader->text, field, more;
    if (!hm_span_next_field(&rest, "", &field) || hm_span_next_field(&rest, "", &more) ||
        !hm_span_count(field, SIZE_MAX / 32, natom))
        return hm_extxyz_fault(reader, "a frame starts with its number of atoms, not ", reader->text);
    if (*natom == 0) return hm_extxyz_fault(reader, "a frame needs atoms; their number is ", field);
    /* The shortest atom is "H 0 0 0": believed only if the text is long enough. */
    if (*natom > (size_t)(reader->end - reader->at) / 7)
        return hm_extxyz_fault(reader, "the text is too short for this number of atoms: ", field);
    return HM_OK;
}

static enum hm_status skip_frame(struct hm_extxyz_reader *reader, size_t natom)
{
    for (size_t i = 0; i < natom + 1; i++)
        if (!next_line(reader))
            return hm_fail(HM_BAD_INPUT, "%s:%zu: the frame ends early: %zu of its %zu atoms are there", reader->name,
                           reader->line, i > 0 ? i - 1 : 0, natom);
    return HM_OK;
}

static enum hm_status read_frame(struct hm_extxyz_reader *reader, size_t natom, struct hm_frame *frame,
                                 struct hm_extxyz_stamp *stamp)
{
    struct hm_extxyz_comment comment;
    struct hm_extxyz_columns columns = {0, 1, -1, -1, -1, -1, 4, false}; /* plain XYZ */
    if (!next_line(reader)) return hm_fail(HM_BAD_INPUT, "%s:%zu: the frame ends early", reader->name, reader->line);
    HM_TRY(hm_extxyz_read_comment(reader, &comment));
    if (stamp) HM_TRY(hm_extxyz_read_stamp(reader, &comment, stamp));
    if (comment.properties.start) HM_TRY(hm_extxyz_read_properties(reader, comment.properties, &columns));
    if (stamp) stamp->has_masses = columns.mass >= 0;
    HM_TRY(hm_frame_create(natom, frame));
    enum hm_status status = hm_extxyz_read_box(reader, &comment, frame);
    if (status == HM_OK) status = read_atoms(reader, &columns, frame);
    if (status == HM_OK) status = hm_frame_check(frame, reader->name);
    if (status != HM_OK) hm_frame_release(frame);
    return status;
}

enum hm_status hm_extxyz_parse(const char *text, const char *name, long index, struct hm_frame *frame)
{
    struct hm_extxyz_reader reader = {.name = name, .at = text, .end = text + strlen(text)}, last = reader;
    size_t natom = 0, last_natom = 0;
    bool found = true;
    *frame = (struct hm_frame){0};
    if (index < -1) return hm_fail(HM_BAD_INPUT, "%s: there is no frame %ld; 0 is the first, -1 the last", name, index);
    for (long i = 0;; i++) {
        HM_TRY(read_count(&reader, &natom, &found));
        if (!found) {
            if (i == 0) return hm_fail(HM_BAD_INPUT, "%s: there are no atoms in it", name);
            if (index >= 0) return hm_fail(HM_BAD_INPUT, "%s: there is no frame %ld, only %ld", name, index, i);
            return read_frame(&last, last_natom, frame, NULL);
        }
        if (i == index) return read_frame(&reader, natom, frame, NULL);
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

static enum hm_status read_file(const char *path, struct hm_archive *text)
{
    FILE *file = fopen(path, "r");
    if (!file) return hm_fail(HM_BAD_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
    const enum hm_status status = read_text(file, path, text);
    fclose(file);
    return status;
}

enum hm_status hm_extxyz_read(const char *path, long index, struct hm_frame *frame)
{
    struct hm_archive text = HM_ARCHIVE_EMPTY;
    *frame = (struct hm_frame){0};
    enum hm_status status = read_file(path, &text);
    if (status == HM_OK) status = hm_extxyz_parse((const char *)text.bytes, path, index, frame);
    hm_archive_release(&text);
    return status;
}

enum hm_status hm_extxyz_each(const char *path,
                              enum hm_status (*take)(void *user, const struct hm_frame *frame,
                                                     const struct hm_extxyz_stamp *stamp),
                              void *user)
{
    struct hm_archive text = HM_ARCHIVE_EMPTY;
    enum hm_status status = read_file(path, &text);
    struct hm_extxyz_reader reader = {.name = path, .at = (const char *)text.bytes};
    if (status == HM_OK) reader.end = reader.at + text.size - 1;
    for (bool found = true; status == HM_OK && found;) {
        size_t natom;
        struct hm_frame frame;
        struct hm_extxyz_stamp stamp;
        status = read_count(&reader, &natom, &found);
        if (status != HM_OK || !found) break;
        status = read_frame(&reader, natom, &frame, &stamp);
        if (status != HM_OK) break;
        status = take(user, &frame, &stamp);
        hm_frame_release(&frame);
    }
    hm_archive_release(&text);
    return status;
}
