#include "predictors/surrogate_primitives.h"

#include "predictors/surrogate_symmetry.h"

#include "io/connectivity.h"
#include "io/internals.h"
#include "io/rotors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_EXCHANGES = 1440 };

/* An angle beyond this is described by its cosine, which is smooth where the angle is straight. */
static const double NEARLY_STRAIGHT = 2.7;

struct bonded {
    size_t natom, nbond;
    size_t (*bonds)[2];
    unsigned char *are; // (natom, natom)
};

/* ---- values ---- */

static double scale_gradient(const struct hm_primitive *p, double value, double slope, double gradient[4][3])
{
    for (size_t a = 0; a < p->natom; a++)
        for (size_t k = 0; k < 3; k++) gradient[a][k] *= slope;
    return value;
}

double hm_primitive_value(const struct hm_primitive *primitive, const struct hm_frame *box, const double *x,
                          double gradient[4][3])
{
    const struct hm_primitive *p = primitive;
    double value;
    switch (p->kind) {
    case HM_PRIMITIVE_DISTANCE:
        return hm_internal_distance(box, x, p->atoms, gradient);
    case HM_PRIMITIVE_INVERSE:
        value = hm_internal_distance(box, x, p->atoms, gradient);
        return scale_gradient(p, 1 / value, -1 / (value * value), gradient);
    case HM_PRIMITIVE_ANGLE:
        return hm_internal_angle(box, x, p->atoms, gradient);
    case HM_PRIMITIVE_COSINE:
        value = hm_internal_angle(box, x, p->atoms, gradient);
        return scale_gradient(p, -cos(value), sin(value), gradient);
    case HM_PRIMITIVE_PLANARITY:
        value = hm_internal_dihedral(box, x, p->atoms, gradient);
        return scale_gradient(p, cos(value), -sin(value), gradient);
    case HM_PRIMITIVE_DIHEDRAL:
        return hm_internal_dihedral(box, x, p->atoms, gradient);
    }
    return NAN;
}

/* ---- which there are ---- */

static enum hm_status add(struct hm_basis *b, size_t *capacity, enum hm_primitive_kind kind, size_t natom,
                          const size_t *atoms)
{
    if (b->nprimitive == *capacity) {
        *capacity = *capacity ? 2 * *capacity : 32;
        struct hm_primitive *grown = realloc(b->primitive, *capacity * sizeof *grown);
        if (!grown) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the coordinates of %zu atoms", b->natom);
        b->primitive = grown;
    }
    struct hm_primitive *p = &b->primitive[b->nprimitive++];
    *p = (struct hm_primitive){.kind = kind, .natom = natom, .variable = b->nvariable};
    memcpy(p->atoms, atoms, natom * sizeof *atoms);
    b->nvariable += hm_primitive_variables(p);
    return HM_OK;
}

static size_t count_neighbours(const struct bonded *m, size_t atom)
{
    size_t count = 0;
    for (size_t other = 0; other < m->natom; other++) count += m->are[atom * m->natom + other];
    return count;
}

static bool is_nearly_straight(const struct hm_frame *frame, const size_t atoms[3])
{
    double gradient[3][3];
    return hm_internal_angle(frame, frame->x, atoms, gradient) > NEARLY_STRAIGHT;
}

/* One kind for all: else an exchange of atoms would turn an angle into a cosine. */
static bool any_nearly_straight(const struct hm_frame *frame, const struct bonded *m)
{
    for (size_t j = 0; j < m->natom; j++)
        for (size_t i = 0; i < m->natom; i++)
            for (size_t k = i + 1; k < m->natom; k++) {
                const size_t atoms[3] = {i, j, k};
                if (m->are[i * m->natom + j] && m->are[j * m->natom + k] && is_nearly_straight(frame, atoms))
                    return true;
            }
    return false;
}

static enum hm_status add_angles(const struct hm_frame *frame, const struct bonded *m, struct hm_basis *b,
                                 size_t *capacity)
{
    const enum hm_primitive_kind kind = any_nearly_straight(frame, m) ? HM_PRIMITIVE_COSINE : HM_PRIMITIVE_ANGLE;
    const size_t n = m->natom;
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < n; i++)
            for (size_t k = i + 1; k < n; k++) {
                const size_t atoms[3] = {i, j, k};
                if (m->are[i * n + j] && m->are[j * n + k]) HM_TRY(add(b, capacity, kind, 3, atoms));
            }
    return HM_OK;
}

/* Along the bonds i-j-k-l with i < l; where three of them are in a line there is no dihedral. */
static enum hm_status add_dihedrals_about(const struct hm_frame *frame, const struct bonded *m, size_t j, size_t k,
                                          struct hm_basis *b, size_t *capacity)
{
    const size_t n = m->natom;
    for (size_t i = 0; i < n; i++)
        for (size_t l = i + 1; l < n; l++) {
            const size_t atoms[4] = {i, j, k, l}, last[3] = {j, k, l};
            if (i == k || j == l || !m->are[i * n + j] || !m->are[k * n + l]) continue;
            if (is_nearly_straight(frame, atoms) || is_nearly_straight(frame, last)) continue;
            HM_TRY(add(b, capacity, HM_PRIMITIVE_DIHEDRAL, 4, atoms));
        }
    return HM_OK;
}

