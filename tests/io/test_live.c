/* The side file of a run: it reads back, is replaced at once, and tells whether its writer lives. */
#include "io/live.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[64];

static struct hm_live made(void)
{
    struct hm_live live = {.step = 123456789012,
                           .steps = 200000000000,
                           .warmup_steps = 4000,
                           .injections = 7,
                           .weights_version = 3,
                           .timestep_fs = 0.1 + 0.2,
                           .temperature_K = 299.5,
                           .kick_error = NAN,
                           .energy_moved = 1e-300,
                           .wall_seconds = 12.5,
                           .strides = 5000000000,
                           .rounds_refused = 45};
    hm_live_sign(&live);
    return live;
}

static void test_round_trip(void)
{
    struct hm_live live = made(), read;
    CU_ASSERT_TRUE_FATAL(hm_live_write(path, &live));
    live.step++;
    CU_ASSERT_TRUE_FATAL(hm_live_write(path, &live));
    HM_ASSERT_OK(hm_live_read(path, &read));
    CU_ASSERT_EQUAL(read.step, live.step);
    CU_ASSERT_EQUAL(read.steps, live.steps);
    CU_ASSERT_TRUE(read.strides == live.strides && read.rounds_refused == 45);
    CU_ASSERT_EQUAL(read.pid, getpid());
    CU_ASSERT_STRING_EQUAL(read.host, live.host);
    HM_ASSERT_NEAR(read.timestep_fs, live.timestep_fs, 1e-15);
    HM_ASSERT_NEAR(read.updated, live.updated, 1e-5);
    CU_ASSERT_TRUE(isnan(read.kick_error) && read.energy_moved > 0);
    hm_live_remove(path);
    hm_live_remove(path);
    CU_ASSERT_EQUAL(hm_live_read(path, &read), HM_BAD_INPUT);
}

/* Every shorter file is refused: a reader never takes half of one. */
static void test_torn(void)
{
    struct hm_live live = made(), read;
    char text[1024];
    CU_ASSERT_TRUE_FATAL(hm_live_write(path, &live));
    FILE *file = fopen(path, "r");
    const size_t size = fread(text, 1, sizeof text, file);
    fclose(file);
    for (size_t cut = 0; cut <= size; cut++) {
        file = fopen(path, "w");
        fwrite(text, 1, cut, file);
        fclose(file);
        CU_ASSERT_EQUAL(hm_live_read(path, &read), cut == size ? HM_OK : HM_BAD_INPUT);
    }
    hm_live_remove(path);
    CU_ASSERT_FALSE(hm_live_write("/nowhere/run.live", &live));
}

static void test_sign_of_life(void)
{
    struct hm_live live = made();
    CU_ASSERT_EQUAL(hm_live_look(&live), HM_LIVE_ALIVE);
    const pid_t child = fork();
    if (child == 0) _exit(0);
    waitpid(child, NULL, 0);
    live.pid = child;
    CU_ASSERT_EQUAL(hm_live_look(&live), HM_LIVE_GONE);
    strcpy(live.host, "elsewhere.invalid");
    CU_ASSERT_EQUAL(hm_live_look(&live), HM_LIVE_ELSEWHERE);
}

static void test_path(void)
{
    char name[16];
    HM_ASSERT_OK(hm_live_path("a/run.h5", sizeof name, name));
    CU_ASSERT_STRING_EQUAL(name, "a/run.live");
    HM_ASSERT_OK(hm_live_path("run.hdf", sizeof name, name));
    CU_ASSERT_STRING_EQUAL(name, "run.hdf.live");
    CU_ASSERT_EQUAL(hm_live_path("a/long/path/of/run.h5", sizeof name, name), HM_BAD_OUTPUT);
}

static const struct hm_test tests[] = {{"round trip", test_round_trip},
                                       {"torn files", test_torn},
                                       {"sign of life", test_sign_of_life},
                                       {"path", test_path}};

int main(void)
{
    snprintf(path, sizeof path, "/tmp/hamlet-live-%ld.live", (long)getpid());
    return hm_test_main("live", tests, sizeof tests / sizeof *tests);
}
