#include "scheduler/vigil.h"

#include <math.h>

enum { BLOCK = 50 };
static const double NOTICEABLE = 1e-3, STANDARD_ERRORS = 5;

static void extend_reference(struct hm_vigil *v, double energy, double kinetic)
{
    const double count = (double)++v->reference, before = energy - v->energy;
    v->energy += before / count;
    v->squares += before * (energy - v->energy);
    v->kinetic += (kinetic - v->kinetic) / count;
}

static enum hm_status close_block(struct hm_vigil *v, int64_t step, double most)
{
    const double scale = fmax(v->kinetic, v->block_kinetic / BLOCK);
    v->latest = scale > 0 ? fabs(v->block_energy / BLOCK) / scale : 0; /* what is at rest has no scale */
    v->worst = fmax(v->worst, v->latest);
    v->block_energy = v->block_kinetic = 0;
    v->in_block = 0;
    if (v->latest <= most) return HM_OK;
    return hm_fail(HM_DIVERGED,
                   "step %lld: the energy at injections has moved by %.3g times the mean kinetic energy "
                   "(integrator.max_energy_change is %.3g)",
                   (long long)step, v->latest, most);
}

enum hm_status hm_vigil_step(struct hm_vigil *vigil, int64_t step, bool warmup, double energy, double kinetic,
                             double most)
{
    if (warmup || vigil->reference < BLOCK) {
        extend_reference(vigil, energy, kinetic);
        return HM_OK;
    }
    vigil->block_energy += energy - vigil->energy;
    vigil->block_kinetic += kinetic;
    vigil->in_block++;
    return vigil->in_block == BLOCK ? close_block(vigil, step, most) : HM_OK;
}

bool hm_vigil_alarm(const struct hm_vigil *vigil)
{
    if (vigil->reference < 2 || !(vigil->kinetic > 0)) return false;
    const double scatter = sqrt(vigil->squares / (double)(vigil->reference - 1));
    return vigil->worst > fmax(NOTICEABLE, STANDARD_ERRORS * scatter / sqrt(BLOCK) / vigil->kinetic);
}

void hm_vigil_save(const struct hm_vigil *vigil, struct hm_archive *archive)
{
    hm_archive_put(archive, vigil, sizeof *vigil);
}

enum hm_status hm_vigil_load(struct hm_vigil *vigil, struct hm_archive *archive)
{
    return hm_archive_get(archive, vigil, sizeof *vigil);
}
