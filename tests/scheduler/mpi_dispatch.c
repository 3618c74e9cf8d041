/* Oracle ranks that are slow, silent or of two minds, with an oracle that does what the geometry says. */
#include "scheduler/messages.h"
#include "scheduler/remote.h"
#include "scheduler/roles.h"
#include "tests/mpi_test.h"
#include "tests/scheduler/fixture.h"

#include "io/log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- what an oracle does, by the first atom's coordinates ---- */

#define RELEASE "release" // a file: who is silent until it is there

enum { NATOM = 500 }; /* more than MPI sends without being asked */
enum act { SLEEP = 0, SILENCE = 1, MEMBER_FAILS = 2 };

static void nap(double seconds)
{
    const struct timespec duration = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&duration, NULL);
}

static enum hm_status puppet_evaluate(void *self, const struct hm_frame *frame, struct hm_label *label)
{
    const struct hm_layout *layout = self;
    nap(frame->x[SLEEP]);
    while (frame->x[SILENCE] != 0 && layout->group == 0 && access(RELEASE, F_OK) != 0) nap(1e-3);
    memset(label->virial, 0, sizeof label->virial);
    label->energy = frame->x[3];
    for (size_t k = 0; k < 3 * frame->natom; k++) label->force[k] = -frame->x[k];
    const bool leads = layout->rank == hm_layout_group_leader(layout, layout->group);
    return frame->x[MEMBER_FAILS] != 0 && !leads ? hm_fail(HM_ORACLE_FAILED, "a member fell") : HM_OK;
}

static void puppet_destroy(void **self)
{
    *self = NULL;
}

static const struct hm_hamiltonian_ops puppet_ops = {.evaluate = puppet_evaluate, .destroy = puppet_destroy};

/* ---- a world of them ---- */

static struct hm_layout layout;
static struct hm_dispatch oracle;
static struct hm_frame frame;
static double force[3 * NATOM];
static bool left; /* the play has ended the roles itself */
static struct hm_label label = {.force = force};

static void configure(int groups, int group_size, const char *section, struct hm_config **config)
{
    char text[512];
    snprintf(text, sizeof text,
             "hamiltonian: {type: harmonic}\nintegrator: {timestep: 1 fs, steps: 1}\n"
             "ranks: {predictors: 0, oracles: %d, oracle_size: %d}\n%s\n",
             groups, group_size, section);
    HM_ASSERT_OK(hm_config_parse(text, "dispatch.yaml", NULL, 0, config));
}

/* Oracles of all ranks but the first; `play` is the driver's part. On one rank there are none. */
static void on_oracles(int group_size, const char *section, void (*play)(void))
{
    int size;
    struct hm_config *config;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size == 1 || (size - 1) % group_size != 0) return;
    configure((size - 1) / group_size, group_size, section, &config);
    HM_ASSERT_OK(hm_layout_create(config, 0, MPI_COMM_WORLD, &layout));
    HM_ASSERT_OK(hm_frame_create(NATOM, &frame));
    for (size_t k = 3; k < 3 * NATOM; k++) frame.x[k] = (double)k;
    if (layout.rank == 0) {
        bool ended = false;
        unlink(RELEASE);
        HM_ASSERT_OK(hm_dispatch_create_remote(&layout, NATOM, &oracle));
        HM_ASSERT_OK(hm_dispatch_configure(config, &oracle));
        play();
        if (!left) HM_ASSERT_OK(hm_role_stop_others(&layout, 60, &ended));
        CU_ASSERT_TRUE(left || ended);
        left = false;
        hm_dispatch_destroy(&oracle);
    } else {
        struct hm_hamiltonian hamiltonian = {&puppet_ops, &layout};
        HM_ASSERT_OK(hm_role_oracle(&layout, &hamiltonian, &frame));
    }
    hm_frame_release(&frame);
    hm_layout_release(&layout);
    hm_config_destroy(&config);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void act(double sleep, double silence, double member_fails)
{
    frame.x[SLEEP] = sleep;
    frame.x[SILENCE] = silence;
    frame.x[MEMBER_FAILS] = member_fails;
}

