#include "predictors/surrogate_basis.h"

#include "predictors/surrogate_primitives.h"

#include <stdlib.h>
#include <string.h>

enum { FEW_VARIABLES = 6, MOST_FACTORS = 8 };

/* Monomials of one degree in so many different variables (0: any number), in the order in which they come. */
struct block {
    unsigned degree;
    size_t different;
    bool ends_level;
};

static const struct block few[] = {{1, 0, false}, {2, 0, true}, {3, 0, true}, {4, 0, true},
                                   {5, 0, true},  {6, 0, true}, {7, 0, true}, {8, 0, true}};
static const struct block many[] = {{1, 1, false}, {2, 1, false}, {2, 2, true}, {3, 1, false},
                                    {4, 1, true},  {5, 1, false}, {6, 1, true}, {7, 1, false},
                                    {8, 1, true},  {3, 2, true},  {4, 2, true}, {3, 3, true}};
/* Beside torsions high powers say little; what three coordinates have in common is worth its terms. */
static const struct block turning[] = {{1, 1, false}, {2, 1, false}, {2, 2, true}, {3, 1, false},
                                       {4, 1, true},  {3, 2, true},  {3, 3, true}};
enum {
    NFEW = sizeof few / sizeof *few,
    NMANY = sizeof many / sizeof *many,
    NTURNING = sizeof turning / sizeof *turning
};

/* The blocks of a basis, in the order in which they come. */
struct blocks {
    const struct block *of;
    size_t count;
};

/* A monomial while it is made: factors with variables in rising order. */
struct draft {
    size_t count;
    struct hm_factor factor[MOST_FACTORS];
};

/* What is fixed while the monomials of one degree are made. */
struct making {
    struct hm_basis *basis;
    const struct hm_primitive **owner; // (nvariable)
    unsigned char *is_sine;            // (nvariable)
    unsigned char *coupled;            // (nvariable, nvariable) primitives that share an atom
    unsigned degree;
    size_t different; // 0: any number
};

/* ---- which monomials ---- */

static bool may_join(const struct making *m, const struct draft *d, size_t variable)
{
    if (d->count == (m->different ? m->different : FEW_VARIABLES)) return false;
    if (d->count > 0 && (m->owner[variable]->alone || m->owner[d->factor[0].variable]->alone)) return false;
    if (m->different == 0 || m->degree <= 2) return true;
    for (size_t f = 0; f < d->count; f++)
        if (!m->coupled[d->factor[f].variable * m->basis->nvariable + variable]) return false;
    return true;
}

static bool is_even(const struct making *m, const struct draft *d)
{
    size_t sines = 0;
    for (size_t f = 0; f < d->count; f++) sines += m->is_sine[d->factor[f].variable];
    return sines % 2 == 0;
}

/* ---- images ---- */

static int compare_factors(const void *left, const void *right)
{
    const struct hm_factor *a = left, *b = right;
    return (a->variable > b->variable) - (a->variable < b->variable);
}

static int compare_drafts(const struct draft *a, const struct draft *b)
{
    for (size_t f = 0; f < a->count; f++) {
        const int order = compare_factors(&a->factor[f], &b->factor[f]);
        if (order != 0) return order;
        if (a->factor[f].power != b->factor[f].power) return a->factor[f].power > b->factor[f].power ? -1 : 1;
    }
    return 0;
}

static struct draft image_of(const struct hm_basis *b, const struct draft *d, size_t exchange)
{
    struct draft image = *d;
    for (size_t f = 0; f < d->count; f++)
        image.factor[f].variable = (uint16_t)b->exchange[exchange * b->nvariable + d->factor[f].variable];
    qsort(image.factor, image.count, sizeof *image.factor, compare_factors);
    return image;
}

