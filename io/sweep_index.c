#include "io/sweep_index.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text and cells live as long as the index. */
struct storage {
    char *text;
    const char **cell;  /* (lines, columns) */
    const char **names; /* of the axes */
    bool *seeds;
    int *field; /* (columns) number of the field, -1 */
};

/* ---- cells ---- */

/* Ends of lines and cells are cut in place; a cell in quotes loses them. Returns behind the cell; *last after the
 * last of its line. */
static char *cut_cell(char *at, char **cell, bool *last)
{
    char *to = at;
    *cell = at;
    if (*at == '"') {
        *cell = to = ++at;
        while (*at && !(*at == '"' && at[1] != '"')) {
            if (*at == '"') at++;
            *to++ = *at++;
        }
        if (*at == '"') at++;
    } else {
        while (*at && *at != ',' && *at != '\n') at++;
        to = at;
    }
    *last = *at != ',';
    char *next = *at ? at + 1 : at;
    *to = '\0';
    return next;
}

static size_t count_columns(const char *line)
{
    size_t columns = 1;
    bool quoted = false;
    for (; *line && (quoted || *line != '\n'); line++) {
        if (*line == '"') quoted = !quoted;
        columns += *line == ',' && !quoted;
    }
    return columns;
}

/* Lines with an end; what follows the last of them is cut off. */
static size_t count_lines(char *text)
{
    size_t lines = 0;
    bool quoted = false;
    char *end = text;
    for (char *at = text; *at; at++) {
        if (*at == '"') quoted = !quoted;
        if (*at != '\n' || quoted) continue;
        lines++;
        end = at + 1;
    }
    *end = '\0';
    return lines;
}

static enum hm_status cut_cells(const char *path, char *text, size_t lines, size_t columns, const char **cell)
{
    char *at = text;
    for (size_t l = 0; l < lines; l++) {
        bool last = false;
        size_t c = 0;
        while (!last) {
            char *found;
            at = cut_cell(at, &found, &last);
            if (c < columns) cell[l * columns + c] = found;
            c++;
        }
        if (c != columns)
            return hm_fail(HM_BAD_INPUT, "%s:%zu: is damaged: %zu cells where the first line has %zu", path, l + 1, c,
                           columns);
    }
    return HM_OK;
}

/* ---- columns ---- */

/* "policy.seed + training.seed". */
static bool all_seeds(const char *name)
{
    while (*name) {
        const char *end = strstr(name, " + ");
        const size_t length = end ? (size_t)(end - name) : strlen(name);
        if (length < 4 || strncmp(name + length - 4, "seed", 4) != 0) return false;
        name += length + (end ? 3 : 0);
    }
    return true;
}

static int find_field(const char *name)
{
    for (int f = 0; f < HM_SWEEP_FIELDS; f++)
        if (strcmp(hm_sweep_field_names[f], name) == 0) return f;
    return -1;
}

static enum hm_status read_header(const char *path, struct storage *s, size_t columns, struct hm_sweep_index *index)
{
    size_t status = 2;
    while (status < columns && strcmp(s->cell[status], "status") != 0) status++;
    if (columns < 4 || strcmp(s->cell[0], "run") != 0 || strcmp(s->cell[1], "kind") != 0 || status + 1 >= columns ||
        strcmp(s->cell[status + 1], "reason") != 0)
        return hm_fail(HM_BAD_INPUT, "%s: is no table of a sweep: its columns are not run, kind, ..., status, reason",
                       path);
    index->naxis = status - 2;
    for (size_t a = 0; a < index->naxis; a++) {
        s->names[a] = s->cell[2 + a];
        s->seeds[a] = all_seeds(s->names[a]);
    }
    for (size_t c = status + 2; c < columns; c++) s->field[c] = find_field(s->cell[c]);
    return HM_OK;
}

/* ---- rows ---- */