static void release(void)
{
    FILE *file = fopen(RELEASE, "w");
    CU_ASSERT_TRUE(file && fclose(file) == 0);
}

static enum hm_status ask(int *group)
{
    memset(force, 0, sizeof force);
    const enum hm_status status = hm_dispatch_ask(&oracle, &frame, &label, group);
    if (status == HM_OK) {
        CU_ASSERT_EQUAL(label.energy, frame.x[3]);
        CU_ASSERT_EQUAL(force[3 * NATOM - 1], -(3.0 * NATOM - 1));
    }
    return status;
}

/* ---- at once ---- */

static void play_at_once(void)
{
    enum { MOST = 4 };
    const double each = 0.4;
    const int groups = layout.ngroup;
    int64_t ticket[2 * MOST];
    int group, answered = 0;
    bool done;
    act(each, 0, 0);
    const double started = hm_clock();
    for (int k = 0; k < groups; k++) {
        frame.x[3] = k;
        HM_ASSERT_OK(hm_dispatch_submit(&oracle, &frame, &ticket[k]));
    }
    while (answered < groups) { /* in the reverse order */
        HM_ASSERT_OK(hm_dispatch_poll(&oracle, ticket[groups - 1 - answered], &label, &group, &done));
        if (!done) continue;
        CU_ASSERT_EQUAL(label.energy, groups - 1 - answered);
        CU_ASSERT_EQUAL(group, groups - 1 - answered);
        answered++;
    }
    if (groups > 1) CU_ASSERT_TRUE(hm_clock() - started < 0.75 * each * groups);
    CU_ASSERT_EQUAL(oracle.calls, groups);

    act(0, 0, 0); /* more than there are groups, some of them given up */
    for (int k = 0; k < 2 * groups; k++) {
        frame.x[3] = 100 + k;
        HM_ASSERT_OK(hm_dispatch_submit(&oracle, &frame, &ticket[k]));
    }
    for (int k = 0; k < 2 * groups; k += 2) hm_dispatch_cancel(&oracle, ticket[k]);
    for (int k = 1; k < 2 * groups; k += 2) {
        for (done = false; !done;) HM_ASSERT_OK(hm_dispatch_poll(&oracle, ticket[k], &label, &group, &done));
        CU_ASSERT_EQUAL(label.energy, 100 + k);
    }
    for (int k = 0; k < 20; k++) HM_ASSERT_OK(ask(&group));
    CU_ASSERT_FALSE(groups == 1 &&
                    hm_dispatch_is_owed(&oracle)); /* labels that nobody asked for any more are off the wire */
}

static void test_at_once(void)
{
    on_oracles(1, "", play_at_once);
}

/* ---- silence ---- */

/* The request counter is where group 0 is next. */
static void come_round(void)
{
    int group;
    act(0, 0, 0);
    for (int k = 0; k < layout.ngroup - 1; k++) HM_ASSERT_OK(ask(&group));
}

/* The silent group is not asked; when it has answered it is again. */
static void play_late(void)
{
    int group = -9;
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    act(0, 1, 0);
    const double started = hm_clock();
    const enum hm_status status = ask(&group);
    const bool others = layout.ngroup > 1;
    CU_ASSERT_EQUAL(status, others ? HM_OK : HM_ORACLE_FAILED);
    CU_ASSERT_TRUE(hm_clock() - started >= 1);
    CU_ASSERT_EQUAL(oracle.faults[HM_FAULT_LATE], 1);
    CU_ASSERT_TRUE(hm_dispatch_is_owed(&oracle));
    if (others) {
        CU_ASSERT_EQUAL(group, 1);
        come_round();
        HM_ASSERT_OK(ask(&group)); /* the turn of group 0 */
        CU_ASSERT_EQUAL(group, 1);
    } else {
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "(1 late)"));
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "no oracle is left"));
    }
    HM_ASSERT_OK(hm_dispatch_save(&oracle, &archive)); /* without a word from it */

    release();
    act(0, 0, 0);
    for (group = -9; group != 0 && hm_clock() - started < 60;) HM_ASSERT_OK(ask(&group));
    CU_ASSERT_EQUAL(group, 0);
    CU_ASSERT_FALSE(hm_dispatch_is_owed(&oracle));
    CU_ASSERT_EQUAL(oracle.faults[HM_FAULT_LATE], 1);
    hm_archive_clear(&archive);
    HM_ASSERT_OK(hm_dispatch_save(&oracle, &archive));
    HM_ASSERT_OK(hm_dispatch_load(&oracle, &archive));
    HM_ASSERT_OK(ask(&group));
    hm_archive_release(&archive);
}

