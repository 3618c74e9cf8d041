#include "scheduler/sweep/plan.h"

#include "scheduler/job.h"
#include "scheduler/sweep/baselines.h"

#include <stdlib.h>
#include <string.h>

/* The file's name is no part of what a run is. */
static const struct hm_config_setting nameless = {"output.trajectory=run.h5", "output.trajectory"};

enum { MOST_REMARKS = 20 };

/* ---- remarks ---- */

static enum hm_status remember(struct hm_sweep_remarks *remarks, const char *text, size_t length, size_t run)
{
    for (size_t i = 0; i < remarks->count; i++) {
        struct hm_sweep_remark *old = &remarks->of[i];
        if (strlen(old->text) != length || memcmp(old->text, text, length) != 0) continue;
        old->runs++;
        return HM_OK;
    }
    struct hm_sweep_remark *grown = realloc(remarks->of, (remarks->count + 1) * sizeof *grown);
    if (grown) remarks->of = grown;
    char *copy = grown ? strndup(text, length) : NULL;
    if (!copy) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the faults of a sweep");
    remarks->of[remarks->count++] = (struct hm_sweep_remark){copy, 1, run};
    return HM_OK;
}

/* Each line of the current message is a fault of its own. */
static enum hm_status remember_message(struct hm_sweep_remarks *remarks, const char *before, size_t run)
{
    char message[16384], line[2048];
    snprintf(message, sizeof message, "%s", hm_status_message());
    for (const char *at = message; *at;) {
        const size_t length = strcspn(at, "\n");
        snprintf(line, sizeof line, "%s%.*s", before, (int)length, at);
        HM_TRY(remember(remarks, line, strlen(line), run));
        at += length + (at[length] == '\n');
    }
    return HM_OK;
}

static void release_remarks(struct hm_sweep_remarks *remarks)
{
    for (size_t i = 0; i < remarks->count; i++) free(remarks->of[i].text);
    free(remarks->of);
    *remarks = (struct hm_sweep_remarks){0};
}

/* ---- one combination ---- */

static size_t choice_of(const struct hm_sweep_file *file, size_t combination, size_t axis)
{
    if (file->zip) return combination;
    for (size_t a = file->naxis; a-- > axis + 1;) combination /= file->axis[a].count;
    return combination % file->axis[axis].count;
}

const char *hm_sweep_plan_axis_name(const struct hm_sweep_file *file, size_t axis)
{
    const char *dot = strrchr(file->axis[axis].name, '.');
    if (!dot) return file->axis[axis].name;
    for (size_t a = 0; a < file->naxis; a++) {
        const char *other = strrchr(file->axis[a].name, '.');
        if (a != axis && other && strcmp(other, dot) == 0) return file->axis[axis].name;
    }
    return dot + 1;
}

static void describe_combination(const struct hm_sweep_file *file, size_t combination, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t a = 0; a < file->naxis && used < size; a++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s %s", a > 0 ? ", " : "", hm_sweep_plan_axis_name(file, a),
                             file->axis[a].value[choice_of(file, combination, a)].text);
}

static size_t count_settings(const struct hm_sweep_file *file)
{
    size_t count = 1 + HM_BASELINE_SETTINGS;
    for (size_t a = 0; a < file->naxis; a++) count += file->axis[a].nkey;
    return count;
}

/* The configuration of a combination with the settings of a baseline behind (NULL: none). */
static enum hm_status configure(const struct hm_sweep_file *file, size_t combination,
                                const struct hm_baseline *baseline, const char *place, struct hm_config **config)
{
    size_t count = 0;
    struct hm_config_setting *settings = calloc(count_settings(file), sizeof *settings);
    if (!settings) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the settings of a sweep");
    for (size_t a = 0; a < file->naxis; a++) {
        const struct hm_sweep_value *value = &file->axis[a].value[choice_of(file, combination, a)];
        for (size_t k = 0; k < file->axis[a].nkey; k++) settings[count++] = value->setting[k];
    }
    for (size_t i = 0; baseline && i < baseline->count; i++)
        settings[count++] = (struct hm_config_setting){baseline->text[i], place};
    settings[count++] = nameless;
    const enum hm_status status =
        hm_config_parse_with(file->base_text, file->base_size, file->base, settings, count, config);
    free(settings);
    return status;
}

