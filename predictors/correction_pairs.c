#include "predictors/correction_pairs.h"

#include "io/connectivity.h"
#include "io/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ATOMS_OF_A_MOLECULE = 12, MOST_BONDS = 3, SEPARATIONS = MOST_BONDS + 1 };

static const double RANGE = 2, CUTOFF = 12, SKIN = 1; /* bohr */

/* ---- kinds ---- */

static bool count_species(struct hm_pair_kinds *k, size_t **population)
{
    const int *number = k->box->number;
    *population = calloc(k->natom, sizeof **population);
    k->species = calloc(k->natom, sizeof *k->species);
    if (!*population || !k->species) return false;
    for (size_t i = 0; i < k->natom; i++) {
        size_t like = 0;
        while (number[like] != number[i]) like++;
        k->species[i] = like == i ? k->nspecies++ : k->species[like];
        (*population)[k->species[i]]++;
    }
    return true;
}

/* Bonds between any two atoms, by the shortest way; 0 where there is none. */
static enum hm_status count_bonds(struct hm_pair_kinds *k)
{
    const size_t n = k->natom;
    size_t(*bond)[2], nbond;
    HM_TRY(hm_connectivity_find(k->box, &bond, &nbond));
    k->bonds = calloc(n * n, sizeof *k->bonds);
    for (size_t b = 0; k->bonds && b < nbond; b++)
        k->bonds[bond[b][0] * n + bond[b][1]] = k->bonds[bond[b][1] * n + bond[b][0]] = 1;
    free(bond);
    if (!k->bonds) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the bonds of %zu atoms", n);
    for (unsigned char far = 2; far <= MOST_BONDS; far++)
        for (size_t i = 0; i < n * n; i++)
            for (size_t via = 0; via < n && k->bonds[i] == 0 && i / n != i % n; via++)
                if (k->bonds[i / n * n + via] == far - 1 && k->bonds[via * n + i % n] == 1) k->bonds[i] = far;
    return HM_OK;
}

static bool list_inputs(const struct hm_pair_kinds *k, const size_t *population, struct hm_pair_group *group)
{
    const size_t *species = group->species;
    group->input = calloc(1 + 2 * k->nspecies, sizeof *group->input);
    if (!group->input) return false;
    group->input[group->ninput++] = (struct hm_pair_input){HM_PAIR_DISTANCE, 0};
    for (size_t t = 0; t < k->nspecies; t++) {
        const bool alike = species[0] == species[1];
        if (population[t] <= (size_t)(species[0] == t) + (size_t)(species[1] == t)) continue;
        group->input[group->ninput++] = (struct hm_pair_input){alike ? HM_PAIR_SUM : HM_PAIR_FIRST, t};
        group->input[group->ninput++] = (struct hm_pair_input){alike ? HM_PAIR_DIFFERENCE : HM_PAIR_SECOND, t};
    }
    return true;
}

static size_t *group_at(const struct hm_pair_kinds *k, size_t i, size_t j)
{
    const size_t a = k->species[i], b = k->species[j], bonds = k->bonds ? k->bonds[i * k->natom + j] : 0;
    return &k->group_of[((a < b ? a : b) * k->nspecies + (a < b ? b : a)) * SEPARATIONS + bonds];
}

/* A group for what there is at the start; in a liquid every two species with a pair at all. */
static bool list_groups(struct hm_pair_kinds *k, const size_t *population)
{
    const size_t most = k->nspecies * k->nspecies * SEPARATIONS;
    k->group_of = malloc(most * sizeof *k->group_of);
    k->group = calloc(most, sizeof *k->group);
    if (!k->group_of || !k->group) return false;
    for (size_t g = 0; g < most; g++) k->group_of[g] = SIZE_MAX;
    for (size_t i = 0; i < k->natom; i++)
        for (size_t j = i + 1; j < k->natom; j++) {
            size_t *group = group_at(k, i, j);
            const size_t a = k->species[i], b = k->species[j];
            if (*group != SIZE_MAX) continue;
            *group = k->ngroup++;
            k->group[*group] = (struct hm_pair_group){.species = {a < b ? a : b, a < b ? b : a},
                                                      .bonds = k->bonds ? k->bonds[i * k->natom + j] : 0};
            if (!list_inputs(k, population, &k->group[*group])) return false;
            if (k->group[*group].ninput > k->most_inputs) k->most_inputs = k->group[*group].ninput;
        }
    return true;
}

