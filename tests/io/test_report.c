/* The pieces that reports are made of: axes, thinned series, text that is made harmless, the table of a sweep. */
#include "io/report/report_internal.h"
#include "io/sweep_index.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

/* ---- axes ---- */

static void check_ticks(double least, double largest, bool log, const char *expected)
{
    struct hm_axis axis;
    char all[256] = "", label[32];
    hm_axis_fit(least, largest, log, &axis);
    for (size_t t = 0; t < axis.nticks; t++) {
        hm_axis_label(&axis, axis.tick[t], label, sizeof label);
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", t > 0 ? " " : "", label);
    }
    if (strcmp(all, expected) != 0) printf("ticks of %g to %g: %s\n", least, largest, all);
    CU_ASSERT_STRING_EQUAL(all, expected);
}

static void test_ticks(void)
{
    check_ticks(0, 10, false, "0 2 4 6 8 10");
    check_ticks(-0.00012, 0.00031, false, "-0.0001 0 0.0001 0.0002 0.0003");
    check_ticks(0, 2e6, false, "0 500000 1e6 1.5e6 2e6");
    check_ticks(1e-6, 1, true, "1e-6 1e-5 1e-4 1e-3 0.01 0.1 1");
    check_ticks(0.002, 0.3, true, "2e-3 5e-3 0.01 0.02 0.05 0.1 0.2");
    check_ticks(1e-12, 1e4, true, "1e-12 1e-9 1e-6 1e-3 1 1000");
    check_ticks(3, 7, true, "3 4 5 6 7");
    check_ticks(5, 5, false, "4.6 4.8 5 5.2 5.4"); /* a single value has room around it */
    check_ticks(5e-324, 1e308, true, "1e119 1e124 1e129 1e134 1e139 1e144 1e149"); /* a damaged file */
    check_ticks(-1e308, 1e308, false, "-1e150 -5e149 0 5e149 1e150");
    check_ticks(NAN, NAN, false, "0 0.2 0.4 0.6 0.8 1");
}

static void test_places(void)
{
    struct hm_axis axis;
    hm_axis_fit(0, 1, false, &axis);
    HM_ASSERT_NEAR(hm_axis_place(&axis, axis.from), 0, 1e-15);
    HM_ASSERT_NEAR(hm_axis_place(&axis, 0.5), 0.5, 1e-15);
    HM_ASSERT_NEAR(hm_axis_place(&axis, axis.to), 1, 1e-15);
    hm_axis_fit(1e-4, 1, true, &axis);
    HM_ASSERT_NEAR(hm_axis_place(&axis, 1e-2), 0.5, 1e-12);
    CU_ASSERT_TRUE(isnan(hm_axis_place(&axis, 0)));
    CU_ASSERT_TRUE(isnan(hm_axis_place(&axis, -1)));
}

static void test_tidy_numbers(void)
{
    static const char *const pairs[][2] = {{"1e-05", "1e-5"},   {"1.5e+06", "1.5e6"}, {"2e-10", "2e-10"},
                                           {"1e+100", "1e100"}, {"0.25", "0.25"},     {"3e+00", "3e0"}};
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
        char text[16];
        strcpy(text, pairs[k][0]);
        hm_report_tidy(text);
        CU_ASSERT_STRING_EQUAL(text, pairs[k][1]);
    }
}

/* ---- thinning ---- */

static void thin_peaks(size_t count, size_t peak)
{
    struct hm_report *owner = calloc(1, sizeof *owner);
    struct hm_thin thin;
    CU_ASSERT_TRUE_FATAL(owner && hm_thin_create(owner, count, &thin));
    double sum = 0, low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        const double y = i == peak ? 100 : i == peak / 2 ? NAN : sin((double)i);
        hm_thin_add(&thin, (double)i, y);
        if (!isnan(y)) sum += y;
    }
    hm_thin_add(&thin, 1e9, 1e9); /* one too many counts for nothing */
    hm_thin_finish(&thin);
    CU_ASSERT_EQUAL(thin.bins, count < HM_THIN_BINS ? count : HM_THIN_BINS);
    double total = 0;
    for (size_t b = 0; b < thin.bins; b++) {
        if (thin.known[b] > 0) total += thin.mean[b] * (double)thin.known[b];
        if (b > 0) CU_ASSERT_TRUE(thin.x[b] > thin.x[b - 1]);
        low = fmin(low, thin.low[b]);
        high = fmax(high, thin.high[b]);
    }
    HM_ASSERT_NEAR(total, sum, 1e-9 * (double)count);
    CU_ASSERT_EQUAL(high, 100);
    CU_ASSERT_TRUE(low < -0.9);
    hm_report_destroy(&owner);
}

static void test_thinning(void)
{
    thin_peaks(50, 10);
    thin_peaks(HM_THIN_BINS + 1, 1000);
    thin_peaks(123457, 123456);
}

/* ---- text ---- */