/* ---- one run ---- */

/* FNV-1a: tells plans apart, no more. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++) hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Velocities are drawn from what the configuration says. */
static uint64_t fingerprint(const struct hm_job *job)
{
    const char *yaml = hm_config_yaml(job->config);
    const size_t natom = job->frame.natom;
    uint64_t hash = mix(UINT64_C(0xcbf29ce484222325), yaml, strlen(yaml));
    hash = mix(hash, job->frame.number, natom * sizeof *job->frame.number);
    hash = mix(hash, job->frame.mass, natom * sizeof *job->frame.mass);
    return mix(hash, job->frame.x, 3 * natom * sizeof *job->frame.x);
}

static enum hm_status check_ranks(const struct hm_job *job, int ranks)
{
    size_t learners;
    struct hm_layout layout;
    HM_TRY(hm_job_learners(job, &learners));
    if (hm_layout_plan(job->config, learners, ranks, &layout) == HM_OK) return HM_OK;
    return hm_config_fault(job->config, "ranks", "does not fit the %d rank%s that ranks_per_run gives to each run",
                           ranks, ranks == 1 ? "" : "s");
}

/* Everything that can be known to be wrong before the first step; the configuration is taken over. */
static enum hm_status check(const struct hm_sweep_file *file, struct hm_config *config, struct hm_sweep_run *run)
{
    struct hm_job job;
    HM_TRY(hm_job_from_config(config, &job));
    enum hm_status status = hm_job_check(&job);
    if (status == HM_OK) status = check_ranks(&job, file->ranks_per_run);
    if (status == HM_OK) {
        run->yaml = strdup(hm_config_yaml(job.config));
        run->fingerprint = fingerprint(&job);
        if (!run->yaml) status = hm_fail(HM_OUT_OF_MEMORY, "no memory for the plan of a sweep");
    }
    hm_job_release(&job);
    return status;
}

static bool is_same(const struct hm_sweep_run *a, const struct hm_sweep_run *b)
{
    const bool search = a->kind == HM_SWEEP_LONGEST_STABLE;
    return search == (b->kind == HM_SWEEP_LONGEST_STABLE) && a->fingerprint == b->fingerprint &&
           strcmp(a->yaml, b->yaml) == 0;
}

/* An axis whose values differ among the combinations a baseline stands for means nothing to it. */
static void merge_axes(const struct hm_sweep_plan *plan, struct hm_sweep_run *into, const struct hm_sweep_run *from)
{
    for (size_t a = 0; a < plan->file->naxis && into->kind != HM_SWEEP_RUN; a++)
        if (into->axis[a] && from->axis[a] && strcmp(into->axis[a], from->axis[a]) != 0) into->axis[a] = NULL;
}

static void release_run(struct hm_sweep_run *run)
{
    free(run->axis);
    free(run->yaml);
}

/* Takes the run over; what is there already is only merged. */
static enum hm_status add(struct hm_sweep_plan *plan, struct hm_sweep_run *run)
{
    for (size_t i = 0; i < plan->count; i++)
        if (is_same(&plan->run[i], run)) {
            merge_axes(plan, &plan->run[i], run);
            plan->repeats[run->kind] += plan->run[i].kind != run->kind;
            release_run(run);
            return HM_OK;
        }
    if (plan->count == plan->capacity) {
        const size_t capacity = plan->capacity ? 2 * plan->capacity : 64;
        struct hm_sweep_run *grown = realloc(plan->run, capacity * sizeof *grown);
        if (!grown) {
            release_run(run);
            return hm_fail(HM_OUT_OF_MEMORY, "no memory for the plan of a sweep");
        }
        plan->run = grown;
        plan->capacity = capacity;
    }
    plan->run[plan->count++] = *run;
    plan->of_kind[run->kind]++;
    return HM_OK;
}

