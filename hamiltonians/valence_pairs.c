/* Pairs of atoms that are not bonded: which there are, with what parameters, and their energy without cutoff. */
#include "hamiltonians/terms.h"
#include "hamiltonians/valence.h"

#include "io/elements.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* An entry of `hamiltonian.pairs`. */
struct rule {
    bool by_atoms;
    size_t atoms[2];
    int number[2];
    double epsilon, sigma;
};

/* Bonds between atoms by the shortest way, counted up to what matters. */
enum { NEAR = 3, FAR = NEAR + 1 };

/* What the pairs are made from. */
struct maker {
    const struct hm_config *config;
    const struct hm_frame *frame;
    const struct hm_bonds *bonds;
    const double *charge; /* or NULL */
    size_t nrule;
    struct rule *rule;
    unsigned char *apart; /* (natom) from the atom in hand: 0 ... NEAR, or FAR */
};

/* ---- rules ---- */

static enum hm_status read_species(const struct hm_config *config, const struct hm_frame *frame, const char *item,
                                   struct rule *rule)
{
    for (int end = 0; end < 2; end++) {
        char key[96];
        snprintf(key, sizeof key, "%s.species[%d]", item, end);
        const char *symbol = hm_config_text(config, key);
        rule->number[end] = hm_element_number(symbol);
        bool present = false;
        for (size_t i = 0; i < frame->natom; i++) present |= frame->number[i] == rule->number[end];
        if (rule->number[end] == 0) return hm_config_fault(config, key, "'%s' is not the symbol of an element", symbol);
        if (!present) return hm_config_fault(config, key, "the geometry has no atom of species %s", symbol);
    }
    return HM_OK;
}

static bool same_rule(const struct rule *a, const struct rule *b)
{
    if (a->by_atoms != b->by_atoms) return false;
    if (a->by_atoms) return hm_term_same(a->atoms, b->atoms, 2);
    return (a->number[0] == b->number[0] && a->number[1] == b->number[1]) ||
           (a->number[0] == b->number[1] && a->number[1] == b->number[0]);
}

static enum hm_status read_rule(const struct maker *maker, size_t index)
{
    const struct hm_config *config = maker->config;
    struct rule *rule = &maker->rule[index];
    char item[64], key[96];
    snprintf(item, sizeof item, "hamiltonian.pairs[%zu]", index);
    snprintf(key, sizeof key, "%s.atoms", item);
    rule->by_atoms = hm_config_has(config, key);
    snprintf(key, sizeof key, "%s.species", item);
    if (rule->by_atoms == hm_config_has(config, key))
        return hm_config_fault(config, item, "a pair is given either by its 'species' or by its 'atoms'");
    if (rule->by_atoms)
        HM_TRY(hm_term_atoms(config, maker->frame, item, "a pair", 2, rule->atoms));
    else
        HM_TRY(read_species(config, maker->frame, item, rule));
    snprintf(key, sizeof key, "%s.epsilon", item);
    rule->epsilon = hm_config_real(config, key);
    snprintf(key, sizeof key, "%s.sigma", item);
    rule->sigma = hm_config_real(config, key);
    for (size_t other = 0; other < index; other++)
        if (same_rule(&maker->rule[other], rule))
            return hm_config_fault(config, item, "this pair was given before, as hamiltonian.pairs[%zu]", other);
    return HM_OK;
}

/* The entry for two atoms: one that names them goes before one for their species. */
static const struct rule *rule_of(const struct maker *maker, size_t i, size_t j)
{
    const struct rule *found = NULL;
    const int *number = maker->frame->number;
    const struct rule atoms = {.by_atoms = true, .atoms = {i, j}};
    const struct rule species = {.by_atoms = false, .number = {number[i], number[j]}};
    for (size_t r = 0; r < maker->nrule; r++) {
        if (same_rule(&maker->rule[r], &atoms)) return &maker->rule[r];
        if (same_rule(&maker->rule[r], &species)) found = &maker->rule[r];
    }
    return found;
}

/* ---- pairs ---- */

/* How many bonds every atom is from atom i. */
static void count_bonds(const struct maker *maker, size_t i)
{
    for (size_t j = 0; j < maker->frame->natom; j++) maker->apart[j] = j == i ? 0 : FAR;
    for (unsigned char shell = 0; shell < NEAR; shell++)
        for (size_t b = 0; b < maker->bonds->count; b++) {
            const size_t *ends = maker->bonds->atoms[b];
            for (int way = 0; way < 2; way++)
                if (maker->apart[ends[way]] == shell && maker->apart[ends[1 - way]] == FAR)
                    maker->apart[ends[1 - way]] = (unsigned char)(shell + 1);
        }
}

static enum hm_status scale_of(const struct maker *maker, size_t i, size_t j, const char *key, const char *what,
                               double *scale)
{
    *scale = 1;
    if (maker->apart[j] > NEAR) return HM_OK;
    if (!hm_config_has(maker->config, key))
        return hm_config_fault(
            maker->config, "hamiltonian",
            "atoms %zu and %zu are three bonds apart: '%s' must say which fraction of their %s energy "
            "counts (OPLS 0.5, AMBER %s, CHARMM 1)",
            i, j, key, what, what[0] == 'C' ? "0.8333" : "0.5");
    *scale = hm_config_real(maker->config, key);
    return HM_OK;
}

