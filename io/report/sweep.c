#include "io/report/report_internal.h"

enum hm_status hm_report_fill_sweep(struct hm_report *report, const char *folder)
{
    (void)report;
    return hm_fail(HM_BAD_INPUT, "%s: is a folder", folder);
}
