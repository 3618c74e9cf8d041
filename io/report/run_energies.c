/* Energy and temperature of a run over time, and which of its steps were exact. */
#include "io/report/report_internal.h"

#include "io/analysis/analysis_internal.h"
#include "io/units.h"

#include <math.h>
#include <stdlib.h>

enum { SLAB = 8192, RUG_BINS = 1000 };

/* ---- the rug ---- */

struct shares {
    const struct hm_run *run;
    double *exact, *all; /* (RUG_BINS) steps */
};

static void add_steps(void *self, const struct hm_decision_record *decision, size_t steps)
{
    const struct shares *s = self;
    if (decision->step < 0 || decision->step >= s->run->steps) return;
    const size_t bin = (size_t)((double)decision->step * RUG_BINS / (double)s->run->steps);
    s->all[bin] += (double)steps;
    s->exact[bin] += decision->action == HM_INJECT ? (double)steps : 0;
}

enum hm_status hm_report_mark_exact(struct hm_report *report, const struct hm_report_runs *runs, struct hm_plot *plot)
{
    const struct hm_run *run = runs->run;
    if (!plot || run->info.ndecision == 0 || run->steps < 1) return report->status;
    double *exact = hm_report_alloc(report, RUG_BINS, sizeof *exact), *all = calloc(RUG_BINS, sizeof *all);
    struct shares shares = {run, exact, all};
    enum hm_status status = exact && all ? hm_run_walk_decisions(run, add_steps, &shares)
                                         : hm_fail(HM_OUT_OF_MEMORY, "out of memory: reading decisions");
    for (size_t b = 0; status == HM_OK && b < RUG_BINS; b++) exact[b] = all[b] > 0 ? exact[b] / all[b] : 0;
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

/* With a thermostat it is the conserved energy that tells how the energy moves, else the total one. */
struct energies {
    const struct hm_run *run;
    struct blocks blocks; /* of the energy that tells */
    struct hm_thin total, conserved, kinetic, potential, temperature;
    double total_sum, conserved_sum, potential_sum, kinetic_sum; /* over frames where they are known */
    size_t total_known, conserved_known, potential_known;
    size_t telling, silent; /* frames after the warm-up that know the energy that tells, and that do not */
};

static void add(double value, double *sum, size_t *known)
{
    if (!isfinite(value)) return;
    *sum += value;
    ++*known;
}

static void add_frame(struct energies *e, int64_t step, double kinetic, double potential, double conserved,
                      double kelvin)
{
    const double unit = HM_ENERGY_KJ_PER_MOL, time_ps = (double)step * e->run->info.timestep * HM_TIME_PS;
    const double tells = e->run->info.thermostatted ? conserved : kinetic + potential;
    hm_thin_add(&e->total, time_ps, unit * (kinetic + potential));
    hm_thin_add(&e->conserved, time_ps, unit * conserved);
    hm_thin_add(&e->kinetic, time_ps, unit * kinetic);
    hm_thin_add(&e->potential, time_ps, unit * potential);
    hm_thin_add(&e->temperature, time_ps, kelvin * kinetic);
    add_to_block(&e->blocks, time_ps, unit * tells);
    add(unit * (kinetic + potential), &e->total_sum, &e->total_known);
    add(unit * conserved, &e->conserved_sum, &e->conserved_known);
    add(unit * potential, &e->potential_sum, &e->potential_known);
    if (isfinite(kinetic)) e->kinetic_sum += unit * kinetic;
    if (step < e->run->first_step) return;
    ++*(isfinite(tells) ? &e->telling : &e->silent);
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
            add_frame(e, slab->step[i], slab->kinetic[i], slab->potential[i], slab->conserved[i], kelvin);
    }
    hm_thin_finish(&e->total);
    hm_thin_finish(&e->conserved);
    hm_thin_finish(&e->kinetic);
    hm_thin_finish(&e->potential);
    hm_thin_finish(&e->temperature);
    return HM_OK;
}

static void add_injection(void *self, const void *record)
{
    struct energies *e = self;
    const struct hm_injection_record *r = record;
    const bool bath = e->run->info.thermostatted;
    const double time_ps = (double)r->step * e->run->info.timestep * HM_TIME_PS;
    const double energy = hm_injection_energy(r);
    hm_thin_add(bath ? &e->conserved : &e->total, time_ps, energy);
    add_to_block(&e->blocks, time_ps, energy);
    add(energy, bath ? &e->conserved_sum : &e->total_sum, bath ? &e->conserved_known : &e->total_known);
}

