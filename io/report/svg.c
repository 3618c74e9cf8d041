/* Still drawings of plots. On the page the style is the page's; alone, a drawing brings it along. */
#include "io/report/report_internal.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 760, LEFT = 78, RIGHT = 16, TOP = 14, BOTTOM = 46, LEGEND_LINE = 20, RUG = 8, COLOURS = 8 };

struct canvas {
    const struct hm_plot *plot;
    FILE *out;
    struct hm_axis x, y;
    double top, height; /* of the frame */
};

static double place_x(const struct canvas *c, double value)
{
    return LEFT + hm_axis_place(&c->x, value) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const struct canvas *c, double value)
{
    return c->top + (1 - hm_axis_place(&c->y, value)) * c->height;
}

static void put_text(const struct canvas *c, double x, double y, const char *anchor, const char *text)
{
    fprintf(c->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    hm_html_escape(text, c->out);
    fputs("</text>", c->out);
}

static const char *colour_class(int colour, char text[16])
{
    if (colour == HM_PLOT_GREY)
        snprintf(text, 16, "grey");
    else
        snprintf(text, 16, "c%d", colour % COLOURS);
    return text;
}

/* ---- what is on the plot ---- */

static void widen(double value, bool log, double range[2])
{
    if (!isfinite(value) || (log && value <= 0)) return;
    range[0] = fmin(range[0], value);
    range[1] = fmax(range[1], value);
}

static void fit_axes(struct canvas *c)
{
    const struct hm_plot *p = c->plot;
    double x[2] = {INFINITY, -INFINITY}, y[2] = {INFINITY, -INFINITY};
    for (size_t s = 0; s < p->nseries; s++) {
        const struct hm_plot_series *series = &p->series[s];
        for (size_t k = 0; k < series->count; k++) {
            const bool seen = p->view[0] == p->view[1] || (series->x[k] >= p->view[0] && series->x[k] <= p->view[1]);
            if (series->mark != HM_MARK_RULE && !seen) continue;
            if (series->mark != HM_MARK_RULE && isfinite(series->y[k])) widen(series->x[k], p->xlog, x);
            widen(series->y[k], p->ylog, y);
            if (series->low) widen(series->low[k], p->ylog, y);
            if (series->high) widen(series->high[k], p->ylog, y);
        }
    }
    hm_axis_fit(x[0], x[1], p->xlog, &c->x);
    hm_axis_fit(y[0], y[1], p->ylog, &c->y);
}

static void put_axes(const struct canvas *c)
{
    char label[32];
    const double bottom = c->top + c->height;
    for (size_t t = 0; t < c->x.nticks; t++) {
        const double x = place_x(c, c->x.tick[t]);
        fprintf(c->out, "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>", x, c->top, bottom);
        hm_axis_label(&c->x, c->x.tick[t], label, sizeof label);
        put_text(c, x, bottom + 16, "middle", label);
    }
    for (size_t t = 0; t < c->y.nticks; t++) {
        const double y = place_y(c, c->y.tick[t]);
        fprintf(c->out, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", LEFT, y, WIDTH - RIGHT);
        hm_axis_label(&c->y, c->y.tick[t], label, sizeof label);
        put_text(c, LEFT - 6, y + 4, "end", label);
    }
    fprintf(c->out, "<rect class=\"frame\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>\n", LEFT, c->top,
            WIDTH - LEFT - RIGHT, c->height);
    put_text(c, (LEFT + WIDTH - RIGHT) / 2.0, bottom + 36, "middle", c->plot->xlabel);
    fprintf(c->out, "<g transform=\"translate(16 %.1f) rotate(-90)\">", c->top + c->height / 2);
    put_text(c, 0, 0, "middle", c->plot->ylabel);
    fputs("</g>\n", c->out);
}

/* ---- series ---- */

static bool visible(const struct canvas *c, double x, double y)
{
    return isfinite(hm_axis_place(&c->x, x)) && isfinite(hm_axis_place(&c->y, y));
}

/* The line breaks where a value is not known. */
static void put_line(const struct canvas *c, const struct hm_plot_series *s, const char *colour)
{
    bool open = false;
    fprintf(c->out, "<path class=\"line %s\" d=\"", colour);
    for (size_t k = 0; k < s->count; k++) {
        const bool there = visible(c, s->x[k], s->y[k]);
        if (there) fprintf(c->out, "%s%.1f %.1f", open ? "L" : "M", place_x(c, s->x[k]), place_y(c, s->y[k]));
        open = there;
    }
    fputs("\"/>\n", c->out);
}

/* Where a low value has no logarithm the band goes down to the frame. */
static double low_of(const struct canvas *c, const struct hm_plot_series *s, size_t k)
{
    return c->y.log && s->low[k] <= 0 ? c->y.from : s->low[k];
}

static void put_band(const struct canvas *c, const struct hm_plot_series *s, const char *colour)
{
    fprintf(c->out, "<path class=\"band %s\" d=\"", colour);
    for (size_t first = 0, end; first < s->count; first = end + 1) {
        for (end = first; end < s->count && visible(c, s->x[end], s->high[end]); end++)
            fprintf(c->out, "%s%.1f %.1f", end == first ? "M" : "L", place_x(c, s->x[end]), place_y(c, s->high[end]));
        for (size_t k = end; k-- > first;)
            fprintf(c->out, "L%.1f %.1f", place_x(c, s->x[k]), place_y(c, low_of(c, s, k)));
        if (end > first) fputs("Z", c->out);
    }
    fputs("\"/>\n", c->out);
}

static void put_points(const struct canvas *c, const struct hm_plot_series *s, const char *colour)
{
    for (size_t k = 0; k < s->count; k++) {
        if (!visible(c, s->x[k], s->y[k])) continue;
        const double x = place_x(c, s->x[k]), y = place_y(c, s->y[k]);
        if (s->low && isfinite(s->high[k]) && s->high[k] > s->low[k])
            fprintf(c->out, "<path class=\"whisker %s\" d=\"M%.1f %.1fV%.1fm-4 0h8M%.1f %.1fh8\"/>", colour, x,
                    place_y(c, low_of(c, s, k)), place_y(c, s->high[k]), x - 4, place_y(c, low_of(c, s, k)));
        fprintf(c->out, "<circle class=\"point %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%s\">", colour, x, y,
                s->count > 200 ? "2" : "4");
        fputs("<title>", c->out);
        hm_html_escape(s->label && s->label[k] ? s->label[k] : s->name, c->out);
        fprintf(c->out, ": %.5g, %.5g</title></circle>\n", s->x[k], s->y[k]);
    }
}

static void put_series(const struct canvas *c, const struct hm_plot_series *s)
{
    char colour[16];
    colour_class(s->colour, colour);
    if (s->mark == HM_MARK_RULE) {
        if (isfinite(hm_axis_place(&c->y, s->y[0])))
            fprintf(c->out, "<path class=\"rule %s\" d=\"M%d %.1fH%d\"/>\n", colour, LEFT, place_y(c, s->y[0]),
                    WIDTH - RIGHT);
        return;
    }
    if (s->low && s->mark == HM_MARK_LINE) put_band(c, s, colour);
    if (s->mark != HM_MARK_POINTS) put_line(c, s, colour);
    if (s->mark != HM_MARK_LINE) put_points(c, s, colour);
}

static void put_rug(const struct canvas *c)
{
    const struct hm_plot *p = c->plot;
    const double width = p->rug_span / (double)p->rug_count;
    for (size_t b = 0, end; b < p->rug_count; b = end) {
        for (end = b + 1; end < p->rug_count && p->rug[end] == p->rug[b]; end++) continue;
        if (!(p->rug[b] > 0)) continue;
        const double from = place_x(c, width * (double)b), to = place_x(c, width * (double)end);
        fprintf(c->out, "<rect class=\"rug\" x=\"%.1f\" y=\"%.1f\" width=\"%.2f\" height=\"%d\" opacity=\"%.2f\"/>",
                from, c->top + c->height - RUG, fmax(to - from, 0.4), RUG, 0.25 + 0.75 * p->rug[b]);
    }
    fputc('\n', c->out);
}

/* As many names in a line as fit; returns the lines. */
static int put_legend(const struct canvas *c, bool draw)
{
    char colour[16];
    double x = LEFT;
    int line = 0;
    if (c->plot->nseries < 2) return 0;
    for (size_t s = 0; s < c->plot->nseries; s++) {
        const struct hm_plot_series *series = &c->plot->series[s];
        const double width = 34 + 6.4 * (double)strlen(series->name);
        if (x > LEFT && x + width > WIDTH - RIGHT) {
            x = LEFT;
            line++;
        }
        const double y = TOP + LEGEND_LINE * line;
        if (draw) {
            fprintf(c->out, "<rect class=\"key %s\" x=\"%.1f\" y=\"%.1f\" width=\"14\" height=\"4\"/>",
                    colour_class(series->colour, colour), x, y - 2);
            put_text(c, x + 19, y + 4, "start", series->name);
        }
        x += width;
    }
    return line + 1;
}

/* ---- bars and maps ---- */

static void put_bars(const struct canvas *c)
{
    const struct hm_plot_series *s = &c->plot->series[0];
    double most = 0;
    for (size_t k = 0; k < s->count; k++) most = fmax(most, s->y[k]);
    for (size_t k = 0; k < s->count; k++) {
        char number[32];
        const double y = TOP + 26 * (double)k, width = most > 0 ? (WIDTH - 260) * s->y[k] / most : 0;
        put_text(c, 110, y + 13, "end", s->label[k]);
        fprintf(c->out, "<rect class=\"key c%d\" x=\"120\" y=\"%.1f\" width=\"%.1f\" height=\"18\"/>",
                (int)(k % COLOURS), y, width);
        snprintf(number, sizeof number, "%.3g", s->y[k]);
        put_text(c, 126 + width, y + 13, "start", number);
    }
    put_text(c, 120, TOP + 26 * (double)s->count + 16, "start", c->plot->xlabel);
}

static void put_heat(const struct canvas *c)
{
    const struct hm_plot_heat *h = &c->plot->heat;
    const double width = (WIDTH - 180.0) / (double)h->columns, left = 160, top = TOP + 40;
    put_text(c, left + (WIDTH - 180.0) / 2, TOP + 8, "middle", h->column_title);
    put_text(c, left - 8, top - 8, "end", h->row_title);
    for (size_t k = 0; k < h->columns; k++)
        put_text(c, left + width * ((double)k + 0.5), top - 8, "middle", h->column[k]);
    for (size_t r = 0; r < h->rows; r++) {
        const double y = top + 30 * (double)r;
        put_text(c, left - 8, y + 20, "end", h->row[r]);
        for (size_t k = 0; k < h->columns; k++) {
            const double value = h->value[r * h->columns + k], x = left + width * (double)k;
            char number[32] = "\u2013";
            if (isfinite(value)) {
                snprintf(number, sizeof number, "%.2g", value);
                hm_report_tidy(number);
                fprintf(c->out, "<rect class=\"cold\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"30\"/>", x, y,
                        width);
                fprintf(c->out,
                        "<rect class=\"hot\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"30\" opacity=\"%.3f\"/>", x,
                        y, width, hm_heat_share(h, value));
            }
            put_text(c, x + width / 2, y + 20, "middle", number);
        }
    }
}

/* ---- the drawing ---- */

static double height_of(const struct hm_plot *plot, int legend)
{
    switch (plot->kind) {
    case HM_PLOT_BARS:
        return TOP + 26 * (double)plot->series[0].count + 30;
    case HM_PLOT_HEAT:
        return TOP + 54 + 30 * (double)plot->heat.rows;
    case HM_PLOT_TIMELINE:
        return 300 + LEGEND_LINE * legend;
    case HM_PLOT_SCATTER:
        break;
    }
    return 400 + LEGEND_LINE * legend;
}

static void put_plot(struct canvas *c)
{
    fit_axes(c);
    put_axes(c);
    put_legend(c, true);
    fprintf(c->out, "<svg x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" viewBox=\"%d %.1f %d %.1f\">\n", LEFT,
            c->top, WIDTH - LEFT - RIGHT, c->height, LEFT, c->top, WIDTH - LEFT - RIGHT, c->height);
    if (c->plot->rug_count > 0) put_rug(c);
    for (size_t s = 0; s < c->plot->nseries; s++) put_series(c, &c->plot->series[s]);
    fputs("</svg>\n", c->out);
}

void hm_svg_write(const struct hm_plot *plot, bool alone, FILE *out)
{
    struct canvas canvas = {.plot = plot, .out = out};
    const int legend = put_legend(&canvas, false);
    const double height = height_of(plot, legend);
    canvas.top = TOP + (legend > 0 ? LEGEND_LINE * legend : 0);
    canvas.height = height - canvas.top - BOTTOM;
    if (alone) fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"drawing\" viewBox=\"0 0 %d %.0f\" width=\"%d\" "
            "height=\"%.0f\" role=\"img\" aria-label=\"",
            WIDTH, height, WIDTH, height);
    hm_html_escape(plot->title, out);
    fputs("\">\n<title>", out);
    hm_html_escape(plot->title, out);
    fputs("</title>\n", out);
    if (alone)
        fprintf(out, "<style>%s</style>\n<rect class=\"paper\" width=\"100%%\" height=\"100%%\"/>\n",
                (const char *)hm_report_plot_css);
    if (plot->kind == HM_PLOT_BARS)
        put_bars(&canvas);
    else if (plot->kind == HM_PLOT_HEAT)
        put_heat(&canvas);
    else
        put_plot(&canvas);
    fputs("</svg>\n", out);
}
