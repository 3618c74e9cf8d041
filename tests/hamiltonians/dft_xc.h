/* Exchange and correlation of small molecules with densities that are made up by formulae. */
#ifndef HM_TESTS_HAMILTONIANS_DFT_XC_H
#define HM_TESTS_HAMILTONIANS_DFT_XC_H

#include "tests/hamiltonians/dft_molecule.h"

#include "hamiltonians/dft/xc.h"

enum { XC_WATER_FUNCTIONS = 19 };

struct xc_subject {
    struct dft_molecule molecule;
    struct hm_xc *xc;
    size_t nspin, nfunction;
    double *D, *V; // (nspin, nfunction, nfunction)
};

/* Bent water, all bonds and angles uneven. */
extern const int xc_water_number[3];
extern const double xc_water_place[9];

/* Water in 6-31G* (or what `keys` say besides functional and grid), placed, with the made-up densities of two spins or
 * their sum. */
enum hm_status xc_subject_make(const char *keys, int nspin, const struct hm_team *team, struct xc_subject *subject);
void xc_subject_release(struct xc_subject *subject);

/* 0.30 + 0.10 (a mod 7) on the diagonal, 0.02 / (1 + |a - b|) added everywhere; of the second spin 0.20 + 0.05 (a mod
 * 5) on the diagonal. */
double xc_made_up(int spin, size_t a, size_t b);

double xc_energy(struct xc_subject *subject);

#endif