static void test_late(void)
{
    on_oracles(1, "oracle: {deadline: 1 s}", play_late);
}

/* A rank that is silent when all others leave. */
static void play_left_behind(void)
{
    int group;
    bool ended;
    act(0, 1, 0);
    ask(&group);
    CU_ASSERT_TRUE(hm_dispatch_is_owed(&oracle));
    HM_ASSERT_OK(hm_role_stop_others(&layout, 0.1, &ended));
    CU_ASSERT_FALSE(ended);
    release();
    struct hm_inbox inbox = {0}; /* in the end it hears of it */
    do {
        HM_ASSERT_OK(hm_inbox_receive(&inbox, MPI_COMM_WORLD, 1));
    } while (inbox.kind != HM_MESSAGE_STOPPED);
    hm_inbox_release(&inbox);
    left = true;
}

static void test_left_behind(void)
{
    int size;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size == 2) on_oracles(1, "oracle: {deadline: 50 ms, on_failure: [stop]}", play_left_behind);
}

/* ---- a group of several ranks ---- */

static void play_member_fails(void)
{
    int group;
    act(0, 0, 1);
    CU_ASSERT_EQUAL(ask(&group), HM_ORACLE_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "(4 failed); the last: a member fell"));
    act(0, 0, 0);
    HM_ASSERT_OK(ask(&group));
}

static void test_member_fails(void)
{
    on_oracles(2, "", play_member_fails);
    on_oracles(3, "", play_member_fails);
}

/* ---- meanwhile ---- */

static struct {
    long asked;
    bool stop;
} hook;

static bool look(void *self)
{
    (void)self;
    hook.asked++;
    return hook.stop;
}

/* Whoever waits looks around; asked to stop, it waits a little more for what comes soon, and then no more: the question
 * has not been asked. */
static void play_meanwhile(void)
{
    int group;
    oracle.interrupt = (struct hm_interrupt){look, NULL};
    act(0.2, 0, 0);
    hook.asked = 0;
    HM_ASSERT_OK(ask(&group));
    CU_ASSERT_TRUE(hook.asked >= 10);
    hook.stop = true;
    act(0, 0, 0);
    HM_ASSERT_OK(ask(&group));
    for (group = -1; group != layout.ngroup - 1;) HM_ASSERT_OK(ask(&group)); /* the turn of group 0 */
    const int64_t asked = oracle.calls;
    act(0, 1, 0);
    CU_ASSERT_EQUAL(ask(&group), HM_STOPPED);
    CU_ASSERT_EQUAL(oracle.calls, asked);
    CU_ASSERT_TRUE(hm_dispatch_is_owed(&oracle));
    release();
    oracle.interrupt = HM_NO_INTERRUPT;
    hook.stop = false;
    act(0, 0, 0);
    HM_ASSERT_OK(ask(&group));
    CU_ASSERT_EQUAL(group, 0);
    CU_ASSERT_FALSE(hm_dispatch_is_owed(&oracle)); /* the late answer came before this one, and went */
}

static void test_meanwhile(void)
{
    on_oracles(1, "", play_meanwhile);
}

static void test_one_rank_has_none(void)
{
    int size;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    CU_ASSERT_TRUE(size >= 1); /* every rank makes an assertion */
}

static const struct hm_test tests[] = {
    {"asked at once, answered at once", test_at_once},
    {"a group that falls silent", test_late},
    {"a rank that is left behind", test_left_behind},
    {"a member of a group fails", test_member_fails},
    {"meanwhile", test_meanwhile},
    {"on one rank there are none", test_one_rank_has_none},
};

HM_MPI_TEST_MAIN("dispatch on ranks", tests)
