/* The terms of the surrogate's polynomials: symmetry groups known from chemistry, numbers of terms from Molien series,
 * and what every term must satisfy, tried on random geometries.
 */
#include "predictors/surrogate_basis.h"

#include "io/connectivity.h"
#include "predictors/surrogate_primitives.h"
#include "predictors/surrogate_symmetry.h"
#include "tests/predictors/molecule.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char surrogate[] = "predictor: {type: surrogate}";
enum { PLENTY = 1500 };

static struct hm_basis *make_basis(const struct molecule *m, enum hm_basis_kind kind, unsigned degree, size_t most)
{
    struct hm_basis *basis = NULL;
    HM_ASSERT_OK(hm_surrogate_basis_create(m->config, &m->frame, kind, degree, most, &basis));
    CU_ASSERT_PTR_NOT_NULL_FATAL(basis);
    return basis;
}

/* ---- groups ---- */

struct group {
    size_t natom, count, *permutation;
};

static struct group find_group(const struct hm_frame *frame, size_t most)
{
    struct group g = {.natom = frame->natom};
    size_t(*bonds)[2], nbond;
    HM_ASSERT_OK(hm_connectivity_find(frame, &bonds, &nbond));
    HM_ASSERT_OK(hm_symmetry_find(frame, (const size_t(*)[2])bonds, nbond, most, &g.permutation, &g.count));
    free(bonds);
    return g;
}

static size_t group_size(const char *geometry)
{
    struct molecule m;
    molecule_create(&m, geometry, surrogate);
    struct group g = find_group(&m.frame, 1440);
    const size_t count = g.count;
    for (size_t i = 0; i < g.natom; i++) CU_ASSERT_EQUAL(g.permutation[i], i);
    free(g.permutation);
    molecule_destroy(&m);
    return count;
}

/* Atoms in a zigzag, 1.5 Angstrom apart. */
static void write_chain(size_t beads, char *text, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < beads; i++)
        length += (size_t)snprintf(text + length, size - length, "C %g %g 0 ", 1.25 * (double)i, i % 2 ? 0.83 : 0);
}

static void groups_are_those_of_chemistry(void)
{
    char chain[512];
    write_chain(10, chain, sizeof chain);
    CU_ASSERT_EQUAL(group_size(MOLECULE_WATER), 2);
    CU_ASSERT_EQUAL(group_size(MOLECULE_AMMONIA), 6);
    CU_ASSERT_EQUAL(group_size(MOLECULE_METHANE), 24);
    CU_ASSERT_EQUAL(group_size(MOLECULE_METHANOL), 6);
    CU_ASSERT_EQUAL(group_size(MOLECULE_ETHANOL), 12);
    CU_ASSERT_EQUAL(group_size(MOLECULE_BENZENE), 12);
    CU_ASSERT_EQUAL(group_size(MOLECULE_PEROXIDE), 2);
    CU_ASSERT_EQUAL(group_size(MOLECULE_CYANIDE), 1);
    CU_ASSERT_EQUAL(group_size(MOLECULE_DIOXIDE), 2);
    CU_ASSERT_EQUAL(group_size(MOLECULE_PHOSPHORUS), 24);
    CU_ASSERT_EQUAL(group_size(chain), 2);
}

static void an_isotope_cannot_be_exchanged(void)
{
    struct molecule m;
    molecule_create(&m, MOLECULE_AMMONIA, surrogate);
    m.frame.mass[2] *= 2;
    struct group g = find_group(&m.frame, 1440);
    CU_ASSERT_EQUAL(g.count, 2);
    CU_ASSERT_EQUAL(g.permutation[4 + 2], 2);
    free(g.permutation);
    molecule_destroy(&m);
}

static void too_many_permutations_leave_the_identity(void)
{
    struct molecule m;
    molecule_create(&m, MOLECULE_METHANE, surrogate);
    struct group all = find_group(&m.frame, 24), none = find_group(&m.frame, 23);
    CU_ASSERT_EQUAL(all.count, 24);
    CU_ASSERT_EQUAL(none.count, 1);
    for (size_t i = 0; i < 5; i++) CU_ASSERT_EQUAL(none.permutation[i], i);
    free(all.permutation);
    free(none.permutation);
    molecule_destroy(&m);
}

