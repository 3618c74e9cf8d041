/* The CSV side of the table, and the journal. */
#include "io/sweep_table.h"

#include "io/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const hm_sweep_field_names[HM_SWEEP_FIELDS] = {
#define HM_SECTION(title)
#define HM_FIELD(name, format, label, unit) #name,
#include "io/analysis/fields.def"
#undef HM_FIELD
#undef HM_SECTION
};

struct hm_sweep_journal {
    char *path;
    const struct hm_sweep_columns *columns;
    int descriptor;
};

void hm_sweep_row_release(struct hm_sweep_row *row)
{
    free(row->reason);
    *row = (struct hm_sweep_row){0};
}

double hm_sweep_row_deviation(const struct hm_sweep_row *row)
{
    const double drift = fabs(row->value[HM_SWEEP_energy_drift_relative]);
    const double block = fabs(row->value[HM_SWEEP_energy_max_block_deviation_relative]);
    return isnan(drift) || isnan(block) ? NAN : fmax(drift, block);
}

/* ---- writing ---- */

static void put_text(FILE *out, const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"') fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

/* The shortest of the usual forms that reads back exactly. */
static void put_number(FILE *out, double value)
{
    char text[40] = "";
    for (int digits = 15; digits <= 17 && isfinite(value); digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    fputs(isinf(value) ? (value > 0 ? "inf" : "-inf") : text, out);
}

static void put_header(FILE *out, const struct hm_sweep_columns *columns)
{
    fputs("run,kind", out);
    for (size_t a = 0; a < columns->naxis; a++) {
        fputc(',', out);
        put_text(out, columns->axis[a]);
    }
    fputs(",status,reason", out);
    for (size_t f = 0; f < HM_SWEEP_FIELDS; f++) fprintf(out, ",%s", hm_sweep_field_names[f]);
    fputc('\n', out);
}

static void put_row(FILE *out, const struct hm_sweep_columns *columns, const struct hm_sweep_row *row)
{
    fprintf(out, "%zu,%s", row->run, columns->kind[row->run - 1]);
    for (size_t a = 0; a < columns->naxis; a++) {
        const char *text = columns->axis_text[row->run - 1][a];
        fputc(',', out);
        if (text) put_text(out, text);
    }
    fprintf(out, ",%s,", row->status);
    if (row->reason) put_text(out, row->reason);
    for (size_t f = 0; f < HM_SWEEP_FIELDS; f++) {
        fputc(',', out);
        put_number(out, row->value[f]);
    }
    fputc('\n', out);
}

static enum hm_status fail_to(const char *action, const char *path)
{
    return hm_fail(HM_IO_ERROR, "%s: cannot %s: %s", path, action, strerror(errno));
}

enum hm_status hm_sweep_table_write_csv(const char *path, const struct hm_sweep_columns *columns,
                                        const struct hm_sweep_row *rows)
{
    char aside[PATH_MAX];
    if ((size_t)snprintf(aside, sizeof aside, "%s.new", path) >= sizeof aside)
        return hm_fail(HM_BAD_OUTPUT, "%s: the path is too long", path);
    FILE *out = fopen(aside, "w");
    if (!out) return fail_to("write", aside);
    put_header(out, columns);
    for (size_t i = 0; i < columns->nrun; i++)
        if (rows[i].run > 0) put_row(out, columns, &rows[i]);
    const bool written = fflush(out) == 0 && !ferror(out) && fsync(fileno(out)) == 0;
    if (fclose(out) != 0 || !written) return fail_to("write", aside);
    if (rename(aside, path) != 0) return fail_to("replace", path);
    return hm_folder_sync(path) ? HM_OK : fail_to("write", path);
}

/* ---- reading ---- */

/* The next cell of a line, unquoted in place; *at moves behind it, NULL after the last. */
static char *next_cell(char **at)
{
    char *cell = *at, *to = *at;
    const char *from = *at;
    if (*from == '"') {
        for (from++; *from && !(*from == '"' && from[1] != '"'); from++) {
            if (*from == '"') from++;
            *to++ = *from;
        }
        if (*from == '"') from++;
    } else {
        while (*from && *from != ',') *to++ = *from++;
    }
    *at = *from == ',' ? cell + (from - cell) + 1 : NULL;
    *to = '\0';
    return cell;
}

static bool read_cell_number(const char *cell, double *value)
{
    char *end;
    *value = *cell ? strtod(cell, &end) : NAN;
    return !*cell || *end == '\0';
}

/* Kinds and axes are known from the plan; the row says how the run ended. */
static bool parse_row(char *line, const struct hm_sweep_columns *columns, struct hm_sweep_row *row)
{
    char *at = line, *end;
    const char *cell = next_cell(&at);
    const unsigned long long run = strtoull(cell, &end, 10);
    if (end == cell || *end || run < 1 || run > columns->nrun || !at) return false;
    if (strcmp(next_cell(&at), columns->kind[run - 1]) != 0) return false;
    for (size_t a = 0; a < columns->naxis && at; a++) next_cell(&at);
    if (!at) return false;
    cell = next_cell(&at);
    if (!*cell || strlen(cell) >= sizeof row->status || !at) return false;
    strcpy(row->status, cell);
    const char *reason = next_cell(&at);
    for (size_t f = 0; f < HM_SWEEP_FIELDS; f++)
        if (!at || !read_cell_number(next_cell(&at), &row->value[f])) return false;
    if (at) return false;
    row->reason = *reason ? strdup(reason) : NULL;
    row->run = (size_t)run;
    return true;
}

static enum hm_status check_header(const char *path, const char *text, size_t length,
                                   const struct hm_sweep_columns *columns)
{
    char *header = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&header, &size);
    if (!out) return hm_fail(HM_OUT_OF_MEMORY, "no memory to read %s", path);
    put_header(out, columns);
    fclose(out);
    const bool same = size == length && memcmp(header, text, size) == 0;
    free(header);
    return same ? HM_OK
                : hm_fail(HM_BAD_INPUT,
                          "%s: its columns are not those of this sweep's table; take it away, and it is made anew",
                          path);
}

/* The end of the line that starts at `from`, behind its line break, which may also stand inside quotes; 0: torn. */
static size_t line_end(const char *text, size_t from, size_t size)
{
    bool quoted = false;
    for (size_t i = from; i < size; i++) {
        if (text[i] == '"') quoted = !quoted;
        if (text[i] == '\n' && !quoted) return i + 1;
    }
    return 0;
}

/* *kept is where the next row goes. */
static enum hm_status read_rows(const char *path, char *text, size_t size, const struct hm_sweep_columns *columns,
                                struct hm_sweep_row *rows, size_t *kept)
{
    size_t line = 1;
    *kept = line_end(text, 0, size);
    if (*kept == 0) return HM_OK; /* killed before the header was there */
    HM_TRY(check_header(path, text, *kept, columns));
    for (size_t end; (end = line_end(text, *kept, size)) > 0; *kept = end) {
        struct hm_sweep_row row = {0};
        line++;
        text[end - 1] = '\0';
        if (!parse_row(text + *kept, columns, &row))
            return hm_fail(HM_BAD_INPUT,
                           "%s:%zu: is no row of this sweep; take the line out, and its run is looked at again", path,
                           line);
        hm_sweep_row_release(&rows[row.run - 1]);
        rows[row.run - 1] = row;
    }
    return HM_OK;
}

static enum hm_status read_all(int descriptor, const char *path, char **text, size_t *size)
{
    struct stat entry;
    *text = NULL;
    if (fstat(descriptor, &entry) != 0) return fail_to("read", path);
    *size = (size_t)entry.st_size;
    *text = calloc(*size + 1, 1);
    if (!*text) return hm_fail(HM_OUT_OF_MEMORY, "no memory to read %s", path);
    for (size_t done = 0; done < *size;) {
        const ssize_t count = read(descriptor, *text + done, *size - done);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return fail_to("read", path);
        done += (size_t)count;
    }
    return HM_OK;
}

/* ---- the journal ---- */

static enum hm_status write_synced(const struct hm_sweep_journal *journal, const char *text, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t count = write(journal->descriptor, text + done, size - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail_to("write", journal->path);
        done += (size_t)count;
    }
    return fsync(journal->descriptor) == 0 ? HM_OK : fail_to("write", journal->path);
}

/* `row` NULL: the header. One write for a line, so that a kill tears none but the last. */
static enum hm_status append(struct hm_sweep_journal *journal, const struct hm_sweep_row *row)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) return hm_fail(HM_OUT_OF_MEMORY, "no memory for a row of %s", journal->path);
    if (row)
        put_row(out, journal->columns, row);
    else
        put_header(out, journal->columns);
    const bool made = fclose(out) == 0;
    const enum hm_status status = made ? write_synced(journal, text, size)
                                       : hm_fail(HM_OUT_OF_MEMORY, "no memory for a row of %s", journal->path);
    free(text);
    return status;
}

