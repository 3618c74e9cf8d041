/* The numbers of plots and tables as comma-separated values. */
#include "io/report/report_internal.h"

#include <math.h>
#include <string.h>

static void put_cell(const char *text, FILE *out)
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

/* What is not known is an empty cell. */
static void put_number(double value, FILE *out)
{
    fputc(',', out);
    if (isfinite(value)) fprintf(out, "%.12g", value);
}

static void put_series(const struct hm_plot_series *s, FILE *out)
{
    for (size_t k = 0; k < s->count; k++) {
        put_cell(s->name, out);
        fputc(',', out);
        if (s->label && s->label[k]) put_cell(s->label[k], out);
        put_number(s->x ? s->x[k] : NAN, out);
        put_number(s->y[k], out);
        put_number(s->low ? s->low[k] : NAN, out);
        put_number(s->high ? s->high[k] : NAN, out);
        fputc('\n', out);
    }
}

void hm_csv_write_plot(const struct hm_plot *plot, FILE *out)
{
    const struct hm_plot_heat *h = &plot->heat;
    if (plot->kind == HM_PLOT_HEAT) {
        put_cell(h->row_title, out);
        for (size_t k = 0; k < h->columns; k++) {
            fputc(',', out);
            put_cell(h->column[k], out);
        }
        fputc('\n', out);
        for (size_t r = 0; r < h->rows; r++) {
            put_cell(h->row[r], out);
            for (size_t k = 0; k < h->columns; k++) put_number(h->value[r * h->columns + k], out);
            fputc('\n', out);
        }
        return;
    }
    fputs("series,label,", out);
    put_cell(*plot->xlabel ? plot->xlabel : "x", out);
    fputc(',', out);
    put_cell(*plot->ylabel ? plot->ylabel : "y", out);
    fputs(",least,largest\n", out);
    for (size_t s = 0; s < plot->nseries; s++) put_series(&plot->series[s], out);
}

void hm_csv_write_table(const struct hm_report_table *table, FILE *out)
{
    for (size_t c = 0; c < table->columns; c++) {
        if (c > 0) fputc(',', out);
        put_cell(table->heading[c], out);
    }
    for (size_t k = 0; k < table->rows * table->columns; k++) {
        fputs(k % table->columns == 0 ? "\n" : ",", out);
        put_cell(table->cell[k], out);
    }
    fputc('\n', out);
}
