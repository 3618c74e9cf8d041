#include "io/analysis/analyze.h"

#include "io/analysis/analysis_internal.h"
#include "io/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Every scalar starts as not computable. */
static void clear_fields(struct hm_analysis *a)
{
#define HM_SECTION(title)
#define HM_FIELD(name, format, label, unit) a->name = NAN;
#include "io/analysis/fields.def"
#undef HM_FIELD
#undef HM_SECTION
}

static enum hm_status copy_run(const struct hm_run *run, struct hm_analysis *a)
{
    a->steps = (double)run->steps;
    a->steps_requested = (double)run->info.steps;
    a->warmup_steps = (double)run->info.warmup_steps;
    a->frames = (double)run->info.nframe;
    a->natoms = (double)run->frame.natom;
    a->thermostatted = run->info.thermostatted;
    a->timestep_fs = run->info.timestep * HM_TIME_FS;
    memcpy(a->status, run->info.status, sizeof a->status);
    a->status[sizeof a->status - 1] = '\0';
    if (strcmp(a->status, "diverged") == 0) a->diverged_at_step = a->steps;
    a->nbond = run->nbond;
    a->bonds = calloc(run->nbond + 1, sizeof *a->bonds);
    if (!a->bonds) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu bonds", run->nbond);
    memcpy(a->bonds, run->bonds, run->nbond * sizeof *a->bonds);
    return HM_OK;
}

/* In the modes of the reference, if there is one, over what they have there; else over the mean temperature. */
static enum hm_status analyze_modes(const struct hm_run *run, const struct hm_modes *reference, struct hm_analysis *a)
{
    const double mean = a->mean_temperature_K / HM_TEMPERATURE_KELVIN;
    hm_modes_release(&a->modes);
    free(a->mode_ratio);
    a->mode_ratio = NULL;
    HM_TRY(hm_modes_compute(run, reference, &a->modes));
    a->mode_ratio = calloc(a->modes.count + 1, sizeof *a->mode_ratio);
    if (!a->mode_ratio) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu modes", a->modes.count);
    for (size_t k = 0; k < a->modes.count; k++) {
        const double other = reference ? reference->kt[k] : mean;
        a->mode_ratio[k] = other > 1e-9 * mean ? a->modes.kt[k] / other : NAN;
    }
    return HM_OK;
}

/* What a run says about itself; `curves` are kept for a comparison. */
static enum hm_status analyze_alone(const struct hm_run *run, struct hm_curves *curves, struct hm_analysis *a)
{
    HM_TRY(copy_run(run, a));
    HM_TRY(hm_analyze_logs(run, a));
    HM_TRY(hm_analyze_frames(run, a));
    HM_TRY(hm_analyze_rounds(run, a));
    HM_TRY(hm_curves_read(run, curves));
    hm_analyze_curves(curves, a);
    HM_TRY(analyze_modes(run, NULL, a));
    return hm_analyze_study(run, a);
}

static double find_kt(const struct hm_analysis *a, const char *group)
{
    for (size_t g = 0; g < a->ngroup; g++)
        if (strcmp(a->groups[g].name, group) == 0) return a->groups[g].kt;
    return NAN;
}

/* What the reference's own analysis tells about the run's numbers. */
static void take_from_reference(struct hm_analysis *a, const struct hm_analysis *reference)
{
    if (reference->exact_fraction == 1)
        a->energy_drift_exact_band =
            fmax(fabs(reference->energy_drift_relative), fabs(reference->energy_max_block_deviation_relative));
    /* A motion that the reference has no heat in, such as a rotation that was taken out, has no ratio. */
    const double none = 1e-9 * reference->mean_temperature_K / HM_TEMPERATURE_KELVIN;
    for (size_t g = 0; g < a->ngroup; g++) {
        const double kt = find_kt(reference, a->groups[g].name);
        a->groups[g].ratio = kt > none ? a->groups[g].kt / kt : NAN;
    }
}

static enum hm_status create_empty(struct hm_analysis **analysis)
{
    *analysis = calloc(1, sizeof **analysis);
    if (!*analysis) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: analysis");
    clear_fields(*analysis);
    return HM_OK;
}

static enum hm_status compare(const struct hm_run *run, const struct hm_curves *curves, const char *path,
                              struct hm_analysis *a)
{
    enum hm_status status;
    struct hm_run reference;
    struct hm_curves reference_curves = {0};
    struct hm_analysis *alone = NULL;
    a->has_reference = true;
    HM_TRY(hm_run_open(path, &reference));
    HM_TRY_GOTO(status, create_empty(&alone), done);
    HM_TRY_GOTO(status, hm_compare_frames(run, &reference, a), done);
    HM_TRY_GOTO(status, analyze_alone(&reference, &reference_curves, alone), done);
    take_from_reference(a, alone);
    HM_TRY_GOTO(status, analyze_modes(run, &alone->modes, a), done);
    status = hm_compare_curves(curves, &reference_curves, a);
done:
    hm_analysis_destroy(&alone);
    hm_curves_release(&reference_curves);
    hm_run_close(&reference);
    return status;
}

enum hm_status hm_analysis_create(const char *path, const char *reference, struct hm_analysis **analysis)
{
    enum hm_status status;
    struct hm_run run;
    struct hm_curves curves = {0};
    *analysis = NULL;
    HM_TRY(hm_run_open(path, &run));
    HM_TRY_GOTO(status, create_empty(analysis), done);
    HM_TRY_GOTO(status, analyze_alone(&run, &curves, *analysis), done);
    if (reference) status = compare(&run, &curves, reference, *analysis);
done:
    if (status != HM_OK) hm_analysis_destroy(analysis);
    hm_curves_release(&curves);
    hm_run_close(&run);
    return status;
}

void hm_analysis_destroy(struct hm_analysis **analysis)
{
    struct hm_analysis *a = *analysis;
    if (!a) return;
    free(a->bonds);
    free(a->lengths);
    free(a->groups);
    hm_study_curves_release(&a->study);
    hm_modes_release(&a->modes);
    free(a->mode_ratio);
    free(a);
    *analysis = NULL;
}
