/* Axes: where a value stands on them and what is written along them. */
#include "io/report/report_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 1, 2 or 5 times a power of ten: at most eight of them in `span`. */
static double nice_step(double span)
{
    const double power = pow(10, floor(log10(span / 8)));
    static const double factors[] = {1, 2, 5, 10};
    for (size_t i = 0; i < 4; i++)
        if (span / (factors[i] * power) <= 8) return factors[i] * power;
    return 10 * power;
}

static void add_tick(struct hm_axis *axis, double value)
{
    if (value >= axis->from && value <= axis->to && axis->nticks < HM_TICKS) axis->tick[axis->nticks++] = value;
}

static void add_steps(struct hm_axis *axis)
{
    const double step = nice_step(axis->to - axis->from);
    for (double k = ceil(axis->from / step); k * step <= axis->to && axis->nticks < HM_TICKS; k++)
        axis->tick[axis->nticks++] = k * step;
}

static void fit_log(double least, double largest, struct hm_axis *axis)
{
    const double room = pow(largest / least, 0.04) * (largest / least < 1.5 ? 1.5 : 1);
    axis->from = least / room;
    axis->to = largest * room;
    const int first = (int)ceil(log10(axis->from)), last = (int)floor(log10(axis->to));
    const int every = last > first ? (last - first) / 8 + 1 : 1;
    if (axis->to / axis->from < 8) { /* less than a power of ten: as on a linear axis */
        add_steps(axis);
        return;
    }
    for (int power = first - 1; power <= last; power++) {
        if (power >= first && (power - first) % every == 0) add_tick(axis, pow(10, power));
        for (int factor = 2; last - first <= 1 && factor <= 5; factor += 3) add_tick(axis, factor * pow(10, power));
    }
}

static void fit_linear(double least, double largest, struct hm_axis *axis)
{
    double span = largest - least;
    if (!(span > 0)) span = largest != 0 ? fabs(largest) * 0.2 : 1;
    axis->from = least - 0.04 * span - (largest > least ? 0 : span / 2);
    axis->to = largest + 0.04 * span + (largest > least ? 0 : span / 2);
    add_steps(axis);
}

void hm_axis_fit(double least, double largest, bool log, struct hm_axis *axis)
{
    *axis = (struct hm_axis){.log = log};
    if (!(least <= largest) || !isfinite(least) || !isfinite(largest)) {
        least = log ? 0.1 : 0;
        largest = 1;
    }
    /* Values beyond any physics come out of damaged files. */
    largest = fmin(largest, 1e150);
    least = log ? fmax(least, fmax(1e-150, 1e-30 * largest)) : fmax(least, -1e150);
    if (least > largest) least = largest;
    if (log)
        fit_log(least, largest, axis);
    else
        fit_linear(least, largest, axis);
}

double hm_axis_place(const struct hm_axis *axis, double value)
{
    if (!axis->log) return (value - axis->from) / (axis->to - axis->from);
    return value > 0 ? log(value / axis->from) / log(axis->to / axis->from) : NAN;
}

void hm_report_tidy(char *text)
{
    char *exponent = strchr(text, 'e');
    if (!exponent) return;
    char *to = exponent + 1, *from = exponent + 2;
    if (exponent[1] == '-') to++;
    while (*from == '0' && from[1]) from++;
    memmove(to, from, strlen(from) + 1);
}

void hm_axis_label(const struct hm_axis *axis, double tick, char *text, size_t size)
{
    if (!axis->log && fabs(tick) < 1e-9 * (axis->to - axis->from)) tick = 0;
    snprintf(text, size, "%.0e", tick); /* powers of ten look alike */
    if (!axis->log || tick > 0.005 || fabs(strtod(text, NULL) / tick - 1) > 1e-9) snprintf(text, size, "%.6g", tick);
    hm_report_tidy(text);
}

double hm_heat_share(const struct hm_plot_heat *heat, double value)
{
    double least = INFINITY, largest = -INFINITY;
    for (size_t i = 0; i < heat->rows * heat->columns; i++)
        if (isfinite(heat->value[i])) {
            least = fmin(least, heat->value[i]);
            largest = fmax(largest, heat->value[i]);
        }
    if (!isfinite(value) || !(largest > least)) return 0.5;
    const bool wide = least > 0 && largest > 100 * least;
    return wide ? log(value / least) / log(largest / least) : (value - least) / (largest - least);
}
