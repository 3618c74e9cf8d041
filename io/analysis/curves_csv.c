#include "io/analysis/curves_csv.h"

#include "io/analysis/analysis_internal.h"
#include "io/analysis/structure.h"
#include "io/analysis/transport.h"
#include "io/elements.h"
#include "io/units.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES = 4096 };

static enum hm_status open_file(const char *folder, const char *name, FILE **file)
{
    char path[PATH_BYTES];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return hm_fail(HM_BAD_OUTPUT, "%s: the name is too long", folder);
    *file = fopen(path, "w");
    return *file ? HM_OK : hm_fail(HM_BAD_OUTPUT, "cannot write %s: %s", path, strerror(errno));
}

static enum hm_status close_file(const char *folder, const char *name, FILE *file)
{
    const bool bad = ferror(file) != 0;
    if (fclose(file) == 0 && !bad) return HM_OK;
    return hm_fail(HM_IO_ERROR, "cannot write %s/%s: %s", folder, name, strerror(errno));
}

static void number(FILE *f, double value)
{
    if (isfinite(value))
        fprintf(f, ",%.15g", value);
    else
        fputc(',', f);
}

static const char *species(int z, const char *none)
{
    return z > 0 ? hm_element_symbol(z) : none;
}

/* ---- correlations ---- */

/* count rows of total and groups, at multiples of spacing. */
static enum hm_status write_groups(const char *folder, const char *name, const char *axis, const struct hm_curves *c,
                                   const double *total, const double *groups, size_t row, size_t count, double spacing)
{
    FILE *f;
    HM_TRY(open_file(folder, name, &f));
    fprintf(f, "%s,total", axis);
    for (size_t g = 0; g < c->ngroup; g++) fprintf(f, ",%s", species(c->number[g], "bonds"));
    for (size_t k = 0; k < count; k++) {
        fprintf(f, "\n%.15g", (double)k * spacing);
        number(f, total[k]);
        for (size_t g = 0; g < c->ngroup; g++) number(f, groups[g * row + k]);
    }
    fputc('\n', f);
    return close_file(folder, name, f);
}

static enum hm_status write_correlations(const struct hm_run *run, const char *folder)
{
    struct hm_curves c;
    HM_TRY(hm_curves_read(run, &c));
    enum hm_status status = HM_OK;
    if (c.valid > 0) {
        status = write_groups(folder, "vacf.csv", "time_fs", &c, c.total_vacf, c.vacf, c.lags, c.valid, c.dt_fs);
        if (status == HM_OK)
            status = write_groups(folder, "spectrum.csv", "wavenumber_cm1", &c, c.total_spectrum, c.spectrum,
                                  c.lags + 1, c.lags + 1, c.spacing_cm);
    }
    hm_curves_release(&c);
    return status;
}

/* ---- structure ---- */

static enum hm_status write_rdf(const struct hm_run *run, const char *folder)
{
    struct hm_rdf rdf;
    FILE *f = NULL;
    HM_TRY(hm_rdf_compute(run, NULL, &rdf));
    enum hm_status status = rdf.frames > 0 ? open_file(folder, "rdf.csv", &f) : HM_OK;
    if (f) {
        fputs("distance_angstrom", f);
        for (size_t p = 0; p < rdf.npair; p++) {
            const char *a = hm_element_symbol(rdf.species[p][0]), *b = hm_element_symbol(rdf.species[p][1]);
            fprintf(f, ",%s_%s-%s,neighbours_%s-%s", rdf.normalised ? "g" : "probability_per_angstrom", a, b, a, b);
        }
        for (size_t k = 0; k < rdf.bins; k++) {
            fprintf(f, "\n%.15g", ((double)k + 0.5) * rdf.width_angstrom);
            for (size_t p = 0; p < rdf.npair; p++) {
                number(f, rdf.g[p * rdf.bins + k]);
                number(f, rdf.neighbours[p * rdf.bins + k]);
            }
        }
        fputc('\n', f);
        status = close_file(folder, "rdf.csv", f);
    }
    hm_rdf_release(&rdf);
    return status;
}

