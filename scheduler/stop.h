/* Being asked to stop: SIGINT, SIGTERM, SIGHUP and SIGUSR1 become a question the driver asks between two steps.
 *
 * The one thing here that is global, because signals are.
 * MPI: local.
 */
#ifndef HM_SCHEDULER_STOP_H
#define HM_SCHEDULER_STOP_H

void hm_stop_install(void);
/* 0, or the signal that came last. */
int hm_stop_requested(void);

#endif
