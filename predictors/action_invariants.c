#include "predictors/action_invariants.h"

#include "predictors/action_windows.h"
#include "predictors/surrogate_symmetry.h"

#include "io/connectivity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ALL_UP_TO = 4, MOST_IMAGES = 24, WHOLE_UP_TO = 6, WINDOW = 5, LABELS = 2 };

struct product {
    size_t i, j; // of two inner products r . w
};

struct inner {
    size_t a, b; // of two bonds
};

/* A tree of bonds between sites, and images that say which atom is at each: all atoms, or those of a window. */
struct hm_invariants {
    size_t natom, nsite, nbond;
    size_t (*bond)[2];    // (nbond, 2) of the tree, sites
    double *inverse_mass; // (natom)
    size_t *image_atoms;  // (nimage, nsite)
    size_t nimage;
    size_t nlabel;     // numbers that tell what the atoms of a window are
    double *label;     // (natom, LABELS) mass, bonds
    size_t nsymmetric; // inner products r_a . r_b, and as many w_a . w_b
    struct inner *symmetric;
    size_t nmixed; // inner products r_a . w_b, which are odd
    struct inner *mixed;
    size_t nproduct;
    struct product *product;
    const size_t *image; // that is looked at
    double *r, *w;       // (nbond, 3) of it
    double *dr, *dw;     // (nbond, 3) scratch
    double *odd, *slope; // (nmixed)
    double *moved;       // (natom, 3) scratch
    double total_mass;
};

/* ---- setting up ---- */

static double distance2(const struct hm_frame *frame, size_t i, size_t j)
{
    double d[3];
    hm_minimum_image(frame, &frame->x[3 * i], &frame->x[3 * j], d);
    return d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
}

static bool are_bonded(const size_t (*bonds)[2], size_t nbond, size_t i, size_t j)
{
    for (size_t b = 0; b < nbond; b++)
        if ((bonds[b][0] == i && bonds[b][1] == j) || (bonds[b][0] == j && bonds[b][1] == i)) return true;
    return false;
}

/* Grown from the first of the atoms with the most bonds, each time by the shortest bond to an atom not yet in, or by
 * the shortest distance where no bond leads on. */
static void grow_tree(const struct hm_frame *frame, const size_t (*bonds)[2], size_t nbond, bool *in,
                      struct hm_invariants *v)
{
    const size_t n = frame->natom;
    size_t root = 0, most = 0;
    for (size_t i = 0; i < n; i++) {
        size_t degree = 0;
        for (size_t b = 0; b < nbond; b++) degree += bonds[b][0] == i || bonds[b][1] == i;
        if (degree > most) {
            most = degree;
            root = i;
        }
    }
    in[root] = true;
    while (v->nbond < n - 1) {
        double nearest = INFINITY;
        bool by_bond = false;
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++) {
                if (!in[i] || in[j]) continue;
                const double d = distance2(frame, i, j);
                const bool bonded = are_bonded(bonds, nbond, i, j);
                if ((bonded && !by_bond) || (bonded == by_bond && d < nearest)) {
                    nearest = d;
                    by_bond = bonded;
                    v->bond[v->nbond][0] = i;
                    v->bond[v->nbond][1] = j;
                }
            }
        in[v->bond[v->nbond++][1]] = true;
    }
}

static bool are_near(const struct hm_invariants *v, size_t a, size_t b)
{
    const size_t *s = v->bond[a], *t = v->bond[b];
    return v->natom <= ALL_UP_TO || s[0] == t[0] || s[0] == t[1] || s[1] == t[0] || s[1] == t[1];
}

static bool all_near(const struct hm_invariants *v, struct inner i, struct inner j)
{
    return are_near(v, i.a, j.a) && are_near(v, i.a, j.b) && are_near(v, i.b, j.a) && are_near(v, i.b, j.b);
}

static void list_inner_products(struct hm_invariants *v)
{
    const bool windows = hm_invariants_in_windows(v);
    for (size_t a = 0; a < v->nbond; a++)
        for (size_t b = 0; b < v->nbond; b++) {
            const bool near = are_near(v, a, b);
            if (a <= b && (near || windows)) v->symmetric[v->nsymmetric++] = (struct inner){a, b};
            if (near) v->mixed[v->nmixed++] = (struct inner){a, b};
        }
}

