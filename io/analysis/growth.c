#include "io/analysis/growth_internal.h"

#include "io/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 400, FEWEST_POINTS = 5 };

static const double BOUNDED = 0.2; /* of the power */

const char *hm_divergence_name(enum hm_divergence which)
{
    static const char *const names[] = {"position", "kinetic", "potential", "total"};
    return names[which];
}

const char *hm_divergence_unit(enum hm_divergence which)
{
    return which == HM_DIVERGENCE_POSITION ? "Angstrom" : "kJ/mol";
}

const char *hm_law_name(enum hm_law law)
{
    static const char *const names[] = {"unknown", "bounded", "power", "exponential"};
    return names[law];
}

/* ---- one set of branches ---- */

/* What is drawn: how often each branch is in. */
struct draw {
    const struct hm_branches *b;
    size_t *times; /* (nbranch) */
    double *rms;   /* (points) */
};

static void make_rms(const struct draw *draw, size_t curve)
{
    const struct hm_branches *b = draw->b;
    for (size_t p = 0; p < b->points; p++) {
        double sum = 0, count = 0;
        for (size_t i = 0; i < b->nbranch; i++) {
            const double value = draw->times[i] > 0 ? hm_branch_values(b, curve, i)[p] : NAN;
            if (!isfinite(value)) continue;
            sum += (double)draw->times[i] * value * value;
            count += (double)draw->times[i];
        }
        draw->rms[p] = count > 0 ? sqrt(sum / count) : NAN;
    }
}

/* Points before a drawn branch ends. */
static size_t points_of_all(const struct draw *draw)
{
    size_t end = draw->b->points;
    for (size_t i = 0; i < draw->b->nbranch; i++)
        if (draw->times[i] > 0 && draw->b->reach[i] < end) end = draw->b->reach[i];
    return end;
}

struct straight {
    double slope, intercept, squares;
};

/* log rms against log n or n. */
static struct straight fit(const struct draw *draw, size_t end, bool logarithmic)
{
    double n = 0, mx = 0, my = 0, xx = 0, xy = 0, yy = 0; /* Welford */
    for (size_t p = 0; p < end; p++) {
        if (!(draw->rms[p] > 0)) continue;
        const double x = logarithmic ? log((double)draw->b->unforced[p]) : (double)draw->b->unforced[p];
        const double y = log(draw->rms[p]), dx = x - mx, dy = y - my;
        n++;
        mx += dx / n;
        my += dy / n;
        xx += dx * (x - mx);
        xy += dx * (y - my);
        yy += dy * (y - my);
    }
    return (struct straight){xy / xx, my - xy / xx * mx, fmax(yy - xy * xy / xx, 1e-30)};
}

struct fitted {
    size_t points;
    enum hm_law law;
    double exponent, rate, one_step, aic, saturated_after; /* NaN: does not saturate */
};

static struct fitted fit_laws(const struct draw *draw, double saturation)
{
    struct fitted f = {.exponent = NAN, .rate = NAN, .one_step = NAN, .aic = NAN, .saturated_after = NAN};
    size_t end = points_of_all(draw);
    for (size_t p = 0; p < end; p++)
        if (draw->rms[p] > saturation) {
            f.saturated_after = (double)draw->b->unforced[p];
            end = p;
        }
    for (size_t p = 0; p < end; p++) f.points += draw->rms[p] > 0;
    if (f.points < FEWEST_POINTS) return f;
    const struct straight power = fit(draw, end, true), exponential = fit(draw, end, false);
    f.exponent = power.slope;
    f.rate = exponential.slope;
    f.aic = (double)f.points * log(exponential.squares / power.squares);
    f.law = f.exponent < BOUNDED ? HM_LAW_BOUNDED : f.aic < 0 ? HM_LAW_EXPONENTIAL : HM_LAW_POWER;
    f.one_step = exp(f.law == HM_LAW_EXPONENTIAL ? exponential.intercept + exponential.slope : power.intercept);
    return f;
}