static enum hm_status add_dihedrals(const struct hm_frame *frame, const struct bonded *m, struct hm_basis *b,
                                    size_t *capacity)
{
    for (size_t j = 0; j < m->natom; j++)
        for (size_t k = 0; k < m->natom; k++)
            if (m->are[j * m->natom + k]) HM_TRY(add_dihedrals_about(frame, m, j, k, b, capacity));
    return HM_OK;
}

/* About a centre j of three neighbours, from one over another to the third: angles do not tell how far j is from their
 * plane while it is near. */
static enum hm_status add_planarities(const struct hm_frame *frame, const struct bonded *m, struct hm_basis *b,
                                      size_t *capacity)
{
    const size_t n = m->natom;
    for (size_t j = 0; j < n; j++)
        for (size_t k = 0; count_neighbours(m, j) == 3 && k < n; k++)
            for (size_t i = 0; m->are[j * n + k] && i < n; i++)
                for (size_t l = i + 1; l < n; l++) {
                    const size_t atoms[4] = {i, j, k, l}, other[3] = {l, j, k};
                    if (i == k || l == k || !m->are[j * n + i] || !m->are[j * n + l]) continue;
                    if (is_nearly_straight(frame, atoms) || is_nearly_straight(frame, other)) continue;
                    HM_TRY(add(b, capacity, HM_PRIMITIVE_PLANARITY, 4, atoms));
                }
    return HM_OK;
}

/* Not bonded, and without a common neighbour. */
static bool are_remote(const struct bonded *m, size_t i, size_t j)
{
    bool near = m->are[i * m->natom + j];
    for (size_t k = 0; k < m->natom && !near; k++) near = m->are[i * m->natom + k] && m->are[k * m->natom + j];
    return !near;
}

static enum hm_status add_remote_pairs(const struct bonded *m, struct hm_basis *b, size_t *capacity)
{
    for (size_t i = 0; i < m->natom; i++)
        for (size_t j = i + 1; j < m->natom; j++) {
            const size_t atoms[2] = {i, j};
            if (!are_remote(m, i, j)) continue;
            HM_TRY(add(b, capacity, HM_PRIMITIVE_INVERSE, 2, atoms));
            b->primitive[b->nprimitive - 1].alone = true;
        }
    return HM_OK;
}

static enum hm_status add_all_pairs(const struct bonded *m, struct hm_basis *b, size_t *capacity)
{
    for (size_t i = 0; i < m->natom; i++)
        for (size_t j = i + 1; j < m->natom; j++) {
            const size_t atoms[2] = {i, j};
            HM_TRY(add(b, capacity, HM_PRIMITIVE_INVERSE, 2, atoms));
        }
    return HM_OK;
}

/* Dihedrals about the bonds that turn the molecule into another shape. Powers of distances follow a turn badly. */
static enum hm_status add_torsions(const struct hm_frame *frame, const struct bonded *m, struct hm_basis *b,
                                   size_t *capacity)
{
    struct hm_rotors rotors;
    HM_TRY(hm_rotors_find(frame, &rotors));
    enum hm_status status = HM_OK;
    for (size_t r = 0; status == HM_OK && r < 2 * rotors.count; r++) {
        const size_t *axis = rotors.axis[r / 2]; /* in both directions: one has the lower number at its beginning */
        status = add_dihedrals_about(frame, m, axis[r % 2], axis[1 - r % 2], b, capacity);
    }
    hm_rotors_release(&rotors);
    return status;
}

static enum hm_status add_all(const struct hm_frame *frame, const struct bonded *m, enum hm_basis_kind kind,
                              struct hm_basis *b)
{
    size_t capacity = 0;
    if (kind != HM_BASIS_INTERNAL) HM_TRY(add_all_pairs(m, b, &capacity));
    if (kind == HM_BASIS_TORSIONS) return add_torsions(frame, m, b, &capacity);
    if (kind == HM_BASIS_DISTANCES) return HM_OK;
    for (size_t c = 0; c < m->nbond; c++) HM_TRY(add(b, &capacity, HM_PRIMITIVE_DISTANCE, 2, m->bonds[c]));
    HM_TRY(add_angles(frame, m, b, &capacity));
    HM_TRY(add_dihedrals(frame, m, b, &capacity));
    HM_TRY(add_planarities(frame, m, b, &capacity));
    return add_remote_pairs(m, b, &capacity);
}

/* ---- exchanges ---- */