static enum hm_status read_row(const char *path, size_t line, const struct storage *s, size_t columns,
                               struct hm_sweep_index *index)
{
    const char *const *cell = s->cell + line * columns, *const *rest = cell + 2 + index->naxis;
    char *end;
    const unsigned long long run = strtoull(cell[0], &end, 10);
    struct hm_sweep_index_row *row = &index->row[index->count];
    if (end == cell[0] || *end || run < 1 || strlen(rest[0]) >= sizeof row->result.status)
        return hm_fail(HM_BAD_INPUT, "%s:%zu: is damaged: no row of a sweep", path, line + 1);
    *row = (struct hm_sweep_index_row){.kind = cell[1], .axis = cell + 2};
    row->result.run = (size_t)run;
    strcpy(row->result.status, rest[0]);
    row->result.reason = *rest[1] ? (char *)rest[1] : NULL;
    for (int f = 0; f < HM_SWEEP_FIELDS; f++) row->result.value[f] = NAN;
    for (size_t c = 4 + index->naxis; c < columns; c++) {
        if (s->field[c] < 0 || !*cell[c]) continue;
        const double value = strtod(cell[c], &end);
        if (*end) return hm_fail(HM_BAD_INPUT, "%s:%zu: is damaged: '%.40s' is no number", path, line + 1, cell[c]);
        row->result.value[s->field[c]] = value;
    }
    index->count++;
    return HM_OK;
}

static int by_run(const void *left, const void *right)
{
    const size_t a = ((const struct hm_sweep_index_row *)left)->result.run;
    const size_t b = ((const struct hm_sweep_index_row *)right)->result.run;
    return (a > b) - (a < b);
}

/* ---- the whole ---- */

static size_t read_planned(const char *folder)
{
    char path[PATH_MAX], line[256];
    size_t runs = 0;
    if ((size_t)snprintf(path, sizeof path, "%s/plan.txt", folder) >= sizeof path) return 0;
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    if (!fgets(line, sizeof line, file) || !fgets(line, sizeof line, file) || sscanf(line, "runs %zu", &runs) != 1)
        runs = 0;
    fclose(file);
    return runs;
}

/* All of it; a zero byte ends a file that is none of text. */
static enum hm_status read_text(FILE *file, const char *path, char **text)
{
    size_t capacity = 0;
    if (getdelim(text, &capacity, '\0', file) >= 0) return HM_OK;
    if (ferror(file)) return hm_fail(HM_BAD_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    free(*text);
    *text = calloc(1, 1);
    return *text ? HM_OK : hm_fail(HM_OUT_OF_MEMORY, "no memory to read %s", path);
}

static enum hm_status parse(const char *path, struct storage *s, struct hm_sweep_index *index)
{
    const size_t lines = count_lines(s->text), columns = count_columns(s->text);
    if (lines == 0) return hm_fail(HM_BAD_INPUT, "%s: is empty: no run of this sweep has ended yet", path);
    s->cell = calloc(lines * columns, sizeof *s->cell);
    s->names = calloc(columns, sizeof *s->names);
    s->seeds = calloc(columns, sizeof *s->seeds);
    s->field = calloc(columns, sizeof *s->field);
    index->row = calloc(lines, sizeof *index->row);
    if (!s->cell || !s->names || !s->seeds || !s->field || !index->row)
        return hm_fail(HM_OUT_OF_MEMORY, "no memory to read %s", path);
    index->axis = s->names;
    index->seeds = s->seeds;
    HM_TRY(cut_cells(path, s->text, lines, columns, s->cell));
    HM_TRY(read_header(path, s, columns, index));
    for (size_t l = 1; l < lines; l++) HM_TRY(read_row(path, l, s, columns, index));
    qsort(index->row, index->count, sizeof *index->row, by_run);
    return HM_OK;
}

enum hm_status hm_sweep_index_read(const char *folder, struct hm_sweep_index *index)
{
    char path[PATH_MAX];
    *index = (struct hm_sweep_index){.planned = read_planned(folder)};
    if ((size_t)snprintf(path, sizeof path, "%s/index.csv", folder) >= sizeof path)
        return hm_fail(HM_BAD_INPUT, "%s: the path is too long", folder);
    FILE *there = fopen(path, "r");
    if (!there)
        return hm_fail(HM_BAD_INPUT, "%s: %s", folder,
                       index->planned > 0 ? "no run of this sweep has ended yet"
                                          : "is not the folder of a sweep: it holds no index.csv");
    struct storage *s = index->storage = calloc(1, sizeof *s);
    enum hm_status status =
        s ? read_text(there, path, &s->text) : hm_fail(HM_OUT_OF_MEMORY, "no memory to read %s", path);
    fclose(there);
    if (status == HM_OK) status = parse(path, s, index);
    if (status != HM_OK) hm_sweep_index_release(index);
    return status;
}

void hm_sweep_index_release(struct hm_sweep_index *index)
{
    struct storage *s = index->storage;
    if (s) {
        free(s->text);
        free(s->cell);
        free(s->names);
        free(s->seeds);
        free(s->field);
    }
    free(s);
    free(index->row);
    *index = (struct hm_sweep_index){0};
}
