#include "io/report/report_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const hm_report_format_names[HM_REPORT_FORMATS] = {"html", "svg", "csv"};

enum hm_status hm_report_create(const char *path, const char *reference, struct hm_report **report)
{
    struct stat entry;
    *report = NULL;
    if (stat(path, &entry) != 0) return hm_fail(HM_BAD_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
    if (S_ISDIR(entry.st_mode) && reference)
        return hm_fail(HM_BAD_USAGE, "a sweep has its own baselines: leave out --reference %s", reference);
    *report = calloc(1, sizeof **report);
    if (!*report) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: report");
    (*report)->title = (*report)->subtitle = "";
    enum hm_status status =
        S_ISDIR(entry.st_mode) ? hm_report_fill_sweep(*report, path) : hm_report_fill_run(*report, path, reference);
    if (status == HM_OK) status = (*report)->status;
    if (status != HM_OK) hm_report_destroy(report);
    return status;
}

/* ---- one file ---- */

static enum hm_status fail_write(const char *path)
{
    return hm_fail(HM_BAD_OUTPUT, "%s: cannot be written: %s", path, strerror(errno));
}

/* An empty file, or a page of ours. */
static enum hm_status check_replaceable(const char *path)
{
    char head[1024];
    struct stat entry;
    if (stat(path, &entry) != 0) return errno == ENOENT ? HM_OK : fail_write(path);
    if (S_ISDIR(entry.st_mode)) return hm_fail(HM_EXISTS, "%s: is a folder; name a file, -o report.html", path);
    FILE *file = fopen(path, "r");
    if (!file) return fail_write(path);
    const size_t size = fread(head, 1, sizeof head - 1, file);
    fclose(file);
    head[size] = '\0';
    if (size == 0 || strstr(head, "content=\"hamlet report\"")) return HM_OK;
    return hm_fail(HM_EXISTS, "%s: is there already and is no report; name another file", path);
}

static enum hm_status write_page(const struct hm_report *report, const char *path)
{
    char aside[PATH_MAX];
    HM_TRY(check_replaceable(path));
    if ((size_t)snprintf(aside, sizeof aside, "%s.new", path) >= sizeof aside)
        return hm_fail(HM_BAD_OUTPUT, "%s: the path is too long", path);
    FILE *out = fopen(aside, "w");
    if (!out) return fail_write(path);
    hm_html_write(report, out);
    const bool written = fflush(out) == 0 && !ferror(out);
    if (fclose(out) == 0 && written && rename(aside, path) == 0) return HM_OK;
    const enum hm_status status = fail_write(path);
    unlink(aside);
    return status;
}

/* ---- a folder ---- */

static enum hm_status open_file(const char *folder, const char *id, const char *ending, FILE **out)
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/%s.%s", folder, id, ending) >= sizeof path)
        return hm_fail(HM_BAD_OUTPUT, "%s: the path is too long", folder);
    *out = fopen(path, "w");
    return *out ? HM_OK : fail_write(path);
}

static enum hm_status close_file(const char *folder, FILE *out)
{
    const bool written = fflush(out) == 0 && !ferror(out);
    return fclose(out) == 0 && written ? HM_OK : fail_write(folder);
}

static enum hm_status write_item(const struct hm_report_item *item, enum hm_report_format format, const char *folder)
{
    FILE *out;
    if (item->plot && format == HM_REPORT_SVG) {
        HM_TRY(open_file(folder, item->plot->id, "svg", &out));
        hm_svg_write(item->plot, true, out);
        return close_file(folder, out);
    }
    if (format != HM_REPORT_CSV || (!item->plot && !item->table)) return HM_OK;
    HM_TRY(open_file(folder, item->plot ? item->plot->id : item->table->id, "csv", &out));
    if (item->plot)
        hm_csv_write_plot(item->plot, out);
    else
        hm_csv_write_table(item->table, out);
    return close_file(folder, out);
}

static enum hm_status write_folder(const struct hm_report *report, enum hm_report_format format, const char *folder)
{
    struct stat entry;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) return fail_write(folder);
    if (stat(folder, &entry) == 0 && !S_ISDIR(entry.st_mode))
        return hm_fail(HM_EXISTS, "%s: is a file; %s needs a folder", folder, hm_report_format_names[format]);
    for (const struct hm_report_section *s = report->sections; s; s = s->next)
        for (const struct hm_report_item *item = s->first; item; item = item->next)
            HM_TRY(write_item(item, format, folder));
    return HM_OK;
}

enum hm_status hm_report_write(const struct hm_report *report, enum hm_report_format format, const char *output)
{
    return format == HM_REPORT_HTML ? write_page(report, output) : write_folder(report, format, output);
}
