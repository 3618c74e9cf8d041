#include "hamiltonians/dft/functional.h"

#include "hamiltonians/dft/point_kernels.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xc.h>

enum { MAX_PARTS = 4, NAME_BYTES = 64, SHORT_NAMES = 5 };

static const struct {
    const char *name, *parts;
} short_names[SHORT_NAMES] = {
    {"pbe", "gga_x_pbe+gga_c_pbe"},  {"blyp", "gga_x_b88+gga_c_lyp"}, {"b3lyp", "hyb_gga_xc_b3lyp"},
    {"svwn", "lda_x+lda_c_vwn_rpa"}, {"pbe0", "hyb_gga_xc_pbeh"},
};

static const char key[] = "hamiltonian.functional";
static const char offer[] =
    "pbe, blyp, b3lyp, svwn, pbe0, or names of libxc joined by + (gga_x_pbe+gga_c_pbe) of local "
    "functionals, of those with density gradients, and of global hybrids";

struct hm_functional {
    int nspin;
    size_t count;
    xc_func_type part[MAX_PARTS];
    bool gradient;
    double exchange;
    const struct hm_point_kernels *pbe; // of a closed shell, in place of libxc; or NULL
    double *e, *vn, *vsigma;            // of one part
    double *storage;
};

/* ---- names ---- */

/* The index-th part of "A + b" in small letters without blanks; false behind the last. */
static bool read_part(const char *text, size_t index, char name[NAME_BYTES])
{
    size_t length = 0;
    for (; index > 0 && text; index--) text = (text = strchr(text, '+')) ? text + 1 : NULL;
    if (!text) return false;
    for (; *text && *text != '+'; text++)
        if (!isspace((unsigned char)*text) && length + 1 < NAME_BYTES)
            name[length++] = (char)tolower((unsigned char)*text);
    name[length] = '\0';
    return true;
}

static enum hm_status fault_unknown(const struct hm_config *config, const char *name)
{
    const size_t count = (size_t)xc_number_of_functionals(), width = (size_t)xc_maximum_name_length() + 1;
    const char **names = calloc(count + SHORT_NAMES, sizeof *names);
    char **own = calloc(count, sizeof *own), *storage = calloc(count, width);
    const char *nearest = NULL;
    if (names && own && storage) {
        for (size_t i = 0; i < count; i++) own[i] = storage + i * width;
        xc_available_functional_names(own);
        for (size_t i = 0; i < count; i++) names[SHORT_NAMES + i] = own[i];
        for (size_t i = 0; i < SHORT_NAMES; i++) names[i] = short_names[i].name;
        nearest = hm_config_nearest_name(name, names, count + SHORT_NAMES);
    }
    const enum hm_status status =
        hm_config_fault(config, key, "%s: there is no functional '%s'%s%s%s; offered are %s", key, name,
                        nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "", offer);
    free(names);
    free(own);
    free(storage);
    return status;
}

static const char *why_not(const xc_func_type *part)
{
    const xc_func_info_type *info = part->info;
    const int separated = XC_FLAGS_HYB_CAM | XC_FLAGS_HYB_CAMY | XC_FLAGS_HYB_LC | XC_FLAGS_HYB_LCY;
    switch (info->family) {
    case XC_FAMILY_LDA:
    case XC_FAMILY_GGA:
    case XC_FAMILY_HYB_LDA:
    case XC_FAMILY_HYB_GGA:
        break;
    case XC_FAMILY_MGGA:
    case XC_FAMILY_HYB_MGGA:
        return "is a meta-GGA";
    default:
        return "is of an unknown kind";
    }
    if (info->flags & separated) return "is range-separated";
    if (info->flags & XC_FLAGS_VV10) return "has non-local correlation (VV10)";
    if (info->kind == XC_KINETIC) return "is one of kinetic energy";
    if (!(info->flags & XC_FLAGS_3D)) return "is not one of three dimensions";
    if (!(info->flags & XC_FLAGS_HAVE_EXC) || !(info->flags & XC_FLAGS_HAVE_VXC))
        return "has no energy or no potential";
    return NULL;
}

