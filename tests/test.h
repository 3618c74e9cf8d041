/* Shared shape of the tests: each file lists its tests and hands them to hm_test_main. */
#ifndef HM_TESTS_TEST_H
#define HM_TESTS_TEST_H

#include <CUnit/Basic.h>

#include <math.h>

struct hm_test {
    const char *name;
    void (*run)(void);
};

/* Runs the suite; the process's exit code is 0 only if every assertion held (on every rank, in an MPI build). */
int hm_test_main(const char *suite, const struct hm_test *tests, size_t count);

#define HM_TEST_MAIN(suite, tests)                                          \
    int main(void)                                                          \
    {                                                                       \
        return hm_test_main(suite, tests, sizeof(tests) / sizeof *(tests)); \
    }

#define HM_ASSERT_OK(call) CU_ASSERT_EQUAL((call), HM_OK)
#define HM_ASSERT_NEAR(actual, expected, tolerance) CU_ASSERT_TRUE(fabs((actual) - (expected)) <= (tolerance))

#endif
