/* The basis sets that are part of the program, for H to Ar.
 *
 * Owns: nothing; the text is static. Errors: none. MPI: local.
 */
#ifndef HM_HAMILTONIANS_DFT_BASIS_NAMES_H
#define HM_HAMILTONIANS_DFT_BASIS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct hm_basis_text {
    const char *name;
    const char *text;
    size_t size;
    bool auxiliary; // for fitting densities
};

/* By name or alias, whatever the case of its letters; false: none has this name. */
bool hm_basis_find(const char *name, struct hm_basis_text *found);
/* The i-th; false past the end. */
bool hm_basis_listed(size_t index, struct hm_basis_text *found);
/* The one whose name is not far from this; NULL: none. */
const char *hm_basis_nearest(const char *name, bool auxiliary);

#endif
