/* hamlet train FILE --from TRAJECTORY -o WEIGHTS.h5 [--overwrite] [--set key=value]... [--quiet] */
#include "scheduler/apprentice.h"
#include "scheduler/cli/command.h"
#include "scheduler/cli/provenance.h"
#include "scheduler/job.h"
#include "scheduler/scene.h"
#include "scheduler/stretch_rows.h"

#include "io/log.h"
#include "io/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Kicks of a free molecule cancel to rounding; under other masses they miss by the difference. */
static const double UNBALANCED_WORTH_A_WORD = 3e-3;

enum { KEY_OVERWRITE = 1000 };

struct arguments {
    const char *file, *from, *output;
    struct hm_words settings;
    bool overwrite, quiet;
    char *const *all; // the command's own argument vector
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'f':
        a->from = argument;
        return 0;
    case 'o':
        a->output = argument;
        return 0;
    case 's':
        return hm_command_fault(hm_words_add(&a->settings, argument));
    case KEY_OVERWRITE:
        a->overwrite = true;
        return 0;
    case 'q':
        a->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (a->file)
            return hm_command_fault(
                hm_fail(HM_BAD_USAGE, "one configuration file at a time: '%s' is one too many", argument));
        a->file = argument;
        return 0;
    default:
        return hm_command_other(key, state);
    }
}

static const struct argp_option options[] = {
    {"from", 'f', "TRAJECTORY", 0, "frames of every step: Hamlet's or other H5MD, or extended XYZ", 0},
    {"output", 'o', "WEIGHTS", 0, "the file of weights to write", 0},
    {"overwrite", KEY_OVERWRITE, NULL, 0, "replace an existing file of weights", 0},
    {"set", 's', "KEY=VALUE", 0, "change one key of the configuration; may be repeated", 0},
    {"quiet", 'q', NULL, 0, "no log, only errors", 0},
    {0},
};

static const struct argp parser = {
    options,
    parse_option,
    "FILE",
    "Train the predictor that FILE (YAML) describes on a recorded trajectory of its system, at its time step. "
    "A run uses what comes of it with predictor.weights: WEIGHTS.",
    NULL,
    NULL,
    NULL};

/* ---- what is needed ---- */

static enum hm_status check_arguments(const struct arguments *a)
{
    if (hm_launched_size() > 1) return hm_fail(HM_BAD_USAGE, "hamlet train is one process: start it without mpirun");
    if (!a->file || !a->from || !a->output)
        return hm_fail(HM_BAD_USAGE, "%s? hamlet train FILE --from TRAJECTORY -o WEIGHTS.h5",
                       !a->file   ? "train the predictor of which configuration file"
                       : !a->from ? "train on which trajectory"
                                  : "write the weights to which file");
    if (hm_same_file(a->output, a->from))
        return hm_fail(HM_BAD_USAGE, "%s is the trajectory to train on; name another output", a->output);
    return hm_trajectory_check_target(a->output, a->overwrite);
}

struct school {
    const struct arguments *arguments;
    struct hm_log log;
    struct hm_job job;
    struct hm_scene scene;
    struct hm_apprentice apprentice;
    struct hm_stretch stretch;
    struct hm_stretch_rows rows;
    struct hm_weights weights;
};

/* `history` is at most what it looks back on; with `history: auto` that is settled by the data, and a quarter of them
 * shows enough. */
static enum hm_status check_predictor(const struct school *s, size_t *history)
{
    const size_t quarter = s->stretch.nframe / 4;
    struct hm_committee committee = {0};
    enum hm_status status = hm_committee_create(s->job.config, s->scene.representation, &committee);
    if (status == HM_OK && !hm_committee_learns(&committee))
        status = hm_config_fault(s->job.config, "predictor.type", "the %s predictor learns nothing",
                                 committee.member[0].ops->method.name);
    if (status == HM_OK && s->job.weights.count > 0) status = hm_job_check_weights(&s->job, &committee);
    if (status == HM_OK) *history = hm_committee_history(&committee);
    if (status == HM_OK && committee.member[0].ops->look_back && *history > quarter &&
        hm_config_is(s->job.config, "predictor.history", "auto"))
        *history = quarter;
    hm_committee_destroy(&committee);
    return status;
}

static void describe_rows(struct school *s)
{
    const struct hm_stretch_rows *rows = &s->rows;
    hm_log_line(&s->log, "%s: %zu frames of %zu atoms, %g fs apart: %zu kicks", s->stretch.path, s->stretch.nframe,
                s->stretch.natom, hm_config_real(s->job.config, "integrator.timestep") * HM_TIME_FS, rows->count);
    if (rows->labels < rows->count)
        hm_log_line(&s->log, "%zu of them were predicted in that run and are not learned from",
                    rows->count - rows->labels);
    if (rows->noise > 0)
        hm_log_line(&s->log, "positions have %s: kicks from them are noise to %.2g of the rms kick", rows->grid,
                    rows->noise);
    if (rows->unbalanced > UNBALANCED_WORTH_A_WORD)
        hm_log_line(&s->log,
                    "warning: %.2g of the momentum that the kicks give does not cancel: other masses than the "
                    "system's, or a force from outside",
                    rows->unbalanced);
}

