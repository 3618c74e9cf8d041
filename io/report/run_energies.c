/* Energy and temperature of a run over time, and which of its steps were exact. */
#include "io/report/report_internal.h"

#include "io/analysis/analysis_internal.h"
#include "io/units.h"

#include <math.h>
#include <stdlib.h>

enum { SLAB = 8192, RUG_BINS = 1000 };

/* ---- the rug ---- */

static enum hm_status count_exact(const struct hm_run *run, struct hm_decision_record *slab, double *exact, double *all)
{
    for (size_t first = 0; first < run->info.ndecision; first += SLAB) {
        const size_t left = run->info.ndecision - first, count = left < SLAB ? left : SLAB;
        HM_TRY(hm_trajectory_read_decisions(run->trajectory, first, count, slab));
        for (size_t i = 0; i < count; i++) {
            if (slab[i].step < 0 || slab[i].step >= run->steps) continue;
            const size_t bin = (size_t)((double)slab[i].step * RUG_BINS / (double)run->steps);
            all[bin]++;
            exact[bin] += slab[i].action == HM_INJECT;
        }
    }
    return HM_OK;
}

enum hm_status hm_report_mark_exact(struct hm_report *report, const struct hm_report_runs *runs, struct hm_plot *plot)
{
    const struct hm_run *run = runs->run;
    if (!plot || run->info.ndecision == 0 || run->steps < 1) return report->status;
    double *exact = hm_report_alloc(report, RUG_BINS, sizeof *exact), *all = calloc(RUG_BINS, sizeof *all);
    struct hm_decision_record *slab = malloc(SLAB * sizeof *slab);
    enum hm_status status = exact && all && slab ? count_exact(run, slab, exact, all)
                                                 : hm_fail(HM_OUT_OF_MEMORY, "out of memory: reading decisions");
    for (size_t b = 0; status == HM_OK && b < RUG_BINS; b++) exact[b] = all[b] > 0 ? exact[b] / all[b] : 0;
    free(slab);
    free(all);
    if (status != HM_OK) return status;
    plot->rug = exact;
    plot->rug_count = RUG_BINS;
    plot->rug_span = (double)run->steps * run->info.timestep * HM_TIME_PS;
    return HM_OK;
}

/* ---- energies ---- */

enum { BLOCKS = 20, BLOCK_STEPS = 10000 };

/* Means over stretches of the run after the warm-up, as long as those that the energy's drift is taken from. */
struct blocks {
    double first_ps, length_ps;
    size_t count;
    double *sum;
    size_t *known;
};

static bool create_blocks(struct hm_report *report, const struct hm_run *run, struct blocks *b)
{
    const double dt_ps = run->info.timestep * HM_TIME_PS, steps = (double)(run->steps - run->first_step);
    *b = (struct blocks){.first_ps = dt_ps * (double)run->first_step,
                         .length_ps = dt_ps * fmin(BLOCK_STEPS, fmax(steps / BLOCKS, 1))};
    b->count = (size_t)(dt_ps * steps / b->length_ps * (1 + 1e-12)) + 1;
    b->sum = hm_report_alloc(report, b->count, sizeof *b->sum);
    b->known = hm_report_alloc(report, b->count, sizeof *b->known);
    return b->sum && b->known;
}

/* The block of a time; count: none. */
static size_t block_of(const struct blocks *b, double time_ps)
{
    const double place = (time_ps - b->first_ps) / b->length_ps * (1 + 1e-12);
    return place >= 0 && place < (double)b->count ? (size_t)place : b->count;
}

static void add_to_block(struct blocks *b, double time_ps, double value)
{
    const size_t block = block_of(b, time_ps);
    if (block == b->count || !isfinite(value)) return;
    b->sum[block] += value;
    b->known[block]++;
}

/* As a staircase over the places of a thinned series. */
static void show_blocks(struct hm_report *report, struct hm_plot *plot, const struct blocks *b,
                        const struct hm_thin *like, double offset)
{
    struct hm_plot_series *series =
        hm_report_add_series(report, plot, "means of blocks", HM_MARK_LINE, 1, like->bins, false);
    for (size_t k = 0; series && k < like->bins; k++) {
        const size_t block = block_of(b, like->x[k]);
        series->x[k] = like->x[k];
        series->y[k] = block < b->count && b->known[block] > 0 ? b->sum[block] / (double)b->known[block] - offset : NAN;
    }
}