static enum hm_status keep(struct hm_basis *b, const struct draft *d, unsigned degree)
{
    if (b->nmonomial == b->monomial_capacity) {
        b->monomial_capacity = b->monomial_capacity ? 2 * b->monomial_capacity : 256;
        struct hm_monomial *grown = realloc(b->monomial, b->monomial_capacity * sizeof *grown);
        if (!grown) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu monomials", b->monomial_capacity);
        b->monomial = grown;
    }
    if (b->nfactor + d->count > b->factor_capacity) {
        b->factor_capacity = 2 * b->factor_capacity + 1024;
        struct hm_factor *grown = realloc(b->factor, b->factor_capacity * sizeof *grown);
        if (!grown) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu monomials", b->monomial_capacity);
        b->factor = grown;
    }
    b->monomial[b->nmonomial++] =
        (struct hm_monomial){(uint32_t)b->nfactor, (uint16_t)d->count, (uint16_t)degree, (uint32_t)b->nterm};
    memcpy(&b->factor[b->nfactor], d->factor, d->count * sizeof *d->factor);
    b->nfactor += d->count;
    return HM_OK;
}

/* The first of its images makes the term of all of them. */
static enum hm_status make_term(const struct making *m, const struct draft *d)
{
    struct hm_basis *b = m->basis;
    const size_t first = b->nmonomial;
    for (size_t e = 0; e < b->nexchange; e++) {
        const struct draft image = image_of(b, d, e);
        if (compare_drafts(&image, d) < 0) return HM_OK; /* its turn was before */
    }
    for (size_t e = 0; e < b->nexchange; e++) {
        const struct draft image = image_of(b, d, e);
        bool known = false;
        for (size_t k = first; k < b->nmonomial && !known; k++) {
            struct draft other = {.count = b->monomial[k].count};
            memcpy(other.factor, &b->factor[b->monomial[k].first], other.count * sizeof *other.factor);
            known = compare_drafts(&image, &other) == 0;
        }
        if (!known) HM_TRY(keep(b, &image, m->degree));
    }
    b->nterm++;
    return HM_OK;
}

/* All monomials that begin with the draft and have `left` degrees more, in variables from `from` on. */
static enum hm_status extend(const struct making *m, struct draft *d, size_t from, unsigned left)
{
    if (left == 0) {
        const bool wanted = m->different == 0 || d->count == m->different;
        return wanted && is_even(m, d) ? make_term(m, d) : HM_OK;
    }
    for (size_t v = from; v < m->basis->nvariable; v++) {
        if (!may_join(m, d, v)) continue;
        /* sin^2 = 1 - cos^2 is there already */
        const unsigned most = m->is_sine[v] ? 1 : left;
        for (unsigned power = most; power >= 1; power--) {
            d->factor[d->count++] = (struct hm_factor){(uint16_t)v, (uint8_t)power};
            HM_TRY(extend(m, d, v + 1, left - power));
            d->count--;
        }
    }
    return HM_OK;
}

/* ---- levels ---- */

static bool share_an_atom(const struct hm_primitive *p, const struct hm_primitive *q)
{
    for (size_t a = 0; a < p->natom; a++)
        for (size_t b = 0; b < q->natom; b++)
            if (p->atoms[a] == q->atoms[b]) return true;
    return false;
}

static enum hm_status prepare(struct hm_basis *b, struct making *m)
{
    const size_t n = b->nvariable;
    *m = (struct making){.basis = b};
    m->owner = calloc(n, sizeof *m->owner);
    m->is_sine = calloc(n, sizeof *m->is_sine);
    m->coupled = calloc(n * n, sizeof *m->coupled);
    if (!m->owner || !m->is_sine || !m->coupled) return hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu coordinates", n);
    for (size_t p = 0; p < b->nprimitive; p++)
        for (size_t v = 0; v < hm_primitive_variables(&b->primitive[p]); v++) {
            m->owner[b->primitive[p].variable + v] = &b->primitive[p];
            m->is_sine[b->primitive[p].variable + v] = v == 1;
        }
    for (size_t v = 0; v < n; v++)
        for (size_t w = 0; w < n; w++) m->coupled[v * n + w] = share_an_atom(m->owner[v], m->owner[w]);
    return HM_OK;
}

static void close_level(struct hm_basis *b)
{
    b->level_degree[b->nlevel] = b->highest;
    b->level_terms[b->nlevel] = b->nterm;
    b->level_monomials[b->nlevel++] = b->nmonomial;
}

