#include "predictors/surrogate_symmetry.h"

#include <stdlib.h>
#include <string.h>

struct search {
    const struct hm_frame *frame;
    unsigned char *bonded; // (natom, natom)
    size_t *order; // (natom) in which images are tried: every atom behind one it is bonded to, where there is one
    size_t *image, *found; // (natom), (most, natom)
    unsigned char *taken;  // (natom)
    size_t most, count;
    bool too_many;
};

/* Along the bonds, so that an image that does not fit is noticed at once: with all hydrogens first, every arrangement
 * of them would be tried before the first carbon. Neighbours and pieces come by their number, which keeps the identity
 * the first permutation that is found. */
static void order_atoms(struct search *s)
{
    const size_t n = s->frame->natom;
    size_t count = 0;
    for (size_t first = 0; first < n; first++) {
        if (s->taken[first]) continue;
        s->taken[first] = 1;
        s->order[count++] = first;
        for (size_t k = count - 1; k < count; k++)
            for (size_t next = 0; next < n; next++)
                if (s->bonded[s->order[k] * n + next] && !s->taken[next]) {
                    s->taken[next] = 1;
                    s->order[count++] = next;
                }
    }
    memset(s->taken, 0, n);
}

static bool fits(const struct search *s, size_t depth, size_t image)
{
    const struct hm_frame *f = s->frame;
    const size_t n = f->natom, atom = s->order[depth];
    if (s->taken[image] || f->number[atom] != f->number[image] || f->mass[atom] != f->mass[image]) return false;
    for (size_t k = 0; k < depth; k++) {
        const size_t other = s->order[k];
        if (s->bonded[atom * n + other] != s->bonded[image * n + s->image[other]]) return false;
    }
    return true;
}

static void try_images(struct search *s, size_t depth)
{
    const size_t n = s->frame->natom;
    if (depth == n) {
        if (s->count == s->most)
            s->too_many = true;
        else
            memcpy(&s->found[s->count++ * n], s->image, n * sizeof *s->image);
        return;
    }
    for (size_t image = 0; image < n && !s->too_many; image++) {
        if (!fits(s, depth, image)) continue;
        s->image[s->order[depth]] = image;
        s->taken[image] = 1;
        try_images(s, depth + 1);
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
    s.order = calloc(n, sizeof *s.order);
    s.image = calloc(n, sizeof *s.image);
    s.found = calloc(most * n, sizeof *s.found);
    enum hm_status status = HM_OK;
    if (!s.bonded || !s.taken || !s.order || !s.image || !s.found) {
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for the symmetry of %zu atoms", n);
        free(s.found);
        s.found = NULL;
    } else {
        for (size_t b = 0; b < nbond; b++)
            s.bonded[bonds[b][0] * n + bonds[b][1]] = s.bonded[bonds[b][1] * n + bonds[b][0]] = 1;
        order_atoms(&s);
        try_images(&s, 0);
        if (s.too_many) s.count = 1; /* the first that is found is the identity */
    }
    free(s.bonded);
    free(s.taken);
    free(s.order);
    free(s.image);
    *permutation = s.found;
    *count = s.count;
    return status;
}
