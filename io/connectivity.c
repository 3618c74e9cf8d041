#include "io/connectivity.h"

#include "io/units.h"

#include <math.h>
#include <stdlib.h>

static const double STRETCH = 1.25;

/* Picometre, from hydrogen on. */
static const short radius_pm[] = {
    31,  28,  128, 96,  84,  76,  71,  66,  57,  58,  166, 141, 121, 111, 107, 105, 102, 106, 203, 176,
    170, 160, 153, 139, 139, 132, 126, 124, 132, 122, 122, 120, 119, 120, 120, 116, 220, 195, 190, 175,
    164, 154, 147, 146, 142, 139, 145, 144, 142, 139, 139, 138, 139, 140, 244, 215, 207, 204, 203, 201,
    199, 198, 198, 196, 194, 192, 192, 189, 190, 187, 187, 175, 170, 162, 151, 144, 141, 136, 136, 132,
    145, 146, 148, 140, 150, 150, 260, 221, 215, 206, 200, 196, 190, 187, 180, 169,
};

double hm_covalent_radius(int number)
{
    if (number < 1 || (size_t)number > sizeof radius_pm / sizeof *radius_pm) return 0;
    return radius_pm[number - 1] / 100.0 / HM_LENGTH_ANGSTROM;
}

static bool are_bonded(const struct hm_frame *frame, size_t i, size_t j)
{
    double d[3];
    const double reach = STRETCH * (hm_covalent_radius(frame->number[i]) + hm_covalent_radius(frame->number[j]));
    hm_minimum_image(frame, &frame->x[3 * i], &frame->x[3 * j], d);
    return sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]) < reach;
}

enum hm_status hm_connectivity_find(const struct hm_frame *frame, size_t (**bonds)[2], size_t *nbond)
{
    size_t capacity = 4 * frame->natom + 4;
    *nbond = 0;
    *bonds = malloc(capacity * sizeof **bonds);
    for (size_t i = 0; *bonds && i < frame->natom; i++)
        for (size_t j = i + 1; *bonds && j < frame->natom; j++) {
            if (!are_bonded(frame, i, j)) continue;
            if (*nbond == capacity) {
                size_t(*grown)[2] = realloc(*bonds, (capacity *= 2) * sizeof **bonds);
                if (!grown) free(*bonds);
                *bonds = grown;
            }
            if (!*bonds) break;
            (*bonds)[*nbond][0] = i;
            (*bonds)[(*nbond)++][1] = j;
        }
    return *bonds ? HM_OK : hm_fail(HM_OUT_OF_MEMORY, "no memory for the bonds of %zu atoms", frame->natom);
}

size_t hm_connectivity_molecules(size_t natom, const size_t (*bonds)[2], size_t nbond, size_t *molecule)
{
    size_t count = 0;
    for (size_t i = 0; i < natom; i++) molecule[i] = i;
    /* Every atom takes the smallest number it can reach. */
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t b = 0; b < nbond; b++) {
            size_t *const first = &molecule[bonds[b][0]], *const second = &molecule[bonds[b][1]];
            if (*first == *second) continue;
            if (*first < *second)
                *second = *first;
            else
                *first = *second;
            changed = true;
        }
    }
    for (size_t i = 0; i < natom; i++) molecule[i] = molecule[i] == i ? count++ : molecule[molecule[i]];
    return count;
}