static enum hm_status make_block(struct making *m, unsigned degree, size_t different)
{
    struct draft draft = {0};
    m->degree = degree;
    m->different = different;
    if (degree > m->basis->highest) m->basis->highest = degree;
    return extend(m, &draft, 0, degree);
}

static struct blocks choose_blocks(const struct hm_basis *b, enum hm_basis_kind kind)
{
    if (b->nvariable <= FEW_VARIABLES) return (struct blocks){few, NFEW};
    return kind == HM_BASIS_TORSIONS ? (struct blocks){turning, NTURNING} : (struct blocks){many, NMANY};
}

/* Blocks as long as their terms are not too many; the first level is there in any case. */
static enum hm_status make_levels(struct making *m, enum hm_basis_kind kind, size_t most_terms)
{
    struct hm_basis *b = m->basis;
    const struct blocks blocks = choose_blocks(b, kind);
    for (size_t k = 0; k < blocks.count; k++) {
        const size_t terms = b->nterm, monomials = b->nmonomial, factors = b->nfactor;
        const unsigned highest = b->highest;
        HM_TRY(make_block(m, blocks.of[k].degree, blocks.of[k].different));
        if (b->nlevel > 0 && b->nterm > most_terms) {
            b->nterm = terms;
            b->nmonomial = monomials;
            b->nfactor = factors;
            b->highest = highest;
            break;
        }
        if (blocks.of[k].ends_level) close_level(b);
    }
    /* A block that did not end a level before the terms were too many is not part of any. */
    b->nterm = b->level_terms[b->nlevel - 1];
    b->nmonomial = b->level_monomials[b->nlevel - 1];
    return HM_OK;
}

static enum hm_status make_fixed(struct making *m, unsigned degree)
{
    struct hm_basis *b = m->basis;
    if (b->nvariable <= FEW_VARIABLES)
        for (unsigned d = 1; d <= degree; d++) HM_TRY(make_block(m, d, 0));
    else {
        for (size_t k = 0; k < NMANY; k++)
            if (many[k].degree <= degree) HM_TRY(make_block(m, many[k].degree, many[k].different));
        for (unsigned d = 9; d <= degree; d++) HM_TRY(make_block(m, d, 1));
    }
    close_level(b);
    return HM_OK;
}

static bool allocate_levels(struct hm_basis *b)
{
    const size_t most = NFEW + NMANY;
    b->level_terms = calloc(most, sizeof *b->level_terms);
    b->level_monomials = calloc(most, sizeof *b->level_monomials);
    b->level_degree = calloc(most, sizeof *b->level_degree);
    return b->level_terms && b->level_monomials && b->level_degree;
}

enum hm_status hm_surrogate_basis_create(const struct hm_config *config, const struct hm_frame *frame,
                                         enum hm_basis_kind kind, unsigned degree, size_t most_terms,
                                         struct hm_basis **basis)
{
    struct making making = {0};
    *basis = calloc(1, sizeof **basis);
    if (!*basis) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the surrogate");
    enum hm_status status = hm_primitives_find(config, frame, kind, *basis);
    if (status == HM_OK) status = prepare(*basis, &making);
    if (status == HM_OK && !allocate_levels(*basis)) status = hm_fail(HM_OUT_OF_MEMORY, "no memory for the levels");
    if (status == HM_OK) status = degree ? make_fixed(&making, degree) : make_levels(&making, kind, most_terms);
    free(making.owner);
    free(making.is_sine);
    free(making.coupled);
    if (status != HM_OK) hm_surrogate_basis_destroy(basis);
    return status;
}

void hm_surrogate_basis_destroy(struct hm_basis **basis)
{
    struct hm_basis *b = *basis;
    if (b) {
        free(b->primitive);
        free(b->factor);
        free(b->monomial);
        free(b->level_terms);
        free(b->level_monomials);
        free(b->level_degree);
        free(b->exchange);
        free(b);
    }
    *basis = NULL;
}
