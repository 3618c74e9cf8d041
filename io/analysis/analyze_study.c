/* The study of a run in its analysis: how errors accumulate, as fields, JSON and a table. */
#include "io/analysis/analysis_internal.h"
#include "io/analysis/analyze.h"

#include <math.h>
#include <stdlib.h>

enum { CURVE_SHOWN = 12 };

static void fill_fields(struct hm_analysis *a)
{
    const struct hm_study_curves *s = &a->study;
    const struct hm_divergence_curve *of = s->predicted;
    if (s->points == 0) return;
    a->study_branches = (double)s->nbranch;
    a->study_branch_steps = (double)s->branch_steps;
    a->study_branches_ended = (double)s->ended;
    a->study_oracle_calls = (double)s->oracle_calls;
    a->study_position_exponent = of[HM_DIVERGENCE_POSITION].growth.exponent.value;
    a->study_position_rate_per_ps = of[HM_DIVERGENCE_POSITION].growth.rate_per_ps.value;
    a->study_kinetic_exponent = of[HM_DIVERGENCE_KINETIC].growth.exponent.value;
    a->study_kinetic_rate_per_ps = of[HM_DIVERGENCE_KINETIC].growth.rate_per_ps.value;
    a->study_potential_exponent = of[HM_DIVERGENCE_POTENTIAL].growth.exponent.value;
    a->study_potential_rate_per_ps = of[HM_DIVERGENCE_POTENTIAL].growth.rate_per_ps.value;
}

enum hm_status hm_analyze_study(const struct hm_run *run, struct hm_analysis *a)
{
    if (run->info.nstudy == 0) return HM_OK;
    HM_TRY(hm_study_curves_create(run, 1, &a->study));
    fill_fields(a);
    return HM_OK;
}

static enum hm_status open_all(const char *const *paths, size_t count, struct hm_run *runs)
{
    for (size_t r = 0; r < count; r++) {
        HM_TRY(hm_run_open(paths[r], &runs[r]));
        if (runs[r].info.nstudy == 0)
            return hm_fail(HM_BAD_INPUT, "%s: has no study; several runs are analysed together only for theirs",
                           paths[r]);
    }
    return HM_OK;
}

enum hm_status hm_analysis_join_studies(struct hm_analysis *a, const char *const *paths, size_t count)
{
    struct hm_run *runs = calloc(count + 1, sizeof *runs);
    if (!runs) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu runs", count);
    enum hm_status status = open_all(paths, count, runs);
    if (status == HM_OK) {
        hm_study_curves_release(&a->study);
        status = hm_study_curves_create(runs, count, &a->study);
    }
    if (status == HM_OK) fill_fields(a);
    for (size_t r = 0; r < count; r++) hm_run_close(&runs[r]);
    free(runs);
    return status;
}

/* ---- JSON ---- */

static void put_number(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, "%.8g", value);
    else
        fputs("null", out);
}

static void put_interval(FILE *out, const char *name, struct hm_interval i)
{
    const double values[3] = {i.value, i.low, i.high};
    fprintf(out, ", \"%s\": [", name);
    for (size_t k = 0; k < 3; k++) {
        if (k > 0) fputs(", ", out);
        put_number(out, values[k]);
    }
    fputc(']', out);
}

static void put_curve(FILE *out, const struct hm_study_curves *s, const struct hm_divergence_curve *curve)
{
    fputs(", \"curve\": [", out);
    for (size_t p = 0; p < s->points; p++) {
        const double values[3] = {curve->rms[p], curve->low[p], curve->high[p]};
        fprintf(out, "%s[%lld", p > 0 ? ", " : "", (long long)s->unforced[p]);
        for (size_t k = 0; k < 3; k++) {
            fputs(", ", out);
            put_number(out, values[k]);
        }
        fprintf(out, ", %zu]", s->alive[p]);
    }
    fputc(']', out);
}

