/* The report in memory: sections, plots, tables, notes. */
#include "io/report/report_internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct hm_report_block {
    struct hm_report_block *next;
    max_align_t data[];
};

/* ---- memory and text ---- */

void *hm_report_alloc(struct hm_report *report, size_t count, size_t size)
{
    struct hm_report_block *block = NULL;
    if (size == 0 || count < (SIZE_MAX / 2 - sizeof *block) / size) block = calloc(1, sizeof *block + count * size + 1);
    if (!block) {
        report->status = hm_fail(HM_OUT_OF_MEMORY, "out of memory: report");
        return NULL;
    }
    block->next = report->blocks;
    report->blocks = block;
    return block->data;
}

const char *hm_report_text(struct hm_report *report, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length >= 0 ? hm_report_alloc(report, (size_t)length + 1, 1) : NULL;
    if (!text) return "";
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

const char *hm_report_number(struct hm_report *report, double value, int digits)
{
    char text[64];
    snprintf(text, sizeof text, "%.*g", digits, value);
    hm_report_tidy(text);
    return isfinite(value) ? hm_report_text(report, "%s", text) : "\u2013";
}

void hm_report_destroy(struct hm_report **report)
{
    if (!*report) return;
    for (struct hm_report_block *block = (*report)->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(*report);
    *report = NULL;
}

/* ---- building ---- */

static void append_fact(struct hm_report *report, struct hm_report_fact **list, const char *name, const char *value)
{
    struct hm_report_fact *fact = hm_report_alloc(report, 1, sizeof *fact);
    if (!fact) return;
    *fact = (struct hm_report_fact){hm_report_text(report, "%s", name), hm_report_text(report, "%s", value), NULL};
    while (*list) list = &(*list)->next;
    *list = fact;
}

void hm_report_add_fact(struct hm_report *report, const char *name, const char *value)
{
    append_fact(report, &report->facts, name, value);
}

void hm_report_add_remark(struct hm_report *report, const char *text)
{
    append_fact(report, &report->remarks, "", text);
}

const char *hm_report_remark(const struct hm_report *report, size_t index)
{
    const struct hm_report_fact *remark = report->remarks;
    while (remark && index-- > 0) remark = remark->next;
    return remark ? remark->value : NULL;
}

enum hm_status hm_report_forgive(struct hm_report *report, enum hm_status status, const char *what)
{
    if (status == HM_OK || status == HM_OUT_OF_MEMORY) return status;
    hm_report_add_remark(report, hm_report_text(report, "%s: %s", what, hm_status_message()));
    hm_status_clear();
    return report->status;
}

struct hm_report_section *hm_report_add_section(struct hm_report *report, const char *id, const char *title,
                                                const char *text)
{
    struct hm_report_section *section = hm_report_alloc(report, 1, sizeof *section), **list = &report->sections;
    if (!section) return NULL;
    *section = (struct hm_report_section){.id = hm_report_text(report, "%s", id),
                                          .title = hm_report_text(report, "%s", title),
                                          .text = hm_report_text(report, "%s", text)};
    while (*list) list = &(*list)->next;
    *list = section;
    return section;
}

static struct hm_report_item *add_item(struct hm_report *report, struct hm_report_section *section)
{
    struct hm_report_item *item = section ? hm_report_alloc(report, 1, sizeof *item) : NULL;
    if (!item) return NULL;
    if (section->last)
        section->last->next = item;
    else
        section->first = item;
    section->last = item;
    return item;
}

struct hm_plot *hm_report_add_plot(struct hm_report *report, struct hm_report_section *section,
                                   const struct hm_plot *plot)
{
    struct hm_report_item *item = add_item(report, section);
    struct hm_plot *added = item ? hm_report_alloc(report, 1, sizeof *added) : NULL;
    if (!added) return NULL;
    *added = *plot;
    added->id = hm_report_text(report, "%s", plot->id);
    added->title = hm_report_text(report, "%s", plot->title);
    added->caption = hm_report_text(report, "%s", plot->caption ? plot->caption : "");
    added->xlabel = hm_report_text(report, "%s", plot->xlabel ? plot->xlabel : "");
    added->ylabel = hm_report_text(report, "%s", plot->ylabel ? plot->ylabel : "");
    item->plot = added;
    return added;
}

struct hm_plot *hm_report_add_timeline(struct hm_report *report, struct hm_report_section *section, const char *id,
                                       const char *title, const char *caption, const char *ylabel, bool log)
{
    return hm_report_add_plot(report, section,
                              &(struct hm_plot){.kind = HM_PLOT_TIMELINE,
                                                .id = id,
                                                .title = title,
                                                .caption = caption,
                                                .xlabel = "time, ps",
                                                .ylabel = ylabel,
                                                .ylog = log});
}

struct hm_plot_series *hm_report_add_series(struct hm_report *report, struct hm_plot *plot, const char *name,
                                            enum hm_plot_mark mark, int colour, size_t count, bool spread)
{
    if (!plot || plot->nseries == HM_PLOT_SERIES) return NULL;
    struct hm_plot_series series = {.name = hm_report_text(report, "%s", name),
                                    .mark = mark,
                                    .colour = colour,
                                    .count = count,
                                    .x = hm_report_alloc(report, count, sizeof(double)),
                                    .y = hm_report_alloc(report, count, sizeof(double))};
    if (spread) {
        series.low = hm_report_alloc(report, count, sizeof(double));
        series.high = hm_report_alloc(report, count, sizeof(double));
    }
    if (report->status != HM_OK) return NULL;
    plot->series[plot->nseries] = series;
    return &plot->series[plot->nseries++];
}

struct hm_report_table *hm_report_add_table(struct hm_report *report, struct hm_report_section *section, const char *id,
                                            const char *title, size_t columns, const char *const *heading)
{
    struct hm_report_item *item = add_item(report, section);
    struct hm_report_table *table = item ? hm_report_alloc(report, 1, sizeof *table) : NULL;
    if (!table) return NULL;
    *table = (struct hm_report_table){.id = hm_report_text(report, "%s", id),
                                      .title = hm_report_text(report, "%s", title),
                                      .caption = "",
                                      .columns = columns,
                                      .heading = hm_report_alloc(report, columns, sizeof *table->heading)};
    for (size_t c = 0; table->heading && c < columns; c++) table->heading[c] = hm_report_text(report, "%s", heading[c]);
    item->table = table;
    return table->heading ? table : NULL;
}

void hm_report_add_row(struct hm_report *report, struct hm_report_table *table, const char *const *cells)
{
    if (!table || report->status != HM_OK) return;
    if (table->rows == table->capacity) {
        const size_t capacity = table->capacity > 0 ? 2 * table->capacity : 16;
        const char **grown = hm_report_alloc(report, capacity * table->columns, sizeof *grown);
        if (!grown) return;
        if (table->rows > 0) memcpy(grown, table->cell, table->rows * table->columns * sizeof *grown);
        table->cell = grown;
        table->capacity = capacity;
    }
    const char **row = table->cell + table->rows++ * table->columns;
    for (size_t c = 0; c < table->columns; c++) row[c] = hm_report_text(report, "%s", cells[c] ? cells[c] : "");
}

void hm_report_add_note(struct hm_report *report, struct hm_report_section *section, const char *text)
{
    struct hm_report_item *item = add_item(report, section);
    if (item) item->note = hm_report_text(report, "%s", text);
}

void hm_report_add_listing(struct hm_report *report, struct hm_report_section *section, const char *text)
{
    struct hm_report_item *item = add_item(report, section);
    if (item) item->listing = hm_report_text(report, "%s", text);
}

/* ---- thinning ---- */

bool hm_thin_create(struct hm_report *report, size_t count, struct hm_thin *thin)
{
    const size_t bins = count < HM_THIN_BINS ? count : HM_THIN_BINS;
    *thin = (struct hm_thin){.count = count,
                             .bins = bins,
                             .x = hm_report_alloc(report, bins, sizeof(double)),
                             .mean = hm_report_alloc(report, bins, sizeof(double)),
                             .low = hm_report_alloc(report, bins, sizeof(double)),
                             .high = hm_report_alloc(report, bins, sizeof(double)),
                             .known = hm_report_alloc(report, 2 * bins, sizeof(size_t))};
    for (size_t b = 0; report->status == HM_OK && b < bins; b++) {
        thin->low[b] = INFINITY;
        thin->high[b] = -INFINITY;
    }
    return report->status == HM_OK;
}

void hm_thin_add(struct hm_thin *thin, double x, double y)
{
    if (thin->at >= thin->count) return;
    const size_t bin = (size_t)((double)thin->at++ * (double)thin->bins / (double)thin->count);
    thin->x[bin] += x;
    thin->known[thin->bins + bin]++;
    if (!isfinite(y)) return;
    thin->known[bin]++;
    thin->mean[bin] += y;
    thin->low[bin] = fmin(thin->low[bin], y);
    thin->high[bin] = fmax(thin->high[bin], y);
}

void hm_thin_finish(struct hm_thin *thin)
{
    for (size_t b = 0; b < thin->bins; b++) {
        thin->x[b] /= (double)thin->known[thin->bins + b];
        thin->mean[b] = thin->known[b] > 0 ? thin->mean[b] / (double)thin->known[b] : NAN;
        if (thin->known[b] == 0) thin->low[b] = thin->high[b] = NAN;
    }
}

void hm_thin_show(struct hm_report *report, struct hm_plot *plot, const char *name, enum hm_plot_mark mark, int colour,
                  const struct hm_thin *thin, double offset)
{
    const bool spread = thin->count > thin->bins;
    struct hm_plot_series *series = hm_report_add_series(report, plot, name, mark, colour, thin->bins, spread);
    for (size_t b = 0; series && b < thin->bins; b++) {
        series->x[b] = thin->x[b];
        series->y[b] = thin->mean[b] - offset;
        if (!spread) continue;
        series->low[b] = thin->low[b] - offset;
        series->high[b] = thin->high[b] - offset;
    }
}