/* Called twice: to count them, and to fill them in. */
static void list_products(struct hm_invariants *v)
{
    v->nproduct = 0;
    for (size_t i = 0; i < v->nmixed; i++)
        for (size_t j = i; j < v->nmixed; j++)
            if (all_near(v, v->mixed[i], v->mixed[j])) {
                if (v->product) v->product[v->nproduct] = (struct product){i, j};
                v->nproduct++;
            }
}

static bool allocate(struct hm_invariants *v)
{
    const size_t n = v->natom, m = n - 1;
    v->bond = calloc(m + 1, sizeof *v->bond);
    v->inverse_mass = calloc(n, sizeof *v->inverse_mass);
    v->symmetric = calloc(m * m + 1, sizeof *v->symmetric);
    v->mixed = calloc(m * m + 1, sizeof *v->mixed);
    v->r = calloc(4 * 3 * m + 2 * m * m + 3 * n, sizeof *v->r);
    if (!v->bond || !v->inverse_mass || !v->symmetric || !v->mixed || !v->r) return false;
    v->w = v->r + 3 * m;
    v->dr = v->w + 3 * m;
    v->dw = v->dr + 3 * m;
    v->odd = v->dw + 3 * m;
    v->slope = v->odd + m * m;
    v->moved = v->slope + m * m;
    return true;
}

/* Bonds from site to site, and what the atoms at them are. */
static enum hm_status take_windows(const struct hm_frame *frame, const size_t (*bonds)[2], size_t nbond,
                                   struct hm_windows *windows, struct hm_invariants *v)
{
    v->image_atoms = windows->atom;
    v->nimage = windows->count;
    v->nsite = windows->sites;
    v->nlabel = LABELS * v->nsite;
    v->label = calloc(LABELS * v->natom, sizeof *v->label);
    if (!v->label) return HM_OUT_OF_MEMORY;
    for (size_t i = 0; i < v->natom; i++) {
        v->label[LABELS * i] = frame->mass[i];
        for (size_t b = 0; b < nbond; b++) v->label[LABELS * i + 1] += bonds[b][0] == i || bonds[b][1] == i;
    }
    for (; v->nbond < v->nsite - 1; v->nbond++) {
        v->bond[v->nbond][0] = v->nbond;
        v->bond[v->nbond][1] = v->nbond + 1;
    }
    return HM_OK;
}

static enum hm_status list_images(const struct hm_frame *frame, enum hm_invariants_reach reach,
                                  const size_t (*bonds)[2], size_t nbond, bool *in, struct hm_invariants *v)
{
    struct hm_windows windows = {0};
    if (reach == HM_INVARIANTS_WINDOWS && v->natom > WHOLE_UP_TO)
        HM_TRY(hm_windows_find(v->natom, bonds, nbond, WINDOW, &windows));
    if (windows.count > 0) return take_windows(frame, bonds, nbond, &windows, v);
    v->nsite = v->natom;
    HM_TRY(hm_symmetry_find(frame, bonds, nbond, MOST_IMAGES, &v->image_atoms, &v->nimage));
    grow_tree(frame, bonds, nbond, in, v);
    return HM_OK;
}

enum hm_status hm_invariants_create(const struct hm_frame *frame, enum hm_invariants_reach reach,
                                    struct hm_invariants **invariants)
{
    const size_t n = frame->natom;
    struct hm_invariants *v = calloc(1, sizeof *v);
    size_t(*bonds)[2] = NULL, nbond = 0;
    bool *in = calloc(n, sizeof *in);
    enum hm_status status = HM_OUT_OF_MEMORY;
    if (!v || !in) goto fail;
    v->natom = n;
    if (!allocate(v)) goto fail;
    for (size_t i = 0; i < n; i++) {
        v->inverse_mass[i] = 1 / frame->mass[i];
        v->total_mass += frame->mass[i];
    }
    HM_TRY_GOTO(status, hm_connectivity_find(frame, &bonds, &nbond), fail);
    HM_TRY_GOTO(status, list_images(frame, reach, (const size_t(*)[2])bonds, nbond, in, v), fail);
    list_inner_products(v);
    list_products(v);
    v->product = calloc(v->nproduct + 1, sizeof *v->product);
    if (!v->product) {
        status = HM_OUT_OF_MEMORY;
        goto fail;
    }
    list_products(v);
    free(bonds);
    free(in);
    *invariants = v;
    return HM_OK;
fail:
    free(bonds);
    free(in);
    hm_invariants_destroy(&v);
    return status == HM_OUT_OF_MEMORY ? hm_fail(status, "no memory for the invariants of %zu atoms", n) : status;
}

