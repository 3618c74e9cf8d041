/* The i-PI protocol as bytes: messages against their layout, and answers that were damaged in every way.
 *
 * Every buffer is exactly as long as what was received, so that the address sanitizer sees a read beyond it. */
#include "tests/test.h"

#include "hamiltonians/ipi_protocol.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { NATOM = 5, GUARD = 3 };

static void test_words(void)
{
    unsigned char bytes[HM_IPI_WORD_BYTES];
    char quoted[4 * HM_IPI_WORD_BYTES + 3];
    CU_ASSERT_EQUAL(hm_ipi_write_word(bytes, "STATUS"), 12);
    CU_ASSERT_EQUAL(memcmp(bytes, "STATUS      ", 12), 0);
    const struct {
        const char *bytes;
        enum hm_ipi_word word;
    } cases[] = {
        {"NEEDINIT    ", HM_IPI_NEEDINIT},     {"READY       ", HM_IPI_READY},
        {"HAVEDATA    ", HM_IPI_HAVEDATA},     {"FORCEREADY  ", HM_IPI_FORCEREADY},
        {"READY\0\0\0\0\0\0\0", HM_IPI_READY}, {"READY   \0\0\0\0", HM_IPI_READY},
        {"            ", HM_IPI_UNKNOWN},      {" READY      ", HM_IPI_UNKNOWN},
        {"ready       ", HM_IPI_UNKNOWN},      {"READYREADY  ", HM_IPI_UNKNOWN},
        {"READY\0      ", HM_IPI_UNKNOWN},     {"\0\0\0\0\0\0\0\0\0\0\0\0", HM_IPI_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CU_ASSERT_EQUAL(hm_ipi_read_word((const unsigned char *)cases[i].bytes), cases[i].word);
    hm_ipi_quote_word((const unsigned char *)"HTTP/1.1\r\n\xff'", quoted);
    CU_ASSERT_STRING_EQUAL(quoted, "'HTTP/1.1\\x0d\\x0a\\xff''");
    memset(bytes, 0xfe, sizeof bytes);
    hm_ipi_quote_word(bytes, quoted);
    CU_ASSERT_EQUAL(strlen(quoted), sizeof quoted - 1);
}

static int32_t int_at(const unsigned char *bytes)
{
    int32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static double real_at(const unsigned char *bytes)
{
    double value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static void test_init(void)
{
    unsigned char bytes[64];
    CU_ASSERT_EQUAL(hm_ipi_write_init(bytes, 7, "hamlet"), 12 + 4 + 4 + 6);
    CU_ASSERT_EQUAL(memcmp(bytes, "INIT        ", 12), 0);
    CU_ASSERT_EQUAL(int_at(bytes + 12), 7);
    CU_ASSERT_EQUAL(int_at(bytes + 16), 6);
    CU_ASSERT_EQUAL(memcmp(bytes + 20, "hamlet", 6), 0);
}

/* A lower triangle of lattice vectors in rows is an upper triangle on the wire, as i-PI has it. */
static void test_positions(void)
{
    const double cell[9] = {2, 0, 0, 1, 4, 0, 3, 5, 8}, x[6] = {0.1, 0.2, 0.3, -1, -2, -3};
    unsigned char *bytes = malloc(hm_ipi_posdata_size(2));
    CU_ASSERT_EQUAL(hm_ipi_posdata_size(2), 12 + 72 + 72 + 4 + 48);
    CU_ASSERT_EQUAL(hm_ipi_write_posdata(bytes, cell, 2, x), hm_ipi_posdata_size(2));
    CU_ASSERT_EQUAL(memcmp(bytes, "POSDATA     ", 12), 0);
    CU_ASSERT_TRUE(real_at(bytes + 12 + 8) == 1 && real_at(bytes + 12 + 16) == 3 && real_at(bytes + 12 + 40) == 5);
    CU_ASSERT_TRUE(real_at(bytes + 12 + 24) == 0 && real_at(bytes + 12 + 48) == 0);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 3; k++) {
            double product = 0;
            for (size_t j = 0; j < 3; j++)
                product += real_at(bytes + 12 + 8 * (3 * i + j)) * real_at(bytes + 84 + 8 * (3 * j + k));
            HM_ASSERT_NEAR(product, i == k, 1e-15);
        }
    CU_ASSERT_EQUAL(int_at(bytes + 156), 2);
    CU_ASSERT_EQUAL(memcmp(bytes + 160, x, sizeof x), 0);
    free(bytes);
}

/* ---- answers ---- */

static size_t make_answer(unsigned char *bytes, int32_t natom, int32_t text)
{
    unsigned char *at = bytes + 12;
    const double energy = -0.75;
    memcpy(bytes, "FORCEREADY  ", 12);
    memcpy(at, &energy, 8);
    memcpy(at + 8, &natom, 4);
    at += 12;
    for (int k = 0; k < 3 * NATOM + 9; k++, at += 8) {
        const double value = k + 0.5;
        memcpy(at, &value, 8);
    }
    memcpy(at, &text, 4);
    return (size_t)(at + 4 - bytes);
}

struct reading {
    enum hm_ipi_progress progress;
    struct hm_ipi_answer answer;
    double force[3 * NATOM + GUARD];
};

/* From a copy of just so many bytes; forces are all or none, and none beyond the last. */
static struct reading read_copy(const unsigned char *bytes, size_t size)
{
    struct reading r;
    unsigned char *copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    for (size_t k = 0; k < 3 * NATOM + GUARD; k++) r.force[k] = -77;
    unsigned char *exact = size ? copy : copy + 1;
    r.progress = hm_ipi_read_answer(exact, size, NATOM, r.force, &r.answer);
    free(copy);
    for (size_t k = 0; k < GUARD; k++) CU_ASSERT_EQUAL(r.force[3 * NATOM + k], -77);
    if (r.progress != HM_IPI_DONE)
        for (size_t k = 0; k < 3 * NATOM; k++) CU_ASSERT_EQUAL(r.force[k], -77);
    return r;
}

/* What must hold of any bytes at all. */
static bool holds(const struct reading *r, size_t size)
{
    const size_t whole = hm_ipi_answer_size(NATOM);
    switch (r->progress) {
    case HM_IPI_MORE:
        return r->answer.wanted > size && r->answer.wanted <= whole;
    case HM_IPI_DONE:
        return size >= whole && r->answer.natom == NATOM && r->answer.text <= HM_IPI_TEXT_MOST;
    case HM_IPI_NONSENSE:
        return size >= HM_IPI_WORD_BYTES && r->answer.what && r->answer.what[0];
    }
    return false;
}

static void test_a_whole_answer(void)
{
    unsigned char bytes[512];
    const size_t size = make_answer(bytes, NATOM, 11);
    CU_ASSERT_EQUAL(size, hm_ipi_answer_size(NATOM));
    const struct reading r = read_copy(bytes, size);
    CU_ASSERT_EQUAL(r.progress, HM_IPI_DONE);
    CU_ASSERT_EQUAL(r.answer.energy, -0.75);
    CU_ASSERT_EQUAL(r.answer.text, 11);
    for (int k = 0; k < 3 * NATOM; k++) CU_ASSERT_EQUAL(r.force[k], k + 0.5);
    for (int k = 0; k < 9; k++) CU_ASSERT_EQUAL(r.answer.virial[k], 3 * NATOM + k + 0.5);
}

/* Some clients send the upper triangle only, some might the lower. */
static void test_half_a_virial(void)
{
    unsigned char bytes[512];
    for (int lower = 0; lower < 2; lower++) {
        const size_t size = make_answer(bytes, NATOM, 0), at = size - 4 - 9 * sizeof(double);
        for (size_t i = 0; i < 3; i++)
            for (size_t k = 0; k < 3; k++) {
                const double value = lower ? i >= k : i <= k;
                const double entry = value * (double)(1 + i + k + i * k);
                memcpy(bytes + at + (3 * i + k) * sizeof entry, &entry, sizeof entry);
            }
        const struct reading r = read_copy(bytes, size);
        for (size_t i = 0; i < 3; i++)
            for (size_t k = 0; k < 3; k++) CU_ASSERT_EQUAL(r.answer.virial[3 * i + k], (double)(1 + i + k + i * k));
    }
}

static void test_pieces_of_an_answer(void)
{
    unsigned char bytes[512];
    const size_t whole = make_answer(bytes, NATOM, 0);
    for (size_t size = 0; size < whole; size++) {
        const struct reading r = read_copy(bytes, size);
        CU_ASSERT_EQUAL(r.progress, HM_IPI_MORE);
        CU_ASSERT_TRUE(holds(&r, size));
    }
    /* Who asks for what is wanted comes to the end. */
    struct reading r = read_copy(bytes, 0);
    for (int turn = 0; turn < 5 && r.progress == HM_IPI_MORE; turn++) r = read_copy(bytes, r.answer.wanted);
    CU_ASSERT_EQUAL(r.progress, HM_IPI_DONE);
}

static void test_counts_that_are_not_ours(void)
{
    static const int32_t counts[] = {0, -1, NATOM - 1, NATOM + 1, INT32_MAX, INT32_MIN, 1 << 24};
    static const int32_t texts[] = {-1, INT32_MIN, INT32_MAX, HM_IPI_TEXT_MOST + 1};
    unsigned char bytes[512];
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        make_answer(bytes, counts[i], 0);
        const struct reading r = read_copy(bytes, 24); /* before anything of that length is waited for */
        CU_ASSERT_EQUAL(r.progress, HM_IPI_NONSENSE);
        CU_ASSERT_EQUAL(r.answer.natom, counts[i]);
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        CU_ASSERT_EQUAL(read_copy(bytes, make_answer(bytes, NATOM, texts[i])).progress, HM_IPI_NONSENSE);
}

/* ---- damage ---- */

static uint64_t random_bits(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void damage(uint64_t *random, unsigned char *bytes, size_t size)
{
    for (uint64_t changes = 1 + random_bits(random) % 4; changes > 0; changes--) {
        const size_t at = random_bits(random) % size;
        switch (random_bits(random) % 4) {
        case 0:
            bytes[at] ^= (unsigned char)(1u << random_bits(random) % 8);
            break;
        case 1:
            bytes[at] = (unsigned char)random_bits(random);
            break;
        case 2: /* a whole number where one may be */
            for (size_t k = 0; k < 4 && at + k < size; k++) bytes[at + k] = (unsigned char)random_bits(random);
            break;
        default: /* bytes lost */
            memmove(bytes + at, bytes + at + (size - at) / 2, size - at - (size - at) / 2);
        }
    }
}

/* 50000 damaged answers of up to 224 bytes: nine million bytes. */
static void test_damaged_answers(void)
{
    enum { ROUNDS = 50000 };
    uint64_t random = 88172645463325252u;
    size_t counts[3] = {0}, bad = 0;
    for (int round = 0; round < ROUNDS; round++) {
        unsigned char bytes[512];
        size_t size = make_answer(bytes, NATOM, (int32_t)(random_bits(&random) % 100));
        damage(&random, bytes, round % 2 ? size : 24);
        if (round % 4 == 0) size = random_bits(&random) % (size + 1);
        if (round % 10 == 9)
            for (size_t k = 0; k < size; k++) bytes[k] = (unsigned char)random_bits(&random);
        const struct reading r = read_copy(bytes, size);
        bad += !holds(&r, size);
        counts[r.progress]++;
    }
    CU_ASSERT_EQUAL(bad, 0);
    for (int p = 0; p < 3; p++) CU_ASSERT_TRUE(counts[p] > ROUNDS / 100); /* each way was gone */
}

static void test_random_words(void)
{
    uint64_t random = 362436069u;
    size_t known = 0;
    for (int round = 0; round < 200000; round++) {
        unsigned char bytes[HM_IPI_WORD_BYTES];
        char quoted[4 * HM_IPI_WORD_BYTES + 3];
        memcpy(bytes, "HAVEDATA    ", sizeof bytes);
        for (uint64_t k = random_bits(&random) % 3; k > 0; k--)
            bytes[random_bits(&random) % sizeof bytes] = (unsigned char)random_bits(&random);
        const enum hm_ipi_word word = hm_ipi_read_word(bytes);
        CU_ASSERT_TRUE(word == HM_IPI_UNKNOWN || word == HM_IPI_HAVEDATA);
        known += word == HM_IPI_HAVEDATA;
        hm_ipi_quote_word(bytes, quoted);
        CU_ASSERT_TRUE(strlen(quoted) >= 14 && strlen(quoted) < sizeof quoted);
    }
    CU_ASSERT_TRUE(known > 50000 && known < 150000);
}

static const struct hm_test tests[] = {
    {"words of twelve characters", test_words},
    {"INIT", test_init},
    {"POSDATA: cell, inverse, positions", test_positions},
    {"an answer is read", test_a_whole_answer},
    {"half a virial", test_half_a_virial},
    {"an answer that comes in pieces", test_pieces_of_an_answer},
    {"counts that are not ours are refused before they are used", test_counts_that_are_not_ours},
    {"nine million bytes of damaged answers", test_damaged_answers},
    {"damaged words", test_random_words},
};

HM_TEST_MAIN("i-PI protocol", tests)
