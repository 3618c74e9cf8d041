/* The configuration of lennard_jones: species and their pairs, cutoffs, the three-body term. */
#include "hamiltonians/lennard_jones.h"

#include "io/elements.h"
#include "io/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPECIES_MOST = 120 };

struct pair {
    bool given;
    double epsilon, sigma;
};

/* Species are numbered in the order in which the frame shows them. */
struct table {
    size_t nspecies;
    int number[SPECIES_MOST]; // atomic number of a species
    struct pair *pair;        // (nspecies, nspecies)
};

void hm_lj_model_release(struct hm_lj_model *model)
{
    free(model->species);
    free(model->pair);
    *model = (struct hm_lj_model){0};
}

static size_t species_of(const struct table *table, int number)
{
    size_t s = 0;
    while (s < table->nspecies && table->number[s] != number) s++;
    return s;
}

static void find_species(const struct hm_frame *frame, struct table *table, uint8_t *species)
{
    for (size_t i = 0; i < frame->natom; i++) {
        const size_t s = species_of(table, frame->number[i]);
        if (s == table->nspecies) table->number[table->nspecies++] = frame->number[i];
        species[i] = (uint8_t)s;
    }
}

static enum hm_status read_pair(const struct hm_config *config, struct table *table, size_t index)
{
    char key[96];
    size_t s[2];
    snprintf(key, sizeof key, "hamiltonian.pairs[%zu].atoms", index);
    if (hm_config_has(config, key))
        return hm_config_fault(config, key, "lennard_jones has pairs of species, not of single atoms");
    snprintf(key, sizeof key, "hamiltonian.pairs[%zu].species", index);
    if (!hm_config_has(config, key))
        return hm_config_fault(config, key, "a pair of lennard_jones needs 'species', e.g. [Ar, Ar]");
    for (int end = 0; end < 2; end++) {
        snprintf(key, sizeof key, "hamiltonian.pairs[%zu].species[%d]", index, end);
        const char *symbol = hm_config_text(config, key);
        const int number = hm_element_number(symbol);
        if (number == 0) return hm_config_fault(config, key, "'%s' is not an element", symbol);
        s[end] = species_of(table, number);
    }
    if (s[0] == table->nspecies || s[1] == table->nspecies) return HM_OK; /* of atoms that this geometry lacks */
    struct pair *pair = &table->pair[s[0] * table->nspecies + s[1]];
    if (pair->given) return hm_config_fault(config, key, "these species have an entry before this one");
    snprintf(key, sizeof key, "hamiltonian.pairs[%zu].epsilon", index);
    pair->epsilon = hm_config_real(config, key);
    snprintf(key, sizeof key, "hamiltonian.pairs[%zu].sigma", index);
    pair->sigma = hm_config_real(config, key);
    pair->given = true;
    table->pair[s[1] * table->nspecies + s[0]] = *pair;
    return HM_OK;
}

static enum hm_status fill_pairs(const struct hm_config *config, struct table *table)
{
    const bool mix = hm_config_is(config, "hamiltonian.mixing", "lorentz_berthelot");
    const size_t n = table->nspecies;
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++) {
            struct pair *pair = &table->pair[a * n + b];
            const struct pair *like = &table->pair[a * n + a], *other = &table->pair[b * n + b];
            if (pair->given) continue;
            const char *one = hm_element_symbol(table->number[a]), *two = hm_element_symbol(table->number[b]);
            if (a == b || !mix)
                return hm_config_fault(config, "hamiltonian.pairs",
                                       "no pair for species %s and %s: add {species: [%s, %s], epsilon: ..., sigma: "
                                       "...}%s",
                                       one, two, one, two, a == b ? "" : ", or say 'mixing: lorentz_berthelot'");
            if (!like->given || !other->given) continue; /* reported where a == b */
            *pair = (struct pair){true, sqrt(like->epsilon * other->epsilon), 0.5 * (like->sigma + other->sigma)};
        }
    return HM_OK;
}

/* c12 / r^12 - c6 / r^6 + c2 r^2 + c0 */
static void set_parameters(const struct hm_config *config, const struct pair *pair, double cutoff,
                           double row[HM_LJ_PARAMETERS])
{
    const double ratio6 = pow(pair->sigma / cutoff, 6), depth = 4 * pair->epsilon, sigma6 = pow(pair->sigma, 6);
    row[HM_LJ_C12] = depth * sigma6 * sigma6;
    row[HM_LJ_C6] = depth * sigma6;
    row[HM_LJ_C2] = row[HM_LJ_C0] = 0;
    if (isinf(cutoff) || hm_config_is(config, "hamiltonian.shift", "none")) return;
    if (hm_config_is(config, "hamiltonian.shift", "force"))
        row[HM_LJ_C2] = depth * ratio6 * (6 * ratio6 - 3) / (cutoff * cutoff);
    row[HM_LJ_C0] = depth * ratio6 * (1 - ratio6) - row[HM_LJ_C2] * cutoff * cutoff;
}