void hm_invariants_destroy(struct hm_invariants **invariants)
{
    struct hm_invariants *v = *invariants;
    if (v) {
        free(v->bond);
        free(v->inverse_mass);
        free(v->image_atoms);
        free(v->label);
        free(v->symmetric);
        free(v->mixed);
        free(v->product);
        free(v->r);
        free(v);
    }
    *invariants = NULL;
}

size_t hm_invariants_count(const struct hm_invariants *v)
{
    return 2 * v->nsymmetric + v->nproduct + v->nlabel;
}

bool hm_invariants_in_windows(const struct hm_invariants *v)
{
    return v->nsite < v->natom;
}

size_t hm_invariants_images(const struct hm_invariants *v)
{
    return v->nimage;
}

/* ---- a point ---- */

static double dot(const double *a, const double *b)
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void add(double scale, const double *from, double *to)
{
    for (int c = 0; c < 3; c++) to[c] += scale * from[c];
}

/* The bonds of the image: where the tree says atom i, it has atom image[i]. */
static void along_bonds(const struct hm_invariants *v, const double *q, const double *p, double *r, double *w)
{
    for (size_t a = 0; a < v->nbond; a++) {
        const size_t i = v->image[v->bond[a][0]], j = v->image[v->bond[a][1]];
        for (size_t c = 0; c < 3; c++) {
            r[3 * a + c] = q[3 * j + c] - q[3 * i + c];
            w[3 * a + c] = p[3 * j + c] * v->inverse_mass[j] - p[3 * i + c] * v->inverse_mass[i];
        }
    }
}

void hm_invariants_look(struct hm_invariants *v, size_t image, const double *q, const double *p)
{
    v->image = &v->image_atoms[image * v->nsite];
    along_bonds(v, q, p, v->r, v->w);
    for (size_t k = 0; k < v->nmixed; k++) v->odd[k] = dot(&v->r[3 * v->mixed[k].a], &v->w[3 * v->mixed[k].b]);
}

void hm_invariants_values(const struct hm_invariants *v, double *value)
{
    for (size_t k = 0; k < v->nsymmetric; k++) {
        const struct inner s = v->symmetric[k];
        value[k] = dot(&v->r[3 * s.a], &v->r[3 * s.b]);
        value[v->nsymmetric + k] = dot(&v->w[3 * s.a], &v->w[3 * s.b]);
    }
    value += 2 * v->nsymmetric;
    for (size_t k = 0; k < v->nproduct; k++) value[k] = v->odd[v->product[k].i] * v->odd[v->product[k].j];
    value += v->nproduct;
    for (size_t k = 0; k < v->nlabel; k++) value[k] = v->label[LABELS * v->image[k / LABELS] + k % LABELS];
}

void hm_invariants_along(struct hm_invariants *v, const double *dq, const double *dp, double *rate)
{
    along_bonds(v, dq, dp, v->dr, v->dw);
    for (size_t k = 0; k < v->nsymmetric; k++) {
        const size_t a = 3 * v->symmetric[k].a, b = 3 * v->symmetric[k].b;
        rate[k] = dot(&v->dr[a], &v->r[b]) + dot(&v->r[a], &v->dr[b]);
        rate[v->nsymmetric + k] = dot(&v->dw[a], &v->w[b]) + dot(&v->w[a], &v->dw[b]);
    }
    for (size_t k = 0; k < v->nmixed; k++) {
        const size_t a = 3 * v->mixed[k].a, b = 3 * v->mixed[k].b;
        v->slope[k] = dot(&v->dr[a], &v->w[b]) + dot(&v->r[a], &v->dw[b]);
    }
    rate += 2 * v->nsymmetric;
    for (size_t k = 0; k < v->nproduct; k++) {
        const size_t i = v->product[k].i, j = v->product[k].j;
        rate[k] = v->slope[i] * v->odd[j] + v->odd[i] * v->slope[j];
    }
    memset(rate + v->nproduct, 0, v->nlabel * sizeof *rate);
}

