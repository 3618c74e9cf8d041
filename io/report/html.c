/* The page: its skeleton (page.html) with style, contents, data and scripts put in. */
#include "io/report/report_internal.h"

#include <math.h>
#include <string.h>

/* Bytes of the UTF-8 character at `text`; 0: it is none. */
static size_t character_bytes(const unsigned char *text)
{
    const size_t bytes = text[0] < 0x80 ? 1 : text[0] < 0xc2 ? 0 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
    if (bytes == 0 || text[0] > 0xf4) return 0;
    for (size_t k = 1; k < bytes; k++)
        if ((text[k] & 0xc0) != 0x80) return 0;
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
        (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
        return 0;
    return bytes;
}

/* Neither markup nor text that XML refuses: control characters and broken UTF-8 become the replacement character. */
void hm_html_escape(const char *text, FILE *out)
{
    static const char special[] = "&<>\"'";
    static const char *const harmless[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        const char *found = strchr(special, *at);
        const size_t bytes = character_bytes(at);
        if (found)
            fputs(harmless[found - special], out);
        else if (bytes == 0 || *at == 0x7f || (*at < 0x20 && *at != '\n' && *at != '\t'))
            fputs("\xef\xbf\xbd", out);
        else
            fwrite(at, 1, bytes, out);
        at += bytes > 0 ? bytes : 1;
    }
}

/* ---- data for the scripts ---- */

/* A JSON string inside a script element: nothing in it can end the element. */
static void put_string(const char *text, FILE *out)
{
    fputc('"', out);
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        const size_t bytes = character_bytes(at);
        if (bytes == 0)
            fputs("\\ufffd", out);
        else if (bytes == 1 && (*at < 0x20 || *at == 0x7f || strchr("\"\\<>&", *at)))
            fprintf(out, "\\u%04x", *at);
        else if (bytes == 3 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9))
            fprintf(out, "\\u202%c", at[2] == 0xa8 ? '8' : '9');
        else
            fwrite(at, 1, bytes, out);
        at += bytes > 0 ? bytes : 1;
    }
    fputc('"', out);
}

static void put_key(const char *name, const char *text, FILE *out)
{
    fprintf(out, "\"%s\":", name);
    put_string(text, out);
    fputc(',', out);
}

static void put_numbers(const char *name, const double *values, size_t count, int digits, FILE *out)
{
    fprintf(out, ",\"%s\":[", name);
    for (size_t k = 0; k < count; k++) {
        if (k > 0) fputc(',', out);
        if (isfinite(values[k]))
            fprintf(out, "%.*g", digits, values[k]);
        else
            fputs("null", out);
    }
    fputc(']', out);
}

static void put_series(const struct hm_plot *plot, size_t index, FILE *out)
{
    static const char *const marks[] = {"line", "points", "both", "rule"};
    const struct hm_plot_series *s = &plot->series[index];
    fputs(index > 0 ? ",{" : "{", out);
    put_key("name", s->name, out);
    fprintf(out, "\"mark\":\"%s\",\"colour\":%d", marks[s->mark], s->colour);
    const bool shared = plot->kind == HM_PLOT_TIMELINE && index > 0;
    if (!shared) put_numbers("x", s->x, s->count, 9, out);
    put_numbers("y", s->y, s->count, 7, out);
    if (s->low) put_numbers("low", s->low, s->count, 7, out);
    if (s->high) put_numbers("high", s->high, s->count, 7, out);
    if (s->label) {
        fputs(",\"label\":[", out);
        for (size_t k = 0; k < s->count; k++) {
            if (k > 0) fputc(',', out);
            put_string(s->label[k] ? s->label[k] : "", out);
        }
        fputc(']', out);
    }
    fputc('}', out);
}

static void put_plot_data(const struct hm_plot *plot, FILE *out)
{
    fputc('{', out);
    put_key("id", plot->id, out);
    put_key("kind", plot->kind == HM_PLOT_TIMELINE ? "timeline" : "scatter", out);
    put_key("xlabel", plot->xlabel, out);
    put_key("ylabel", plot->ylabel, out);
    fprintf(out, "\"xlog\":%s,\"ylog\":%s", plot->xlog ? "true" : "false", plot->ylog ? "true" : "false");
    if (plot->view[0] < plot->view[1]) put_numbers("view", plot->view, 2, 9, out);
    if (plot->rug_count > 0) {
        put_numbers("rug", plot->rug, plot->rug_count, 2, out);
        put_numbers("rug_span", &plot->rug_span, 1, 9, out);
    }
    fputs(",\"series\":[", out);
    for (size_t s = 0; s < plot->nseries; s++) put_series(plot, s, out);
    fputs("]}", out);
}

