/* hamlet analyze RUN.h5 [--json] [--reference OTHER.h5] */
#include "scheduler/cli/command.h"

#include "io/analysis/analyze.h"

struct arguments {
    const char *run, *reference;
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
    case ARGP_KEY_ARG:
        if (a->run) return hm_command_fault(hm_fail(HM_BAD_USAGE, "'%s' is one argument too many", argument));
        a->run = argument;
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
    {0},
};
static const struct argp parser = {options, parse_option, "RUN.h5", "What a run says about itself.", NULL, NULL, NULL};

enum hm_status hm_command_analyze(int argc, char **argv)
{
    struct arguments a = {0};
    struct hm_analysis *analysis = NULL;
    bool finished;
    HM_TRY(hm_command_parse(&parser, argc, argv, &a, &finished));
    if (finished) return HM_OK;
    HM_TRY(hm_analysis_create(a.run, a.reference, &analysis));
    if (a.json)
        hm_analysis_print_json(analysis, stdout);
    else
        hm_analysis_print_text(analysis, stdout);
    hm_analysis_destroy(&analysis);
    return HM_OK;
}