/* All trans hexane with its hydrogens first: 14! arrangements of them, of which bonds leave a handful. */
static void the_order_of_the_atoms_costs_no_time(void)
{
    enum { CARBONS = 6 };
    char text[2048];
    size_t length = 0;
    struct molecule m;
    for (int side = -1; side <= 1; side += 2)
        for (size_t i = 0; i < CARBONS; i++)
            length += (size_t)snprintf(text + length, sizeof text - length, "H %g %g %g ", 1.25 * (double)i,
                                       i % 2 ? 1.46 : -0.63, 0.89 * side);
    length += (size_t)snprintf(text + length, sizeof text - length, "H -0.9 0.6 0 H 7.15 0.23 0 ");
    for (size_t i = 0; i < CARBONS; i++)
        length +=
            (size_t)snprintf(text + length, sizeof text - length, "C %g %g 0 ", 1.25 * (double)i, i % 2 ? 0.83 : 0);
    molecule_create(&m, text, surrogate);
    struct group g = find_group(&m.frame, 1440);
    CU_ASSERT_EQUAL(g.count, 2 * 6 * 6 * 2 * 2 * 2 * 2);
    for (size_t i = 0; i < g.natom; i++) CU_ASSERT_EQUAL(g.permutation[i], i);
    free(g.permutation);
    molecule_destroy(&m);
}

/* ---- numbers of terms ---- */

/* Coefficients 0 ... degree of (1/|G|) sum over G of the product over cycles of 1 / (1 - t^length): how many symmetric
 * polynomials of each degree there are in variables that the permutations `images` (count, n) move. */
static void molien(const size_t *images, size_t count, size_t n, unsigned degree, double *series)
{
    memset(series, 0, (degree + 1) * sizeof *series);
    for (size_t g = 0; g < count; g++) {
        double product[32] = {1};
        bool seen[64] = {false};
        for (size_t v = 0; v < n; v++) {
            unsigned cycle = 0;
            for (size_t w = v; !seen[w]; w = images[g * n + w], cycle++) seen[w] = true;
            for (unsigned d = cycle; cycle > 0 && d <= degree; d++) product[d] += product[d - cycle];
        }
        for (unsigned d = 0; d <= degree; d++) series[d] += product[d] / (double)count;
    }
}

/* Where permutations of atoms send pairs of atoms. */
static size_t *pair_images(const struct group *g)
{
    const size_t n = g->natom, npair = n * (n - 1) / 2;
    size_t *images = calloc(g->count * npair, sizeof *images);
    CU_ASSERT_PTR_NOT_NULL_FATAL(images);
    for (size_t e = 0; e < g->count; e++)
        for (size_t i = 0, c = 0; i < n; i++)
            for (size_t j = i + 1; j < n; j++, c++) {
                const size_t a = g->permutation[e * n + i], b = g->permutation[e * n + j];
                const size_t low = a < b ? a : b, high = a < b ? b : a;
                images[e * npair + c] = low * n - low * (low + 1) / 2 + high - low - 1;
            }
    return images;
}

/* All degrees up to `degree` in the distances; some series are known from the literature. */
static void check_distances(const char *geometry, unsigned degree, const double *known, size_t nknown)
{
    struct molecule m;
    double series[32], terms = 0;
    molecule_create(&m, geometry, surrogate);
    struct group g = find_group(&m.frame, 1440);
    const size_t n = g.natom, npair = n * (n - 1) / 2;
    size_t *images = pair_images(&g);
    molien(images, g.count, npair, degree, series);
    for (size_t d = 0; d < nknown; d++) HM_ASSERT_NEAR(series[d], known[d], 1e-9);
    for (unsigned d = 1; d <= degree; d++) {
        struct hm_basis *basis = make_basis(&m, HM_BASIS_DISTANCES, d, 0);
        terms += series[d];
        CU_ASSERT_EQUAL(basis->nvariable, npair);
        CU_ASSERT_EQUAL(basis->nlevel, 1);
        CU_ASSERT_EQUAL((double)basis->nterm, round(terms));
        hm_surrogate_basis_destroy(&basis);
    }
    free(images);
    free(g.permutation);
    molecule_destroy(&m);
}