/* Read from either end; of a centre and its three neighbours the first and the last change places. */
static bool same_atoms(const struct hm_primitive *p, const size_t *atoms)
{
    const bool centred = p->kind == HM_PRIMITIVE_PLANARITY;
    bool forward = true, backward = true;
    for (size_t a = 0; a < p->natom; a++) {
        const bool stays = centred && (a == 1 || a == 2);
        forward = forward && p->atoms[a] == atoms[a];
        backward = backward && p->atoms[a] == atoms[stays ? a : p->natom - 1 - a];
    }
    return forward || backward;
}

static size_t image_of(const struct hm_basis *b, const struct hm_primitive *p, const size_t *permutation)
{
    size_t atoms[4], q = 0;
    for (size_t a = 0; a < p->natom; a++) atoms[a] = permutation[p->atoms[a]];
    while (q < b->nprimitive && (b->primitive[q].kind != p->kind || !same_atoms(&b->primitive[q], atoms))) q++;
    return q;
}

/* False where an image is missing: a dihedral left out because it is straight now. The exchange is then left out too.
 */
static bool list_exchange(struct hm_basis *b, const size_t *permutation, size_t *exchange)
{
    for (size_t p = 0; p < b->nprimitive; p++) {
        const size_t q = image_of(b, &b->primitive[p], permutation);
        if (q == b->nprimitive) return false;
        for (size_t v = 0; v < hm_primitive_variables(&b->primitive[p]); v++)
            exchange[b->primitive[p].variable + v] = b->primitive[q].variable + v;
    }
    return true;
}

static void number_alike(struct hm_basis *b)
{
    for (size_t p = 0; p < b->nprimitive; p++) b->primitive[p].like = SIZE_MAX;
    for (size_t p = 0; p < b->nprimitive; p++) {
        if (b->primitive[p].like != SIZE_MAX) continue;
        for (size_t e = 0; e < b->nexchange; e++) {
            const size_t variable = b->exchange[e * b->nvariable + b->primitive[p].variable];
            for (size_t q = 0; q < b->nprimitive; q++)
                if (b->primitive[q].variable == variable) b->primitive[q].like = b->nlike;
        }
        b->nlike++;
    }
}

static enum hm_status find_exchanges(const struct hm_frame *frame, const struct bonded *m, struct hm_basis *b)
{
    size_t *permutation, count;
    HM_TRY(hm_symmetry_find(frame, (const size_t(*)[2])m->bonds, m->nbond, MOST_EXCHANGES, &permutation, &count));
    b->exchange = calloc(count * b->nvariable, sizeof *b->exchange);
    for (size_t e = 0; b->exchange && e < count; e++)
        b->nexchange += list_exchange(b, &permutation[e * m->natom], &b->exchange[b->nexchange * b->nvariable]);
    free(permutation);
    if (!b->exchange) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the symmetry of %zu atoms", m->natom);
    number_alike(b);
    return HM_OK;
}

static enum hm_status check_molecule(const struct hm_config *config, const struct bonded *m, enum hm_basis_kind kind)
{
    static const char key[] = "predictor.basis";
    size_t *molecule = calloc(m->natom, sizeof *molecule);
    if (!molecule) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu atoms", m->natom);
    const size_t count = hm_connectivity_molecules(m->natom, (const size_t(*)[2])m->bonds, m->nbond, molecule);
    free(molecule);
    if (kind != HM_BASIS_INTERNAL || count == 1) return HM_OK;
    return hm_config_fault(config, key,
                           "internal coordinates need one molecule, but %zu bonds hold the %zu atoms together in %zu "
                           "pieces: use 'basis: neighbourhood' (or 'distances' for a few atoms)",
                           m->nbond, m->natom, count);
}

static enum hm_status make_bonded(const struct hm_frame *frame, struct bonded *m)
{
    *m = (struct bonded){.natom = frame->natom};
    HM_TRY(hm_connectivity_find(frame, &m->bonds, &m->nbond));
    m->are = calloc(m->natom * m->natom, sizeof *m->are);
    if (!m->are) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the bonds of %zu atoms", m->natom);
    for (size_t b = 0; b < m->nbond; b++)
        m->are[m->bonds[b][0] * m->natom + m->bonds[b][1]] = m->are[m->bonds[b][1] * m->natom + m->bonds[b][0]] = 1;
    return HM_OK;
}

enum hm_status hm_primitives_find(const struct hm_config *config, const struct hm_frame *frame, enum hm_basis_kind kind,
                                  struct hm_basis *basis)
{
    struct bonded molecule;
    basis->natom = frame->natom;
    enum hm_status status = make_bonded(frame, &molecule);
    if (status == HM_OK) status = check_molecule(config, &molecule, kind);
    if (status == HM_OK) status = add_all(frame, &molecule, kind, basis);
    if (status == HM_OK) status = find_exchanges(frame, &molecule, basis);
    free(molecule.bonds);
    free(molecule.are);
    return status;
}
