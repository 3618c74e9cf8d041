/* A question that long work asks now and then: go on, or give up?
 *
 * Whoever sets it also uses the moment (a rank looks at its mail). Asked often: it should take no time to say "go on".
 *
 * Errors: hm_interrupt_check gives HM_STOPPED when the work is to be given up; what it worked on is then worth nothing.
 * Owns: nothing. MPI: local.
 */
#ifndef HM_IO_INTERRUPT_H
#define HM_IO_INTERRUPT_H

#include "io/status.h"

#include <stdbool.h>
#include <stddef.h>

struct hm_interrupt {
    bool (*asked)(void *self); // NULL: nobody asks
    void *self;
};

#define HM_NO_INTERRUPT ((struct hm_interrupt){NULL, NULL})

static inline enum hm_status hm_interrupt_check(const struct hm_interrupt *interrupt)
{
    if (!interrupt->asked || !interrupt->asked(interrupt->self)) return HM_OK;
    return hm_fail(HM_STOPPED, "interrupted");
}

#endif