static void terms_in_distances_are_as_many_as_molien_says(void)
{
    /* A4: multigraphs of four nodes by the number of edges, OEIS A003082; A2B: 1 / ((1 - t)^2 (1 - t^2)) by hand. */
    static const double a4[] = {1, 1, 3, 6, 11, 18, 32}, a2b[] = {1, 2, 4, 6, 9, 12, 16, 20, 25};
    check_distances(MOLECULE_PHOSPHORUS, 6, a4, sizeof a4 / sizeof *a4);
    check_distances(MOLECULE_WATER, 8, a2b, sizeof a2b / sizeof *a2b);
    check_distances(MOLECULE_AMMONIA, 6, NULL, 0);
    check_distances(MOLECULE_PEROXIDE, 5, NULL, 0);
    check_distances(MOLECULE_CYANIDE, 8, NULL, 0);
}

static void levels_of_water_are_its_degrees(void)
{
    static const size_t terms[] = {6, 12, 21, 33, 49, 69, 94}, without[] = {9, 19, 34, 55, 83, 119, 164};
    struct molecule m;
    molecule_create(&m, MOLECULE_WATER, surrogate);
    struct hm_basis *basis = make_basis(&m, HM_BASIS_INTERNAL, 0, PLENTY);
    CU_ASSERT_EQUAL(basis->nvariable, 3);
    CU_ASSERT_EQUAL(basis->nlike, 2);
    CU_ASSERT_EQUAL_FATAL(basis->nlevel, 7);
    for (size_t l = 0; l < 7; l++) {
        CU_ASSERT_EQUAL(basis->level_terms[l], terms[l]);
        CU_ASSERT_EQUAL(basis->level_monomials[l], without[l]);
        CU_ASSERT_EQUAL(basis->level_degree[l], l + 2);
    }
    hm_surrogate_basis_destroy(&basis);
    basis = make_basis(&m, HM_BASIS_INTERNAL, 0, 40); /* room for five degrees */
    CU_ASSERT_EQUAL(basis->nlevel, 4);
    CU_ASSERT_EQUAL(basis->nterm, 33);
    CU_ASSERT_EQUAL(basis->highest, 5);
    hm_surrogate_basis_destroy(&basis);
    basis = make_basis(&m, HM_BASIS_INTERNAL, 0, 1); /* the first is there in any case */
    CU_ASSERT_EQUAL(basis->nlevel, 1);
    CU_ASSERT_EQUAL(basis->nterm, 6);
    hm_surrogate_basis_destroy(&basis);

    m.frame.mass[1] *= 2; /* HDO */
    basis = make_basis(&m, HM_BASIS_INTERNAL, 0, PLENTY);
    CU_ASSERT_EQUAL(basis->nlike, 3);
    for (size_t l = 0; l < basis->nlevel; l++) CU_ASSERT_EQUAL(basis->level_terms[l], without[l]);
    hm_surrogate_basis_destroy(&basis);
    molecule_destroy(&m);
}

/* Methane, degree 2: 4 bonds and 6 angles under S4. Linear: one of each. Squares: one of each; products: of two bonds
 * 1, of two angles that share a hydrogen or do not 2, of a bond and an angle that is beside it or not 2. */
static void degree_two_of_methane_by_hand(void)
{
    struct molecule m;
    molecule_create(&m, MOLECULE_METHANE, surrogate);
    struct hm_basis *basis = make_basis(&m, HM_BASIS_INTERNAL, 2, 0);
    CU_ASSERT_EQUAL(basis->nvariable, 10);
    CU_ASSERT_EQUAL(basis->nlike, 2);
    CU_ASSERT_EQUAL(basis->nexchange, 24);
    CU_ASSERT_EQUAL(basis->nterm, 2 + 2 + 1 + 2 + 2);
    hm_surrogate_basis_destroy(&basis);
    molecule_destroy(&m);
}