static enum hm_status find_cutoff(const struct hm_config *config, struct hm_pair_kinds *k)
{
    static const char key[] = "predictor.cutoff";
    const double half = 0.5 * hm_frame_narrowest(k->box);
    k->cutoff = INFINITY;
    if (k->natom <= MOST_ATOMS_OF_A_MOLECULE && !hm_frame_is_periodic(k->box)) return count_bonds(k);
    k->cutoff = hm_config_is(config, key, "auto") ? fmin(CUTOFF, half) : hm_config_real(config, key);
    if (k->cutoff <= half) return HM_OK;
    return hm_config_fault(config, key, "the box is %.4g A wide, less than twice the cutoff of %.4g A",
                           2 * half * HM_LENGTH_ANGSTROM, k->cutoff * HM_LENGTH_ANGSTROM);
}

enum hm_status hm_pair_kinds_create(const struct hm_config *config, const struct hm_frame *box,
                                    struct hm_pair_kinds **kinds)
{
    struct hm_pair_kinds *k = calloc(1, sizeof *k);
    size_t *population = NULL;
    if (!k) return hm_fail(HM_OUT_OF_MEMORY, "no memory for pairs of atoms");
    k->box = box;
    k->natom = box->natom;
    enum hm_status status = find_cutoff(config, k);
    if (status == HM_OK && (!count_species(k, &population) || !list_groups(k, population)))
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for the pairs of %zu atoms", k->natom);
    free(population);
    if (status != HM_OK) hm_pair_kinds_destroy(&k);
    *kinds = k;
    return status;
}

void hm_pair_kinds_destroy(struct hm_pair_kinds **kinds)
{
    struct hm_pair_kinds *k = *kinds;
    if (k) {
        for (size_t g = 0; k->group && g < k->ngroup; g++) free(k->group[g].input);
        free(k->species);
        free(k->bonds);
        free(k->group_of);
        free(k->group);
        free(k);
    }
    *kinds = NULL;
}

/* ---- scenes ---- */

static enum hm_status reserve(struct hm_pair_scene *s, size_t count)
{
    const size_t capacity = count + count / 8;
    if (count <= s->capacity) return HM_OK;
    free(s->atom);
    free(s->distance);
    s->atom = calloc(capacity, sizeof *s->atom);
    s->distance = calloc(capacity * (8 + (s->steps + 1) * s->kinds->most_inputs), sizeof *s->distance);
    s->capacity = s->atom && s->distance ? capacity : 0;
    if (s->capacity == 0) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu pairs of atoms", capacity);
    s->f_slope = s->distance + capacity;
    s->fade = s->f_slope + capacity;
    s->fade_slope = s->fade + capacity;
    s->direction = s->fade_slope + capacity;
    s->impulse = s->direction + 3 * capacity;
    s->slope = s->impulse + capacity;
    s->input = s->slope + capacity * s->kinds->most_inputs;
    return HM_OK;
}

enum hm_status hm_pair_scene_create(const struct hm_pair_kinds *kinds, size_t steps, struct hm_pair_scene *scene)
{
    const size_t sums = kinds->natom * kinds->nspecies;
    *scene = (struct hm_pair_scene){.kinds = kinds, .steps = steps};
    scene->first = calloc(kinds->ngroup + 1, sizeof *scene->first);
    scene->sum = calloc(2 * sums, sizeof *scene->sum);
    scene->scratch = scene->sum + sums;
    enum hm_status status = HM_OK;
    if (!scene->first || !scene->sum)
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for the pairs of %zu atoms", kinds->natom);
    if (status == HM_OK && isfinite(kinds->cutoff))
        status = hm_neighbours_create(kinds->box, kinds->cutoff, SKIN, HM_NEIGHBOURS_HALF, &scene->neighbours);
    if (status == HM_OK && !scene->neighbours) status = reserve(scene, kinds->natom * (kinds->natom - 1) / 2);
    if (status != HM_OK) hm_pair_scene_release(scene);
    return status;
}

void hm_pair_scene_release(struct hm_pair_scene *scene)
{
    hm_neighbours_destroy(&scene->neighbours);
    free(scene->first);
    free(scene->sum);
    free(scene->atom);
    free(scene->distance);
    *scene = (struct hm_pair_scene){0};
}

/* f(r), or its slope. */
static double envelope(const struct hm_pair_kinds *k, double r, double *slope)
{
    const double decay = exp(-r / RANGE), ratio = r / k->cutoff, inside = ratio < 1 ? 1 - ratio * ratio : 0;
    *slope = -decay * (inside * inside / RANGE + 4 * inside * ratio / k->cutoff);
    return decay * inside * inside;
}

/* Where group g's next pair goes while the pairs are sorted. */
static void place(struct hm_pair_scene *s, size_t i, size_t j)
{
    const bool turned = s->kinds->species[i] > s->kinds->species[j];
    const size_t p = s->first[*group_at(s->kinds, i, j) + 1]++;
    s->atom[p][0] = (uint32_t)(turned ? j : i);
    s->atom[p][1] = (uint32_t)(turned ? i : j);
}

