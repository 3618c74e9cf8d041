#include "io/log.h"
#include "io/units.h"
#include "tests/test.h"

#include <string.h>
#include <time.h>

enum { TEXT_BYTES = 8192 };

static void read_back(FILE *file, char text[TEXT_BYTES])
{
    rewind(file);
    const size_t size = fread(text, 1, TEXT_BYTES - 1, file);
    text[size] = '\0';
}

static void test_clock_moves_forward(void)
{
    const double before = hm_clock();
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    const double passed = hm_clock() - before;
    CU_ASSERT_TRUE(passed >= 0.02);
    CU_ASSERT_TRUE(passed < 10.0);
}

static void test_formats_of_simulated_time(void)
{
    static const struct {
        double fs;
        const char *text;
    } cases[] = {{0.0, "0 fs"},      {0.25, "0.25 fs"},    {999.4, "999 fs"}, {999.6, "1 ps"},   {2500.0, "2.5 ps"},
                 {25000.0, "25 ps"}, {1.234e6, "1.23 ns"}, {1e9, "1 us"},     {9.996e5, "1 ns"}, {-2500.0, "-2.5 ps"}};
    char text[32];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hm_format_simulated(cases[i].fs / HM_TIME_FS, text, sizeof text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
    }
    hm_format_simulated(NAN, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "?");
}

static void test_formats_of_durations(void)
{
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {{0.0, "0 s"},
                 {1.23e-7, "123 ns"},
                 {4.5e-5, "45 us"},
                 {0.0123, "12.3 ms"},
                 {4.2, "4.2 s"},
                 {59.9, "59.9 s"},
                 {59.97, "1 min"},
                 {72.0, "1 min 12 s"},
                 {3599.7, "1 h"},
                 {4320.0, "1 h 12 min"},
                 {86399.0, "1 d"},
                 {90000.0, "1 d 1 h"},
                 {63115200.0, "2 years"},
                 {1e300, "3.17e+292 years"},
                 {-1.0, "?"},
                 {INFINITY, "?"}};
    char text[64];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hm_format_duration(cases[i].seconds, text, sizeof text);
        if (strcmp(text, cases[i].text) != 0) printf("%g: '%s'\n", cases[i].seconds, text);
        CU_ASSERT_STRING_EQUAL(text, cases[i].text);
    }
}

static void test_quiet_log_writes_nothing(void)
{
    FILE *file = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    char text[TEXT_BYTES];
    struct hm_log log;
    hm_log_start(&log, file, true);
    hm_log_line(&log, "hello");
    hm_progress_start(&log, 0, 100);
    log.next_report = 0.0;
    hm_progress_update(&log, 50, 1.0, 0.5);
    hm_progress_finish(&log);
    hm_log_timing(&log, NULL, 0, 1.0, 100);
    read_back(file, text);
    CU_ASSERT_STRING_EQUAL(text, "");
    hm_log_start(&log, NULL, false); /* no stream is quiet too */
    hm_log_line(&log, "hello");
    CU_ASSERT_TRUE(log.quiet);
    fclose(file);
}

static void test_progress_in_a_file(void)
{
    FILE *file = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    char text[TEXT_BYTES];
    struct hm_log log;
    hm_log_start(&log, file, false);
    CU_ASSERT_FALSE(log.terminal);
    hm_log_line(&log, "first %d", 1);
    hm_progress_start(&log, 1000, 2000);
    hm_progress_update(&log, 1001, 1.0, 0.0); /* too early to report */
    read_back(file, text);
    CU_ASSERT_STRING_EQUAL(text, "first 1\n");
    /* 500 steps in the last 10 s; 500 remain. */
    log.reported_at = hm_clock() - 10.0;
    log.next_report = 0.0;
    const double interval = log.interval;
    hm_progress_update(&log, 1500, 2500.0 / HM_TIME_FS, 0.0125);
    read_back(file, text);
    CU_ASSERT_STRING_EQUAL(text, "first 1\nstep 1500 (75.0 %)  2.5 ps  50.0 steps/s  injected 1.25 %  left 10 s\n");
    CU_ASSERT_TRUE(log.interval > interval); /* then rarer */
    CU_ASSERT_TRUE(log.next_report > hm_clock());
    hm_progress_finish(&log);
    read_back(file, text);
    CU_ASSERT_TRUE(strstr(text, "left 10 s\n") + strlen("left 10 s\n") == text + strlen(text));
    fclose(file);
}

static void test_progress_on_a_terminal(void)
{
    FILE *file = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    char text[TEXT_BYTES];
    struct hm_log log;
    hm_log_start(&log, file, false);
    log.terminal = true;
    hm_progress_start(&log, 0, 100);
    log.next_report = 0.0;
    hm_progress_update(&log, 10, 1.0, 0.5);
    log.next_report = 0.0;
    hm_progress_update(&log, 20, 2.0, 0.5);
    CU_ASSERT_TRUE(log.line_open);
    hm_log_line(&log, "note");
    CU_ASSERT_FALSE(log.line_open);
    log.next_report = 0.0;
    hm_progress_update(&log, 30, 3.0, 0.5);
    hm_progress_finish(&log);
    CU_ASSERT_FALSE(log.line_open);
    read_back(file, text);
    const char *second = strstr(text, "\r\033[K\033[?7lstep 20 (20.0 %)");
    const char *note = strstr(text, "\r\033[Knote\n\033[?7lstep 30");
    CU_ASSERT_EQUAL(strncmp(text, "\033[?7lstep 10 (10.0 %)", 21), 0);
    CU_ASSERT_PTR_NOT_NULL(second);
    CU_ASSERT_PTR_NOT_NULL(note);
    CU_ASSERT_TRUE(second && note && second < note);
    CU_ASSERT_TRUE(text[strlen(text) - 1] == '\n');
    fclose(file);
}

static void test_timing_table(void)
{
    FILE *file = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    char text[TEXT_BYTES];
    struct hm_log log;
    const struct hm_timing_row rows[] = {{"predict", 2.5, 1000}, {"oracle", 5.0, 0}};
    hm_log_start(&log, file, false);
    hm_log_timing(&log, rows, 2, 10.0, 20000);
    read_back(file, text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "predict               2.500 s    25.0 %         1000 calls, 2.5 ms each\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "oracle                5.000 s    50.0 %\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "other                 2.500 s    25.0 %\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "20000 steps in 10 s: 2000 steps/s\n"));
    fclose(file);
}

static const struct hm_test tests[] = {
    {"clock", test_clock_moves_forward},
    {"simulated time", test_formats_of_simulated_time},
    {"durations", test_formats_of_durations},
    {"quiet", test_quiet_log_writes_nothing},
    {"progress in a file", test_progress_in_a_file},
    {"progress on a terminal", test_progress_on_a_terminal},
    {"timing table", test_timing_table},
};

HM_TEST_MAIN("log", tests)