/* 36 distances and, as cosine and sine, the dihedrals of the hydroxyl hydrogen with one carbon and two hydrogens: those
 * of the methyl group are left out. Levels counted by a program apart that lists the orbits of monomials. */
static void torsions_of_ethanol(void)
{
    static const size_t terms[] = {254, 292, 510, 879};
    struct molecule m;
    molecule_create(&m, MOLECULE_ETHANOL, surrogate);
    struct hm_basis *basis = make_basis(&m, HM_BASIS_TORSIONS, 0, PLENTY);
    CU_ASSERT_EQUAL(basis->nvariable, 36 + 2 * 3);
    CU_ASSERT_EQUAL(basis->nexchange, 12);
    CU_ASSERT_EQUAL_FATAL(basis->nlevel, 4);
    for (size_t l = 0; l < 4; l++) CU_ASSERT_EQUAL(basis->level_terms[l], terms[l]);
    hm_surrogate_basis_destroy(&basis);
    molecule_destroy(&m);

    /* Nothing turns: the distances alone. */
    molecule_create(&m, MOLECULE_METHANE, surrogate);
    basis = make_basis(&m, HM_BASIS_TORSIONS, 2, 0);
    CU_ASSERT_EQUAL(basis->nvariable, 10);
    hm_surrogate_basis_destroy(&basis);
    molecule_destroy(&m);
}

/* ---- what every term must satisfy ---- */

static const char *const molecules[] = {
    MOLECULE_WATER,   MOLECULE_AMMONIA,   MOLECULE_METHANE,  MOLECULE_METHANOL,
    MOLECULE_ETHANOL, MOLECULE_BENZENE,   MOLECULE_PEROXIDE, MOLECULE_FORMALDEHYDE,
    MOLECULE_CYANIDE, MOLECULE_ACETYLENE, MOLECULE_DIOXIDE,  MOLECULE_PHOSPHORUS,
};
enum { NMOLECULE = sizeof molecules / sizeof *molecules };

/* term (nterm) at x. */
static void evaluate_terms(const struct hm_basis *b, const struct hm_frame *box, const double *x, double *term)
{
    double z[256], gradient[4][3];
    CU_ASSERT_TRUE_FATAL(b->nvariable <= 256);
    for (size_t p = 0; p < b->nprimitive; p++) {
        const struct hm_primitive *primitive = &b->primitive[p];
        const double q = hm_primitive_value(primitive, box, x, gradient);
        const bool dihedral = primitive->kind == HM_PRIMITIVE_DIHEDRAL;
        z[primitive->variable] = dihedral ? cos(q) : q - 0.1 * (double)primitive->like;
        if (dihedral) z[primitive->variable + 1] = sin(q);
    }
    memset(term, 0, b->nterm * sizeof *term);
    for (size_t m = 0; m < b->nmonomial; m++) {
        double product = 1;
        for (size_t f = 0; f < b->monomial[m].count; f++) {
            const struct hm_factor *factor = &b->factor[b->monomial[m].first + f];
            product *= pow(z[factor->variable], factor->power);
        }
        term[b->monomial[m].term] += product;
    }
}

static void check_same(const struct hm_basis *b, const struct hm_frame *box, const double *term, const double *x,
                       double *again)
{
    size_t wrong = 0;
    evaluate_terms(b, box, x, again);
    for (size_t t = 0; t < b->nterm; t++) wrong += !(fabs(again[t] - term[t]) <= 1e-10 * (1 + fabs(term[t])));
    CU_ASSERT_EQUAL(wrong, 0);
}

