/* The reservoir: where trajectories are cut, what is held out, what goes when there is no room. */
#include "predictors/reservoir.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

enum { HISTORY = 5, ROOM = 4000, ROW = 4 /* doubles: step, kind, coordinate, motion */ };

/* Rows of one channel, put together piece by piece. */
struct made {
    double rows[ROOM * ROW];
    size_t count;
};

static struct made made;

static void add(int64_t first, size_t count, enum hm_row_kind kind)
{
    CU_ASSERT_TRUE_FATAL(made.count + count <= ROOM);
    for (size_t k = 0; k < count; k++) {
        double *row = &made.rows[made.count++ * ROW];
        row[0] = (double)first + (double)k;
        row[1] = kind;
        row[2] = 0.5 * row[0];
        row[3] = -0.25 * row[0];
    }
}

static void take(struct hm_reservoir *r)
{
    const struct hm_batch batch = {made.count, 1, made.rows, HM_NO_INTERRUPT};
    HM_ASSERT_OK(hm_reservoir_take(r, &batch, HISTORY));
    made.count = 0;
}

/* `labels` of them behind a history. */
static void take_labels(struct hm_reservoir *r, int64_t first, size_t labels)
{
    add(first, HISTORY, HM_ROW_EXACT);
    add(first + HISTORY, labels, HM_ROW_LABEL);
    take(r);
}

static struct hm_reservoir started(size_t capacity)
{
    struct hm_reservoir r;
    hm_reservoir_start(&r, 1, capacity);
    made.count = 0;
    return r;
}

static double step_of(const struct hm_reservoir *r, size_t stretch, size_t row)
{
    return hm_reservoir_row(r, &r->stretch[stretch], row)[0];
}

/* Consecutive steps, with what came along; the labels counted are there. */
static void check_stretches(const struct hm_reservoir *r)
{
    size_t rows = 0, labels[2] = {0};
    for (size_t i = 0; i < r->nstretch; i++) {
        const struct hm_stretch *s = &r->stretch[i];
        size_t counted = 0;
        CU_ASSERT_EQUAL(s->first, rows);
        CU_ASSERT_TRUE(s->learn_from >= HISTORY && s->learn_from < s->count);
        for (size_t k = 0; k < s->count; k++) {
            const double *row = hm_reservoir_row(r, s, k);
            CU_ASSERT_EQUAL(row[0], step_of(r, i, 0) + (double)k);
            CU_ASSERT_EQUAL(*hm_row_coordinate(row), 0.5 * row[0]);
            CU_ASSERT_EQUAL(*hm_row_motion(row, 1), -0.25 * row[0]);
            counted += k >= s->learn_from && hm_row_kind(row) == HM_ROW_LABEL;
        }
        CU_ASSERT_EQUAL(counted, s->labels);
        CU_ASSERT_TRUE(counted > 0);
        labels[s->held_out] += counted;
        rows += s->count;
    }
    CU_ASSERT_EQUAL(rows, r->nrow);
    CU_ASSERT_EQUAL(hm_reservoir_labels(r, false), labels[0]);
    CU_ASSERT_EQUAL(hm_reservoir_labels(r, true), labels[1]);
}

