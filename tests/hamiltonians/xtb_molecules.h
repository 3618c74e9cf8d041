/* Molecules as the program xtb sees them.
 *
 * Units: bohr, Hartree, Hartree/bohr.
 * Source: xtb 6.5.1 (Debian 6.5.1-3), `xtb coord --gfn G --grad --acc 0.001 --chrg C --uhf U`; printed by
 *   `tests/interop/test_xtb.py --print`.
 */
#ifndef HM_TESTS_HAMILTONIANS_XTB_MOLECULES_H
#define HM_TESTS_HAMILTONIANS_XTB_MOLECULES_H

#include <stddef.h>

enum { HM_XTB_MOST_ATOMS = 12, HM_XTB_NMOLECULE = 7 };

struct hm_xtb_molecule {
    const char *name, *keys;
    double energy;
    size_t natom;
    struct {
        int number;
        double x[3], gradient[3];
    } atom[HM_XTB_MOST_ATOMS];
};

extern const struct hm_xtb_molecule hm_xtb_molecules[HM_XTB_NMOLECULE];

#endif