/* Twice through all pairs: they are counted, and placed. */
static enum hm_status sort_pairs(struct hm_pair_scene *s)
{
    const struct hm_pair_kinds *k = s->kinds;
    const struct hm_neighbours *list = s->neighbours;
    for (int placing = 0; placing < 2; placing++) {
        for (size_t i = 0; i < k->natom; i++) {
            const size_t from = list ? list->first[i] : i + 1, to = list ? list->first[i + 1] : k->natom;
            for (size_t at = from; at < to; at++) {
                const size_t j = list ? list->list[at] : at;
                if (placing)
                    place(s, i, j);
                else
                    s->first[*group_at(k, i, j) + 1]++;
            }
        }
        if (placing) break;
        /* From counts to beginnings, one group on: placing moves them to where they belong. */
        size_t begin = 0;
        for (size_t g = 0; g < k->ngroup; g++) {
            const size_t here = s->first[g + 1];
            s->first[g + 1] = begin;
            begin += here;
        }
        s->count = begin;
        HM_TRY(reserve(s, begin));
    }
    return HM_OK;
}

/* Distances, envelopes and their sums at one geometry; the newest is what derivatives are taken at. */
static void measure(struct hm_pair_scene *s, const double *x, double *distance, double *f)
{
    const struct hm_pair_kinds *k = s->kinds;
    memset(s->sum, 0, k->natom * k->nspecies * sizeof *s->sum);
    for (size_t p = 0; p < s->count; p++) {
        const size_t i = s->atom[p][0], j = s->atom[p][1];
        double d[3], slope;
        hm_minimum_image(k->box, &x[3 * j], &x[3 * i], d);
        const double r = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        distance[p] = r;
        f[p] = envelope(k, r, &slope);
        s->sum[i * k->nspecies + k->species[j]] += f[p];
        s->sum[j * k->nspecies + k->species[i]] += f[p];
        for (size_t c = 0; c < 3; c++) s->direction[3 * p + c] = d[c] / r;
    }
}

/* A and B of a pair and a species. */
static void neighbours_of(const struct hm_pair_scene *s, const double *sum, size_t p, double own, size_t species,
                          double both[2])
{
    const struct hm_pair_kinds *k = s->kinds;
    const size_t i = s->atom[p][0], j = s->atom[p][1];
    both[0] = sum[i * k->nspecies + species] - (k->species[j] == species ? own : 0);
    both[1] = sum[j * k->nspecies + species] - (k->species[i] == species ? own : 0);
}

static double input_value(const struct hm_pair_scene *s, const struct hm_pair_input *input, size_t p, double distance,
                          double f)
{
    double both[2];
    neighbours_of(s, s->sum, p, f, input->species, both);
    switch (input->kind) {
    case HM_PAIR_FIRST:
        return both[0];
    case HM_PAIR_SECOND:
        return both[1];
    case HM_PAIR_SUM:
        return both[0] + both[1];
    case HM_PAIR_DIFFERENCE:
        return (both[0] - both[1]) * (both[0] - both[1]);
    case HM_PAIR_DISTANCE:
        break;
    }
    return distance;
}

static void fill_inputs(struct hm_pair_scene *s, size_t back, const double *distance, const double *f)
{
    const struct hm_pair_kinds *k = s->kinds;
    for (size_t g = 0; g < k->ngroup; g++)
        for (size_t p = s->first[g]; p < s->first[g + 1]; p++)
            for (size_t c = 0; c < k->group[g].ninput; c++)
                s->input[(back * s->capacity + p) * k->most_inputs + c] =
                    input_value(s, &k->group[g].input[c], p, distance[p], f[p]);
}

enum hm_status hm_pair_scene_open(struct hm_pair_scene *scene, const double *const *x)
{
    struct hm_pair_scene *s = scene;
    const struct hm_pair_kinds *k = s->kinds;
    memset(s->first, 0, (k->ngroup + 1) * sizeof *s->first);
    if (s->neighbours) HM_TRY(hm_neighbours_update(s->neighbours, k->box, x[0]));
    HM_TRY(sort_pairs(s));
    /* The newest last: what it leaves in distance, direction and sums stays. */
    for (size_t back = s->steps; back-- > 0;) {
        measure(s, x[back], s->distance, s->fade);
        fill_inputs(s, back, s->distance, s->fade);
    }
    for (size_t p = 0; p < s->count; p++) {
        const double ratio = s->distance[p] / k->cutoff, inside = ratio < 1 ? 1 - ratio * ratio : 0;
        envelope(k, s->distance[p], &s->f_slope[p]);
        s->fade[p] = inside * inside;
        s->fade_slope[p] = -4 * inside * ratio / k->cutoff;
    }
    return HM_OK;
}

