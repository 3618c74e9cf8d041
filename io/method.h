/* What every registered method of a family (Hamiltonians, predictors, policies) says about itself, and finding one by
 * the name in the configuration.
 *
 * Errors: HM_BAD_CONFIG (file:line:column, and the names there are).
 * MPI: local.
 */
#ifndef HM_IO_METHOD_H
#define HM_IO_METHOD_H

#include "io/config.h"

struct hm_method {
    const char *name;
    const char *summary; // one line for people
};

/* The index of the method named by `key` among `count` methods. */
enum hm_status hm_method_find(const struct hm_config *config, const char *key, const struct hm_method *const *methods,
                              size_t count, size_t *index);

#endif
