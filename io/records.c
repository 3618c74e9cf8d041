#include "io/records.h"

#include <stdio.h>
#include <string.h>

void hm_faults_list(const int64_t count[HM_FAULT_COUNT], size_t size, char *text)
{
    static const char *const texts[HM_FAULT_COUNT] = {
#define HM_FAULT(name, what) [name] = what,
#include "io/faults.def"
#undef HM_FAULT
    };
    *text = '\0';
    for (int f = 1; f < HM_FAULT_COUNT; f++) {
        const size_t used = strlen(text);
        if (count[f] > 0)
            snprintf(text + used, size - used, "%s%lld %s", used ? ", " : "", (long long)count[f], texts[f]);
    }
}

const char *hm_reason_word(enum hm_reason reason)
{
    static const char *const words[HM_REASON_COUNT] = {
#define HM_REASON(name, word, text) [name] = word,
#include "io/reasons.def"
#undef HM_REASON
    };
    return reason >= 0 && reason < HM_REASON_COUNT ? words[reason] : "unknown";
}
