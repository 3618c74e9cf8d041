/* Basis sets in the format of Gaussian 94, as EMSL's Basis Set Exchange and Psi4 write them.
 *
 *   ! a comment, to the end of the line; so is #
 *   cartesian           or `spherical`: which functions the set was made for (optional, before the first element)
 *   ****
 *   O 0                 one element or several
 *   S  6  1.00          letter, number of primitives, scale of the exponents (squared; 1 if left out); a 0 may follow
 *     5484.6717  0.0018311       exponent, coefficient of the normalised primitive; 1.0D+01 is a number, too
 *     ...
 *   SP 3  1.00          s and p with the same exponents: a column of coefficients for each letter
 *     15.539616 -0.1107775 0.0708743
 *     ...
 *   ****
 *
 * Only blocks of wanted elements are read; of the others no more than where they end.
 *
 * Errors: HM_BAD_CONFIG (file:line: what is wrong), HM_OUT_OF_MEMORY. Owns: the library owns its arrays. MPI: local.
 */
#ifndef HM_HAMILTONIANS_DFT_BASIS_G94_H
#define HM_HAMILTONIANS_DFT_BASIS_G94_H

#include "io/status.h"

#include <stdbool.h>
#include <stddef.h>

enum { HM_LIBRARY_ELEMENTS = 119, HM_LIBRARY_MAX_PRIMITIVES = 100 };

enum hm_library_functions { HM_LIBRARY_UNSAID, HM_LIBRARY_CARTESIAN, HM_LIBRARY_SPHERICAL };

struct hm_library_shell {
    int number; // atomic number
    int l;
    size_t line;
    size_t nprimitive;
    size_t exponent, coefficient; // where they start in `value`
};

struct hm_basis_library {
    enum hm_library_functions functions;
    bool present[HM_LIBRARY_ELEMENTS];
    size_t nshell, nvalue;
    struct hm_library_shell *shell; // (nshell) in the order of the file
    double *value;                  // (nvalue)
};

/* `name` stands in messages. Shells of wanted elements go up to max_l. */
enum hm_status hm_basis_g94_read(const char *text, size_t size, const char *name, int max_l,
                                 const bool wanted[HM_LIBRARY_ELEMENTS], struct hm_basis_library *library);
void hm_basis_library_release(struct hm_basis_library *library);

#endif
