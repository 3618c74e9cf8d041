#include "predictors/action_windows.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SITES = 8 };

/* A depth-first walk along the bonds; `at` is where it stands. */
struct walk {
    size_t natom;
    const bool *bonded; // (natom, natom)
    size_t at[MOST_SITES];
};

static bool is_in(const size_t *atoms, size_t count, size_t atom)
{
    for (size_t k = 0; k < count; k++)
        if (atoms[k] == atom) return true;
    return false;
}

/* Called twice: to count them, and to fill them in. */
static void walk_on(struct walk *w, size_t depth, struct hm_windows *windows)
{
    if (depth == windows->sites) {
        if (windows->atom) memcpy(&windows->atom[windows->count * depth], w->at, depth * sizeof *w->at);
        windows->count++;
        return;
    }
    for (size_t i = 0; i < w->natom; i++)
        if ((depth == 0 || w->bonded[w->at[depth - 1] * w->natom + i]) && !is_in(w->at, depth, i)) {
            w->at[depth] = i;
            walk_on(w, depth + 1, windows);
        }
}

static bool have_angle(const struct hm_windows *windows, size_t i, size_t j, size_t k)
{
    for (size_t at = 0; at < windows->count; at++)
        for (size_t s = 0; s + 2 < windows->sites; s++) {
            const size_t *a = &windows->atom[at * windows->sites + s];
            if (a[0] == i && a[1] == j && a[2] == k) return true;
        }
    return false;
}

/* Without branches and with all atoms in one piece this holds for any chain or ring that is long enough. */
static bool show_all(const struct hm_windows *windows, size_t natom, const bool *bonded)
{
    for (size_t i = 0; i < natom; i++)
        if (!is_in(windows->atom, windows->count * windows->sites, i)) return false;
    for (size_t j = 0; j < natom; j++)
        for (size_t i = 0; i < natom; i++)
            for (size_t k = 0; k < i; k++)
                if (bonded[i * natom + j] && bonded[j * natom + k] && !have_angle(windows, i, j, k)) return false;
    return true;
}

static bool in_one_piece(size_t natom, const bool *bonded, bool *reached)
{
    size_t count = 1, before = 0;
    reached[0] = true;
    while (count != before) {
        before = count;
        for (size_t i = 0; i < natom; i++)
            for (size_t j = 0; j < natom; j++)
                if (reached[i] && !reached[j] && bonded[i * natom + j]) {
                    reached[j] = true;
                    count++;
                }
    }
    return count == natom;
}

enum hm_status hm_windows_find(size_t natom, const size_t (*bonds)[2], size_t nbond, size_t sites,
                               struct hm_windows *windows)
{
    *windows = (struct hm_windows){.sites = sites};
    bool *bonded = calloc(natom * natom + natom, sizeof *bonded), ok = bonded && sites <= MOST_SITES;
    if (!bonded) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the bonds of %zu atoms", natom);
    for (size_t b = 0; b < nbond; b++)
        bonded[bonds[b][0] * natom + bonds[b][1]] = bonded[bonds[b][1] * natom + bonds[b][0]] = true;
    struct walk walk = {.natom = natom, .bonded = bonded};
    if (ok && (ok = in_one_piece(natom, bonded, bonded + natom * natom))) {
        walk_on(&walk, 0, windows);
        windows->atom = calloc(windows->count * sites + 1, sizeof *windows->atom);
        if (!windows->atom) {
            free(bonded);
            return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu windows", windows->count);
        }
        windows->count = 0;
        walk_on(&walk, 0, windows);
        ok = show_all(windows, natom, bonded);
    }
    free(bonded);
    if (!ok) {
        free(windows->atom);
        *windows = (struct hm_windows){.sites = sites};
    }
    return HM_OK;
}
