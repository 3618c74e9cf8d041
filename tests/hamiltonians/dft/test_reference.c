/* dft against the numbers of another program: see README.md. */
#include "tests/hamiltonians/dft/reference.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

static void test_references(void)
{
    for (size_t index = 0; index < HM_DFT_REFERENCES; index++) {
        struct hm_dft_reference r;
        struct hm_dft_subject s;
        char keys[256];
        double worst = 0;
        hm_dft_reference_read(index, &r);
        snprintf(keys, sizeof keys,
                 "functional: %s, basis: '%s', charge: %d, multiplicity: %d, coulomb: exact, grid: [99, 590]",
                 r.functional, r.basis, r.charge, r.multiplicity);
        hm_dft_start(r.natom, r.number, r.x, keys, NULL, &s);
        hm_dft_ask(&s);
        for (size_t k = 0; k < 3 * r.natom; k++) worst = fmax(worst, fabs(s.force[k] + r.gradient[k]));
        const bool good =
            s.label.status == HM_LABEL_CONVERGED && fabs(s.label.energy - r.energy) <= 2e-6 && worst <= 1e-5;
        if (!good || getenv("HAMLET_TEST_VERBOSE"))
            printf("\n      %s: status %d, %d cycles, energy off by %.2e, forces by %.2e, %.2f s ", keys,
                   (int)s.label.status, s.label.iterations, s.label.energy - r.energy, worst, s.label.seconds);
        CU_ASSERT_TRUE(good);
        hm_dft_finish(&s);
    }
}

static const struct hm_test tests[] = {
    {"energies and gradients of another program", test_references},
};

HM_TEST_MAIN("dft against references", tests)
