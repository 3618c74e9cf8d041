#include "scheduler/wait.h"

#include "io/log.h"

#include <sched.h>
#include <time.h>

/* Long, because waking takes far longer than an answer: two ranks that ask each other every few microseconds and both
 * sleep keep each other asleep (measured, 2 cores: 3 us a question with 2 ms, 140 to 360 us with 0.1 ms). A yield gives
 * the core to whoever has work. */
static const double YIELD_SECONDS = 2e-3;
static const double SLEEP_SECONDS = 0.25e-3; // a call of a few milliseconds shall not become a longer one
static const double LONG_WAIT_SECONDS = 1, LONG_SLEEP_SECONDS = 1e-3;

void hm_wait_pause(struct hm_wait *wait)
{
    const double now = hm_clock();
    if (wait->started == 0) wait->started = now;
    const double waited = now - wait->started;
    if (waited < YIELD_SECONDS) {
        sched_yield();
        return;
    }
    const double pause = waited < LONG_WAIT_SECONDS ? SLEEP_SECONDS : LONG_SLEEP_SECONDS;
    const struct timespec duration = {0, (long)(pause * 1e9)};
    nanosleep(&duration, NULL);
}
