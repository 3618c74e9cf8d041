#include "scheduler/wait.h"

#include "io/log.h"

#include <sched.h>
#include <time.h>

static const double YIELD_SECONDS = 100e-6;
static const double LONGEST_SLEEP_SECONDS = 1e-3;

void hm_wait_pause(struct hm_wait *wait)
{
    const double now = hm_clock();
    if (wait->started == 0) wait->started = now;
    const double waited = now - wait->started;
    if (waited < YIELD_SECONDS) {
        sched_yield();
        return;
    }
    const double pause = waited / 4 < LONGEST_SLEEP_SECONDS ? waited / 4 : LONGEST_SLEEP_SECONDS;
    const struct timespec duration = {0, (long)(pause * 1e9)};
    nanosleep(&duration, NULL);
}
