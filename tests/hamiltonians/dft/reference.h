/* The cases of the folder: what another program says of a molecule, and asking dft the same. */
#ifndef HM_TESTS_HAMILTONIANS_DFT_REFERENCE_H
#define HM_TESTS_HAMILTONIANS_DFT_REFERENCE_H

#include "hamiltonians/hamiltonian.h"

enum { HM_DFT_REFERENCES = 8, HM_DFT_MOST_ATOMS = 12 };

struct hm_dft_reference {
    char molecule[16], functional[16], basis[16];
    int charge, multiplicity;
    size_t natom;
    int number[HM_DFT_MOST_ATOMS];
    double x[3 * HM_DFT_MOST_ATOMS]; // bohr
    double energy, gradient[3 * HM_DFT_MOST_ATOMS];
};

/* The cases in alphabetical order of their files. A file that cannot be read ends the program. */
void hm_dft_reference_read(size_t index, struct hm_dft_reference *reference);

/* A molecule and its Hamiltonian. */
struct hm_dft_subject {
    struct hm_frame frame;
    struct hm_hamiltonian hamiltonian;
    struct hm_label label;
    double force[3 * HM_DFT_MOST_ATOMS];
};

extern const double hm_dft_water[9]; // bohr; O H H
extern const int hm_dft_water_numbers[3];

/* `keys` follow "type: dft, "; group: NULL or that of several ranks. */
enum hm_status hm_dft_create(const struct hm_frame *frame, const char *keys, const struct hm_oracle_group *group,
                             struct hm_hamiltonian *hamiltonian);
void hm_dft_frame(size_t natom, const int *number, const double *x, struct hm_frame *frame);
/* Ends the program where it fails. */
void hm_dft_start(size_t natom, const int *number, const double *x, const char *keys,
                  const struct hm_oracle_group *group, struct hm_dft_subject *s);
void hm_dft_finish(struct hm_dft_subject *s);
void hm_dft_ask(struct hm_dft_subject *s);

#endif