/* Where injections tell more of the energy than frames do: that of every step with an exact force. */
static enum hm_status prefer_injections(struct hm_report *report, struct energies *e)
{
    bool better;
    const struct hm_run *run = e->run;
    struct hm_thin *thin = run->info.thermostatted ? &e->conserved : &e->total;
    HM_TRY(hm_injections_tell_more(run, e->telling, e->silent, &better));
    if (!better) return HM_OK;
    e->total_sum = e->conserved_sum = 0;
    e->total_known = e->conserved_known = 0;
    if (!create_blocks(report, run, &e->blocks) || !hm_thin_create(report, run->info.ninjection, thin))
        return report->status;
    HM_TRY(hm_trajectory_walk(run->trajectory, HM_TABLE_INJECTIONS, add_injection, e));
    hm_thin_finish(thin);
    return HM_OK;
}

static bool create_energies(struct hm_report *report, const struct hm_run *run, struct energies *e)
{
    const size_t count = run->info.nframe;
    *e = (struct energies){.run = run};
    return create_blocks(report, run, &e->blocks) && hm_thin_create(report, count, &e->total) &&
           hm_thin_create(report, count, &e->conserved) && hm_thin_create(report, count, &e->kinetic) &&
           hm_thin_create(report, count, &e->potential) && hm_thin_create(report, count, &e->temperature);
}

static enum hm_status show_total(struct hm_report *report, const struct hm_report_runs *runs,
                                 struct hm_report_section *section, const struct energies *e)
{
    const bool bath = e->conserved_known > 0;
    if (e->total_known == 0 && !bath) {
        hm_report_add_note(report, section, "The potential energy is not known at any frame.");
        return report->status;
    }
    const double mean = e->total_sum / (double)e->total_known, kept = e->conserved_sum / (double)e->conserved_known;
    const char *caption = hm_report_text(
        report,
        "Its difference from the mean, %.8g kJ/mol; the mean kinetic energy is %.5g kJ/mol. Leapfrog's own "
        "oscillation is in it; what counts is how the means of blocks move. Marks below: exact steps.",
        e->total_known > 0 ? mean : kept, e->kinetic_sum / (double)e->kinetic.count);
    struct hm_plot *plot = hm_report_add_timeline(report, section, "total-energy", "Total energy.", caption,
                                                  "E \u2212 mean, kJ/mol", false);
    if (e->total_known > 0) hm_thin_show(report, plot, "total energy", HM_MARK_LINE, 0, &e->total, mean);
    show_blocks(report, plot, &e->blocks, bath ? &e->conserved : &e->total, bath ? kept : mean);
    if (bath) hm_thin_show(report, plot, "less the heat of the bath", HM_MARK_LINE, 2, &e->conserved, kept);
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
    HM_TRY(prefer_injections(report, &e));
    struct hm_report_section *section = hm_report_add_section(report, "energy", "Energy and temperature", "");
    HM_TRY(show_total(report, runs, section, &e));
    struct hm_plot *plot =
        hm_report_add_timeline(report, section, "energies", "Kinetic and potential energy.",
                               e.potential_known > 0 ? "The potential energy less its mean." : "", "kJ/mol", false);
    hm_thin_show(report, plot, "kinetic", HM_MARK_LINE, 1, &e.kinetic, 0);
    if (e.potential_known > 0)
        hm_thin_show(report, plot, "potential \u2212 mean", HM_MARK_LINE, 2, &e.potential,
                     e.potential_sum / (double)e.potential_known);
    HM_TRY(hm_report_mark_exact(report, runs, plot));
    if (hm_degrees_of_freedom(&runs->run->frame) == 0) return report->status;
    plot = hm_report_add_timeline(report, section, "temperature", "Temperature.",
                                  "Kinetic, of the degrees of freedom that carry heat.", "T, K", false);
    hm_thin_show(report, plot, "temperature", HM_MARK_LINE, 3, &e.temperature, 0);
    return hm_report_mark_exact(report, runs, plot);
}
