/* Inside the report: sections of plots, tables and notes, who fills them and who writes them.
 *
 * A report is made from top to bottom: a section, then what stands in it. Everything lives in the report's own memory
 * until it is destroyed. A builder that runs out of memory leaves report->status behind and gives NULL.
 *
 * Units: plots carry theirs in the labels of their axes.
 * MPI: local.
 */
#ifndef HM_IO_REPORT_REPORT_INTERNAL_H
#define HM_IO_REPORT_REPORT_INTERNAL_H

#include "io/report/report.h"

#include "io/analysis/growth.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* TIMELINE: all series over the same x, in order. SCATTER: points and lines anywhere. BARS: one value a name.
 * HEAT: one value for every row and column. */
enum hm_plot_kind { HM_PLOT_TIMELINE, HM_PLOT_SCATTER, HM_PLOT_BARS, HM_PLOT_HEAT };

/* RULE: a horizontal line at y[0], from edge to edge. */
enum hm_plot_mark { HM_MARK_LINE, HM_MARK_POINTS, HM_MARK_BOTH, HM_MARK_RULE };

enum { HM_PLOT_SERIES = 24, HM_PLOT_GREY = -1 };

struct hm_plot_series {
    const char *name;
    enum hm_plot_mark mark;
    int colour; /* of the palette, or HM_PLOT_GREY */
    size_t count;
    double *x, *y;
    double *low, *high; /* least and largest around y; NULL: y alone */
    const char **label; /* (count) of points; NULL: none */
};

/* Names down and across, values (row, column); what is not known is NaN. */
struct hm_plot_heat {
    const char *row_title, *column_title;
    size_t rows, columns;
    const char **row, **column;
    double *value;
    const char **note; /* (rows, columns) in place of an unknown value, or NULL */
};

struct hm_plot {
    enum hm_plot_kind kind;
    const char *id, *title, *caption; /* the id names files and anchors: a-z 0-9 - */
    const char *xlabel, *ylabel;
    bool xlog, ylog;
    double view[2]; /* of x, at first; equal: all of it */
    size_t nseries;
    struct hm_plot_series series[HM_PLOT_SERIES];
    struct hm_plot_heat heat;
    /* Share of exact steps along x, from 0 to rug_span in equal stretches; count 0: none. */
    size_t rug_count;
    const double *rug;
    double rug_span;
};

struct hm_report_table {
    const char *id, *title, *caption;
    bool folded; /* shown on demand */
    size_t columns, rows, capacity;
    const char **heading; /* (columns) */
    const char **cell;    /* (rows, columns) */
};

struct hm_report_item {
    const struct hm_plot *plot; /* one of these */
    const struct hm_report_table *table;
    const char *note;
    const char *listing; /* text as it is, shown on demand */
    struct hm_report_item *next;
};

struct hm_report_section {
    const char *id, *title, *text;
    struct hm_report_item *first, *last;
    struct hm_report_section *next;
};

struct hm_report_fact {
    const char *name, *value;
    struct hm_report_fact *next;
};

struct hm_report_block;

struct hm_report {
    enum hm_status status;
    const char *title, *subtitle;
    struct hm_report_fact *facts; /* what stands in large letters at the top */
    struct hm_report_fact *remarks;
    struct hm_report_section *sections;
    struct hm_report_block *blocks;
};

/* ---- memory and text ---- */

/* Zeroed; NULL when there is none. */
void *hm_report_alloc(struct hm_report *report, size_t count, size_t size);
/* Formatted text; "" when there is no memory. */
const char *hm_report_text(struct hm_report *report, const char *format, ...) HM_PRINTF(2, 3);
/* "1e-05 K" as "1e-5 K", "1e+06" as "1e6", in place: what %g prints as people write it. */
void hm_report_tidy(char *text);
/* "%.*g" tidied, and a dash for what is not a number. */
const char *hm_report_number(struct hm_report *report, double value, int digits);

/* "1.5 (1.2 to 1.9)". */
const char *hm_report_interval(struct hm_report *report, const struct hm_interval *interval);

/* ---- building ---- */

void hm_report_add_fact(struct hm_report *report, const char *name, const char *value);
void hm_report_add_remark(struct hm_report *report, const char *text);
/* The message of a failure becomes a remark; memory that ran out stays a failure. */
enum hm_status hm_report_forgive(struct hm_report *report, enum hm_status status, const char *what);

struct hm_report_section *hm_report_add_section(struct hm_report *report, const char *id, const char *title,
                                                const char *text);
struct hm_plot *hm_report_add_plot(struct hm_report *report, struct hm_report_section *section,
                                   const struct hm_plot *plot);
/* One over time in ps. */
struct hm_plot *hm_report_add_timeline(struct hm_report *report, struct hm_report_section *section, const char *id,
                                       const char *title, const char *caption, const char *ylabel, bool log);
/* Points of a new series, zeroed; `spread` for low and high, too. NULL without memory, or when the plot is full. */
struct hm_plot_series *hm_report_add_series(struct hm_report *report, struct hm_plot *plot, const char *name,
                                            enum hm_plot_mark mark, int colour, size_t count, bool spread);