static void check_invariance(const char *geometry, enum hm_basis_kind kind, unsigned degree)
{
    struct molecule m;
    double x[36], moved[36];
    molecule_create(&m, geometry, surrogate);
    struct hm_basis *b = make_basis(&m, kind, degree, 0);
    struct group g = find_group(&m.frame, 1440);
    double *term = calloc(2 * b->nterm, sizeof *term);
    CU_ASSERT_PTR_NOT_NULL_FATAL(term);
    CU_ASSERT_EQUAL(b->nexchange, g.count);
    molecule_shake(&m, 1, 0.3, x);
    evaluate_terms(b, &m.frame, x, term);
    for (size_t e = 0; e < g.count; e++) {
        molecule_permute(g.natom, &g.permutation[e * g.natom], x, moved);
        check_same(b, &m.frame, term, moved, term + b->nterm);
    }
    molecule_mirror(g.natom, x, moved);
    check_same(b, &m.frame, term, moved, term + b->nterm);
    molecule_turn(g.natom, x, moved);
    check_same(b, &m.frame, term, moved, term + b->nterm);
    free(term);
    free(g.permutation);
    hm_surrogate_basis_destroy(&b);
    molecule_destroy(&m);
}

static void every_term_is_invariant(void)
{
    for (size_t i = 0; i < NMOLECULE; i++) {
        check_invariance(molecules[i], HM_BASIS_INTERNAL, i < 3 ? 4 : 3);
        check_invariance(molecules[i], HM_BASIS_DISTANCES, 2);
        check_invariance(molecules[i], HM_BASIS_TORSIONS, 2);
    }
}

static bool same_monomial(const struct hm_basis *b, const struct hm_monomial *p, const struct hm_monomial *q)
{
    bool same = p->count == q->count;
    for (size_t f = 0; same && f < p->count; f++)
        same = b->factor[p->first + f].variable == b->factor[q->first + f].variable &&
               b->factor[p->first + f].power == b->factor[q->first + f].power;
    return same;
}

/* No monomial twice, degrees as said, no odd number of sines, terms one after another. */
static void check_monomials(const struct hm_basis *b)
{
    size_t twice = 0, wrong = 0;
    for (size_t m = 0; m < b->nmonomial; m++) {
        unsigned degree = 0;
        for (size_t f = 0; f < b->monomial[m].count; f++) {
            const struct hm_factor *factor = &b->factor[b->monomial[m].first + f];
            degree += factor->power;
            wrong += factor->power == 0 || (f > 0 && factor->variable <= factor[-1].variable);
        }
        wrong += degree != b->monomial[m].degree || degree > b->highest;
        wrong += m > 0 && b->monomial[m].term != b->monomial[m - 1].term &&
                 b->monomial[m].term != b->monomial[m - 1].term + 1;
        for (size_t n = 0; n < m; n++) twice += same_monomial(b, &b->monomial[m], &b->monomial[n]);
    }
    CU_ASSERT_EQUAL(twice, 0);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(b->monomial[b->nmonomial - 1].term + 1, b->nterm);
}

/* The first level is there in any case. */
static void check_levels(const struct hm_basis *b, size_t most)
{
    CU_ASSERT_TRUE_FATAL(b->nlevel > 0);
    CU_ASSERT_TRUE(b->nterm <= most || b->nlevel == 1);
    CU_ASSERT_EQUAL(b->level_terms[b->nlevel - 1], b->nterm);
    CU_ASSERT_EQUAL(b->level_monomials[b->nlevel - 1], b->nmonomial);
    for (size_t l = 0; l < b->nlevel; l++) {
        const size_t end = b->level_monomials[l];
        CU_ASSERT_EQUAL(b->monomial[end - 1].term + 1, b->level_terms[l]); /* no term in two levels */
        if (end < b->nmonomial) CU_ASSERT_EQUAL(b->monomial[end].term, b->level_terms[l]);
        if (l > 0) CU_ASSERT_TRUE(b->level_terms[l] > b->level_terms[l - 1]);
        if (l > 0) CU_ASSERT_TRUE(b->level_degree[l] >= b->level_degree[l - 1]);
        unsigned highest = 0;
        for (size_t m = 0; m < end; m++)
            if (b->monomial[m].degree > highest) highest = b->monomial[m].degree;
        CU_ASSERT_EQUAL(b->level_degree[l], highest);
    }
}

