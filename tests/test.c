#include "tests/test.h"

#include <stdio.h>

int hm_test_main(const char *suite, const struct hm_test *tests, size_t count)
{
    if (CU_initialize_registry() != CUE_SUCCESS) return 1;
    CU_pSuite handle = CU_add_suite(suite, NULL, NULL);
    if (!handle) return 1;
    for (size_t i = 0; i < count; i++)
        if (!CU_add_test(handle, tests[i].name, tests[i].run)) return 1;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    const unsigned failures = CU_get_number_of_failures();
    const unsigned asserts = CU_get_number_of_asserts();
    CU_cleanup_registry();
    /* A suite that asserted nothing has tested nothing. */
    return failures == 0 && asserts > 0 ? 0 : 1;
}
