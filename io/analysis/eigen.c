/* Cyclic Jacobi: for matrices of some hundred rows at most, in a room that knows no LAPACK. */
#include "io/analysis/modes.h"

#include <float.h>
#include <math.h>

enum { MOST_SWEEPS = 64 };

static void rotate_pair(double *a, double *b, size_t count, size_t stride, double c, double s)
{
    for (size_t k = 0; k < count * stride; k += stride) {
        const double x = a[k], y = b[k];
        a[k] = c * x - s * y;
        b[k] = s * x + c * y;
    }
}

/* Makes element p, q zero, by the smaller angle. */
static void rotate(size_t n, double *m, double *vectors, size_t p, size_t q)
{
    const double theta = (m[q * n + q] - m[p * n + p]) / (2 * m[p * n + q]);
    const double t = copysign(1, theta) / (fabs(theta) + sqrt(theta * theta + 1));
    const double c = 1 / sqrt(t * t + 1), s = t * c;
    rotate_pair(m + p * n, m + q * n, n, 1, c, s);
    rotate_pair(m + p, m + q, n, n, c, s);
    rotate_pair(vectors + p * n, vectors + q * n, n, 1, c, s);
    m[p * n + q] = m[q * n + p] = 0;
}

static void sort(size_t n, double *values, double *vectors)
{
    for (size_t i = 0; i < n; i++) {
        size_t best = i;
        for (size_t j = i + 1; j < n; j++)
            if (values[j] > values[best]) best = j;
        const double value = values[i];
        values[i] = values[best];
        values[best] = value;
        for (size_t k = 0; k < n && best != i; k++) {
            const double x = vectors[i * n + k];
            vectors[i * n + k] = vectors[best * n + k];
            vectors[best * n + k] = x;
        }
    }
}

void hm_symmetric_eigen(size_t n, double *m, double *values, double *vectors)
{
    for (size_t k = 0; k < n * n; k++) vectors[k] = k % (n + 1) == 0;
    for (int sweep = 0; sweep < MOST_SWEEPS; sweep++) {
        bool changed = false;
        for (size_t p = 0; p < n; p++)
            for (size_t q = p + 1; q < n; q++) {
                const double size = sqrt(fabs(m[p * n + p] * m[q * n + q]));
                if (fabs(m[p * n + q]) <= DBL_EPSILON * size || fabs(m[p * n + q]) < DBL_MIN) continue;
                rotate(n, m, vectors, p, q);
                changed = true;
            }
        if (!changed) break;
    }
    for (size_t k = 0; k < n; k++) values[k] = m[k * n + k];
    sort(n, values, vectors);
}