static void levels_are_nested_and_no_monomial_comes_twice(void)
{
    for (size_t i = 0; i < NMOLECULE; i++) {
        struct molecule m;
        molecule_create(&m, molecules[i], surrogate);
        struct hm_basis *basis = make_basis(&m, HM_BASIS_INTERNAL, 0, 300);
        check_monomials(basis);
        check_levels(basis, 300);
        hm_surrogate_basis_destroy(&basis);
        molecule_destroy(&m);
    }
}

/* ---- which coordinates ---- */

static size_t count_kind(const struct hm_basis *b, enum hm_primitive_kind kind)
{
    size_t count = 0;
    for (size_t p = 0; p < b->nprimitive; p++) count += b->primitive[p].kind == kind;
    return count;
}

static void check_kinds(const char *geometry, size_t bonds, size_t angles, size_t cosines, size_t dihedrals,
                        size_t planarities, size_t remote)
{
    struct molecule m;
    molecule_create(&m, geometry, surrogate);
    struct hm_basis *basis = make_basis(&m, HM_BASIS_INTERNAL, 1, 0);
    CU_ASSERT_EQUAL(count_kind(basis, HM_PRIMITIVE_DISTANCE), bonds);
    CU_ASSERT_EQUAL(count_kind(basis, HM_PRIMITIVE_ANGLE), angles);
    CU_ASSERT_EQUAL(count_kind(basis, HM_PRIMITIVE_COSINE), cosines);
    CU_ASSERT_EQUAL(count_kind(basis, HM_PRIMITIVE_DIHEDRAL), dihedrals);
    CU_ASSERT_EQUAL(count_kind(basis, HM_PRIMITIVE_PLANARITY), planarities);
    CU_ASSERT_EQUAL(count_kind(basis, HM_PRIMITIVE_INVERSE), remote);
    CU_ASSERT_EQUAL(basis->nvariable, bonds + angles + cosines + 2 * dihedrals + planarities + remote);
    hm_surrogate_basis_destroy(&basis);
    molecule_destroy(&m);
}

static void coordinates_are_those_of_the_bonds(void)
{
    check_kinds("H 0 0 0 Cl 1.27 0 0", 1, 0, 0, 0, 0, 0);
    check_kinds(MOLECULE_WATER, 2, 1, 0, 0, 0, 0);
    check_kinds(MOLECULE_METHANE, 4, 6, 0, 0, 0, 0);
    check_kinds(MOLECULE_PEROXIDE, 3, 2, 0, 1, 0, 1);
    check_kinds(MOLECULE_METHANOL, 5, 7, 0, 3, 0, 3);
    check_kinds(MOLECULE_ETHANOL, 8, 13, 0, 12, 0, 15);
    check_kinds(MOLECULE_AMMONIA, 3, 3, 0, 0, 3, 0);
    check_kinds(MOLECULE_FORMALDEHYDE, 3, 3, 0, 0, 3, 0);
    check_kinds(MOLECULE_BENZENE, 12, 18, 0, 24, 18, 36);
    check_kinds(MOLECULE_CYANIDE, 2, 0, 1, 0, 0, 0);
    check_kinds(MOLECULE_DIOXIDE, 2, 0, 1, 0, 0, 0);
    check_kinds(MOLECULE_ACETYLENE, 3, 0, 2, 0, 0, 1);
}

/* How much a variable of some kind changes at most from one geometry to the other. */
static double largest_change(const struct hm_basis *b, const struct hm_frame *box, enum hm_primitive_kind kind,
                             const double *from, const double *to)
{
    double gradient[4][3], largest = 0;
    for (size_t p = 0; p < b->nprimitive; p++)
        if (b->primitive[p].kind == kind)
            largest = fmax(largest, fabs(hm_primitive_value(&b->primitive[p], box, to, gradient) -
                                         hm_primitive_value(&b->primitive[p], box, from, gradient)));
    return largest;
}