static enum hm_status check_cutoff(const struct hm_config *config, const struct hm_frame *frame, const char *key,
                                   double cutoff)
{
    const double box = hm_frame_narrowest(frame);
    if (cutoff <= 0.5 * box) return HM_OK;
    return hm_config_fault(
        config, key,
        "%.6g A is more than half the box: the geometry's cell is %.6g A wide, so at most %.6g A, or "
        "a larger box",
        cutoff * HM_LENGTH_ANGSTROM, box * HM_LENGTH_ANGSTROM, 0.5 * box * HM_LENGTH_ANGSTROM);
}

static enum hm_status read_cutoff(const struct hm_config *config, const struct hm_frame *frame,
                                  struct hm_lj_model *model)
{
    model->skin = hm_config_real(config, "hamiltonian.skin");
    model->cutoff = INFINITY;
    if (hm_config_has(config, "hamiltonian.cutoff")) {
        model->cutoff = hm_config_real(config, "hamiltonian.cutoff");
        return check_cutoff(config, frame, "hamiltonian.cutoff", model->cutoff);
    }
    if (hm_frame_is_periodic(frame))
        return hm_config_fault(config, "hamiltonian",
                               "lennard_jones in a periodic cell needs 'cutoff: ...', at most "
                               "%.6g A here",
                               0.5 * hm_frame_narrowest(frame) * HM_LENGTH_ANGSTROM);
    model->skin = INFINITY; /* all pairs, for ever */
    return HM_OK;
}

static enum hm_status read_triangles(const struct hm_config *config, const struct hm_frame *frame,
                                     struct hm_lj_model *model)
{
    model->three_body = hm_config_has(config, "hamiltonian.axilrod_teller");
    if (!model->three_body) return HM_OK;
    model->nu = hm_config_real(config, "hamiltonian.axilrod_teller.nu");
    model->cutoff3 = hm_config_real(config, "hamiltonian.axilrod_teller.cutoff");
    model->taper = hm_config_real(config, "hamiltonian.axilrod_teller.taper");
    if (model->nspecies > 1)
        return hm_config_fault(config, "hamiltonian.axilrod_teller",
                               "one nu is for one species, and the geometry has %zu", model->nspecies);
    if (model->taper > model->cutoff3)
        return hm_config_fault(config, "hamiltonian.axilrod_teller.taper", "it is longer than the cutoff, %.6g A",
                               model->cutoff3 * HM_LENGTH_ANGSTROM);
    return check_cutoff(config, frame, "hamiltonian.axilrod_teller.cutoff", model->cutoff3);
}

static enum hm_status read_with(const struct hm_config *config, const struct hm_frame *frame, struct table *table,
                                struct hm_lj_model *model)
{
    const size_t count = hm_config_length(config, "hamiltonian.pairs"), n = table->nspecies;
    if (count == 0)
        return hm_config_fault(config, "hamiltonian",
                               "lennard_jones needs 'pairs: [{species: [Ar, Ar], epsilon: ..., "
                               "sigma: ...}]'");
    for (size_t p = 0; p < count; p++) HM_TRY(read_pair(config, table, p));
    HM_TRY(fill_pairs(config, table));
    HM_TRY(read_cutoff(config, frame, model));
    HM_TRY(read_triangles(config, frame, model));
    for (size_t p = 0; p < n * n; p++) {
        const struct pair *pair = &table->pair[p];
        set_parameters(config, pair, model->cutoff, model->pair + HM_LJ_PARAMETERS * p);
        model->energy = fmax(model->energy, pair->epsilon);
        model->force = fmax(model->force, pair->epsilon / pair->sigma);
    }
    return HM_OK;
}

enum hm_status hm_lj_model_read(const struct hm_config *config, const struct hm_frame *frame, struct hm_lj_model *model)
{
    struct table table = {0};
    *model = (struct hm_lj_model){0};
    model->species = calloc(frame->natom ? frame->natom : 1, sizeof *model->species);
    if (!model->species) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu atoms", frame->natom);
    find_species(frame, &table, model->species);
    const size_t n = model->nspecies = table.nspecies;
    table.pair = calloc(n * n + 1, sizeof *table.pair);
    model->pair = calloc(n * n + 1, HM_LJ_PARAMETERS * sizeof *model->pair);
    enum hm_status status = table.pair && model->pair
                                ? read_with(config, frame, &table, model)
                                : hm_fail(HM_OUT_OF_MEMORY, "no memory for the pairs of %zu species", n);
    free(table.pair);
    if (status != HM_OK) hm_lj_model_release(model);
    return status;
}
