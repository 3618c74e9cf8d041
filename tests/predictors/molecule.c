#include "tests/predictors/molecule.h"

#include "io/elements.h"
#include "io/rng.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double ANGSTROM = 1.8897261246257702;

/* About (1, 2, 2) / 3, by an angle without a name. */
static const double TURN = 0.7, SHIFT[3] = {1.5, -0.25, 3};

static size_t count_words(const char *text)
{
    size_t words = 0;
    for (const char *c = text; *c; c++) words += *c != ' ' && (c == text || c[-1] == ' ');
    return words;
}

static void place(const char *geometry, struct hm_frame *frame)
{
    HM_ASSERT_OK(hm_frame_create(count_words(geometry) / 4, frame));
    for (size_t i = 0; i < frame->natom; i++) {
        char symbol[4];
        double at[3];
        int length;
        CU_ASSERT_EQUAL_FATAL(sscanf(geometry, " %3s %lf %lf %lf%n", symbol, &at[0], &at[1], &at[2], &length), 4);
        frame->number[i] = hm_element_number(symbol);
        frame->mass[i] = hm_element_mass(frame->number[i]);
        for (size_t k = 0; k < 3; k++) frame->x[3 * i + k] = ANGSTROM * at[k];
        geometry += length;
    }
}

void molecule_create(struct molecule *molecule, const char *geometry, const char *sections)
{
    char text[1024];
    *molecule = (struct molecule){0};
    snprintf(text, sizeof text, "hamiltonian: {type: harmonic}\nintegrator: {timestep: 0.5 fs, steps: 1}\n%s\n",
             sections);
    HM_ASSERT_OK(hm_config_parse(text, "molecule.yaml", NULL, 0, &molecule->config));
    if (!molecule->config) printf("\n      %s ", hm_status_message());
    CU_ASSERT_PTR_NOT_NULL_FATAL(molecule->config);
    place(geometry, &molecule->frame);
    HM_ASSERT_OK(hm_representation_create(molecule->config, &molecule->frame, &molecule->representation));
    CU_ASSERT_PTR_NOT_NULL_FATAL(molecule->representation);
}

void molecule_destroy(struct molecule *molecule)
{
    hm_representation_destroy(&molecule->representation);
    hm_frame_release(&molecule->frame);
    hm_config_destroy(&molecule->config);
}

void molecule_shake(const struct molecule *molecule, uint64_t draw, double amplitude, double *x)
{
    const struct hm_rng_key key = {.seed = 11, .purpose = HM_RNG_TEST};
    for (size_t k = 0; k < 3 * molecule->frame.natom; k++) {
        double u[2];
        hm_rng_uniform2(key, draw, (uint32_t)k, u);
        x[k] = molecule->frame.x[k] + amplitude * (2 * u[0] - 1);
    }
}

/* Rodrigues. */
void molecule_rotate(const double *vector, double *rotated)
{
    static const double axis[3] = {1.0 / 3, 2.0 / 3, 2.0 / 3};
    const double c = cos(TURN), s = sin(TURN);
    const double along = axis[0] * vector[0] + axis[1] * vector[1] + axis[2] * vector[2];
    for (size_t k = 0; k < 3; k++) {
        const size_t l = (k + 1) % 3, m = (k + 2) % 3;
        const double cross = axis[l] * vector[m] - axis[m] * vector[l];
        rotated[k] = c * vector[k] + s * cross + (1 - c) * along * axis[k];
    }
}

void molecule_turn(size_t natom, const double *x, double *turned)
{
    for (size_t i = 0; i < natom; i++) {
        molecule_rotate(&x[3 * i], &turned[3 * i]);
        for (size_t k = 0; k < 3; k++) turned[3 * i + k] += SHIFT[k];
    }
}

void molecule_mirror(size_t natom, const double *x, double *mirrored)
{
    for (size_t k = 0; k < 3 * natom; k++) mirrored[k] = -x[k];
}

void molecule_permute(size_t natom, const size_t *permutation, const double *x, double *permuted)
{
    for (size_t i = 0; i < natom; i++) memcpy(&permuted[3 * i], &x[3 * permutation[i]], 3 * sizeof *x);
}

double molecule_sum(size_t natom, const double *vectors)
{
    double sum[3] = {0};
    for (size_t k = 0; k < 3 * natom; k++) sum[k % 3] += vectors[k];
    return fmax(fabs(sum[0]), fmax(fabs(sum[1]), fabs(sum[2])));
}

double molecule_torque(size_t natom, const double *x, const double *vectors)
{
    double torque[3] = {0};
    for (size_t i = 0; i < natom; i++)
        for (size_t k = 0; k < 3; k++) {
            const size_t l = 3 * i + (k + 1) % 3, m = 3 * i + (k + 2) % 3;
            torque[k] += x[l] * vectors[m] - x[m] * vectors[l];
        }
    return fmax(fabs(torque[0]), fmax(fabs(torque[1]), fabs(torque[2])));
}