struct energies {
    struct blocks blocks; /* of the total energy */
    struct hm_thin total, conserved, kinetic, potential, temperature;
    double total_sum, conserved_sum, potential_sum, kinetic_sum; /* over frames where they are known */
    size_t total_known, conserved_known, potential_known;
};

static void add(double value, double *sum, size_t *known)
{
    if (!isfinite(value)) return;
    *sum += value;
    ++*known;
}

static void add_frame(struct energies *e, double time_ps, double kinetic, double potential, double conserved,
                      double kelvin)
{
    const double unit = HM_ENERGY_KJ_PER_MOL;
    hm_thin_add(&e->total, time_ps, unit * (kinetic + potential));
    hm_thin_add(&e->conserved, time_ps, unit * conserved);
    hm_thin_add(&e->kinetic, time_ps, unit * kinetic);
    hm_thin_add(&e->potential, time_ps, unit * potential);
    hm_thin_add(&e->temperature, time_ps, kelvin * kinetic);
    add_to_block(&e->blocks, time_ps, unit * (kinetic + potential));
    add(unit * (kinetic + potential), &e->total_sum, &e->total_known);
    add(unit * conserved, &e->conserved_sum, &e->conserved_known);
    add(unit * potential, &e->potential_sum, &e->potential_known);
    if (isfinite(kinetic)) e->kinetic_sum += unit * kinetic;
}

struct slab {
    int64_t step[SLAB];
    double potential[SLAB], kinetic[SLAB], conserved[SLAB];
};

static enum hm_status read_energies(const struct hm_run *run, struct slab *slab, struct energies *e)
{
    const size_t freedom = hm_degrees_of_freedom(&run->frame);
    const double kelvin = freedom > 0 ? 2 * HM_TEMPERATURE_KELVIN / (double)freedom : NAN;
    for (size_t first = 0; first < run->info.nframe; first += SLAB) {
        const size_t left = run->info.nframe - first, count = left < SLAB ? left : SLAB;
        HM_TRY(hm_trajectory_read_frames(run->trajectory, first, count, slab->step, NULL, NULL, NULL, slab->potential,
                                         slab->kinetic));
        HM_TRY(hm_trajectory_read_conserved(run->trajectory, first, count, slab->conserved));
        for (size_t i = 0; i < count; i++)
            add_frame(e, (double)slab->step[i] * run->info.timestep * HM_TIME_PS, slab->kinetic[i], slab->potential[i],
                      slab->conserved[i], kelvin);
    }
    hm_thin_finish(&e->total);
    hm_thin_finish(&e->conserved);
    hm_thin_finish(&e->kinetic);
    hm_thin_finish(&e->potential);
    hm_thin_finish(&e->temperature);
    return HM_OK;
}

/* Where most frames do not know their energy: that of every step with an exact force, which knows it. */
static enum hm_status read_injected(struct hm_report *report, const struct hm_run *run, struct energies *e)
{
    enum hm_status status = HM_OK;
    struct hm_injection_record *slab = calloc(SLAB, sizeof *slab);
    if (!slab) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: reading injections");
    e->total_sum = 0;
    e->total_known = 0;
    if (!create_blocks(report, run, &e->blocks) || !hm_thin_create(report, run->info.ninjection, &e->total))
        status = report->status;
    for (size_t first = 0; status == HM_OK && first < run->info.ninjection; first += SLAB) {
        const size_t left = run->info.ninjection - first, count = left < SLAB ? left : SLAB;
        status = hm_trajectory_read_injections(run->trajectory, first, count, slab);
        for (size_t i = 0; status == HM_OK && i < count; i++) {
            const double time_ps = (double)slab[i].step * run->info.timestep * HM_TIME_PS;
            hm_thin_add(&e->total, time_ps, slab[i].total_energy);
            add_to_block(&e->blocks, time_ps, slab[i].total_energy);
            add(slab[i].total_energy, &e->total_sum, &e->total_known);
        }
    }
    hm_thin_finish(&e->total);
    free(slab);
    return status;
}