enum hm_status hm_sweep_journal_open(const char *path, const struct hm_sweep_columns *columns,
                                     struct hm_sweep_row *rows, struct hm_sweep_journal **journal)
{
    char *text = NULL;
    size_t size = 0, kept = 0;
    struct hm_sweep_journal *j = *journal = calloc(1, sizeof *j);
    if (!j || !(j->path = strdup(path))) {
        free(j);
        *journal = NULL;
        return hm_fail(HM_OUT_OF_MEMORY, "no memory to open %s", path);
    }
    j->columns = columns;
    j->descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    enum hm_status status = j->descriptor < 0 ? fail_to("open", path) : read_all(j->descriptor, path, &text, &size);
    if (status == HM_OK) status = read_rows(path, text, size, columns, rows, &kept);
    if (status == HM_OK && (ftruncate(j->descriptor, (off_t)kept) != 0 || lseek(j->descriptor, 0, SEEK_END) < 0))
        status = fail_to("write", path);
    if (status == HM_OK && kept == 0) status = append(j, NULL);
    free(text);
    if (status == HM_OK) return HM_OK;
    if (j->descriptor >= 0) close(j->descriptor);
    free(j->path);
    free(j);
    *journal = NULL;
    return status;
}

enum hm_status hm_sweep_journal_append(struct hm_sweep_journal *journal, const struct hm_sweep_row *row)
{
    return append(journal, row);
}

enum hm_status hm_sweep_journal_close(struct hm_sweep_journal **journal)
{
    struct hm_sweep_journal *j = *journal;
    if (!j) return HM_OK;
    const enum hm_status status = close(j->descriptor) == 0 ? HM_OK : fail_to("close", j->path);
    free(j->path);
    free(j);
    *journal = NULL;
    return status;
}