static void check_escaped(const char *text, const char *expected)
{
    char *found = NULL;
    size_t size;
    FILE *out = open_memstream(&found, &size);
    hm_html_escape(text, out);
    fclose(out);
    CU_ASSERT_STRING_EQUAL(found, expected);
    free(found);
}

static void test_escaping(void)
{
    check_escaped("<b a=\"1\">&'", "&lt;b a=&quot;1&quot;&gt;&amp;&#39;");
    check_escaped("\u00c5 \u2212 \U0001d6fc\n", "\u00c5 \u2212 \U0001d6fc\n");
    check_escaped("a\x01z\x7f", "a\ufffdz\ufffd");
    check_escaped("\xff<\xc3", "\ufffd&lt;\ufffd");                          /* broken UTF-8, also at the end */
    check_escaped("\xc0\xbc\xed\xa0\x80", "\ufffd\ufffd\ufffd\ufffd\ufffd"); /* overlong, surrogate */
}

/* ---- the table of a sweep ---- */

static void write_table(const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/index.csv", folder);
    FILE *out = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fputs(text, out);
    fclose(out);
}

static void test_sweep_index(void)
{
    struct hm_sweep_index index;
    write_table("run,kind,policy.frequency,a.seed + b.seed,status,reason,steps,of_tomorrow,wall_seconds\n"
                "2,run,0.1,7,failed,\"a \"\"full\"\" disk,\nreally\",,1,\n"
                "1,exact,,7,finished,,2000,x,0.5\n"
                "3,run,0.1,8,fin");
    HM_ASSERT_OK(hm_sweep_index_read(folder, &index));
    CU_ASSERT_EQUAL_FATAL(index.count, 2);
    CU_ASSERT_EQUAL_FATAL(index.naxis, 2);
    CU_ASSERT_STRING_EQUAL(index.axis[1], "a.seed + b.seed");
    CU_ASSERT_TRUE(!index.seeds[0] && index.seeds[1]);
    CU_ASSERT_STRING_EQUAL(index.row[0].kind, "exact");
    CU_ASSERT_STRING_EQUAL(index.row[0].axis[0], "");
    CU_ASSERT_EQUAL(index.row[0].result.value[HM_SWEEP_steps], 2000);
    CU_ASSERT_EQUAL(index.row[0].result.value[HM_SWEEP_wall_seconds], 0.5);
    CU_ASSERT_TRUE(isnan(index.row[0].result.value[HM_SWEEP_natoms]));
    CU_ASSERT_STRING_EQUAL(index.row[1].result.reason, "a \"full\" disk,\nreally");
    CU_ASSERT_TRUE(isnan(index.row[1].result.value[HM_SWEEP_steps]));
    hm_sweep_index_release(&index);
}

static void test_sweep_index_faults(void)
{
    static const char *const faults[][2] = {
        {"", "is empty"},
        {"a,b\n", "no table of a sweep"},
        {"run,kind,status,reason,steps\n1,run,finished,,many\n", ":2: is damaged: 'many'"},
        {"run,kind,status,reason,steps\n1,run,finished,\n", ":2: is damaged: 4 cells"},
        {"run,kind,status,reason,steps\nx,run,finished,,1\n", ":2: is damaged"},
        {"run,kind,status,reason,steps\n1,run,averyverylongstatusword,,1\n", ":2: is damaged"},
        {"run,kind,status,reason,steps\n1,run,\"finished,,1\n", "is empty"},
    };
    for (size_t k = 0; k < sizeof faults / sizeof *faults; k++) {
        struct hm_sweep_index index;
        write_table(faults[k][0]);
        const enum hm_status status = hm_sweep_index_read(folder, &index);
        if (k + 1 == sizeof faults / sizeof *faults) { /* a quote that never ends: its line was never finished */
            CU_ASSERT_EQUAL(status, HM_OK);
            CU_ASSERT_EQUAL(index.count, 0);
            hm_sweep_index_release(&index);
            continue;
        }
        CU_ASSERT_EQUAL(status, HM_BAD_INPUT);
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), faults[k][1]));
    }
    CU_ASSERT_EQUAL(hm_sweep_index_read("/nowhere", &(struct hm_sweep_index){0}), HM_BAD_INPUT);
}

static const struct hm_test tests[] = {
    {"ticks of axes", test_ticks},
    {"places on axes", test_places},
    {"numbers are tidied", test_tidy_numbers},
    {"thinning keeps peaks", test_thinning},
    {"escaping", test_escaping},
    {"table of a sweep", test_sweep_index},
    {"faults of the table", test_sweep_index_faults},
};

int main(void)
{
    snprintf(folder, sizeof folder, "/tmp/hamlet-report-XXXXXX");
    if (!mkdtemp(folder)) return 1;
    const int code = hm_test_main("report", tests, sizeof tests / sizeof *tests);
    char path[128];
    snprintf(path, sizeof path, "%s/index.csv", folder);
    unlink(path);
    rmdir(folder);
    return code;
}
