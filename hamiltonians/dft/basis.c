#include "hamiltonians/dft/basis.h"

#include "hamiltonians/dft/basis_g94.h"
#include "hamiltonians/dft/basis_names.h"

#include "io/elements.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

/* Where a basis comes from. */
struct source {
    const char *name; // as messages call it
    const char *text;
    size_t size;
    char *owned; // a file's text
};

static bool is_auxiliary(const char *key)
{
    return strstr(key, "auxiliary") != NULL;
}

/* ---- finding it ---- */

static enum hm_status unknown(const struct hm_config *config, const char *key, const char *name)
{
    char names[256] = "";
    const bool auxiliary = is_auxiliary(key);
    const char *nearest = hm_basis_nearest(name, auxiliary);
    struct hm_basis_text entry;
    for (size_t i = 0; hm_basis_listed(i, &entry); i++) {
        const size_t used = strlen(names);
        if (entry.auxiliary == auxiliary)
            snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", entry.name);
    }
    return hm_config_fault(config, key, "no %s '%s' comes with the program (%s), and there is no such file%s%s%s",
                           auxiliary ? "auxiliary basis" : "basis set", name, names, nearest ? "; did you mean '" : "",
                           nearest ? nearest : "", nearest ? "'?" : "");
}

static enum hm_status find_source(const struct hm_config *config, const char *key, struct source *source)
{
    const char *name = hm_config_text(config, key);
    struct hm_basis_text entry;
    *source = (struct source){0};
    if (!name) return hm_config_fault(config, key, "dft needs 'basis: ...', one that comes with the program or a file");
    if (is_auxiliary(key) && hm_config_is(config, key, "auto")) name = "def2-universal-jkfit";
    if (hm_basis_find(name, &entry)) {
        if (entry.auxiliary != is_auxiliary(key))
            return hm_config_fault(config, key,
                                   entry.auxiliary ? "%s is an auxiliary basis, to fit densities with"
                                                   : "%s is a basis for orbitals, not for fitting",
                                   entry.name);
        *source = (struct source){.name = entry.name, .text = entry.text, .size = entry.size};
        return HM_OK;
    }
    const char *path = hm_config_path(config, key);
    FILE *file = fopen(path, "r");
    if (!file) return unknown(config, key, name);
    fclose(file);
    errno = 0;
    const enum hm_status status = hm_config_read_file(path, &source->owned, &source->size);
    if (status != HM_OK) {
        free(source->owned);
        if (status == HM_OUT_OF_MEMORY) return status;
        return hm_config_fault(config, key, "cannot read the basis set %s: %s", path,
                               errno ? strerror(errno) : "it is larger than any");
    }
    source->text = source->owned;
    source->name = path;
    return HM_OK;
}

static enum hm_status check_elements(const struct hm_config *config, const char *key, const struct hm_frame *frame,
                                     const struct source *source, const struct hm_basis_library *library)
{
    for (size_t i = 0; i < frame->natom; i++) {
        if (library->present[frame->number[i]]) continue;
        const char *symbol = hm_element_symbol(frame->number[i]);
        return hm_config_fault(config, key, "the basis set %s has nothing for %s (atom %zu)%s", source->name, symbol, i,
                               source->owned ? "" : ": it goes from H to Ar; take one from a file");
    }
    return HM_OK;
}

/* ---- what kind of functions ---- */

static enum hm_status choose_functions(const struct hm_config *config, const char *key, const struct source *source,
                                       const struct hm_basis_library *library, bool *spherical)
{
    static const char functions[] = "hamiltonian.functions";
    *spherical = library->functions != HM_LIBRARY_CARTESIAN;
    if (is_auxiliary(key)) return HM_OK;
    if (!hm_config_is(config, functions, "auto")) {
        *spherical = hm_config_is(config, functions, "spherical");
        return HM_OK;
    }
    if (library->functions != HM_LIBRARY_UNSAID) return HM_OK;
    for (size_t i = 0; i < library->nshell; i++)
        if (library->shell[i].l > 1)
            return hm_config_fault(config, key,
                                   "%s has d functions and does not say of which kind: add 'functions: "
                                   "spherical' (5 d) or 'functions: cartesian' (6 d)",
                                   source->name);
    return HM_OK;
}

/* ---- shells ---- */

/* (2l - 1)!! */
static double odd_factorial(int l)
{
    double product = 1;
    for (int k = 2 * l - 1; k > 1; k -= 2) product *= k;
    return product;
}

/* int x^2l exp(-p r^2) d^3r = (2l - 1)!! / (2p)^l (pi / p)^(3/2) */
static double self_overlap(int l, double p)
{
    return odd_factorial(l) / pow(2 * p, l) * pow(PI / p, 1.5);
}

