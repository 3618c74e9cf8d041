#include "hamiltonians/terms.h"

#include <stdio.h>
#include <string.h>

void hm_terms_begin(const struct hm_frame *frame, struct hm_label *label)
{
    label->energy = 0;
    memset(label->force, 0, 3 * frame->natom * sizeof *label->force);
    memset(label->virial, 0, sizeof label->virial);
}

void hm_term_add(const struct hm_frame *frame, const size_t *atoms, size_t count, const double (*gradient)[3],
                 double slope, struct hm_label *label)
{
    double from_first[3] = {0, 0, 0};
    for (size_t a = 0; a < count; a++) {
        double step[3];
        if (a > 0) {
            hm_minimum_image(frame, &frame->x[3 * atoms[a - 1]], &frame->x[3 * atoms[a]], step);
            for (int k = 0; k < 3; k++) from_first[k] += step[k];
        }
        for (size_t p = 0; p < 3; p++) {
            const double force = -slope * gradient[a][p];
            label->force[3 * atoms[a] + p] += force;
            for (size_t q = 0; a > 0 && q < 3; q++) label->virial[3 * q + p] += from_first[q] * force;
        }
    }
}

enum hm_status hm_term_atoms(const struct hm_config *config, const struct hm_frame *frame, const char *item,
                             const char *what, size_t count, size_t *atoms)
{
    static const char *const words[HM_TERM_ATOMS_MAX + 1] = {"no", "one", "two", "three", "four"};
    char key[96];
    for (size_t a = 0; a < count; a++) {
        snprintf(key, sizeof key, "%s.atoms[%zu]", item, a);
        atoms[a] = (size_t)hm_config_integer(config, key);
        if (atoms[a] >= frame->natom)
            return hm_config_fault(config, key, "atom %zu does not exist: the geometry has atoms 0 to %zu", atoms[a],
                                   frame->natom - 1);
        for (size_t before = 0; before < a; before++)
            if (atoms[before] == atoms[a])
                return hm_config_fault(config, key, "%s joins %s different atoms, and atom %zu is listed twice", what,
                                       words[count], atoms[a]);
    }
    return HM_OK;
}

bool hm_term_same(const size_t *a, const size_t *b, size_t count)
{
    bool forwards = true, backwards = true;
    for (size_t k = 0; k < count; k++) {
        forwards &= a[k] == b[k];
        backwards &= a[k] == b[count - 1 - k];
    }
    return forwards || backwards;
}