static enum hm_status add_part(const struct hm_config *config, const char *name, struct hm_functional *functional)
{
    if (functional->count == MAX_PARTS)
        return hm_config_fault(config, key, "%s: at most %d functionals can be added up", key, MAX_PARTS);
    const int number = xc_functional_get_number(name);
    xc_func_type *part = &functional->part[functional->count];
    if (number <= 0) return fault_unknown(config, name);
    if (xc_func_init(part, number, functional->nspin == 1 ? XC_UNPOLARIZED : XC_POLARIZED) != 0)
        return hm_config_fault(config, key, "%s: libxc cannot set up '%s'; offered are %s", key, name, offer);
    functional->count++;
    const char *reason = why_not(part);
    if (reason)
        return hm_config_fault(config, key, "%s: '%s' %s, which is not offered; offered are %s", key, name, reason,
                               offer);
    xc_func_set_dens_threshold(part, HM_FUNCTIONAL_LEAST_DENSITY);
    const bool local = part->info->family == XC_FAMILY_LDA || part->info->family == XC_FAMILY_HYB_LDA;
    const bool hybrid = part->info->family == XC_FAMILY_HYB_LDA || part->info->family == XC_FAMILY_HYB_GGA;
    functional->gradient |= !local;
    if (hybrid) functional->exchange += xc_hyb_exx_coef(part);
    return HM_OK;
}

/* A name of libxc, or a short one for several. */
static enum hm_status add_named(const struct hm_config *config, const char *name, struct hm_functional *functional)
{
    char part[NAME_BYTES];
    for (size_t i = 0; i < SHORT_NAMES; i++) {
        if (strcmp(name, short_names[i].name) != 0) continue;
        for (size_t k = 0; read_part(short_names[i].parts, k, part); k++) HM_TRY(add_part(config, part, functional));
        return HM_OK;
    }
    return add_part(config, name, functional);
}

static bool is_pbe(const struct hm_functional *functional)
{
    const xc_func_type *part = functional->part;
    return functional->count == 2 && part[0].info->number + part[1].info->number == XC_GGA_X_PBE + XC_GGA_C_PBE &&
           abs(part[0].info->number - part[1].info->number) == XC_GGA_C_PBE - XC_GGA_X_PBE;
}

enum hm_status hm_functional_create(const struct hm_config *config, int nspin, struct hm_functional **functional)
{
    const char *text = hm_config_text(config, key);
    char name[NAME_BYTES];
    if (!text) return hm_config_fault(config, key, "%s is missing: which functional? Offered are %s", key, offer);
    struct hm_functional *f = *functional = calloc(1, sizeof *f);
    if (!f) return hm_fail(HM_OUT_OF_MEMORY, "no memory for a functional");
    enum hm_status status = HM_OK;
    f->nspin = nspin;
    const size_t doubles = 6 * HM_FUNCTIONAL_MAX_POINTS;
    f->storage = malloc(doubles * sizeof *f->storage);
    if (!f->storage) HM_TRY_GOTO(status, hm_fail(HM_OUT_OF_MEMORY, "no memory for a functional"), failed);
    f->e = f->storage;
    f->vn = f->e + HM_FUNCTIONAL_MAX_POINTS;
    f->vsigma = f->vn + 2 * HM_FUNCTIONAL_MAX_POINTS;
    for (size_t i = 0; read_part(text, i, name); i++) HM_TRY_GOTO(status, add_named(config, name, f), failed);
    f->pbe = nspin == 1 && is_pbe(f) ? hm_point_kernels_available(0) : NULL;
    return HM_OK;
failed:
    hm_functional_destroy(functional);
    return status;
}

void hm_functional_destroy(struct hm_functional **functional)
{
    struct hm_functional *f = *functional;
    if (f) {
        for (size_t i = 0; i < f->count; i++) xc_func_end(&f->part[i]);
        free(f->storage);
        free(f);
    }
    *functional = NULL;
}

