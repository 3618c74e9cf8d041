/* hamlet analyze RUN.h5 [MORE.h5...] [--json] [--reference OTHER.h5] [--curves FOLDER] */
#include "scheduler/cli/command.h"

#include "io/analysis/analyze.h"
#include "io/analysis/curves_csv.h"

#include <stdio.h>

enum { MOST_RUNS = 256 };

struct arguments {
    const char *run[MOST_RUNS]; // more than one: seeds of one study
    size_t count;
    const char *reference, *curves;
    bool json;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'j':
        a->json = true;
        return 0;
    case 'r':
        a->reference = argument;
        return 0;
    case 'c':
        a->curves = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (a->count == MOST_RUNS)
            return hm_command_fault(hm_fail(HM_BAD_USAGE, "'%s' is one run too many: at most %d", argument, MOST_RUNS));
        a->run[a->count++] = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        return hm_command_fault(hm_fail(HM_BAD_USAGE, "which trajectory? hamlet analyze RUN.h5"));
    default:
        return hm_command_other(key, state);
    }
}

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "one JSON object", 0},
    {"reference", 'r', "OTHER.h5", 0, "compare with this run, usually the exact one", 0},
    {"curves", 'c', "FOLDER", 0,
     "write correlations, spectra, pair distributions, displacements, bonds, angles and growth as CSV files there", 0},
    {0},
};
static const struct argp parser = {
    options,
    parse_option,
    "RUN.h5 [MORE.h5...]",
    "What a run says about itself; of several runs with a study, what it says of all of them.",
    NULL,
    NULL,
    NULL};

/* A reference that cannot be used is no reason to say nothing of the run: what can be shown is, and then why not all.
 */
static enum hm_status create(const struct arguments *a, struct hm_analysis **analysis, char *missing, size_t size)
{
    enum hm_status status = hm_analysis_create(a->run[0], a->reference, analysis);
    *missing = '\0';
    if (status == HM_OK || !a->reference) return status;
    snprintf(missing, size, "%s", hm_status_message());
    hm_status_clear();
    return hm_analysis_create(a->run[0], NULL, analysis);
}

enum hm_status hm_command_analyze(int argc, char **argv)
{
    struct arguments a = {0};
    struct hm_analysis *analysis = NULL;
    char missing[1024];
    bool finished;
    HM_TRY(hm_command_parse(&parser, argc, argv, &a, &finished));
    if (finished) return HM_OK;
    HM_TRY(create(&a, &analysis, missing, sizeof missing));
    enum hm_status status = a.count > 1 ? hm_analysis_join_studies(analysis, a.run, a.count) : HM_OK;
    if (status == HM_OK && a.curves) status = hm_curves_write_csv(a.run[0], analysis, a.curves);
    if (status == HM_OK && a.json)
        hm_analysis_print_json(analysis, stdout);
    else if (status == HM_OK)
        hm_analysis_print_text(analysis, stdout);
    hm_analysis_destroy(&analysis);
    return status == HM_OK && *missing ? hm_fail(HM_BAD_INPUT, "shown without the reference: %s", missing) : status;
}