static enum hm_status write_internals(const struct hm_run *run, const char *folder)
{
    struct hm_distributions d;
    FILE *f = NULL;
    HM_TRY(hm_distributions_compute(run, &d));
    enum hm_status status = d.count > 0 ? open_file(folder, "internals.csv", &f) : HM_OK;
    if (f) {
        fputs("name,middle_of_cell,density,unit,mean,standard_deviation\n", f);
        for (size_t i = 0; i < d.count; i++)
            for (size_t k = 0; k < d.item[i].bins; k++)
                fprintf(f, "%s,%.15g,%.15g,%s,%.15g,%.15g\n", d.item[i].name,
                        d.item[i].first + ((double)k + 0.5) * d.item[i].width, d.item[i].density[k],
                        d.item[i].natom == 2 ? "Angstrom" : "degree", d.item[i].mean, d.item[i].std);
        status = close_file(folder, "internals.csv", f);
    }
    hm_distributions_release(&d);
    return status;
}

/* ---- transport ---- */

static enum hm_status write_diffusion(const struct hm_msd *msd, const char *folder)
{
    FILE *f;
    HM_TRY(open_file(folder, "diffusion.csv", &f));
    fputs("group,diffusion_angstrom2_per_ps,standard_error,fit_from_ps,fit_to_ps", f);
    for (size_t g = 0; g < msd->ngroup; g++) {
        fprintf(f, "\n%s", species(msd->number[g], "all"));
        number(f, msd->diffusion[g]);
        number(f, msd->diffusion_error[g]);
        number(f, msd->fit_from_ps);
        number(f, msd->fit_to_ps);
    }
    fputc('\n', f);
    return close_file(folder, "diffusion.csv", f);
}

static enum hm_status write_msd(const struct hm_run *run, const char *folder)
{
    struct hm_msd msd;
    FILE *f = NULL;
    HM_TRY(hm_msd_compute(run, &msd));
    enum hm_status status = msd.lags > 0 ? open_file(folder, "msd.csv", &f) : HM_OK;
    if (f) {
        fputs("time_ps", f);
        for (size_t g = 0; g < msd.ngroup; g++) fprintf(f, ",%s_angstrom2", species(msd.number[g], "all"));
        for (size_t k = 0; k < msd.lags; k++) {
            fprintf(f, "\n%.15g", (double)k * msd.dt_ps);
            for (size_t g = 0; g < msd.ngroup; g++) number(f, msd.msd_angstrom2[g * msd.lags + k]);
        }
        fputc('\n', f);
        status = close_file(folder, "msd.csv", f);
        if (status == HM_OK) status = write_diffusion(&msd, folder);
    }
    hm_msd_release(&msd);
    return status;
}

/* ---- study ---- */

static enum hm_status write_study(const struct hm_study_curves *s, const char *folder)
{
    FILE *f;
    if (s->points == 0) return HM_OK;
    HM_TRY(open_file(folder, "study.csv", &f));
    fputs("unforced_steps,branches", f);
    for (int b = 0; b <= s->has_baseline; b++)
        for (int k = 0; k < HM_DIVERGENCE_COUNT; k++) {
            const char *name = hm_divergence_name((enum hm_divergence)k), *of = b ? "baseline" : "predicted";
            fprintf(f, ",%s_%s,%s_%s_low,%s_%s_high", of, name, of, name, of, name);
        }
    for (size_t p = 0; p < s->points; p++) {
        fprintf(f, "\n%lld,%zu", (long long)s->unforced[p], s->alive[p]);
        for (int b = 0; b <= s->has_baseline; b++)
            for (int k = 0; k < HM_DIVERGENCE_COUNT; k++) {
                const struct hm_divergence_curve *curve = b ? &s->baseline[k] : &s->predicted[k];
                number(f, curve->rms[p]);
                number(f, curve->low[p]);
                number(f, curve->high[p]);
            }
    }
    fputc('\n', f);
    return close_file(folder, "study.csv", f);
}

enum hm_status hm_curves_write_csv(const char *path, const struct hm_analysis *analysis, const char *folder)
{
    struct hm_run run;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return hm_fail(HM_BAD_OUTPUT, "cannot make the folder %s: %s", folder, strerror(errno));
    HM_TRY(hm_run_open(path, &run));
    enum hm_status status = write_correlations(&run, folder);
    if (status == HM_OK) status = write_rdf(&run, folder);
    if (status == HM_OK) status = write_internals(&run, folder);
    if (status == HM_OK) status = write_msd(&run, folder);
    if (status == HM_OK) status = write_study(&analysis->study, folder);
    hm_run_close(&run);
    return status;
}