static enum hm_status prepare(struct school *s)
{
    const struct arguments *a = s->arguments;
    size_t history = 0;
    HM_TRY(check_arguments(a));
    HM_TRY(hm_job_prepare(a->file, a->settings.word, a->settings.count, &s->job));
    const struct hm_job *job = &s->job;
    HM_TRY(hm_scene_create(job->config, &job->frame, &s->scene));
    HM_TRY(hm_stretch_read(a->from, &s->stretch));
    HM_TRY(check_predictor(s, &history));
    HM_TRY(hm_stretch_rows_make(&s->stretch, &job->frame, s->scene.representation,
                                hm_config_real(job->config, "integrator.timestep"), history, &s->rows));
    describe_rows(s);
    return HM_OK;
}

/* ---- training ---- */

static void describe_study(struct school *s, const struct hm_training_record *record)
{
    char before[32] = "";
    if (isnan(record->held_out_after)) return; /* nothing was fitted; refuse() says why */
    if (isfinite(record->held_out_before)) snprintf(before, sizeof before, "%.2g before, ", record->held_out_before);
    hm_log_line(&s->log, "member %d: history of %d steps, held-out error %s%.2g of the rms (%.2f s, %.0f labels)%s",
                (int)record->member, (int)record->history, before, record->held_out_after, record->seconds,
                record->samples, record->accepted ? "" : ", not accepted");
}

static enum hm_status refuse(const struct school *s, const struct hm_training_record *record)
{
    if (isnan(record->held_out_after))
        return hm_fail(HM_NOT_LEARNED,
                       "%s: too short to learn from: it makes %.0f samples, and the %s predictor needs more",
                       s->stretch.path, record->samples, hm_config_text(s->job.config, "predictor.type"));
    if (isfinite(record->held_out_before))
        return hm_fail(HM_NOT_LEARNED,
                       "%s: nothing was learned beyond predictor.weights: held-out error %.2g of the rms before, %.2g "
                       "after; nothing was written",
                       s->stretch.path, record->held_out_before, record->held_out_after);
    return hm_fail(HM_NOT_LEARNED, "%s: training of member %d was not accepted (held-out error %.2g of the rms)",
                   s->stretch.path, (int)record->member, record->held_out_after);
}

/* A member keeps the weights that were given to it if it finds none better; one without any has failed. */
static enum hm_status study(struct school *s)
{
    const bool given = s->job.weights.count > 0;
    struct hm_training_record record;
    bool learned = false;
    HM_TRY(hm_apprentice_create(s->job.config, s->scene.representation, 0, 1, &s->job.weights, &s->apprentice));
    HM_TRY(hm_apprentice_learn(&s->apprentice, s->rows.rows, s->rows.count));
    hm_apprentice_open(&s->apprentice, (int64_t)s->rows.count, given ? 0 : s->rows.memory);
    for (int32_t version = 1; s->apprentice.episode.open; version++) {
        const struct hm_pupil *pupil;
        char form[1024];
        size_t bytes;
        HM_TRY(hm_apprentice_study(&s->apprentice, &pupil, &record));
        const struct hm_predictor *predictor = &pupil->predictor;
        describe_study(s, &record);
        if (!record.accepted && !given) return refuse(s, &record);
        learned = learned || record.accepted;
        hm_job_weights_form(&s->job, predictor, form, sizeof form);
        const void *parameters = predictor->ops->parameters(predictor->self, &bytes);
        HM_TRY(hm_weights_set(&s->weights, pupil->member, version, form, parameters, bytes));
    }
    return learned ? HM_OK : refuse(s, &record);
}

static enum hm_status write_weights(struct school *s)
{
    const struct arguments *a = s->arguments;
    struct hm_provenance provenance;
    hm_provenance_describe(a->all, &provenance);
    hm_provenance_add(&provenance, "trained_on", a->from);
    hm_provenance_add(&provenance, "config", hm_config_yaml(s->job.config));
    HM_TRY(hm_weights_write(a->output, a->overwrite, &s->weights, (const char *const(*)[2])provenance.table));
    hm_log_line(&s->log, "written: %s, weights of '%s'; use it with predictor.weights: %s", a->output,
                s->weights.of[0].form, a->output);
    return HM_OK;
}

enum hm_status hm_command_train(int argc, char **argv)
{
    struct arguments a = {.all = argv};
    struct school s = {.arguments = &a};
    bool finished;
    enum hm_status status = hm_command_parse(&parser, argc, argv, &a, &finished);
    hm_log_start(&s.log, stdout, a.quiet);
    if (status == HM_OK && !finished) {
        status = prepare(&s);
        if (status == HM_OK) status = study(&s);
        if (status == HM_OK) status = write_weights(&s);
    }
    hm_weights_release(&s.weights);
    hm_stretch_rows_release(&s.rows);
    hm_stretch_release(&s.stretch);
    hm_apprentice_destroy(&s.apprentice);
    hm_scene_release(&s.scene);
    hm_job_release(&s.job);
    hm_words_release(&a.settings);
    return status;
}