static void test_cut_at_gaps(void)
{
    struct hm_reservoir r = started(1000);
    add(0, 10, HM_ROW_LABEL);
    add(11, 7, HM_ROW_LABEL);             /* a step is missing */
    add(3, 8, HM_ROW_LABEL);              /* back in time */
    add(10, 6, HM_ROW_LABEL);             /* after step 10 itself, not a step later */
    add(100, HISTORY, HM_ROW_LABEL);      /* no longer than the history: nothing to learn */
    add(200, HISTORY + 1, HM_ROW_LABEL);  /* one label */
    add(300, HISTORY + 20, HM_ROW_EXACT); /* no label */
    take(&r);
    static const double first[] = {0, 11, 3, 10, 200};
    static const size_t labels[] = {5, 2, 3, 1, 1};
    CU_ASSERT_EQUAL_FATAL(r.nstretch, 5);
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(step_of(&r, i, 0), first[i]);
        CU_ASSERT_EQUAL(r.stretch[i].labels, labels[i]);
        CU_ASSERT_TRUE(r.stretch[i].is_short && r.stretch[i].batch == 1);
    }
    check_stretches(&r);
    take(&r); /* nothing */
    CU_ASSERT_EQUAL(r.nstretch, 5);
    CU_ASSERT_EQUAL(r.batches, 2);
    take_labels(&r, 16, 3); /* follows the one before the last, but came later */
    CU_ASSERT_EQUAL(r.nstretch, 6);
    CU_ASSERT_EQUAL(r.stretch[5].batch, 3);
    check_stretches(&r);
    hm_reservoir_release(&r);
    CU_ASSERT_PTR_NULL(r.rows);
}

/* The last eighth, whose first label has its history before it; no label is on both sides. */
static void test_long_stretches(void)
{
    static const size_t labels[] = {64, 65, 71, 72, 1000};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        struct hm_reservoir r = started(4000);
        take_labels(&r, 0, labels[i]);
        const size_t held_out = labels[i] / 8, learned = labels[i] - held_out;
        CU_ASSERT_EQUAL_FATAL(r.nstretch, 2);
        CU_ASSERT_TRUE(!r.stretch[0].held_out && r.stretch[1].held_out);
        CU_ASSERT_TRUE(!r.stretch[0].is_short && !r.stretch[1].is_short);
        CU_ASSERT_EQUAL(r.stretch[0].labels, learned);
        CU_ASSERT_EQUAL(r.stretch[1].labels, held_out);
        CU_ASSERT_EQUAL(step_of(&r, 0, r.stretch[0].count - 1), (double)(HISTORY + learned - 1));
        CU_ASSERT_EQUAL(step_of(&r, 1, r.stretch[1].learn_from), (double)(HISTORY + learned));
        CU_ASSERT_EQUAL(r.stretch[1].learn_from, HISTORY);
        check_stretches(&r);
        hm_reservoir_release(&r);
    }
}

/* Every eighth is held out whole, counted over all batches. */
static void test_short_stretches(void)
{
    struct hm_reservoir r = started(4000);
    for (size_t k = 0; k < 24; k++) {
        add((int64_t)(100 * k), HISTORY + (k == 23 ? 63 : 1 + k), HM_ROW_LABEL);
        if (k % 3 == 2) take(&r);
    }
    CU_ASSERT_EQUAL_FATAL(r.nstretch, 24);
    for (size_t k = 0; k < 24; k++) {
        CU_ASSERT_EQUAL(r.stretch[k].held_out, k % 8 == 7);
        CU_ASSERT_TRUE(r.stretch[k].is_short);
        CU_ASSERT_EQUAL(r.stretch[k].batch, 1 + k / 3);
    }
    CU_ASSERT_EQUAL(hm_reservoir_labels(&r, true), 8 + 16 + 63);
    check_stretches(&r);
    hm_reservoir_release(&r);
}

/* Predicted steps and those taught before are context: the history of a label, no labels. */
static void test_context_is_not_a_label(void)
{
    struct hm_reservoir r = started(1000);
    add(0, 20, HM_ROW_PREDICTED);
    add(20, 2, HM_ROW_LABEL);
    add(22, 6, HM_ROW_PREDICTED);
    add(28, 3, HM_ROW_EXACT);
    add(31, 1, HM_ROW_LABEL);
    take(&r);
    CU_ASSERT_EQUAL_FATAL(r.nstretch, 1);
    CU_ASSERT_EQUAL(r.stretch[0].count, 32);
    CU_ASSERT_EQUAL(r.stretch[0].labels, 3);
    add(40, 3, HM_ROW_LABEL); /* labels within the first history are context, too */
    add(43, 10, HM_ROW_PREDICTED);
    take(&r);
    CU_ASSERT_EQUAL(r.nstretch, 1);
    check_stretches(&r);
    hm_reservoir_release(&r);
}

