#include "io/rng.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAU 6.28318530717958647692528676655900577
/* Principal moments of inertia below this fraction of the largest belong to the axis of a linear molecule. */
#define LINEAR 1e-10

/* ---- Philox4x32-10 ---- */

static void philox_round(uint32_t counter[4], const uint32_t key[2])
{
    const uint64_t first = UINT64_C(0xD2511F53) * counter[0], second = UINT64_C(0xCD9E8D57) * counter[2];
    const uint32_t next[4] = {(uint32_t)(second >> 32) ^ counter[1] ^ key[0], (uint32_t)second,
                              (uint32_t)(first >> 32) ^ counter[3] ^ key[1], (uint32_t)first};
    memcpy(counter, next, sizeof next);
}

void hm_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t k[2] = {key[0], key[1]};
    uint32_t state[4] = {counter[0], counter[1], counter[2], counter[3]};
    for (int i = 0; i < 10; i++) {
        philox_round(state, k);
        k[0] += UINT32_C(0x9E3779B9);
        k[1] += UINT32_C(0xBB67AE85);
    }
    memcpy(out, state, sizeof state);
}

/* Counter words: atom | step, low 32 bits | step, next 24 bits; purpose, 6 bits; block, 2 bits | replica. */
static void draw_block(struct hm_rng_key key, uint64_t step, uint32_t atom, uint32_t block, double uniform[2])
{
    const uint32_t purpose = (uint32_t)key.purpose & 0x3fU;
    const uint32_t counter[4] = {atom, (uint32_t)step,
                                 ((uint32_t)(step >> 32) & 0xffffffU) | purpose << 24 | block << 30, key.replica};
    const uint32_t seed[2] = {(uint32_t)key.seed, (uint32_t)(key.seed >> 32)};
    uint32_t word[4];
    hm_philox4x32(counter, seed, word);
    for (int i = 0; i < 2; i++) {
        /* Odd multiples of 2^-53: neither 0 nor 1, symmetric about 1/2. */
        const uint64_t bits = (uint64_t)word[2 * i] << 32 | word[2 * i + 1];
        uniform[i] = (double)(bits >> 11 | 1U) * 0x1p-53;
    }
}

void hm_rng_uniform2(struct hm_rng_key key, uint64_t step, uint32_t atom, double out[2])
{
    draw_block(key, step, atom, 0, out);
}

void hm_rng_normal3(struct hm_rng_key key, uint64_t step, uint32_t atom, double out[3])
{
    double u[4];
    draw_block(key, step, atom, 1, u);
    draw_block(key, step, atom, 2, u + 2);
    const double radius = sqrt(-2.0 * log(u[0]));
    out[0] = radius * cos(TAU * u[1]);
    out[1] = radius * sin(TAU * u[1]);
    out[2] = sqrt(-2.0 * log(u[2])) * cos(TAU * u[3]);
}

/* ---- velocities ---- */

/* Weighted mean of `vectors` with the masses: centre of mass, or its velocity. */
static void mass_mean(const struct hm_frame *frame, const double *vectors, double mean[3])
{
    double total = 0.0;
    for (size_t i = 0; i < frame->natom; i++) total += frame->mass[i];
    hm_linear_momentum(frame, vectors, mean);
    for (int k = 0; k < 3; k++) mean[k] /= total;
}

static void remove_momentum(struct hm_frame *frame)
{
    double drift[3];
    mass_mean(frame, frame->v, drift);
    for (size_t i = 0; i < frame->natom; i++)
        for (size_t k = 0; k < 3; k++) frame->v[3 * i + k] -= drift[k];
}

/* One Jacobi rotation of the symmetric matrix that clears a[p][q]; columns of `axes` follow. */
static void rotate(double a[3][3], double axes[3][3], int p, int q)
{
    if (a[p][q] == 0.0) return;
    const double theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
    const double t = copysign(1.0, theta) / (fabs(theta) + sqrt(theta * theta + 1.0));
    const double c = 1.0 / sqrt(t * t + 1.0), s = t * c;
    for (int k = 0; k < 3; k++) {
        const double kp = a[k][p], kq = a[k][q];
        a[k][p] = c * kp - s * kq;
        a[k][q] = s * kp + c * kq;
    }
    for (int k = 0; k < 3; k++) {
        const double pk = a[p][k], qk = a[q][k], vp = axes[k][p], vq = axes[k][q];
        a[p][k] = c * pk - s * qk;
        a[q][k] = s * pk + c * qk;
        axes[k][p] = c * vp - s * vq;
        axes[k][q] = s * vp + c * vq;
    }
}

/* Principal moments and axes (columns). */
static void diagonalise(double a[3][3], double axes[3][3], double moments[3])
{
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) axes[i][j] = i == j ? 1.0 : 0.0;
    for (int sweep = 0; sweep < 16; sweep++) {
        rotate(a, axes, 0, 1);
        rotate(a, axes, 0, 2);
        rotate(a, axes, 1, 2);
    }
    for (int i = 0; i < 3; i++) moments[i] = a[i][i];
}

static void inertia_tensor(const struct hm_frame *frame, const double centre[3], double tensor[3][3])
{
    memset(tensor, 0, 9 * sizeof(double));
    for (size_t i = 0; i < frame->natom; i++) {
        double r[3];
        for (size_t k = 0; k < 3; k++) r[k] = frame->x[3 * i + k] - centre[k];
        const double square = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < 3; b++) tensor[a][b] += frame->mass[i] * ((a == b ? square : 0.0) - r[a] * r[b]);
    }
}