static void put_curves(FILE *out, const struct hm_study_curves *s, const char *name,
                       const struct hm_divergence_curve *curves)
{
    fprintf(out, ",\n    \"%s\": {", name);
    for (int k = 0; k < HM_DIVERGENCE_COUNT; k++) {
        const struct hm_growth *g = &curves[k].growth;
        fprintf(out, "%s\n      \"%s\": {\"unit\": \"%s\", \"law\": \"%s\", \"support\": ", k > 0 ? "," : "",
                hm_divergence_name((enum hm_divergence)k), hm_divergence_unit((enum hm_divergence)k),
                hm_law_name(g->law));
        put_number(out, g->support);
        fputs(", \"aic_difference\": ", out);
        put_number(out, g->aic_difference);
        fprintf(out, ", \"points\": %zu, \"saturation\": ", g->points);
        put_number(out, g->saturation);
        put_interval(out, "exponent", g->exponent);
        put_interval(out, "rate_per_step", g->rate_per_step);
        put_interval(out, "rate_per_ps", g->rate_per_ps);
        put_interval(out, "one_step", g->one_step);
        put_interval(out, "saturated_after", g->saturated_after);
        put_curve(out, s, &curves[k]);
        fputc('}', out);
    }
    fputs("}", out);
}

void hm_study_print_json(const struct hm_study_curves *s, FILE *out)
{
    if (s->points == 0) {
        fputs("null", out);
        return;
    }
    fprintf(out, "{\"runs\": %zu, \"branches\": %zu, \"branch_steps\": %lld, \"branches_ended\": %zu, ", s->nrun,
            s->nbranch, (long long)s->branch_steps, s->ended);
    fprintf(out, "\"oracle_calls\": %lld", (long long)s->oracle_calls);
    put_curves(out, s, "predicted", s->predicted);
    if (s->has_baseline)
        put_curves(out, s, "baseline", s->baseline);
    else
        fputs(",\n    \"baseline\": null", out);
    fputc('}', out);
}

/* ---- text ---- */

static void text_interval(FILE *out, struct hm_interval i)
{
    char text[48] = "-";
    if (isfinite(i.value)) snprintf(text, sizeof text, "%.3g [%.3g, %.3g]", i.value, i.low, i.high);
    fprintf(out, " %-26s", text);
}

static void text_growth(FILE *out, const char *of, const struct hm_divergence_curve *curves)
{
    for (int k = 0; k < HM_DIVERGENCE_COUNT; k++) {
        const struct hm_growth *g = &curves[k].growth;
        char name[48];
        snprintf(name, sizeof name, "%s, %s", hm_divergence_name((enum hm_divergence)k), of);
        fprintf(out, "  %-22s %-12s", name, hm_law_name(g->law));
        text_interval(out, g->exponent);
        text_interval(out, g->rate_per_ps);
        if (isfinite(g->support)) fprintf(out, " %3.0f %%", 100 * g->support);
        fputc('\n', out);
    }
}

static void text_curve(FILE *out, const struct hm_study_curves *s)
{
    fprintf(out, "\n  %-14s %14s %14s %14s %14s", "unforced steps", "position, A", "K, kJ/mol", "U, kJ/mol",
            "E, kJ/mol");
    fprintf(out, s->has_baseline ? " %16s\n" : "\n", "baseline, A");
    const size_t every = s->points > CURVE_SHOWN ? s->points / CURVE_SHOWN : 1;
    for (size_t p = (s->points - 1) % every; p < s->points; p += every) {
        fprintf(out, "  %-14lld", (long long)s->unforced[p]);
        for (size_t k = 0; k < HM_DIVERGENCE_COUNT; k++) fprintf(out, " %14.4g", s->predicted[k].rms[p]);
        if (s->has_baseline) fprintf(out, " %16.4g", s->baseline[HM_DIVERGENCE_POSITION].rms[p]);
        fputc('\n', out);
    }
}

void hm_study_print_text(const struct hm_study_curves *s, FILE *out)
{
    if (s->points == 0) return;
    fprintf(out, "\nGrowth of errors (%zu branches of %zu run%s, 95 %% intervals)\n", s->nbranch, s->nrun,
            s->nrun == 1 ? "" : "s");
    fprintf(out, "  %-22s %-12s %-26s %-26s %s\n", "rms divergence", "law", "power p", "exponential c, 1/ps",
            "support");
    text_growth(out, "predicted", s->predicted);
    if (s->has_baseline) text_growth(out, "baseline", s->baseline);
    text_curve(out, s);
}
