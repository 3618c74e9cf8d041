/* Shares of kinetic energy in trajectories that are made up: a diatomic that vibrates and rotates at random. */
#include "tests/test.h"

#include "io/rng.h"
#include "io/trajectory.h"
#include "scheduler/stride_shares.h"

#include <stdio.h>
#include <string.h>

static const char path[] = "stride_shares.h5";
static char warning[512];

/* Velocities of a mean square each of `stretch` and `turn` after the warm-up, of 1 in it; frames of `stride` steps. */
static void write_run(int64_t warmup, int64_t steps, int64_t stride, double stretch, double turn)
{
    static const size_t bond[][2] = {{0, 1}};
    struct hm_frame frame;
    struct hm_trajectory *trajectory;
    HM_ASSERT_OK(hm_frame_create(2, &frame));
    frame.number[0] = 1;
    frame.number[1] = 17;
    frame.mass[0] = 1837;
    frame.mass[1] = 63744;
    frame.x[3] = 2.4;
    const struct hm_trajectory_setup setup = {
        .frame = &frame,
        .config_yaml = "",
        .timestep = 10,
        .steps = steps,
        .warmup_steps = warmup,
        .stride = stride,
        .nbond = 1,
        .bonds = bond,
        .overwrite = true,
    };
    HM_ASSERT_OK(hm_trajectory_create(path, &setup, &trajectory));
    for (int64_t step = 0; step < steps; step += stride) {
        double along[3];
        hm_rng_normal3((struct hm_rng_key){.seed = 1, .purpose = HM_RNG_VELOCITIES}, (uint64_t)step, 0, along);
        along[0] *= step < warmup ? 1 : sqrt(stretch);
        along[1] *= step < warmup ? 1 : sqrt(turn);
        along[2] *= step < warmup ? 1 : sqrt(turn);
        for (int c = 0; c < 3; c++) {
            frame.v[c] = 1e-4 * along[c];
            frame.v[3 + c] = -frame.v[c] * frame.mass[0] / frame.mass[1];
        }
        HM_ASSERT_OK(hm_trajectory_append(
            trajectory, &(struct hm_trajectory_frame){
                            .step = step, .x = frame.x, .v = frame.v, .image = frame.image, .potential_energy = NAN}));
    }
    HM_ASSERT_OK(hm_trajectory_close(&trajectory));
    hm_frame_release(&frame);
    HM_ASSERT_OK(hm_stride_shares(path, sizeof warning, warning));
}

/* The number of times that the warning tells of `motion`; 0 if it does not. */
static double times(const char *motion)
{
    char text[64];
    double value = 0;
    snprintf(text, sizeof text, "note: %s has %%lf times", motion);
    return sscanf(warning, text, &value) == 1 ? value : 0;
}

static void test_shares(void)
{
    write_run(8000, 16000, 4, 1, 1);
    CU_ASSERT_EQUAL(*warning, '\0');
    write_run(8000, 16000, 4, 0.5, 1.25);
    HM_ASSERT_NEAR(times("stretch"), 0.5, 0.05);
    write_run(8000, 32000, 8, 0.9, 1.5);
    HM_ASSERT_NEAR(times("rotation"), 1.5, 0.1);
    write_run(8000, 16000, 4, 0, 1.5);
    HM_ASSERT_NEAR(times("stretch"), 0, 0);
    CU_ASSERT_TRUE(strstr(warning, "stretch has 0 times") != NULL);
}

/* What a few frames say, or what scatters as much as it changes, is no reason for a word. */
static void test_not_known(void)
{
    write_run(252, 16000, 4, 0.5, 1.25);
    CU_ASSERT_EQUAL(*warning, '\0');
    write_run(8000, 8252, 4, 0.5, 1.25);
    CU_ASSERT_EQUAL(*warning, '\0');
    write_run(256, 512, 4, 0.85, 1.1);
    CU_ASSERT_EQUAL(*warning, '\0');
    CU_ASSERT_NOT_EQUAL(hm_stride_shares("no-such-file.h5", sizeof warning, warning), HM_OK);
}

static const struct hm_test tests[] = {
    {"shares", test_shares},
    {"what is not known", test_not_known},
};

HM_TEST_MAIN("shares of strides", tests)