static enum hm_status keep(struct hm_valence_pairs *pairs, const struct hm_valence_pair *pair)
{
    if (pairs->count == pairs->capacity) {
        const size_t capacity = pairs->capacity ? 2 * pairs->capacity : 64;
        struct hm_valence_pair *larger = realloc(pairs->pair, capacity * sizeof *larger);
        if (!larger) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu pairs", capacity);
        pairs->pair = larger;
        pairs->capacity = capacity;
    }
    pairs->pair[pairs->count++] = *pair;
    return HM_OK;
}

static enum hm_status make_pair(const struct maker *maker, size_t i, size_t j, struct hm_valence_pairs *pairs)
{
    const struct rule *rule = rule_of(maker, i, j);
    if (maker->apart[j] < NEAR) {
        if (!rule || !rule->by_atoms) return HM_OK;
        char item[64];
        snprintf(item, sizeof item, "hamiltonian.pairs[%zu]", (size_t)(rule - maker->rule));
        return hm_config_fault(maker->config, item,
                               "atoms %zu and %zu are %s apart; only atoms at least three bonds apart are pairs", i, j,
                               maker->apart[j] == 1 ? "one bond" : "two bonds");
    }
    struct hm_valence_pair pair = {.atoms = {i, j}};
    double scale;
    if (rule && rule->epsilon > 0) {
        HM_TRY(scale_of(maker, i, j, "hamiltonian.scale_14.lennard_jones", "Lennard-Jones", &scale));
        const double cube = rule->sigma * rule->sigma * rule->sigma;
        pair.c6 = 4 * scale * rule->epsilon * cube * cube;
        pair.c12 = pair.c6 * cube * cube;
    }
    if (maker->charge && maker->charge[i] * maker->charge[j] != 0) {
        HM_TRY(scale_of(maker, i, j, "hamiltonian.scale_14.coulomb", "Coulomb", &scale));
        pair.qq = scale * maker->charge[i] * maker->charge[j];
    }
    return pair.c6 != 0 || pair.qq != 0 ? keep(pairs, &pair) : HM_OK;
}

static enum hm_status make_pairs(const struct maker *maker, struct hm_valence_pairs *pairs)
{
    for (size_t r = 0; r < maker->nrule; r++) HM_TRY(read_rule(maker, r));
    for (size_t i = 0; i < maker->frame->natom; i++) {
        count_bonds(maker, i);
        for (size_t j = i + 1; j < maker->frame->natom; j++) HM_TRY(make_pair(maker, i, j, pairs));
    }
    return HM_OK;
}

enum hm_status hm_valence_pairs_read(const struct hm_config *config, const struct hm_frame *frame,
                                     const struct hm_bonds *bonds, const double *charge, struct hm_valence_pairs *pairs)
{
    struct maker maker = {config, frame, bonds, charge, hm_config_length(config, "hamiltonian.pairs"), NULL, NULL};
    if (maker.nrule == 0 && !charge) return HM_OK;
    if (hm_frame_is_periodic(frame))
        return hm_config_fault(
            config, charge ? "hamiltonian.charges" : "hamiltonian.pairs",
            "valence sums %s without cutoff, for an isolated molecule only; the geometry is periodic "
            "(pbc)",
            charge ? "charges" : "pairs");
    maker.rule = calloc(maker.nrule + 1, sizeof *maker.rule);
    maker.apart = malloc(frame->natom + 1);
    const enum hm_status status = maker.rule && maker.apart
                                      ? make_pairs(&maker, pairs)
                                      : hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu atoms", frame->natom);
    free(maker.rule);
    free(maker.apart);
    return status;
}

void hm_valence_pairs_add(const struct hm_valence_pairs *pairs, const struct hm_frame *frame, struct hm_label *label)
{
    for (size_t n = 0; n < pairs->count; n++) {
        const struct hm_valence_pair *pair = &pairs->pair[n];
        double *fi = &label->force[3 * pair->atoms[0]], *fj = &label->force[3 * pair->atoms[1]], d[3];
        for (size_t k = 0; k < 3; k++) d[k] = frame->x[3 * pair->atoms[1] + k] - frame->x[3 * pair->atoms[0] + k];
        const double inverse2 = 1 / (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        const double inverse6 = inverse2 * inverse2 * inverse2;
        const double coulomb = pair->qq * sqrt(inverse2);
        label->energy += (pair->c12 * inverse6 - pair->c6) * inverse6 + coulomb;
        const double pull = ((12 * pair->c12 * inverse6 - 6 * pair->c6) * inverse6 + coulomb) * inverse2;
        for (int p = 0; p < 3; p++) {
            const double force = pull * d[p]; /* on the second atom */
            fj[p] += force;
            fi[p] -= force;
            for (int q = 0; q < 3; q++) label->virial[3 * p + q] += force * d[q];
        }
    }
}
