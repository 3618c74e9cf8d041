#include "scheduler/thermostat.h"

#include <math.h>

/* Of sum |r||p|: what counts as a molecule that does not turn. */
static const double NO_ROTATION = 1e-9;

#define HM_THERMOSTAT(name) extern const struct hm_thermostat_ops hm_thermostat_##name;
#include "scheduler/thermostats.def"
#undef HM_THERMOSTAT

static const struct hm_thermostat_ops *const registry[] = {
#define HM_THERMOSTAT(name) &hm_thermostat_##name,
#include "scheduler/thermostats.def"
#undef HM_THERMOSTAT
};

static const struct hm_method *const methods[] = {
#define HM_THERMOSTAT(name) &hm_thermostat_##name.method,
#include "scheduler/thermostats.def"
#undef HM_THERMOSTAT
};

const struct hm_thermostat_ops *hm_thermostat_registered(size_t index)
{
    return index < sizeof registry / sizeof *registry ? registry[index] : NULL;
}

enum hm_status hm_thermostat_create(const struct hm_config *config, struct hm_thermostat *thermostat)
{
    size_t index;
    *thermostat = (struct hm_thermostat){0};
    if (!hm_config_has(config, "thermostat.type")) return HM_OK;
    HM_TRY(hm_method_find(config, "thermostat.type", methods, sizeof methods / sizeof *methods, &index));
    const bool ramp = hm_config_length(config, "thermostat.temperature") > 0;
    const double constant = hm_config_real(config, "thermostat.temperature");
    *thermostat = (struct hm_thermostat){
        .ops = registry[index],
        .temperature = {ramp ? hm_config_real(config, "thermostat.temperature[0]") : constant,
                        ramp ? hm_config_real(config, "thermostat.temperature[1]") : constant},
        .steps = (double)hm_config_integer(config, "integrator.steps"),
        .decay =
            exp(-hm_config_real(config, "integrator.timestep") / hm_config_real(config, "thermostat.time_constant")),
        .key = {(uint64_t)hm_config_integer(config, "thermostat.seed"), 0, HM_RNG_THERMOSTAT},
    };
    return HM_OK;
}

/* ---- degrees of freedom ---- */

static double length(const double a[3])
{
    return sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2]);
}

/* Whether the atoms do not turn about their centre of mass. */
static bool is_without_rotation(const struct hm_frame *frame)
{
    double centre[3], p[3], spin[3] = {0}, mass = 0, scale = 0;
    hm_linear_momentum(frame, frame->x, centre); /* the mass-weighted sum of any vectors */
    hm_linear_momentum(frame, frame->v, p);
    for (size_t i = 0; i < frame->natom; i++) mass += frame->mass[i];
    for (size_t i = 0; i < frame->natom; i++) {
        double r[3], q[3];
        for (size_t k = 0; k < 3; k++) {
            r[k] = frame->x[3 * i + k] - centre[k] / mass;
            q[k] = frame->mass[i] * (frame->v[3 * i + k] - p[k] / mass);
        }
        for (size_t k = 0; k < 3; k++) spin[k] += r[(k + 1) % 3] * q[(k + 2) % 3] - r[(k + 2) % 3] * q[(k + 1) % 3];
        scale += length(r) * length(q);
    }
    return length(spin) <= NO_ROTATION * scale;
}

/* A common factor on all velocities leaves a rotation at rest what it is; two atoms have no third one. */
void hm_thermostat_count(const struct hm_thermostat *thermostat, struct hm_frame *frame)
{
    if (!thermostat->ops) return;
    frame->at_rest = 0;
    if (!thermostat->ops->keeps_momentum || frame->nfrozen > 0 || frame->natom == 1) return;
    frame->at_rest = 3;
    if (!hm_frame_is_periodic(frame) && is_without_rotation(frame)) frame->at_rest += frame->natom == 2 ? 2 : 3;
}

/* ---- a step ---- */

double hm_thermostat_temperature(const struct hm_thermostat *thermostat, int64_t step)
{
    const double *t = thermostat->temperature;
    return t[0] + (t[1] - t[0]) * (((double)step + 0.5) / thermostat->steps);
}

double hm_thermostat_apply(const struct hm_thermostat *thermostat, const struct hm_frame *frame, int64_t step,
                           double *v, double *bath_kick)
{
    const struct hm_bath bath = {hm_thermostat_temperature(thermostat, step), thermostat->decay, thermostat->key,
                                 (uint64_t)step};
    const double before = hm_kinetic_energy(frame, v);
    for (size_t k = 0; k < 3 * frame->natom; k++) bath_kick[k] = -v[k];
    thermostat->ops->apply(&bath, frame, v);
    for (size_t k = 0; k < 3 * frame->natom; k++) bath_kick[k] += v[k];
    return hm_kinetic_energy(frame, v) - before;
}

double hm_thermostat_heat_at_kick(const struct hm_frame *frame, const double *bath_kick, const double *kick)
{
    double heat = 0;
    for (size_t k = 0; k < 3 * frame->natom; k++) heat += frame->mass[k / 3] * bath_kick[k] * kick[k] / 12;
    return heat;
}