/* ---- bootstrap ---- */

static size_t below(size_t count, uint64_t sample, uint32_t place)
{
    double u[2];
    hm_rng_uniform2((struct hm_rng_key){1, 0, HM_RNG_ANALYSIS}, sample, place, u);
    return (size_t)(u[0] * (double)count);
}

/* Runs with replacement, and of each its branches with replacement. */
static void draw_branches(struct draw *draw, uint64_t sample)
{
    const struct hm_branches *b = draw->b;
    uint32_t place = 0;
    memset(draw->times, 0, b->nbranch * sizeof *draw->times);
    for (size_t r = 0; r < b->nrun; r++) {
        const size_t run = b->nrun > 1 ? below(b->nrun, sample, place++) : 0;
        const size_t count = b->first[run + 1] - b->first[run];
        for (size_t k = 0; k < count; k++) draw->times[b->first[run] + below(count, sample, place++)]++;
    }
}

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Percentiles of the values that are numbers; NaN of fewer than half of them. */
static void bounds(double *values, size_t count, double *low, double *high)
{
    size_t good = 0;
    for (size_t k = 0; k < count; k++)
        if (isfinite(values[k])) values[good++] = values[k];
    *low = *high = NAN;
    if (2 * good < count) return;
    qsort(values, good, sizeof *values, ascending);
    *low = values[(size_t)(0.025 * (double)(good - 1) + 0.5)];
    *high = values[(size_t)(0.975 * (double)(good - 1) + 0.5)];
}

static struct hm_interval interval(double value, const struct fitted *fitted, size_t offset)
{
    double values[SAMPLES];
    struct hm_interval i = {.value = value};
    for (size_t s = 0; s < SAMPLES; s++) values[s] = *(const double *)((const char *)&fitted[s] + offset);
    bounds(values, SAMPLES, &i.low, &i.high);
    return i;
}

static struct hm_growth summarize(const struct hm_branches *b, const struct fitted *best, const struct fitted *samples,
                                  double saturation)
{
    struct hm_growth g = {
        .points = best->points, .law = best->law, .aic_difference = best->aic, .saturation = saturation};
    size_t alike = 0, known = 0;
    for (size_t s = 0; s < SAMPLES; s++) {
        known += samples[s].law != HM_LAW_UNKNOWN;
        alike += samples[s].law != HM_LAW_UNKNOWN && samples[s].law == best->law;
    }
    g.support = known > 0 ? (double)alike / (double)known : NAN;
    g.exponent = interval(best->exponent, samples, offsetof(struct fitted, exponent));
    g.rate_per_step = interval(best->rate, samples, offsetof(struct fitted, rate));
    const double per_ps = 1e3 / b->timestep_fs;
    g.rate_per_ps = (struct hm_interval){g.rate_per_step.value * per_ps, g.rate_per_step.low * per_ps,
                                         g.rate_per_step.high * per_ps};
    g.one_step = interval(best->one_step, samples, offsetof(struct fitted, one_step));
    g.saturated_after = interval(best->saturated_after, samples, offsetof(struct fitted, saturated_after));
    return g;
}

/* `spread` (points, SAMPLES) is scratch. */
static void make_curve(struct draw *draw, size_t index, double saturation, double *spread, struct fitted *samples,
                       struct hm_divergence_curve *curve)
{
    const struct hm_branches *b = draw->b;
    for (size_t s = 0; s < SAMPLES; s++) {
        draw_branches(draw, s);
        make_rms(draw, index);
        samples[s] = fit_laws(draw, saturation);
        for (size_t p = 0; p < b->points; p++) spread[p * SAMPLES + s] = draw->rms[p];
    }
    for (size_t i = 0; i < b->nbranch; i++) draw->times[i] = 1;
    make_rms(draw, index);
    const struct fitted best = fit_laws(draw, saturation);
    memcpy(curve->rms, draw->rms, b->points * sizeof *curve->rms);
    for (size_t p = 0; p < b->points; p++) bounds(spread + p * SAMPLES, SAMPLES, &curve->low[p], &curve->high[p]);
    curve->growth = summarize(b, &best, samples, saturation);
}