/* The carbon of formaldehyde leaves the plane, and its bonds are as they were: angles and planarity both tell. */
static void a_planar_centre_has_coordinates_out_of_its_plane(void)
{
    struct molecule m;
    double x[12];
    molecule_create(&m, MOLECULE_FORMALDEHYDE, surrogate);
    struct hm_basis *basis = make_basis(&m, HM_BASIS_INTERNAL, 2, 0);
    memcpy(x, m.frame.x, sizeof x);
    x[3] += 0.1; /* the molecule is in the yz plane */
    const double up = largest_change(basis, &m.frame, HM_PRIMITIVE_PLANARITY, m.frame.x, x);
    x[3] -= 0.2;
    const double down = largest_change(basis, &m.frame, HM_PRIMITIVE_PLANARITY, m.frame.x, x);
    CU_ASSERT_TRUE(up > 5e-3);
    HM_ASSERT_NEAR(up, down, 1e-14);
    hm_surrogate_basis_destroy(&basis);
    molecule_destroy(&m);
}

/* Both hydrogens of acetylene bend by the same angle, to one side or to opposite sides: bonds and angles are the same.
 */
static void bends_of_a_line_go_together(void)
{
    struct molecule m;
    double cis[12], trans[12];
    molecule_create(&m, MOLECULE_ACETYLENE, surrogate);
    struct hm_basis *basis = make_basis(&m, HM_BASIS_INTERNAL, 2, 0);
    memcpy(cis, m.frame.x, sizeof cis);
    memcpy(trans, m.frame.x, sizeof trans);
    cis[6] = cis[9] = trans[6] = 0.3;
    trans[9] = -0.3;
    CU_ASSERT_EQUAL(largest_change(basis, &m.frame, HM_PRIMITIVE_COSINE, cis, trans), 0);
    CU_ASSERT_TRUE(largest_change(basis, &m.frame, HM_PRIMITIVE_INVERSE, cis, trans) > 5e-4);
    hm_surrogate_basis_destroy(&basis);
    molecule_destroy(&m);
}

/* ---- what is refused ---- */

static void pieces_are_refused_with_their_number(void)
{
    struct molecule m;
    struct hm_basis *basis = NULL;
    molecule_create(&m, MOLECULE_WATER " H 5 0 0 H 5 0.74 0", "predictor: {type: surrogate, basis: internal}");
    CU_ASSERT_EQUAL(hm_surrogate_basis_create(m.config, &m.frame, HM_BASIS_INTERNAL, 0, 100, &basis), HM_BAD_CONFIG);
    CU_ASSERT_PTR_NULL(basis);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "molecule.yaml:3:30: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "3 bonds hold the 5 atoms together in 2 pieces"));
    HM_ASSERT_OK(hm_surrogate_basis_create(m.config, &m.frame, HM_BASIS_DISTANCES, 2, 0, &basis));
    hm_surrogate_basis_destroy(&basis);
    molecule_destroy(&m);
}

static const struct hm_test tests[] = {
    {"groups are those of chemistry", groups_are_those_of_chemistry},
    {"an isotope cannot be exchanged", an_isotope_cannot_be_exchanged},
    {"too many permutations leave the identity", too_many_permutations_leave_the_identity},
    {"the order of the atoms costs no time", the_order_of_the_atoms_costs_no_time},
    {"terms in distances are as many as Molien says", terms_in_distances_are_as_many_as_molien_says},
    {"torsions of ethanol", torsions_of_ethanol},
    {"levels of water are its degrees", levels_of_water_are_its_degrees},
    {"degree two of methane by hand", degree_two_of_methane_by_hand},
    {"every term is invariant", every_term_is_invariant},
    {"levels are nested and no monomial comes twice", levels_are_nested_and_no_monomial_comes_twice},
    {"coordinates are those of the bonds", coordinates_are_those_of_the_bonds},
    {"a planar centre has coordinates out of its plane", a_planar_centre_has_coordinates_out_of_its_plane},
    {"bends of a line go together", bends_of_a_line_go_together},
    {"pieces are refused with their number", pieces_are_refused_with_their_number},
};
HM_TEST_MAIN("surrogate basis", tests)
