#include "predictors/surrogate_symmetry.h"

#include <stdlib.h>
#include <string.h>

struct search {
    const struct hm_frame *frame;
    unsigned char *bonded; // (natom, natom)
    size_t *image, *found; // (natom), (most, natom)
    unsigned char *taken;  // (natom)
    size_t most, count;
    bool too_many;
};

static bool fits(const struct search *s, size_t atom, size_t image)
{
    const struct hm_frame *f = s->frame;
    const size_t n = f->natom;
    if (s->taken[image] || f->number[atom] != f->number[image] || f->mass[atom] != f->mass[image]) return false;
    for (size_t other = 0; other < atom; other++)
        if (s->bonded[atom * n + other] != s->bonded[image * n + s->image[other]]) return false;
    return true;
}

static void try_images(struct search *s, size_t atom)
{
    const size_t n = s->frame->natom;
    if (atom == n) {
        if (s->count == s->most)
            s->too_many = true;
        else
            memcpy(&s->found[s->count++ * n], s->image, n * sizeof *s->image);
        return;
    }
    for (size_t image = 0; image < n && !s->too_many; image++) {
        if (!fits(s, atom, image)) continue;
        s->image[atom] = image;
        s->taken[image] = 1;
        try_images(s, atom + 1);
        s->taken[image] = 0;
    }
}

enum hm_status hm_symmetry_find(const struct hm_frame *frame, const size_t (*bonds)[2], size_t nbond, size_t most,
                                size_t **permutation, size_t *count)
{
    const size_t n = frame->natom;
    struct search s = {.frame = frame, .most = most};
    s.bonded = calloc(n * n, sizeof *s.bonded);
    s.taken = calloc(n, sizeof *s.taken);
    s.image = calloc(n, sizeof *s.image);
    s.found = calloc(most * n, sizeof *s.found);
    enum hm_status status = HM_OK;
    if (!s.bonded || !s.taken || !s.image || !s.found) {
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for the symmetry of %zu atoms", n);
        free(s.found);
        s.found = NULL;
    } else {
        for (size_t b = 0; b < nbond; b++)
            s.bonded[bonds[b][0] * n + bonds[b][1]] = s.bonded[bonds[b][1] * n + bonds[b][0]] = 1;
        try_images(&s, 0);
        if (s.too_many) s.count = 1; /* the first that is found is the identity */
    }
    free(s.bonded);
    free(s.taken);
    free(s.image);
    *permutation = s.found;
    *count = s.count;
    return status;
}
