#include "tests/hamiltonians/dft_xc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const int xc_water_number[3] = {8, 1, 1};
const double xc_water_place[9] = {0.0,
                                  0.0,
                                  0.22166487451620323,
                                  0.0,
                                  1.4309006221966674,
                                  -0.8866594980648129,
                                  0.09448630627289141,
                                  -1.473986377857106,
                                  -0.8503767564560227};

double xc_made_up(int spin, size_t a, size_t b)
{
    if (spin == 1) return a == b ? 0.20 + 0.05 * (double)(a % 5) : 0.0;
    const double apart = a > b ? (double)(a - b) : (double)(b - a);
    return 0.02 / (1.0 + apart) + (a == b ? 0.30 + 0.10 * (double)(a % 7) : 0.0);
}

static enum hm_status make_xc(const char *keys, int nspin, const struct hm_team *team, struct xc_subject *subject)
{
    char text[512];
    struct hm_config *config = NULL;
    snprintf(text, sizeof text, "hamiltonian: {type: dft, %s}\nintegrator: {timestep: 1 fs, steps: 1}\n", keys);
    enum hm_status status = hm_config_parse(text, "dft.yaml", NULL, 0, &config);
    if (status == HM_OK)
        status = hm_xc_create(config, &subject->molecule.frame, &subject->molecule.basis, nspin, team, &subject->xc);
    if (status == HM_OK) status = hm_xc_place(subject->xc, xc_water_place);
    hm_config_destroy(&config);
    return status;
}

enum hm_status xc_subject_make(const char *keys, int nspin, const struct hm_team *team, struct xc_subject *subject)
{
    char all[256];
    *subject = (struct xc_subject){.nspin = (size_t)nspin};
    snprintf(all, sizeof all, "%s%s", keys, strstr(keys, "basis:") ? "" : ", basis: 6-31g*");
    HM_TRY(dft_molecule_make(all, 3, xc_water_number, xc_water_place, &subject->molecule));
    const size_t n = subject->nfunction = subject->molecule.basis.nfunction;
    subject->D = calloc((size_t)nspin * n * n, sizeof(double));
    subject->V = calloc((size_t)nspin * n * n, sizeof(double));
    enum hm_status status = make_xc(keys, nspin, team, subject);
    if (status != HM_OK || !subject->D || !subject->V) {
        xc_subject_release(subject);
        return status != HM_OK ? status : HM_OUT_OF_MEMORY;
    }
    for (int s = 0; s < nspin; s++)
        for (size_t a = 0; a < n; a++)
            for (size_t b = 0; b < n; b++)
                subject->D[((size_t)s * n + a) * n + b] =
                    nspin == 2 ? xc_made_up(s, a, b) : xc_made_up(0, a, b) + xc_made_up(1, a, b);
    return HM_OK;
}

void xc_subject_release(struct xc_subject *subject)
{
    hm_xc_destroy(&subject->xc);
    dft_molecule_release(&subject->molecule);
    free(subject->D);
    free(subject->V);
    *subject = (struct xc_subject){0};
}

double xc_energy(struct xc_subject *subject)
{
    double energy = NAN, electrons = NAN;
    if (hm_xc_matrix(subject->xc, subject->D, &energy, &electrons, subject->V) != HM_OK) return NAN;
    return energy;
}