/* v -= omega x r with omega = I^+ L about the centre of mass; returns the rank of I (2 for a linear molecule). */
static size_t remove_angular_momentum(struct hm_frame *frame)
{
    double centre[3], drift[3], tensor[3][3], axes[3][3], moments[3], spin[3] = {0}, omega[3] = {0};
    mass_mean(frame, frame->x, centre);
    mass_mean(frame, frame->v, drift);
    inertia_tensor(frame, centre, tensor);
    diagonalise(tensor, axes, moments);
    for (size_t i = 0; i < frame->natom; i++) {
        double r[3], u[3];
        for (size_t k = 0; k < 3; k++) {
            r[k] = frame->x[3 * i + k] - centre[k];
            u[k] = frame->v[3 * i + k] - drift[k];
        }
        for (int k = 0; k < 3; k++)
            spin[k] += frame->mass[i] * (r[(k + 1) % 3] * u[(k + 2) % 3] - r[(k + 2) % 3] * u[(k + 1) % 3]);
    }
    const double largest = fmax(moments[0], fmax(moments[1], moments[2]));
    size_t rank = 0;
    for (int j = 0; j < 3; j++) {
        if (!(moments[j] > LINEAR * largest)) continue;
        rank++;
        const double along = axes[0][j] * spin[0] + axes[1][j] * spin[1] + axes[2][j] * spin[2];
        for (int k = 0; k < 3; k++) omega[k] += axes[k][j] * along / moments[j];
    }
    for (size_t i = 0; i < frame->natom; i++)
        for (size_t k = 0; k < 3; k++) {
            const size_t m = (k + 1) % 3, n = (k + 2) % 3;
            frame->v[3 * i + k] -=
                omega[m] * (frame->x[3 * i + n] - centre[n]) - omega[n] * (frame->x[3 * i + m] - centre[m]);
        }
    return rank;
}

static enum hm_status check_options(const struct hm_frame *frame, const struct hm_velocity_options *options)
{
    if (!(options->temperature >= 0.0) || !isfinite(options->temperature))
        return hm_fail(HM_BAD_INPUT, "initial velocities: the temperature must be zero or positive");
    if (!(options->scale_energy >= 0.0) || !isfinite(options->scale_energy))
        return hm_fail(HM_BAD_INPUT, "initial velocities: scale_energy must be zero or positive");
    if (options->remove_angular_momentum && hm_frame_is_periodic(frame))
        return hm_fail(HM_BAD_INPUT, "initial velocities: a periodic cell has no angular momentum to remove; "
                                     "leave angular_momentum out of 'remove'");
    if (options->remove_angular_momentum && frame->nfrozen > 0)
        return hm_fail(HM_BAD_INPUT, "initial velocities: frozen atoms take up angular momentum, so there is none to "
                                     "remove; leave angular_momentum out of 'remove'");
    if (frame->nfrozen == frame->natom)
        return hm_fail(HM_BAD_INPUT, "initial velocities: all atoms are frozen, so nothing moves");
    return HM_OK;
}

static void draw_normals(struct hm_frame *frame, uint64_t seed, uint32_t replica)
{
    const struct hm_rng_key key = {seed, replica, HM_RNG_VELOCITIES};
    for (size_t i = 0; i < frame->natom; i++) {
        double normal[3];
        hm_rng_normal3(key, 0, (uint32_t)i, normal);
        for (size_t k = 0; k < 3; k++)
            frame->v[3 * i + k] = hm_frame_holds(frame, i) ? 0.0 : normal[k] / sqrt(frame->mass[i]);
    }
}

enum hm_status hm_velocities_draw(struct hm_frame *frame, const struct hm_velocity_options *options)
{
    HM_TRY(check_options(frame, options));
    draw_normals(frame, options->seed, options->replica);
    size_t dof = 3 * (frame->natom - frame->nfrozen), removed = 0;
    if (options->remove_momentum && frame->nfrozen == 0) {
        remove_momentum(frame);
        removed += 3;
    }
    if (options->remove_angular_momentum) removed += remove_angular_momentum(frame);
    if (dof <= removed)
        return hm_fail(HM_BAD_INPUT,
                       "initial velocities: nothing is left to move when the momentum of %zu atom%s is removed; "
                       "write 'remove: []'",
                       frame->natom, frame->natom == 1 ? "" : "s");
    dof -= removed;
    const double kinetic = hm_kinetic_energy(frame, frame->v);
    const double target = 0.5 * (double)dof * options->temperature * options->scale_energy;
    const double scale = sqrt(target / kinetic);
    for (size_t i = 0; i < 3 * frame->natom; i++) frame->v[i] *= scale;
    frame->has_velocities = true;
    return HM_OK;
}

/* To the velocities of atoms against each other; their kinetic energy. */
static double remove_rigid_motion(struct hm_frame *frame)
{
    if (frame->nfrozen == 0) remove_momentum(frame);
    if (frame->nfrozen == 0 && !hm_frame_is_periodic(frame)) remove_angular_momentum(frame);
    return hm_kinetic_energy(frame, frame->v);
}

enum hm_status hm_velocities_redraw(struct hm_frame *frame, uint64_t seed, uint32_t replica)
{
    const size_t n = 3 * frame->natom;
    double *rigid = malloc(n * sizeof *rigid);
    if (!rigid) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the velocities of %zu atoms", frame->natom);
    memcpy(rigid, frame->v, n * sizeof *rigid);
    const double wanted = remove_rigid_motion(frame);
    for (size_t k = 0; k < n; k++) rigid[k] -= frame->v[k];
    draw_normals(frame, seed, replica);
    const double drawn = remove_rigid_motion(frame), scale = drawn > 0 ? sqrt(wanted / drawn) : 0;
    for (size_t k = 0; k < n; k++) frame->v[k] = rigid[k] + scale * frame->v[k];
    free(rigid);
    return HM_OK;
}