bool hm_functional_has_gradient(const struct hm_functional *functional)
{
    return functional->gradient;
}

double hm_functional_exchange_fraction(const struct hm_functional *functional)
{
    return functional->exchange;
}

/* ---- values ---- */

static void add(size_t count, const double *from, double *to)
{
    for (size_t i = 0; i < count; i++) to[i] += from[i];
}

/* What rounding may have left of a density that is not there; sigma_ud within what two gradients can have. */
static void clamp(const struct hm_functional *f, size_t points, double *n, double *sigma)
{
    const size_t nspin = (size_t)f->nspin;
    for (size_t i = 0; i < nspin * points; i++)
        if (!(n[i] > 0.0)) n[i] = 0.0;
    if (!f->gradient) return;
    if (nspin == 1) {
        for (size_t p = 0; p < points; p++)
            if (!(sigma[p] > 0.0)) sigma[p] = 0.0;
        return;
    }
    for (size_t p = 0; p < points; p++) {
        double *s = sigma + 3 * p;
        s[0] = s[0] > 0.0 ? s[0] : 0.0;
        s[2] = s[2] > 0.0 ? s[2] : 0.0;
        const double most = sqrt(s[0] * s[2]);
        s[1] = s[1] > most ? most : s[1] < -most ? -most : s[1];
    }
}

/* libxc gives energies per electron. Nothing where there is no density. */
static void per_volume(const struct hm_functional *f, size_t points, const double *n, double *e)
{
    for (size_t p = 0; p < points; p++) {
        const double total = f->nspin == 1 ? n[p] : n[2 * p] + n[2 * p + 1];
        e[p] = total < HM_FUNCTIONAL_LEAST_DENSITY ? NAN : e[p] * total;
    }
}

/* Zero where anything is not a number. */
static void scrub(const struct hm_functional *f, size_t points, double *e, double *vn, double *vsigma)
{
    const size_t nspin = (size_t)f->nspin, nsigma = nspin == 1 ? 1 : 3;
    for (size_t p = 0; p < points; p++) {
        bool good = isfinite(e[p]);
        for (size_t s = 0; s < nspin; s++) good = good && isfinite(vn[nspin * p + s]);
        for (size_t s = 0; s < nsigma && f->gradient; s++) good = good && isfinite(vsigma[nsigma * p + s]);
        if (good) continue;
        e[p] = 0.0;
        for (size_t s = 0; s < nspin; s++) vn[nspin * p + s] = 0.0;
        for (size_t s = 0; s < nsigma && f->gradient; s++) vsigma[nsigma * p + s] = 0.0;
    }
}

void hm_functional_evaluate(struct hm_functional *functional, size_t points, double *n, double *sigma, double *e,
                            double *vn, double *vsigma)
{
    struct hm_functional *f = functional;
    const size_t nspin = (size_t)f->nspin, nsigma = nspin == 1 ? 1 : 3;
    if (f->pbe) {
        f->pbe->pbe(points, HM_FUNCTIONAL_LEAST_DENSITY, n, sigma, e, vn, vsigma);
        scrub(f, points, e, vn, vsigma);
        return;
    }
    clamp(f, points, n, sigma);
    memset(e, 0, points * sizeof *e);
    memset(vn, 0, nspin * points * sizeof *vn);
    if (f->gradient) memset(vsigma, 0, nsigma * points * sizeof *vsigma);
    for (size_t i = 0; i < f->count; i++) {
        const int family = f->part[i].info->family;
        if (family == XC_FAMILY_LDA || family == XC_FAMILY_HYB_LDA) {
            xc_lda_exc_vxc(&f->part[i], points, n, f->e, f->vn);
        } else {
            xc_gga_exc_vxc(&f->part[i], points, n, sigma, f->e, f->vn, f->vsigma);
            add(nsigma * points, f->vsigma, vsigma);
        }
        add(points, f->e, e);
        add(nspin * points, f->vn, vn);
    }
    per_volume(f, points, n, e);
    scrub(f, points, e, vn, vsigma);
}