/* ---- slopes and impulses ---- */

static double own_f(const struct hm_pair_scene *s, size_t p)
{
    return exp(-s->distance[p] / RANGE) * s->fade[p];
}

/* dE/dA and dE/dB of a pair and a species of two inputs; the transpose of that. */
static void slopes_of_sums(const struct hm_pair_scene *s, const struct hm_pair_input *input, size_t p,
                           const double *slope, double by[2])
{
    double both[2];
    memcpy(by, slope, sizeof both);
    if (input->kind != HM_PAIR_SUM) return;
    neighbours_of(s, s->sum, p, own_f(s, p), input->species, both);
    by[0] = slope[0] + 2 * (both[0] - both[1]) * slope[1];
    by[1] = slope[0] - 2 * (both[0] - both[1]) * slope[1];
}

static void slopes_of_inputs(const struct hm_pair_scene *s, const struct hm_pair_input *input, size_t p,
                             const double by[2], double *slope)
{
    double both[2];
    memcpy(slope, by, sizeof both);
    if (input->kind != HM_PAIR_SUM) return;
    neighbours_of(s, s->sum, p, own_f(s, p), input->species, both);
    slope[0] = by[0] + by[1];
    slope[1] = 2 * (both[0] - both[1]) * (by[0] - by[1]);
}

void hm_pair_scene_impulses(const struct hm_pair_scene *scene, const double *slope, double *impulse)
{
    const struct hm_pair_scene *s = scene;
    const struct hm_pair_kinds *k = s->kinds;
    const size_t ns = k->nspecies;
    memset(s->scratch, 0, k->natom * ns * sizeof *s->scratch);
    for (size_t g = 0; g < k->ngroup; g++)
        for (size_t p = s->first[g]; p < s->first[g + 1]; p++) {
            const size_t i = s->atom[p][0], j = s->atom[p][1];
            const double *of = &slope[p * k->most_inputs];
            impulse[p] = -of[0];
            for (size_t c = 1; c < k->group[g].ninput; c += 2) {
                const size_t t = k->group[g].input[c].species;
                double by[2];
                slopes_of_sums(s, &k->group[g].input[c], p, &of[c], by);
                s->scratch[i * ns + t] += by[0];
                s->scratch[j * ns + t] += by[1];
                impulse[p] += s->f_slope[p] * ((k->species[j] == t ? by[0] : 0) + (k->species[i] == t ? by[1] : 0));
            }
        }
    for (size_t p = 0; p < s->count; p++) {
        const size_t i = s->atom[p][0], j = s->atom[p][1];
        impulse[p] -= s->f_slope[p] * (s->scratch[i * ns + k->species[j]] + s->scratch[j * ns + k->species[i]]);
    }
}

void hm_pair_scene_carry_back(const struct hm_pair_scene *scene, const double *by_impulse, double *by_slope)
{
    const struct hm_pair_scene *s = scene;
    const struct hm_pair_kinds *k = s->kinds;
    const size_t ns = k->nspecies;
    memset(s->scratch, 0, k->natom * ns * sizeof *s->scratch);
    for (size_t p = 0; p < s->count; p++) {
        const size_t i = s->atom[p][0], j = s->atom[p][1];
        s->scratch[i * ns + k->species[j]] -= by_impulse[p] * s->f_slope[p];
        s->scratch[j * ns + k->species[i]] -= by_impulse[p] * s->f_slope[p];
    }
    for (size_t g = 0; g < k->ngroup; g++)
        for (size_t p = s->first[g]; p < s->first[g + 1]; p++) {
            double *of = &by_slope[p * k->most_inputs];
            of[0] = -by_impulse[p];
            for (size_t c = 1; c < k->group[g].ninput; c += 2) {
                double by[2];
                neighbours_of(s, s->scratch, p, -by_impulse[p] * s->f_slope[p], k->group[g].input[c].species, by);
                slopes_of_inputs(s, &k->group[g].input[c], p, by, &of[c]);
            }
        }
}

void hm_pair_scene_kick(const struct hm_pair_scene *scene, const double *impulse, const double *inverse_mass,
                        double *kick)
{
    for (size_t p = 0; p < scene->count; p++) {
        const size_t i = scene->atom[p][0], j = scene->atom[p][1];
        for (size_t c = 0; c < 3; c++) {
            const double push = impulse[p] * scene->direction[3 * p + c];
            kick[3 * i + c] += push * inverse_mass[i];
            kick[3 * j + c] -= push * inverse_mass[j];
        }
    }
}