void hm_invariants_gradient(struct hm_invariants *v, const double *weight, double *gradient_q, double *gradient_p)
{
    memset(v->dr, 0, 3 * v->nbond * sizeof *v->dr);
    memset(v->dw, 0, 3 * v->nbond * sizeof *v->dw);
    memset(v->slope, 0, v->nmixed * sizeof *v->slope);
    for (size_t k = 0; k < v->nsymmetric; k++) {
        const size_t a = 3 * v->symmetric[k].a, b = 3 * v->symmetric[k].b;
        add(weight[k], &v->r[b], &v->dr[a]);
        add(weight[k], &v->r[a], &v->dr[b]);
        add(weight[v->nsymmetric + k], &v->w[b], &v->dw[a]);
        add(weight[v->nsymmetric + k], &v->w[a], &v->dw[b]);
    }
    weight += 2 * v->nsymmetric;
    for (size_t k = 0; k < v->nproduct; k++) {
        const size_t i = v->product[k].i, j = v->product[k].j;
        v->slope[i] += weight[k] * v->odd[j];
        v->slope[j] += weight[k] * v->odd[i];
    }
    for (size_t k = 0; k < v->nmixed; k++) {
        const size_t a = 3 * v->mixed[k].a, b = 3 * v->mixed[k].b;
        add(v->slope[k], &v->w[b], &v->dr[a]);
        add(v->slope[k], &v->r[a], &v->dw[b]);
    }
    for (size_t a = 0; a < v->nbond; a++) {
        const size_t i = v->image[v->bond[a][0]], j = v->image[v->bond[a][1]];
        add(-1, &v->dr[3 * a], &gradient_q[3 * i]);
        add(+1, &v->dr[3 * a], &gradient_q[3 * j]);
        add(-v->inverse_mass[i], &v->dw[3 * a], &gradient_p[3 * i]);
        add(+v->inverse_mass[j], &v->dw[3 * a], &gradient_p[3 * j]);
    }
}

/* ---- displacements ---- */

size_t hm_invariants_odd_count(const struct hm_invariants *v)
{
    return v->nmixed;
}

void hm_invariants_odd(const struct hm_invariants *v, double *value)
{
    memcpy(value, v->odd, v->nmixed * sizeof *value);
}

size_t hm_invariants_bonds(const struct hm_invariants *v)
{
    return v->nbond;
}

void hm_invariants_vectors(const struct hm_invariants *v, const double **r, const double **w)
{
    *r = v->r;
    *w = v->w;
}

/* Along the tree as it grew: the first atom of a bond has moved when its second does. */
void hm_invariants_to_atoms(struct hm_invariants *v, const double *bond, double *atom)
{
    double mean[3] = {0, 0, 0};
    memset(&v->moved[3 * v->bond[0][0]], 0, 3 * sizeof *v->moved);
    for (size_t a = 0; a < v->nbond; a++)
        for (size_t c = 0; c < 3; c++)
            v->moved[3 * v->bond[a][1] + c] = v->moved[3 * v->bond[a][0] + c] + bond[3 * a + c];
    for (size_t i = 0; i < v->natom; i++)
        add(1 / (v->inverse_mass[v->image[i]] * v->total_mass), &v->moved[3 * i], mean);
    for (size_t i = 0; i < v->natom; i++)
        for (size_t c = 0; c < 3; c++) atom[3 * v->image[i] + c] += v->moved[3 * i + c] - mean[c];
}

void hm_invariants_to_bonds(struct hm_invariants *v, const double *atom, double *bond)
{
    double sum[3] = {0, 0, 0};
    for (size_t i = 0; i < v->natom; i++) add(1, &atom[3 * i], sum);
    for (size_t i = 0; i < v->natom; i++) {
        const size_t at = v->image[i];
        const double share = 1 / (v->inverse_mass[at] * v->total_mass);
        for (size_t c = 0; c < 3; c++) v->moved[3 * i + c] = atom[3 * at + c] - share * sum[c];
    }
    for (size_t a = v->nbond; a-- > 0;) {
        memcpy(&bond[3 * a], &v->moved[3 * v->bond[a][1]], 3 * sizeof *bond);
        add(1, &bond[3 * a], &v->moved[3 * v->bond[a][0]]);
    }
}