static bool means_something(const struct hm_sweep_axis *axis, enum hm_sweep_kind kind)
{
    for (size_t k = 0; k < axis->nkey; k++)
        if (!hm_baseline_ignores(kind, axis->key[k])) return true;
    return false;
}

static enum hm_status make_run(struct hm_sweep_plan *plan, size_t combination, enum hm_sweep_kind kind,
                               struct hm_config *config)
{
    struct hm_sweep_run run = {.kind = kind, .axis = calloc(plan->file->naxis + 1, sizeof *run.axis)};
    if (!run.axis) {
        hm_config_destroy(&config);
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for the plan of a sweep");
    }
    for (size_t a = 0; a < plan->file->naxis; a++)
        if (means_something(&plan->file->axis[a], kind))
            run.axis[a] = plan->file->axis[a].value[choice_of(plan->file, combination, a)].text;
    const enum hm_status status = check(plan->file, config, &run);
    if (status == HM_OK) return add(plan, &run);
    release_run(&run);
    return status;
}

/* What a user can put right; anything else ends the planning. */
static bool is_fault(enum hm_status status)
{
    return hm_status_exit_code(status) == hm_status_exit_code(HM_BAD_CONFIG);
}

/* ---- the plan ---- */

static enum hm_status plan_combinations(struct hm_sweep_plan *plan, struct hm_sweep_remarks *faults)
{
    for (size_t c = 0; c < plan->file->combinations; c++) {
        struct hm_config *config = NULL;
        enum hm_status status = configure(plan->file, c, NULL, NULL, &config);
        if (status == HM_OK) status = make_run(plan, c, HM_SWEEP_RUN, config);
        if (status != HM_OK && !is_fault(status)) return status;
        if (status != HM_OK) HM_TRY(remember_message(faults, "", c));
    }
    return HM_OK;
}

static enum hm_status plan_baseline(struct hm_sweep_plan *plan, size_t combination, enum hm_sweep_kind kind)
{
    struct hm_config *config = NULL;
    struct hm_job job;
    struct hm_baseline baseline;
    HM_TRY(configure(plan->file, combination, NULL, NULL, &config));
    HM_TRY(hm_job_from_config(config, &job));
    enum hm_status status = hm_baseline_derive(&job, kind, &baseline);
    hm_job_release(&job);
    if (status == HM_OK)
        status = configure(plan->file, combination, &baseline, plan->file->baseline_place[kind], &config);
    if (status == HM_OK) status = make_run(plan, combination, kind, config);
    hm_baseline_release(&baseline);
    if (status == HM_OK || !is_fault(status)) return status;
    char before[64];
    snprintf(before, sizeof before, "no %s baseline: ", hm_sweep_kind_names[kind]);
    return remember_message(&plan->notes, before, combination);
}

/* "sweep.yaml:5:12: ..." says itself which runs it is about. */
static bool is_placed(const struct hm_sweep_file *file, const char *text)
{
    const size_t length = strlen(file->path);
    return strncmp(text, file->path, length) == 0 && text[length] == ':';
}

static enum hm_status report(const struct hm_sweep_file *file, const struct hm_sweep_remarks *faults)
{
    hm_status_clear();
    for (size_t i = 0; i < faults->count; i++) {
        const struct hm_sweep_remark *fault = &faults->of[i];
        char runs[1024] = "", which[512];
        if (i == MOST_REMARKS)
            return hm_fail_append(HM_BAD_CONFIG, "%s: and %zu more faults", file->path, faults->count - i);
        describe_combination(file, fault->first, which, sizeof which);
        if (fault->runs < file->combinations && !is_placed(file, fault->text))
            snprintf(runs, sizeof runs, " (%zu of %zu runs; the first: %s)", fault->runs, file->combinations, which);
        hm_fail_append(HM_BAD_CONFIG, "%s%s", fault->text, runs);
    }
    return HM_BAD_CONFIG;
}

