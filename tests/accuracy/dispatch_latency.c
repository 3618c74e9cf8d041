/* How soon answers are noticed: oracles that only sleep for 10 ms, all asked at once, a few hundred times.
 *
 *   mpirun --oversubscribe --bind-to none -n 5 build/release/tests/dispatch_latency
 */
#include "scheduler/remote.h"
#include "scheduler/roles.h"
#include "scheduler/wait.h"

#include "io/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 300, MOST_GROUPS = 64 };

static enum hm_status sleep_on_it(void *self, const struct hm_frame *frame, struct hm_label *label)
{
    (void)self;
    const struct timespec duration = {0, 10000000};
    nanosleep(&duration, NULL);
    label->energy = 0;
    memset(label->virial, 0, sizeof label->virial);
    memset(label->force, 0, 3 * frame->natom * sizeof *label->force);
    return HM_OK;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double one_round(struct hm_dispatch *oracle, const struct hm_frame *frame, struct hm_label *label)
{
    int64_t ticket[MOST_GROUPS];
    struct hm_wait wait = HM_WAIT_START;
    int group;
    const double started = hm_clock();
    for (int k = 0; k < oracle->groups; k++) hm_dispatch_submit(oracle, frame, &ticket[k]);
    for (int left = oracle->groups; left > 0;) {
        bool done;
        if (hm_dispatch_poll(oracle, ticket[left - 1], label, &group, &done) != HM_OK) exit(1);
        if (done)
            left--;
        else
            hm_wait_pause(&wait);
    }
    return hm_clock() - started;
}

static void drive(const struct hm_layout *layout, const struct hm_frame *frame)
{
    double force[6], seconds[ROUNDS];
    bool ended;
    struct hm_dispatch oracle;
    struct hm_label label = {.force = force};
    if (hm_dispatch_create_remote(layout, frame->natom, &oracle) != HM_OK) exit(1);
    for (int k = 0; k < ROUNDS; k++) seconds[k] = one_round(&oracle, frame, &label);
    qsort(seconds, ROUNDS, sizeof *seconds, ascending);
    printf("%d oracles of 10 ms at once: median %.3f ms, 95 %% %.3f ms, worst %.3f ms\n", oracle.groups,
           1e3 * seconds[ROUNDS / 2], 1e3 * seconds[ROUNDS * 95 / 100], 1e3 * seconds[ROUNDS - 1]);
    hm_role_stop_others(layout, 60, &ended);
    hm_dispatch_destroy(&oracle);
}

int main(int argc, char **argv)
{
    static const struct hm_hamiltonian_ops ops = {.evaluate = sleep_on_it};
    struct hm_hamiltonian sleeper = {&ops, NULL};
    struct hm_layout layout;
    struct hm_config *config;
    struct hm_frame frame;
    char text[256];
    int size;
    MPI_Init(&argc, &argv);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    snprintf(text, sizeof text,
             "hamiltonian: {type: harmonic}\nintegrator: {timestep: 1 fs, steps: 1}\n"
             "ranks: {predictors: 0, oracles: %d}\n",
             size - 1);
    if (size < 2 || size > MOST_GROUPS || hm_config_parse(text, "sleep", NULL, 0, &config) != HM_OK ||
        hm_layout_create(config, 0, MPI_COMM_WORLD, &layout) != HM_OK || hm_frame_create(2, &frame) != HM_OK)
        return 1;
    if (layout.rank == 0)
        drive(&layout, &frame);
    else
        hm_role_oracle(&layout, &sleeper, &frame);
    hm_frame_release(&frame);
    hm_layout_release(&layout);
    hm_config_destroy(&config);
    MPI_Finalize();
    return 0;
}