static void put_data(const struct hm_report *report, FILE *out)
{
    bool first = true;
    fputc('[', out);
    for (const struct hm_report_section *s = report->sections; s; s = s->next)
        for (const struct hm_report_item *item = s->first; item; item = item->next) {
            if (!item->plot || (item->plot->kind != HM_PLOT_TIMELINE && item->plot->kind != HM_PLOT_SCATTER)) continue;
            if (!first) fputs(",\n", out);
            put_plot_data(item->plot, out);
            first = false;
        }
    fputc(']', out);
}

/* ---- contents ---- */

static void put_element(const char *tag, const char *text, FILE *out)
{
    fprintf(out, "<%s>", tag);
    hm_html_escape(text, out);
    fprintf(out, "</%s>", tag);
}

static void put_heat(const struct hm_plot_heat *h, FILE *out)
{
    fputs("<div class=\"wide\"><table class=\"heat\"><thead><tr><th>", out);
    hm_html_escape(h->row_title, out);
    fputs(" \\ ", out);
    hm_html_escape(h->column_title, out);
    fputs("</th>", out);
    for (size_t c = 0; c < h->columns; c++) put_element("th", h->column[c], out);
    fputs("</tr></thead><tbody>\n", out);
    for (size_t r = 0; r < h->rows; r++) {
        fputs("<tr>", out);
        put_element("th", h->row[r], out);
        for (size_t c = 0; c < h->columns; c++) {
            const double value = h->value[r * h->columns + c];
            const char *note = h->note ? h->note[r * h->columns + c] : NULL;
            char number[32] = "\u2013";
            if (isfinite(value)) {
                fprintf(out, "<td class=\"cell\" style=\"--share:%.1f%%\">", 100 * hm_heat_share(h, value));
                snprintf(number, sizeof number, "%.2g", value);
                hm_report_tidy(number);
            } else {
                fputs("<td class=\"none\">", out);
            }
            fputs(number, out);
            if (note) put_element("small", note, out);
            fputs("</td>", out);
        }
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>", out);
}

static void put_bars(const struct hm_plot *plot, FILE *out)
{
    const struct hm_plot_series *s = &plot->series[0];
    double most = 0;
    for (size_t k = 0; k < s->count; k++) most = fmax(most, s->y[k]);
    fputs("<table class=\"bars\"><tbody>\n", out);
    for (size_t k = 0; k < s->count; k++) {
        fputs("<tr>", out);
        put_element("th", s->label[k], out);
        fprintf(out,
                "<td><div class=\"bar c%d\" style=\"width:%.2f%%\"></div></td><td class=\"number\">%.3g</td></tr>\n",
                (int)(k % 8), most > 0 ? 100 * s->y[k] / most : 0, s->y[k]);
    }
    fputs("</tbody></table><p class=\"unit\">", out);
    hm_html_escape(plot->xlabel, out);
    fputs("</p>", out);
}

static void put_plot(const struct hm_plot *plot, FILE *out)
{
    static const char *const kinds[] = {"timeline", "scatter", "bars", "heat"};
    fprintf(out, "<figure class=\"plot\" data-kind=\"%s\" id=\"%s\"><figcaption>", kinds[plot->kind], plot->id);
    put_element("strong", plot->title, out);
    fputc(' ', out);
    put_element("span", plot->caption, out);
    fputs("</figcaption>\n", out);
    if (plot->kind == HM_PLOT_HEAT)
        put_heat(&plot->heat, out);
    else if (plot->kind == HM_PLOT_BARS)
        put_bars(plot, out);
    else {
        fputs("<div class=\"live\"></div><div class=\"still\">", out);
        hm_svg_write(plot, false, out);
        fputs("</div><details class=\"numbers\"><summary>Numbers</summary></details>", out);
    }
    fputs("</figure>\n", out);
}

static bool looks_like_number(const char *text)
{
    return *text && strspn(text, "0123456789+-.eE%") == strlen(text);
}

static void put_table(const struct hm_report_table *table, FILE *out)
{
    if (table->folded) {
        fprintf(out, "<details class=\"folded\" id=\"%s\"><summary>", table->id);
        hm_html_escape(table->title, out);
        fputs("</summary>", out);
    } else {
        fprintf(out, "<div class=\"table\" id=\"%s\">", table->id);
        put_element("h3", table->title, out);
    }
    if (*table->caption) put_element("p", table->caption, out);
    fputs("<div class=\"wide\"><table class=\"list\"><thead><tr>", out);
    for (size_t c = 0; c < table->columns; c++) put_element("th", table->heading[c], out);
    fputs("</tr></thead><tbody>\n", out);
    for (size_t r = 0; r < table->rows; r++) {
        fputs("<tr>", out);
        for (size_t c = 0; c < table->columns; c++) {
            const char *cell = table->cell[r * table->columns + c];
            fputs(looks_like_number(cell) ? "<td class=\"number\">" : "<td>", out);
            hm_html_escape(cell, out);
            fputs("</td>", out);
        }
        fputs("</tr>\n", out);
    }
    fputs(table->folded ? "</tbody></table></div></details>\n" : "</tbody></table></div></div>\n", out);
}

static void put_sections(const struct hm_report *report, FILE *out)
{
    for (const struct hm_report_section *s = report->sections; s; s = s->next) {
        fprintf(out, "<section id=\"%s\">", s->id);
        put_element("h2", s->title, out);
        if (*s->text) put_element("p", s->text, out);
        for (const struct hm_report_item *item = s->first; item; item = item->next) {
            if (item->plot) put_plot(item->plot, out);
            if (item->table) put_table(item->table, out);
            if (item->note) put_element("p", item->note, out);
            if (item->listing) {
                fputs("<details class=\"folded\"><summary>Show</summary>", out);
                put_element("pre", item->listing, out);
                fputs("</details>\n", out);
            }
        }
        fputs("</section>\n", out);
    }
}

static void put_contents(const struct hm_report *report, FILE *out)
{
    for (const struct hm_report_section *s = report->sections; s; s = s->next) {
        fprintf(out, "<a href=\"#%s\">", s->id);
        hm_html_escape(s->title, out);
        fputs("</a>\n", out);
    }
}

static void put_facts(const struct hm_report *report, FILE *out)
{
    for (const struct hm_report_fact *f = report->facts; f; f = f->next) {
        fputs("<div class=\"fact\">", out);
        put_element("dd", f->value, out);
        put_element("dt", f->name, out);
        fputs("</div>\n", out);
    }
}

static void put_remarks(const struct hm_report *report, FILE *out)
{
    if (!report->remarks) return;
    fputs("<aside class=\"remarks\"><strong>Not everything could be shown</strong><ul>", out);
    for (const struct hm_report_fact *f = report->remarks; f; f = f->next) put_element("li", f->value, out);
    fputs("</ul></aside>\n", out);
}

/* ---- the skeleton ---- */

static void put_title(const struct hm_report *report, FILE *out)
{
    hm_html_escape(report->title, out);
}

static void put_subtitle(const struct hm_report *report, FILE *out)
{
    hm_html_escape(report->subtitle, out);
}

static void put_style(const struct hm_report *report, FILE *out)
{
    (void)report;
    fprintf(out, "%s\n%s\n%s", (const char *)hm_report_dygraph_css, (const char *)hm_report_plot_css,
            (const char *)hm_report_page_css);
}

static void put_script(const struct hm_report *report, FILE *out)
{
    (void)report;
    fprintf(out, "%s\n%s", (const char *)hm_report_chart_js, (const char *)hm_report_page_js);
}

static void put_dygraphs(const struct hm_report *report, FILE *out)
{
    (void)report;
    fputs((const char *)hm_report_dygraph_js, out);
}

static const struct place {
    const char *mark; /* in page.html */
    void (*put)(const struct hm_report *report, FILE *out);
} places[] = {{"{{title}}", put_title},       {"{{subtitle}}", put_subtitle}, {"{{style}}", put_style},
              {"{{contents}}", put_contents}, {"{{facts}}", put_facts},       {"{{remarks}}", put_remarks},
              {"{{sections}}", put_sections}, {"{{data}}", put_data},         {"{{dygraphs}}", put_dygraphs},
              {"{{script}}", put_script}};

void hm_html_write(const struct hm_report *report, FILE *out)
{
    const char *at = (const char *)hm_report_page_html;
    for (const char *mark; (mark = strstr(at, "{{"));) {
        fwrite(at, 1, (size_t)(mark - at), out);
        at = mark + 2;
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            const size_t length = strlen(places[i].mark);
            if (strncmp(mark, places[i].mark, length) != 0) continue;
            places[i].put(report, out);
            at = mark + length;
        }
    }
    fputs(at, out);
}