static enum hm_status make_columns(struct hm_sweep_plan *plan)
{
    const size_t naxis = plan->file->naxis;
    const char **axis = calloc(naxis + 1, sizeof *axis), **kind = calloc(plan->count + 1, sizeof *kind);
    bool *numeric = calloc(naxis + 1, sizeof *numeric);
    const char *const **texts = calloc(plan->count + 1, sizeof *texts);
    plan->columns = (struct hm_sweep_columns){naxis, plan->count, axis, numeric, kind, texts};
    if (!axis || !kind || !numeric || !texts) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the plan of a sweep");
    for (size_t a = 0; a < naxis; a++) {
        axis[a] = plan->file->axis[a].name;
        numeric[a] = plan->file->axis[a].numeric;
    }
    for (size_t i = 0; i < plan->count; i++) {
        kind[i] = hm_sweep_kind_names[plan->run[i].kind];
        texts[i] = plan->run[i].axis;
    }
    return HM_OK;
}

static enum hm_status make_plan(struct hm_sweep_plan *plan, int ranks, struct hm_sweep_remarks *faults)
{
    const struct hm_sweep_file *file = plan->file;
    if (ranks > 0 && file->ranks_per_run > ranks)
        return hm_sweep_file_fault(file, "ranks_per_run",
                                   "%d ranks for each run, but the sweep has %d: start with -n %d", file->ranks_per_run,
                                   ranks, file->ranks_per_run);
    HM_TRY(plan_combinations(plan, faults));
    if (faults->count > 0) return report(file, faults);
    for (int kind = HM_SWEEP_RUN + 1; kind < HM_SWEEP_KINDS; kind++)
        for (size_t c = 0; file->baseline[kind] && c < file->combinations; c++)
            HM_TRY(plan_baseline(plan, c, (enum hm_sweep_kind)kind));
    return make_columns(plan);
}

enum hm_status hm_sweep_plan_make(const struct hm_sweep_file *file, int ranks, struct hm_sweep_plan *plan)
{
    struct hm_sweep_remarks faults = {0};
    *plan = (struct hm_sweep_plan){.file = file};
    const enum hm_status status = make_plan(plan, ranks, &faults);
    release_remarks(&faults);
    if (status != HM_OK) hm_sweep_plan_release(plan);
    return status;
}

void hm_sweep_plan_release(struct hm_sweep_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) release_run(&plan->run[i]);
    free(plan->run);
    release_remarks(&plan->notes);
    free((void *)plan->columns.axis);
    free((void *)plan->columns.kind);
    free((void *)plan->columns.numeric);
    free((void *)plan->columns.axis_text);
    *plan = (struct hm_sweep_plan){0};
}

void hm_sweep_plan_describe(const struct hm_sweep_plan *plan, size_t run, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t a = 0; a < plan->file->naxis && used < size; a++)
        if (plan->run[run - 1].axis[a])
            used += (size_t)snprintf(text + used, size - used, "%s%s %s", used > 0 ? ", " : "",
                                     hm_sweep_plan_axis_name(plan->file, a), plan->run[run - 1].axis[a]);
}

void hm_sweep_plan_stem(const struct hm_sweep_plan *plan, size_t run, char text[32])
{
    int width = 1;
    for (size_t n = plan->count; n >= 10; n /= 10) width++;
    snprintf(text, 32, "%0*zu", width < 4 ? 4 : width, run);
}

void hm_sweep_plan_line(const struct hm_sweep_plan *plan, size_t run, char *text, size_t size)
{
    char stem[32];
    const struct hm_sweep_run *one = &plan->run[run - 1];
    hm_sweep_plan_stem(plan, run, stem);
    size_t used = (size_t)snprintf(text, size, "%s %016llx %s:", stem, (unsigned long long)one->fingerprint,
                                   hm_sweep_kind_names[one->kind]);
    for (size_t a = 0; a < plan->file->naxis && used < size; a++)
        if (one->axis[a])
            used += (size_t)snprintf(text + used, size - used, " %s = %s;", plan->file->axis[a].name, one->axis[a]);
    for (char *c = text; *c; c++)
        if (*c == '\n' || *c == '\r') *c = ' ';
}
