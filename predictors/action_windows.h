/* Windows on a chain molecule: every path of a few bonded atoms, in both directions.
 *
 * A sum over the windows of one function grows with the molecule, learns from all of its parts at once, and is
 * symmetric under whatever exchanges equal atoms.
 *
 * Shapes: atom (count, sites). Errors: HM_OUT_OF_MEMORY. Owns: the caller frees `atom`. MPI: local.
 */
#ifndef HM_PREDICTORS_ACTION_WINDOWS_H
#define HM_PREDICTORS_ACTION_WINDOWS_H

#include "io/status.h"

#include <stddef.h>

struct hm_windows {
    size_t count, sites;
    size_t *atom;
};

/* Of `sites` atoms, if that shows all there is to one connected molecule: count = 0 if an atom is missing from the
 * windows, or an angle between bonds is, as at the ends of branches. */
enum hm_status hm_windows_find(size_t natom, const size_t (*bonds)[2], size_t nbond, size_t sites,
                               struct hm_windows *windows);

#endif