struct hm_report_table *hm_report_add_table(struct hm_report *report, struct hm_report_section *section, const char *id,
                                            const char *title, size_t columns, const char *const *heading);
void hm_report_add_row(struct hm_report *report, struct hm_report_table *table, const char *const *cells);
void hm_report_add_note(struct hm_report *report, struct hm_report_section *section, const char *text);
void hm_report_add_listing(struct hm_report *report, struct hm_report_section *section, const char *text);

/* ---- thinning ---- */

/* `count` values in a row, in at most HM_THIN_BINS equal stretches: place, least, mean and largest of each. */
enum { HM_THIN_BINS = 1600 };

struct hm_thin {
    size_t count, bins, at;
    double *x, *mean, *low, *high;
    size_t *known; /* values that are numbers */
};

bool hm_thin_create(struct hm_report *report, size_t count, struct hm_thin *thin);
void hm_thin_add(struct hm_thin *thin, double x, double y);
/* After the last value. */
void hm_thin_finish(struct hm_thin *thin);
/* A series of what was thinned, less `offset`; the spread only where values were put together. */
void hm_thin_show(struct hm_report *report, struct hm_plot *plot, const char *name, enum hm_plot_mark mark, int colour,
                  const struct hm_thin *thin, double offset);

/* ---- what reports are made of ---- */

struct hm_analysis;
struct hm_curves;

/* A run and, where there is one, its reference; NULL where that is not to be had. */
struct hm_report_runs {
    const struct hm_run *run, *reference;
    const struct hm_analysis *analysis, *reference_analysis;
    const struct hm_curves *curves, *reference_curves;
};

/* Marks the exact steps along the lower edge of a plot over time in ps. */
enum hm_status hm_report_mark_exact(struct hm_report *report, const struct hm_report_runs *runs, struct hm_plot *plot);

enum hm_status hm_report_energies(struct hm_report *report, const struct hm_report_runs *runs);
enum hm_status hm_report_decisions(struct hm_report *report, const struct hm_report_runs *runs);
/* Of strides, where the run took any. */
enum hm_status hm_report_rounds(struct hm_report *report, const struct hm_report_runs *runs);
enum hm_status hm_report_injections(struct hm_report *report, const struct hm_report_runs *runs);
enum hm_status hm_report_training(struct hm_report *report, const struct hm_report_runs *runs);
enum hm_status hm_report_motion(struct hm_report *report, const struct hm_report_runs *runs);
/* Bonds and angles of molecules; pairs and displacements of what is periodic. */
enum hm_status hm_report_internals(struct hm_report *report, struct hm_report_section *section,
                                   const struct hm_report_runs *runs);
enum hm_status hm_report_liquid(struct hm_report *report, struct hm_report_section *section,
                                const struct hm_report_runs *runs);
/* Growth of errors, of one run or of several together. */
struct hm_plot *hm_report_add_divergence_plot(struct hm_report *report, struct hm_report_section *section,
                                              enum hm_divergence which);
void hm_report_add_divergence(struct hm_report *report, struct hm_plot *plot, const char *name, int colour,
                              const struct hm_study_curves *study, const struct hm_divergence_curve *curve);
enum hm_status hm_report_study(struct hm_report *report, const struct hm_report_runs *runs);
enum hm_status hm_report_comparison(struct hm_report *report, const struct hm_report_runs *runs);
enum hm_status hm_report_timing(struct hm_report *report, const struct hm_report_runs *runs);
enum hm_status hm_report_figures(struct hm_report *report, const struct hm_report_runs *runs);
enum hm_status hm_report_fill_run(struct hm_report *report, const char *path, const char *reference);
enum hm_status hm_report_fill_sweep(struct hm_report *report, const char *folder);

/* ---- drawing ---- */

enum { HM_TICKS = 12 };

struct hm_axis {
    bool log;
    double from, to; /* of the data, widened to the frame */
    size_t nticks;
    double tick[HM_TICKS];
};

/* Ticks at 1, 2 or 5 times a power of ten; powers of ten on a logarithmic axis. */
void hm_axis_fit(double least, double largest, bool log, struct hm_axis *axis);
/* 0 at the one end, 1 at the other; NaN where a logarithm has no value. */
double hm_axis_place(const struct hm_axis *axis, double value);
void hm_axis_label(const struct hm_axis *axis, double tick, char *text, size_t size);
/* Of a value among those of a heat map, 0 to 1; logarithmic where they span more than two powers of ten. */
double hm_heat_share(const struct hm_plot_heat *heat, double value);

void hm_svg_write(const struct hm_plot *plot, bool alone, FILE *out);
void hm_csv_write_plot(const struct hm_plot *plot, FILE *out);
void hm_csv_write_table(const struct hm_report_table *table, FILE *out);
void hm_html_write(const struct hm_report *report, FILE *out);
/* With what HTML and XML read otherwise made harmless. */
void hm_html_escape(const char *text, FILE *out);

/* Embedded files. */
extern const unsigned char hm_report_page_html[], hm_report_page_css[], hm_report_plot_css[], hm_report_page_js[],
    hm_report_chart_js[], hm_report_dygraph_js[], hm_report_dygraph_css[];

#endif
