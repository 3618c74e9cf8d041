/* Built-in diatomic molecules with spectroscopic constants and the isotope masses they belong to.
 *
 *   k   = mu omega_e^2                          (harmonic force constant)
 *   D_e = D_0 + omega_e / 2 - omega_e x_e / 4   (depth from the bottom of the well)
 *   a   = sqrt(k / 2 D_e)                       (Morse range, same curvature)
 *
 * Units: atomic units in the struct; the table (molecules.def) is in u, cm^-1, Angstrom, eV.
 * Errors: none; hm_molecule_find and _listed return false for what is not there.
 * MPI: local.
 * Source: Huber and Herzberg (1979), see molecules.def.
 */
#ifndef HM_HAMILTONIANS_MOLECULES_H
#define HM_HAMILTONIANS_MOLECULES_H

#include "io/config.h"
#include "io/frame.h"

struct hm_molecule {
    const char *name;
    int number[2];
    double mass[2];
    double omega; // harmonic angular frequency
    double r0;    // equilibrium distance r_e
    double k;
    double de;
    double a;
};

/* False for an unknown name. */
bool hm_molecule_find(const char *name, struct hm_molecule *molecule);
/* The i-th of the table; false past the end. */
bool hm_molecule_listed(size_t index, struct hm_molecule *molecule);

/* The molecule named by `hamiltonian.molecule`, which must be given; an unknown name is a fault that lists the names.
 * It may also stand in the Hamiltonian that `hamiltonian` wraps. */
bool hm_molecule_is_configured(const struct hm_config *config);
enum hm_status hm_molecule_configured(const struct hm_config *config, struct hm_molecule *molecule);

/* The frame a run starts from when only `hamiltonian.molecule` is given (it must be): the molecule at r_e along x,
 * centred. */
enum hm_status hm_molecule_frame(const struct hm_config *config, struct hm_frame *frame);

/* With `hamiltonian.molecule`, a geometry is a sequence of such molecules, two consecutive atoms each. Checks that
 * and gives the atoms the isotope masses that belong to the force constant. Nothing to do without the key. */
enum hm_status hm_molecule_apply_masses(const struct hm_config *config, struct hm_frame *frame);

#endif
