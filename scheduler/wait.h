/* A polite wait: yields for a moment (answers come fast), then sleeps with back-off (cores belong to those who work).
 *
 *   struct hm_wait wait = HM_WAIT_START;
 *   while (!there_yet()) hm_wait_pause(&wait);
 *
 * Latency while yielding, the first 2 ms, is a few microseconds; asleep, at most a quarter of a millisecond in the
 * first second, then a millisecond: a rank with nothing to do takes about 1 % of a core. Errors: none. MPI: local.
 */
#ifndef HM_SCHEDULER_WAIT_H
#define HM_SCHEDULER_WAIT_H

struct hm_wait {
    double started; // monotonic seconds; 0 = not yet waiting
};

#define HM_WAIT_START \
    {                 \
        0             \
    }

void hm_wait_pause(struct hm_wait *wait);

#endif