/* 100 labels: a long stretch of 80 and two short ones of 10; the third has to push one out. */
static void test_eviction(void)
{
    struct hm_reservoir r = started(100);
    take_labels(&r, 0, 80);
    for (int64_t k = 1; k <= 2; k++) take_labels(&r, 1000 * k, 10);
    CU_ASSERT_EQUAL(r.nstretch, 4);
    take_labels(&r, 3000, 10);
    CU_ASSERT_EQUAL_FATAL(r.nstretch, 4);
    static const double kept[] = {0, 70, 2000, 3000};
    for (size_t i = 0; i < 4; i++) CU_ASSERT_EQUAL(step_of(&r, i, 0), kept[i]);
    check_stretches(&r);

    take_labels(&r, 4000, 1); /* one label more: a whole stretch goes */
    CU_ASSERT_EQUAL(step_of(&r, 2, 0), 3000);
    CU_ASSERT_EQUAL(hm_reservoir_labels(&r, false) + hm_reservoir_labels(&r, true), 91);

    take_labels(&r, 5000, 72); /* short ones first, then the long one that came first */
    CU_ASSERT_EQUAL_FATAL(r.nstretch, 3);
    static const double long_ones[] = {70, 5000, 5063};
    for (size_t i = 0; i < 3; i++) CU_ASSERT_EQUAL(step_of(&r, i, 0), long_ones[i]);
    CU_ASSERT_EQUAL(hm_reservoir_labels(&r, true), 10 + 9);
    check_stretches(&r);

    for (int64_t k = 6; k < 8; k++) { /* long ones stay: what came last goes with the next */
        take_labels(&r, 1000 * k, 20);
        CU_ASSERT_EQUAL(r.nstretch, 4);
        CU_ASSERT_EQUAL(step_of(&r, 3, 0), 1000.0 * (double)k);
    }
    check_stretches(&r);
    hm_reservoir_release(&r);
}

/* A short stretch stays although it alone is more than fits. */
static void test_the_last_stays(void)
{
    struct hm_reservoir r = started(16);
    take_labels(&r, 0, 10);
    take_labels(&r, 100, 40);
    CU_ASSERT_EQUAL(r.nstretch, 1);
    CU_ASSERT_EQUAL(hm_reservoir_labels(&r, false), 40);
    check_stretches(&r);
    hm_reservoir_release(&r);
}

/* A warm-up longer than the reservoir still has both parts. */
static void test_a_long_batch_stays_whole(void)
{
    struct hm_reservoir r = started(100);
    take_labels(&r, 0, 400);
    CU_ASSERT_EQUAL(r.nstretch, 2);
    CU_ASSERT_EQUAL(hm_reservoir_labels(&r, false), 350);
    CU_ASSERT_EQUAL(hm_reservoir_labels(&r, true), 50);
    check_stretches(&r);
    hm_reservoir_release(&r);
}

/* ---- save and load ---- */

static struct hm_archive saved(const struct hm_reservoir *r)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    hm_reservoir_save(r, &archive);
    HM_ASSERT_OK(archive.status);
    return archive;
}

static bool same(const struct hm_reservoir *a, const struct hm_reservoir *b)
{
    struct hm_archive from_a = saved(a), from_b = saved(b);
    const bool equal = from_a.size == from_b.size && memcmp(from_a.bytes, from_b.bytes, from_a.size) == 0;
    hm_archive_release(&from_a);
    hm_archive_release(&from_b);
    return equal;
}

