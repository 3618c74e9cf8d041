#include "scheduler/vigil.h"

#include <math.h>

enum { BLOCK = 50 };

static enum hm_status close_block(struct hm_vigil *v, int64_t step, double most)
{
    const double count = (double)v->reference, moved = fabs(v->sum / BLOCK - v->energy / count);
    v->latest = v->kinetic > 0 ? moved / (v->kinetic / count) : 0; /* what is at rest has no scale */
    v->worst = fmax(v->worst, v->latest);
    v->sum = 0;
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
        vigil->energy += energy;
        vigil->kinetic += kinetic;
        vigil->reference++;
        return HM_OK;
    }
    vigil->sum += energy;
    vigil->in_block++;
    return vigil->in_block == BLOCK ? close_block(vigil, step, most) : HM_OK;
}

void hm_vigil_save(const struct hm_vigil *vigil, struct hm_archive *archive)
{
    hm_archive_put(archive, vigil, sizeof *vigil);
}

enum hm_status hm_vigil_load(struct hm_vigil *vigil, struct hm_archive *archive)
{
    return hm_archive_get(archive, vigil, sizeof *vigil);
}