/* Coefficients of normalised primitives become those of primitives as they stand, of a function with norm 1. */
static bool normalise(int l, size_t n, const double *exponent, const double *given, double *coefficient)
{
    double norm = 0, largest = 0;
    for (size_t p = 0; p < n; p++) {
        coefficient[p] = given[p] / sqrt(self_overlap(l, 2 * exponent[p]));
        for (size_t q = 0; q <= p; q++) {
            const double term = coefficient[p] * coefficient[q] * self_overlap(l, exponent[p] + exponent[q]);
            norm += p == q ? term : 2 * term;
            largest = fmax(largest, fabs(term));
        }
    }
    if (!isfinite(norm) || !(norm > 1e-10 * largest)) return false;
    bool finite = true;
    for (size_t p = 0; p < n; p++) {
        coefficient[p] /= sqrt(norm);
        finite = finite && isfinite(coefficient[p]);
    }
    return finite;
}

static enum hm_status normalise_all(const struct source *source, struct hm_basis_library *library)
{
    double coefficient[HM_LIBRARY_MAX_PRIMITIVES];
    for (size_t s = 0; s < library->nshell; s++) {
        const struct hm_library_shell *shell = &library->shell[s];
        double *value = library->value + shell->coefficient;
        bool done = s > 0 && library->shell[s - 1].coefficient == shell->coefficient;
        for (size_t t = 0; t < s && !done; t++) done = library->shell[t].coefficient == shell->coefficient;
        if (done) continue; // of another element of the same block
        if (!normalise(shell->l, shell->nprimitive, library->value + shell->exponent, value, coefficient))
            return hm_fail(HM_BAD_CONFIG,
                           "%s:%zu: this shell cannot be normalised: its primitives cancel, or its numbers "
                           "are out of all range",
                           source->name, shell->line);
        memcpy(value, coefficient, shell->nprimitive * sizeof *value);
    }
    return HM_OK;
}

static void add_shell(struct hm_basis *basis, int l, bool spherical, size_t atom, size_t n, const double *exponent,
                      const double *coefficient)
{
    const bool pure = spherical && l > 1;
    const size_t count = pure ? (size_t)(2 * l + 1) : hm_cartesian_count(l);
    basis->shell[basis->nshell++] = (struct hm_shell){
        .l = l,
        .spherical = pure,
        .atom = atom,
        .first = basis->nfunction,
        .count = count,
        .nprimitive = n,
        .exponent = exponent,
        .coefficient = coefficient,
    };
    basis->nfunction += count;
    if (l > basis->max_l) basis->max_l = l;
}

/* Takes the library's values over. */
static enum hm_status make_shells(const struct hm_frame *frame, bool spherical, struct hm_basis_library *library,
                                  struct hm_basis *basis)
{
    size_t room = 0;
    for (size_t i = 0; i < frame->natom; i++)
        for (size_t s = 0; s < library->nshell; s++) room += library->shell[s].number == frame->number[i];
    basis->shell = calloc(room ? room : 1, sizeof *basis->shell);
    if (!basis->shell) return hm_fail(HM_OUT_OF_MEMORY, "no memory for a basis of %zu shells", room);
    basis->storage = library->value;
    library->value = NULL;
    for (size_t i = 0; i < frame->natom; i++)
        for (size_t s = 0; s < library->nshell; s++) {
            const struct hm_library_shell *shell = &library->shell[s];
            if (shell->number != frame->number[i]) continue;
            add_shell(basis, shell->l, spherical, i, shell->nprimitive, basis->storage + shell->exponent,
                      basis->storage + shell->coefficient);
        }
    return HM_OK;
}

enum hm_status hm_basis_create(const struct hm_config *config, const char *key, const struct hm_frame *frame,
                               struct hm_basis *basis)
{
    struct source source;
    struct hm_basis_library library = {0};
    bool wanted[HM_LIBRARY_ELEMENTS] = {false}, spherical;
    *basis = (struct hm_basis){.natom = frame->natom, .max_l = -1};
    enum hm_status status = HM_OK;
    HM_TRY(find_source(config, key, &source));
    for (size_t i = 0; i < frame->natom; i++) wanted[frame->number[i]] = true;
    HM_TRY_GOTO(status,
                hm_basis_g94_read(source.text, source.size, source.name,
                                  is_auxiliary(key) ? HM_AUXILIARY_MAX_L : HM_BASIS_MAX_L, wanted, &library),
                done);
    HM_TRY_GOTO(status, check_elements(config, key, frame, &source, &library), done);
    HM_TRY_GOTO(status, choose_functions(config, key, &source, &library, &spherical), done);
    HM_TRY_GOTO(status, normalise_all(&source, &library), done);
    HM_TRY_GOTO(status, make_shells(frame, spherical, &library, basis), done);
done:
    free(source.owned);
    hm_basis_library_release(&library);
    if (status != HM_OK) hm_basis_destroy(basis);
    return status;
}

void hm_basis_destroy(struct hm_basis *basis)
{
    free(basis->shell);
    free(basis->storage);
    *basis = (struct hm_basis){.max_l = -1};
}