static void test_save_and_load(void)
{
    struct hm_reservoir r = started(300), other = started(300);
    take_labels(&other, 7, 200); /* what it knew is forgotten */
    take_labels(&r, 0, 100);
    for (int64_t k = 1; k <= 6; k++) take_labels(&r, 1000 * k, 3 + (size_t)k);
    struct hm_archive archive = saved(&r);
    HM_ASSERT_OK(hm_reservoir_load(&other, &archive));
    CU_ASSERT_EQUAL(archive.cursor, archive.size);
    CU_ASSERT_TRUE(same(&r, &other));
    check_stretches(&other);
    for (int64_t k = 7; k <= 60; k++) { /* both go on alike: held out, evicted */
        take_labels(&r, 1000 * k, 6);
        take_labels(&other, 1000 * k, 6);
        CU_ASSERT_TRUE(same(&r, &other));
    }
    CU_ASSERT_TRUE(hm_reservoir_labels(&r, true) > 12);
    hm_archive_release(&archive);
    hm_reservoir_release(&r);
    hm_reservoir_release(&other);
}

/* nstretch, nrow, and of the only stretch count, learn_from and labels. */
static enum hm_status load_made(size_t nstretch, size_t nrow, size_t count, size_t learn_from, size_t labels)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    struct hm_reservoir r = started(100);
    hm_archive_put_tag(&archive, "RESERV");
    const size_t head[] = {HISTORY, 0, 1, nstretch, nrow, count, learn_from, labels, 1};
    for (size_t k = 0; k < sizeof head / sizeof *head; k++) hm_archive_put_size(&archive, head[k]);
    hm_archive_put_int(&archive, 0);
    hm_archive_put_int(&archive, 1);
    add(0, 10, HM_ROW_LABEL);
    hm_archive_put_reals(&archive, made.rows, 10 * ROW);
    const enum hm_status status = hm_reservoir_load(&r, &archive);
    hm_archive_release(&archive);
    hm_reservoir_release(&r);
    return status;
}

static void test_damaged_bytes(void)
{
    struct hm_reservoir r = started(300);
    take_labels(&r, 0, 100);
    struct hm_archive archive = saved(&r);
    for (size_t size = 0; size < archive.size; size += 1 + size / 9) {
        struct hm_archive cut = hm_archive_view(archive.bytes, size);
        CU_ASSERT_EQUAL(hm_reservoir_load(&r, &cut), HM_BAD_INPUT);
    }
    hm_archive_release(&archive);
    hm_reservoir_release(&r);
    HM_ASSERT_OK(load_made(1, 10, 10, HISTORY, 10 - HISTORY));
    CU_ASSERT_EQUAL(load_made(1, 10, 11, HISTORY, 10 - HISTORY), HM_BAD_INPUT);     /* more rows than there are */
    CU_ASSERT_EQUAL(load_made(1, 10, 10, HISTORY - 1, 10 - HISTORY), HM_BAD_INPUT); /* labels without their history */
    CU_ASSERT_EQUAL(load_made(1, 10, 10, 10, 10 - HISTORY), HM_BAD_INPUT);
    CU_ASSERT_EQUAL(load_made(1, 10, 10, HISTORY, 11 - HISTORY), HM_BAD_INPUT);
    CU_ASSERT_EQUAL(load_made(11, 10, 10, HISTORY, 10 - HISTORY), HM_BAD_INPUT);
    CU_ASSERT_EQUAL(load_made(1, SIZE_MAX / 64, 10, HISTORY, 10 - HISTORY), HM_BAD_INPUT);
}

static const struct hm_test tests[] = {
    {"stretches end at gaps", test_cut_at_gaps},
    {"of long stretches the last eighth is held out", test_long_stretches},
    {"of short stretches every eighth", test_short_stretches},
    {"context is not a label", test_context_is_not_a_label},
    {"short stretches go first, the oldest before the newer", test_eviction},
    {"what came last stays", test_the_last_stays},
    {"a long batch stays whole", test_a_long_batch_stays_whole},
    {"save and load", test_save_and_load},
    {"damaged bytes", test_damaged_bytes},
};

HM_TEST_MAIN("reservoir", tests)
