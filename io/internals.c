#include "io/internals.h"

#include <math.h>
#include <string.h>

/* Sines of bond angles below this have no dihedral to speak of: its gradient, 1 / (r sin), is taken for zero. */
#define STRAIGHT 1e-7

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void cross(const double a[3], const double b[3], double c[3])
{
    c[0] = a[1] * b[2] - a[2] * b[1];
    c[1] = a[2] * b[0] - a[0] * b[2];
    c[2] = a[0] * b[1] - a[1] * b[0];
}

/* d = x_to - x_from; most molecules are alone, and then there is nothing to look for. */
static inline void displacement(const struct hm_frame *box, const double *x, size_t from, size_t to, double d[3])
{
    if (box->periodic[0] || box->periodic[1] || box->periodic[2]) {
        hm_minimum_image(box, x + 3 * from, x + 3 * to, d);
        return;
    }
    for (size_t k = 0; k < 3; k++) d[k] = x[3 * to + k] - x[3 * from + k];
}

double hm_internal_distance(const struct hm_frame *box, const double *x, const size_t atoms[2], double gradient[2][3])
{
    double d[3];
    displacement(box, x, atoms[0], atoms[1], d);
    const double r = sqrt(dot(d, d));
    for (int k = 0; gradient && k < 3; k++) {
        gradient[1][k] = d[k] / r;
        gradient[0][k] = -gradient[1][k];
    }
    return r;
}

/* With u, v from the middle to the ends and n = u x v: tan theta = |n| / u.v, which is accurate also near 0 and pi,
 * and d theta / du = (u x n) / (u^2 |n|), of length 1/u. */
double hm_internal_angle(const struct hm_frame *box, const double *x, const size_t atoms[3], double gradient[3][3])
{
    double u[3], v[3], n[3];
    displacement(box, x, atoms[1], atoms[0], u);
    displacement(box, x, atoms[1], atoms[2], v);
    cross(u, v, n);
    const double area = sqrt(dot(n, n));
    if (gradient) {
        const double straight = area == 0.0 ? 0.0 : 1.0 / area;
        const double along_u = straight / dot(u, u), along_v = straight / dot(v, v);
        cross(u, n, gradient[0]);
        cross(n, v, gradient[2]);
        for (int k = 0; k < 3; k++) {
            gradient[0][k] *= along_u;
            gradient[2][k] *= along_v;
            gradient[1][k] = -gradient[0][k] - gradient[2][k];
        }
    }
    return atan2(area, dot(u, v));
}

/* f = x_i - x_j, g = x_j - x_k, h = x_l - x_k, normals a = f x g and b = h x g of the two planes. */
static void dihedral_gradient(const double f[3], const double g[3], const double h[3], const double a[3],
                              const double b[3], double gradient[4][3])
{
    const double a2 = dot(a, a), b2 = dot(b, b), g2 = dot(g, g), axis = sqrt(g2);
    const double least = STRAIGHT * STRAIGHT * g2;
    if (a2 < least * dot(f, f) || b2 < least * dot(h, h)) {
        memset(gradient, 0, 12 * sizeof(double));
        return;
    }
    const double end_a = axis / a2, end_b = axis / b2;
    const double share_a = dot(f, g) / g2, share_b = dot(h, g) / g2;
    for (int k = 0; k < 3; k++) {
        gradient[0][k] = -end_a * a[k];
        gradient[3][k] = end_b * b[k];
        const double inner = -share_a * gradient[0][k] - share_b * gradient[3][k];
        gradient[1][k] = inner - gradient[0][k];
        gradient[2][k] = -inner - gradient[3][k];
    }
}

double hm_internal_dihedral(const struct hm_frame *box, const double *x, const size_t atoms[4], double gradient[4][3])
{
    double f[3], g[3], h[3], a[3], b[3], turn[3];
    displacement(box, x, atoms[1], atoms[0], f);
    displacement(box, x, atoms[2], atoms[1], g);
    displacement(box, x, atoms[2], atoms[3], h);
    cross(f, g, a);
    cross(h, g, b);
    cross(b, a, turn);
    if (gradient) dihedral_gradient(f, g, h, a, b, gradient);
    /* atan2 gives -pi for a sine of -0: trans is pi. */
    const double phi = atan2(dot(turn, g) / sqrt(dot(g, g)), dot(a, b));
    return phi == -acos(-1.0) ? -phi : phi;
}
