#include "io/records.h"

const char *hm_fault_text(enum hm_fault fault)
{
    static const char *const texts[HM_FAULT_COUNT] = {
#define HM_FAULT(name, word, text) [name] = text,
#include "io/faults.def"
#undef HM_FAULT
    };
    return fault >= 0 && fault < HM_FAULT_COUNT ? texts[fault] : "unknown";
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