/* An older file does not have it. */
static bool injections_know_more(const struct hm_run *run, const struct energies *e)
{
    struct hm_injection_record last;
    if (run->info.thermostatted || run->info.ninjection == 0 || 2 * e->total_known > run->info.nframe) return false;
    return hm_trajectory_read_injections(run->trajectory, run->info.ninjection - 1, 1, &last) == HM_OK &&
           last.total_energy != 0 && isfinite(last.total_energy);
}

static bool create_energies(struct hm_report *report, const struct hm_run *run, struct energies *e)
{
    const size_t count = run->info.nframe;
    *e = (struct energies){0};
    return create_blocks(report, run, &e->blocks) && hm_thin_create(report, count, &e->total) &&
           hm_thin_create(report, count, &e->conserved) && hm_thin_create(report, count, &e->kinetic) &&
           hm_thin_create(report, count, &e->potential) && hm_thin_create(report, count, &e->temperature);
}

static struct hm_plot *add_plot(struct hm_report *report, struct hm_report_section *section, const char *id,
                                const char *title, const char *caption, const char *ylabel)
{
    return hm_report_add_plot(report, section,
                              &(struct hm_plot){.kind = HM_PLOT_TIMELINE,
                                                .id = id,
                                                .title = title,
                                                .caption = caption,
                                                .xlabel = "time, ps",
                                                .ylabel = ylabel});
}

static enum hm_status show_total(struct hm_report *report, const struct hm_report_runs *runs,
                                 struct hm_report_section *section, const struct energies *e)
{
    if (e->total_known == 0) {
        hm_report_add_note(report, section, "The potential energy is not known at any frame.");
        return report->status;
    }
    const double mean = e->total_sum / (double)e->total_known;
    const char *caption = hm_report_text(
        report,
        "Its difference from the mean, %.8g kJ/mol; the mean kinetic energy is %.5g kJ/mol. Leapfrog's own "
        "oscillation is in it; what counts is how the means of blocks move. Marks below: exact steps.",
        mean, e->kinetic_sum / (double)e->kinetic.count);
    struct hm_plot *plot = add_plot(report, section, "total-energy", "Total energy.", caption, "E \u2212 mean, kJ/mol");
    hm_thin_show(report, plot, "total energy", HM_MARK_LINE, 0, &e->total, mean);
    show_blocks(report, plot, &e->blocks, &e->total, mean);
    if (e->conserved_known > 0)
        hm_thin_show(report, plot, "less the heat of the bath", HM_MARK_LINE, 2, &e->conserved,
                     e->conserved_sum / (double)e->conserved_known);
    return hm_report_mark_exact(report, runs, plot);
}

enum hm_status hm_report_energies(struct hm_report *report, const struct hm_report_runs *runs)
{
    struct energies e;
    if (runs->run->info.nframe == 0) return HM_OK;
    if (!create_energies(report, runs->run, &e)) return report->status;
    struct slab *slab = malloc(sizeof *slab);
    if (!slab) return hm_fail(HM_OUT_OF_MEMORY, "out of memory: reading energies");
    const enum hm_status status = read_energies(runs->run, slab, &e);
    free(slab);
    HM_TRY(status);
    if (injections_know_more(runs->run, &e)) HM_TRY(read_injected(report, runs->run, &e));
    struct hm_report_section *section = hm_report_add_section(report, "energy", "Energy and temperature", "");
    HM_TRY(show_total(report, runs, section, &e));
    struct hm_plot *plot = add_plot(report, section, "energies", "Kinetic and potential energy.",
                                    e.potential_known > 0 ? "The potential energy less its mean." : "", "kJ/mol");
    hm_thin_show(report, plot, "kinetic", HM_MARK_LINE, 1, &e.kinetic, 0);
    if (e.potential_known > 0)
        hm_thin_show(report, plot, "potential \u2212 mean", HM_MARK_LINE, 2, &e.potential,
                     e.potential_sum / (double)e.potential_known);
    HM_TRY(hm_report_mark_exact(report, runs, plot));
    if (hm_degrees_of_freedom(&runs->run->frame) == 0) return report->status;
    plot = add_plot(report, section, "temperature", "Temperature.",
                    "Kinetic, of the degrees of freedom that carry heat.", "T, K");
    hm_thin_show(report, plot, "temperature", HM_MARK_LINE, 3, &e.temperature, 0);
    return hm_report_mark_exact(report, runs, plot);
}
