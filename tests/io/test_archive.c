#include "io/archive.h"
#include "io/elements.h"
#include "io/records.h"
#include "io/units.h"
#include "tests/test.h"

#include <stdint.h>
#include <string.h>

static void everything_comes_back(void)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    const double reals[3] = {1.5, -0.0, NAN};
    const char *text;
    size_t size;
    int64_t whole;
    double real, back[3];
    char raw[3];
    hm_archive_put_tag(&archive, "eightchr");
    hm_archive_put_size(&archive, SIZE_MAX);
    hm_archive_put_int(&archive, INT64_MIN);
    hm_archive_put_real(&archive, 0x1.fffffffffffffp-1022);
    hm_archive_put_reals(&archive, reals, 3);
    hm_archive_put_text(&archive, "a text");
    hm_archive_put_text(&archive, "");
    hm_archive_put(&archive, "xyz", 3);
    HM_ASSERT_OK(archive.status);
    HM_ASSERT_OK(hm_archive_expect_tag(&archive, "eightchr"));
    HM_ASSERT_OK(hm_archive_get_size(&archive, &size));
    CU_ASSERT_EQUAL(size, SIZE_MAX);
    HM_ASSERT_OK(hm_archive_get_int(&archive, &whole));
    CU_ASSERT_EQUAL(whole, INT64_MIN);
    HM_ASSERT_OK(hm_archive_get_real(&archive, &real));
    CU_ASSERT_EQUAL(real, 0x1.fffffffffffffp-1022);
    HM_ASSERT_OK(hm_archive_get_reals(&archive, back, 3));
    CU_ASSERT_EQUAL(memcmp(back, reals, sizeof back), 0);
    HM_ASSERT_OK(hm_archive_get_text(&archive, &text));
    CU_ASSERT_STRING_EQUAL(text, "a text");
    HM_ASSERT_OK(hm_archive_get_text(&archive, &text));
    CU_ASSERT_STRING_EQUAL(text, "");
    HM_ASSERT_OK(hm_archive_get(&archive, raw, 3));
    CU_ASSERT_EQUAL(memcmp(raw, "xyz", 3), 0);
    CU_ASSERT_EQUAL(archive.cursor, archive.size);
    hm_archive_release(&archive);
    CU_ASSERT_PTR_NULL(archive.bytes);
}

static void short_bytes_are_refused(void)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    hm_archive_put_tag(&archive, "tag");
    hm_archive_put_text(&archive, "words");
    for (size_t size = 0; size < archive.size; size++) {
        struct hm_archive view = hm_archive_view(archive.bytes, size);
        const char *text;
        enum hm_status status = hm_archive_expect_tag(&view, "tag");
        if (status == HM_OK) status = hm_archive_get_text(&view, &text);
        CU_ASSERT_EQUAL(status, HM_BAD_INPUT);
    }
    struct hm_archive whole = hm_archive_view(archive.bytes, archive.size);
    CU_ASSERT_EQUAL(hm_archive_expect_tag(&whole, "gat"), HM_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "'gat' expected at byte 0"));
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "'tag'"));
    hm_archive_release(&archive);
}

static void absurd_lengths_are_refused(void)
{
    static const uint64_t lengths[] = {UINT64_MAX, UINT64_MAX - 1, UINT64_MAX / 8 + 1, 1000};
    for (size_t i = 0; i < 4; i++) {
        struct hm_archive archive = HM_ARCHIVE_EMPTY;
        const char *text;
        double reals[1];
        hm_archive_put(&archive, &lengths[i], 8);
        hm_archive_put(&archive, "abc", 4);
        CU_ASSERT_EQUAL(hm_archive_get_text(&archive, &text), HM_BAD_INPUT);
        archive.cursor = 0;
        CU_ASSERT_EQUAL(hm_archive_get_reals(&archive, reals, (size_t)lengths[i]), HM_BAD_INPUT);
        hm_archive_release(&archive);
    }
    /* A length that does not agree with where the text ends. */
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    const char *text;
    hm_archive_put_size(&archive, 2);
    hm_archive_put(&archive, "abc", 4);
    CU_ASSERT_EQUAL(hm_archive_get_text(&archive, &text), HM_BAD_INPUT);
    hm_archive_release(&archive);
}

