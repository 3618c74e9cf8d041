/* Exchange and correlation: energy and matrix. */
#include "hamiltonians/dft/xc_internal.h"

#include <cblas.h>
#include <string.h>

void hm_xc_batch_functions(struct hm_xc *xc, const struct hm_xc_batch *batch)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->nshell; i++) {
        const struct hm_shell *shell = &xc->basis->shell[xc->shell[batch->shell + i]];
        for (size_t f = 0; f < shell->count; f++) xc->function[count++] = shell->first + f;
    }
}

void hm_xc_batch_gather(const struct hm_xc *xc, const struct hm_xc_batch *batch, const double *whole, double *part)
{
    const size_t nf = batch->nfunction, n = xc->basis->nfunction;
    for (size_t i = 0; i < nf; i++) {
        const double *row = whole + xc->function[i] * n;
        for (size_t j = 0; j < nf; j++) part[i * nf + j] = row[xc->function[j]];
    }
}

void hm_xc_batch_scatter(const struct hm_xc *xc, const struct hm_xc_batch *batch, const double *part, double *whole)
{
    const size_t nf = batch->nfunction, n = xc->basis->nfunction;
    for (size_t i = 0; i < nf; i++) {
        double *row = whole + xc->function[i] * n;
        for (size_t j = 0; j < nf; j++) row[xc->function[j]] += part[i * nf + j];
    }
}

void hm_xc_batch_times(const struct hm_xc_batch *batch, const double *D, const double *values, double *X)
{
    const int nf = (int)batch->nfunction, n = (int)batch->n;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, nf, n, nf, 1.0, D, nf, values, n, 0.0, X, n);
}

void hm_xc_batch_density(struct hm_xc *xc, const struct hm_xc_batch *batch, const double *values, const double *D)
{
    const size_t matrix = xc->basis->nfunction * xc->basis->nfunction, n = batch->n;
    memset(xc->n, 0, xc->nspin * n * sizeof *xc->n);
    memset(xc->slope, 0, 3 * xc->nspin * n * sizeof *xc->slope);
    for (size_t s = 0; s < xc->nspin; s++) {
        double *part = xc->D + s * matrix, *X = xc->X + s * xc->basis->nfunction * xc->batch_points;
        hm_xc_batch_gather(xc, batch, D + s * matrix, part);
        hm_xc_batch_times(batch, part, values, X);
        xc->kernels->density(n, batch->nfunction, values, X, xc->n + s * n, xc->slopes ? xc->slope + 3 * s * n : NULL);
    }
}

/* sigma of spins s and t at a point */
static double contract(const double *a, const double *b, size_t n, size_t p)
{
    return a[p] * b[p] + a[n + p] * b[n + p] + a[2 * n + p] * b[2 * n + p];
}

void hm_xc_batch_functional(struct hm_xc *xc, const struct hm_xc_batch *batch)
{
    const size_t n = batch->n;
    const double *up = xc->slope, *down = xc->slope + 3 * n;
    if (xc->nspin == 1) {
        memcpy(xc->packed_n, xc->n, n * sizeof *xc->n);
        for (size_t p = 0; p < n; p++) xc->packed_sigma[p] = contract(up, up, n, p);
    } else {
        for (size_t p = 0; p < n; p++) {
            xc->packed_n[2 * p] = xc->n[p];
            xc->packed_n[2 * p + 1] = xc->n[n + p];
            xc->packed_sigma[3 * p] = contract(up, up, n, p);
            xc->packed_sigma[3 * p + 1] = contract(up, down, n, p);
            xc->packed_sigma[3 * p + 2] = contract(down, down, n, p);
        }
    }
    hm_functional_evaluate(xc->functional, n, xc->packed_n, xc->packed_sigma, xc->e, xc->vn, xc->vsigma);
}

void hm_xc_batch_potential(struct hm_xc *xc, const struct hm_xc_batch *batch, size_t spin, double scale)
{
    const size_t n = batch->n;
    const double *weight = xc->weight + batch->first;
    for (size_t p = 0; p < n; p++) xc->local[p] = scale * weight[p] * xc->vn[xc->nspin * p + spin];
    if (!xc->slopes) return;
    const double *own = xc->slope + 3 * spin * n;
    if (xc->nspin == 1) {
        for (size_t k = 0; k < 3; k++)
            for (size_t p = 0; p < n; p++) xc->toward[k * n + p] = 2.0 * weight[p] * xc->vsigma[p] * own[k * n + p];
        return;
    }
    const double *other = xc->slope + 3 * (1 - spin) * n;
    for (size_t k = 0; k < 3; k++)
        for (size_t p = 0; p < n; p++)
            xc->toward[k * n + p] = weight[p] * (2.0 * xc->vsigma[3 * p + 2 * spin] * own[k * n + p] +
                                                 xc->vsigma[3 * p + 1] * other[k * n + p]);
}

static void add_batch(struct hm_xc *xc, const struct hm_xc_batch *batch, const double *D, double *energy,
                      double *electrons, double *V)
{
    const size_t matrix = xc->basis->nfunction * xc->basis->nfunction, n = batch->n;
    const double *values = hm_xc_batch_values(xc, batch), *weight = xc->weight + batch->first;
    const int nf = (int)batch->nfunction;
    hm_xc_batch_functions(xc, batch);
    hm_xc_batch_density(xc, batch, values, D);
    hm_xc_batch_functional(xc, batch);
    *energy += cblas_ddot((int)n, weight, 1, xc->e, 1);
    for (size_t s = 0; s < xc->nspin; s++) {
        const struct hm_point_potential v = {xc->local,
                                             {xc->slopes ? xc->toward : NULL, xc->toward + n, xc->toward + 2 * n}};
        *electrons += cblas_ddot((int)n, weight, 1, xc->n + s * n, 1);
        hm_xc_batch_potential(xc, batch, s, 0.5);
        xc->kernels->potential(n, batch->nfunction, values, &v, xc->Y);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, nf, nf, (int)n, 1.0, values, (int)n, xc->Y, (int)n, 0.0,
                    xc->V, nf);
        hm_xc_batch_scatter(xc, batch, xc->V, V + s * matrix);
    }
}

static void add_transposed(size_t n, double *V)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) V[i * n + j] = V[j * n + i] = V[i * n + j] + V[j * n + i];
}

enum hm_status hm_xc_matrix(struct hm_xc *xc, const double *D, double *energy, double *electrons, double *V)
{
    const size_t nf = xc->basis->nfunction;
    *energy = *electrons = 0.0;
    memset(V, 0, xc->nspin * nf * nf * sizeof *V);
    for (size_t b = 0; b < xc->nbatch; b++) add_batch(xc, &xc->batch[b], D, energy, electrons, V);
    for (size_t s = 0; s < xc->nspin; s++) add_transposed(nf, V + s * nf * nf);
    return HM_OK;
}