/* ---- all curves ---- */

static enum hm_status allocate(const struct hm_branches *b, struct hm_study_curves *c)
{
    const size_t points = b->points + 1;
    bool good = (c->alive = calloc(points, sizeof *c->alive)) && (c->unforced = calloc(points, sizeof *c->unforced));
    for (size_t k = 0; k < HM_BRANCH_CURVES && good; k++) {
        struct hm_divergence_curve *curve =
            k < HM_DIVERGENCE_COUNT ? &c->predicted[k] : &c->baseline[k - HM_DIVERGENCE_COUNT];
        good = (curve->rms = calloc(3 * points, sizeof *curve->rms)) != NULL;
        if (!good) break;
        curve->low = curve->rms + points;
        curve->high = curve->low + points;
    }
    return good ? HM_OK : hm_fail(HM_OUT_OF_MEMORY, "out of memory: curves of a study");
}

static void count_alive(const struct hm_branches *b, struct hm_study_curves *c)
{
    for (size_t p = 0; p < b->points; p++)
        for (size_t i = 0; i < b->nbranch; i++) {
            c->alive[p] += b->reach[i] > p;
            c->has_baseline = c->has_baseline || isfinite(hm_branch_values(b, HM_DIVERGENCE_COUNT, i)[p]);
        }
    memcpy(c->unforced, b->unforced, b->points * sizeof *c->unforced);
}

static enum hm_status make_curves(const struct hm_branches *b, struct hm_study_curves *c)
{
    struct draw draw = {b, calloc(b->nbranch + 1, sizeof *draw.times), calloc(b->points + 1, sizeof *draw.rms)};
    double *spread = calloc(b->points + 1, SAMPLES * sizeof *spread);
    struct fitted *samples = calloc(SAMPLES, sizeof *samples);
    enum hm_status status = draw.times && draw.rms && spread && samples
                                ? allocate(b, c)
                                : hm_fail(HM_OUT_OF_MEMORY, "out of memory: %zu branches", b->nbranch);
    if (status == HM_OK) {
        count_alive(b, c);
        for (size_t k = 0; k < HM_BRANCH_CURVES; k++)
            make_curve(&draw, k, b->saturation[k % HM_DIVERGENCE_COUNT], spread, samples,
                       k < HM_DIVERGENCE_COUNT ? &c->predicted[k] : &c->baseline[k - HM_DIVERGENCE_COUNT]);
    }
    free(samples);
    free(spread);
    free(draw.rms);
    free(draw.times);
    return status;
}

enum hm_status hm_study_curves_create(const struct hm_run *runs, size_t nrun, struct hm_study_curves *curves)
{
    struct hm_branches b;
    *curves = (struct hm_study_curves){0};
    HM_TRY(hm_branches_read(runs, nrun, &b));
    *curves = (struct hm_study_curves){
        .nrun = nrun,
        .nbranch = b.nbranch,
        .points = b.points,
        .ended = b.ended,
        .branch_steps = b.length,
        .oracle_calls = b.oracle_calls,
        .timestep_fs = b.timestep_fs,
    };
    const enum hm_status status = b.nbranch > 0 ? make_curves(&b, curves) : HM_OK;
    hm_branches_release(&b);
    if (status != HM_OK) hm_study_curves_release(curves);
    return status;
}

void hm_study_curves_release(struct hm_study_curves *c)
{
    for (size_t k = 0; k < HM_DIVERGENCE_COUNT; k++) {
        free(c->predicted[k].rms);
        free(c->baseline[k].rms);
    }
    free(c->unforced);
    free(c->alive);
    *c = (struct hm_study_curves){0};
}