static void views_are_not_written(void)
{
    char bytes[4] = "abc";
    struct hm_archive view = hm_archive_view(bytes, 4);
    hm_archive_put_int(&view, 1);
    CU_ASSERT_NOT_EQUAL(view.status, HM_OK);
    CU_ASSERT_NOT_EQUAL(hm_archive_resize(&view, 100), HM_OK);
    hm_archive_release(&view); /* must not free what is borrowed */
    CU_ASSERT_STRING_EQUAL(bytes, "abc");
}

static void clear_keeps_the_memory(void)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    HM_ASSERT_OK(hm_archive_resize(&archive, 5000));
    const unsigned char *bytes = archive.bytes;
    hm_archive_clear(&archive);
    for (int i = 0; i < 500; i++) hm_archive_put_int(&archive, i);
    CU_ASSERT_PTR_EQUAL(archive.bytes, bytes);
    CU_ASSERT_EQUAL(archive.size, 4000);
    for (int i = 0; i < 500; i++) {
        int64_t value = -1;
        HM_ASSERT_OK(hm_archive_get_int(&archive, &value));
        CU_ASSERT_EQUAL(value, i);
    }
    hm_archive_release(&archive);
}

static void elements_are_known(void)
{
    CU_ASSERT_EQUAL(hm_element_number("H"), 1);
    CU_ASSERT_EQUAL(hm_element_number("D"), 1);
    CU_ASSERT_EQUAL(hm_element_number("T"), 1);
    CU_ASSERT_EQUAL(hm_element_number("Cl"), 17);
    CU_ASSERT_EQUAL(hm_element_number("Og"), 118);
    static const char *const wrong[] = {"", "cl", "CL", "Xx", "H1", "Hydrogen", " H", "X"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) CU_ASSERT_EQUAL(hm_element_number(wrong[i]), 0);
    CU_ASSERT_STRING_EQUAL(hm_element_symbol(0), "X");
    CU_ASSERT_STRING_EQUAL(hm_element_symbol(119), "X");
    CU_ASSERT_STRING_EQUAL(hm_element_symbol(-5), "X");
    CU_ASSERT_EQUAL(hm_element_mass(0), 0.0);
    CU_ASSERT_EQUAL(hm_element_mass(119), 0.0);
    HM_ASSERT_NEAR(hm_element_mass(1) * HM_MASS_AMU, 1.008, 1e-12);
    HM_ASSERT_NEAR(hm_element_mass(8), 15.999 * 1822.888486, 1e-2);
    for (int z = 1; z <= 118; z++) {
        CU_ASSERT_EQUAL(hm_element_number(hm_element_symbol(z)), z);
        /* Weights grow with Z but for a few pairs, by at most 6 u a step. */
        const double before = z > 1 ? hm_element_mass(z - 1) * HM_MASS_AMU : 0.0;
        const double after = hm_element_mass(z) * HM_MASS_AMU;
        CU_ASSERT_TRUE(after - before > -6.0 && after - before < 13.0);
    }
}

static void reasons_have_words(void)
{
    CU_ASSERT_STRING_EQUAL(hm_reason_word(HM_REASON_WARMUP), "warmup");
    CU_ASSERT_STRING_EQUAL(hm_reason_word(HM_REASON_GUARD), "guard");
    CU_ASSERT_STRING_EQUAL(hm_reason_word(HM_REASON_COUNT), "unknown");
    for (int i = 0; i < HM_REASON_COUNT; i++) CU_ASSERT_PTR_NOT_NULL(hm_reason_word((enum hm_reason)i));
}

static const struct hm_test tests[] = {
    {"what was put comes back", everything_comes_back},
    {"bytes that run out are refused", short_bytes_are_refused},
    {"absurd lengths are refused", absurd_lengths_are_refused},
    {"a view is not written to", views_are_not_written},
    {"clear keeps the memory", clear_keeps_the_memory},
    {"elements", elements_are_known},
    {"reason words", reasons_have_words},
};
HM_TEST_MAIN("archive", tests)
