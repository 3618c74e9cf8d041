#include "io/records.h"

const char *hm_reason_word(enum hm_reason reason)
{
    static const char *const words[HM_REASON_COUNT] = {
#define HM_REASON(name, word, text) [name] = word,
#include "io/reasons.def"
#undef HM_REASON
    };
    return reason >= 0 && reason < HM_REASON_COUNT ? words[reason] : "unknown";
}
