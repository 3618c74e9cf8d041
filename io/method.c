#include "io/method.h"

#include <stdio.h>
#include <string.h>

enum hm_status hm_method_find(const struct hm_config *config, const char *key, const struct hm_method *const *methods,
                              size_t count, size_t *index)
{
    const char *name = hm_config_text(config, key);
    char names[256] = "";
    for (size_t i = 0; i < count; i++) {
        if (strcmp(methods[i]->name, name) == 0) {
            *index = i;
            return HM_OK;
        }
        const size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", methods[i]->name);
    }
    return hm_config_fault(config, key, "there is no '%s' here; choose one of: %s", name, names);
}
