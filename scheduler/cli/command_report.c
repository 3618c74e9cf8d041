/* hamlet report RUN.h5|SWEEP_DIR [-o OUTPUT] [--reference OTHER.h5] [--format html|svg|csv] */
#include "scheduler/cli/command.h"

#include "io/report/report.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

struct arguments {
    const char *input, *reference, *output;
    enum hm_report_format format;
};

static enum hm_status read_format(const char *name, enum hm_report_format *format)
{
    for (int f = 0; f < HM_REPORT_FORMATS; f++)
        if (strcmp(name, hm_report_format_names[f]) == 0) {
            *format = (enum hm_report_format)f;
            return HM_OK;
        }
    return hm_fail(HM_BAD_USAGE, "--format takes html, svg or csv, not '%.60s'", name);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'o':
        a->output = argument;
        return 0;
    case 'r':
        a->reference = argument;
        return 0;
    case 'f':
        return hm_command_fault(read_format(argument, &a->format));
    case ARGP_KEY_ARG:
        if (a->input) return hm_command_fault(hm_fail(HM_BAD_USAGE, "'%s' is one argument too many", argument));
        a->input = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        return hm_command_fault(
            hm_fail(HM_BAD_USAGE, "report on what? hamlet report RUN.h5, or the folder of a sweep"));
    default:
        return hm_command_other(key, state);
    }
}

static const struct argp_option options[] = {
    {"output", 'o', "OUTPUT", 0, "the page (default report.html), or the folder of svg and csv (default report)", 0},
    {"reference", 'r', "OTHER.h5", 0, "show the run beside this one, usually the exact one", 0},
    {"format", 'f', "FORMAT", 0, "html: one page (default); svg: the plots as drawings; csv: the numbers", 0},
    {0},
};
static const struct argp parser = {
    options,
    parse_option,
    "RUN.h5|SWEEP_DIR",
    "What a run or a sweep has to show, on one page that opens from disk without a network.",
    NULL,
    NULL,
    NULL};

/* Written all the same, without what was left out; whoever asked for that hears it, and so does a script. */
static enum hm_status say_remarks(const struct hm_report *report, const struct arguments *a, const char *output)
{
    const char *remark;
    for (size_t i = 0; (remark = hm_report_remark(report, i)); i++) fprintf(stderr, "hamlet: %s\n", remark);
    printf("written: %s\n", output);
    if (!hm_report_remark(report, 0)) return HM_OK;
    return hm_fail(HM_BAD_INPUT, "not everything of %s could be shown (above)", a->input);
}

enum hm_status hm_command_report(int argc, char **argv)
{
    struct arguments a = {0};
    struct hm_report *report = NULL;
    bool finished;
    HM_TRY(hm_command_parse(&parser, argc, argv, &a, &finished));
    if (finished) return HM_OK;
    const char *output = a.output ? a.output : a.format == HM_REPORT_HTML ? "report.html" : "report";
    if (hm_same_file(output, a.input))
        return hm_fail(HM_BAD_USAGE, "%s is what the report is about: name another output", output);
    HM_TRY(hm_report_create(a.input, a.reference, &report));
    enum hm_status status = hm_report_write(report, a.format, output);
    if (status == HM_OK) status = say_remarks(report, &a, output);
    hm_report_destroy(&report);
    return status;
}
