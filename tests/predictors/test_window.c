/* The window against a list that forgets nothing. */
#include "predictors/window.h"

#include "tests/test.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PUSHES = 1000, CHANNELS = 3, NATOM = 3 };

/* A fixed sequence of numbers between -1 and 1. */
static double uniform(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 4503599627370496.0 - 1;
}

/* Everything that was pushed. */
struct list {
    double motion[PUSHES][CHANNELS], coordinate[PUSHES + 1][CHANNELS];
    bool exact[PUSHES];
    size_t count;
};

struct stage {
    struct hm_frame frame;
    struct hm_representation *representation;
    struct hm_window *window;
    struct list *list;
    uint64_t state;
};

static void stage_create(struct stage *stage, size_t length)
{
    static const double corners[NATOM][3] = {{0, 0, 0}, {2, 0, 0}, {0, 2, 0}};
    struct hm_config *config = NULL;
    *stage = (struct stage){.state = 11, .list = calloc(1, sizeof *stage->list)};
    CU_ASSERT_PTR_NOT_NULL_FATAL(stage->list);
    HM_ASSERT_OK(hm_frame_create(NATOM, &stage->frame));
    for (size_t i = 0; i < NATOM; i++) {
        stage->frame.mass[i] = 1000 * (double)(i + 1);
        memcpy(&stage->frame.x[3 * i], corners[i], sizeof corners[i]);
    }
    HM_ASSERT_OK(hm_config_parse("hamiltonian: {type: harmonic}\nintegrator: {timestep: 1 fs, steps: 1}\n", "run.yaml",
                                 NULL, 0, &config));
    HM_ASSERT_OK(hm_representation_create(config, &stage->frame, &stage->representation));
    hm_config_destroy(&config);
    HM_ASSERT_OK(hm_window_create(stage->representation, &stage->frame, length, &stage->window));
}

static void stage_destroy(struct stage *stage)
{
    hm_window_destroy(&stage->window);
    CU_ASSERT_PTR_NULL(stage->window);
    hm_representation_destroy(&stage->representation);
    hm_frame_release(&stage->frame);
    free(stage->list);
}

/* Opens a step and writes it down. */
static void stage_open(struct stage *stage)
{
    for (size_t k = 0; k < 3 * NATOM; k++) stage->frame.x[k] += 0.01 * uniform(&stage->state);
    hm_window_open(stage->window);
    hm_representation_coordinates(stage->representation, &stage->frame, stage->list->coordinate[stage->list->count]);
}

static void stage_close(struct stage *stage, bool exact)
{
    struct list *list = stage->list;
    double kick[3 * NATOM];
    for (size_t k = 0; k < 3 * NATOM; k++) kick[k] = uniform(&stage->state);
    hm_representation_encode(stage->representation, &stage->frame, stage->frame.v, kick, list->motion[list->count]);
    list->exact[list->count++] = exact;
    hm_window_close(stage->window, stage->frame.v, kick, exact);
}

static size_t exact_behind(const struct list *list)
{
    size_t count = 0;
    while (count < list->count && list->exact[list->count - 1 - count]) count++;
    return count;
}

static bool same(const double *a, const double *b)
{
    return memcmp(a, b, CHANNELS * sizeof *a) == 0;
}

/* An open window shows the latest `length` of the list, to the bit. */
static bool shows_the_list(const struct stage *stage)
{
    const struct hm_window *w = stage->window;
    const struct list *list = stage->list;
    const size_t filled = list->count < w->length ? list->count : w->length;
    if (w->filled != filled || w->exact_behind != exact_behind(list)) return false;
    for (size_t back = 0; back < filled; back++)
        if (!same(hm_window_motion(w, back), list->motion[list->count - 1 - back])) return false;
    for (size_t back = 0; back <= filled; back++)
        if (!same(hm_window_coordinate(w, back), list->coordinate[list->count - back])) return false;
    return true;
}

static void test_against_a_list(void)
{
    static const size_t lengths[] = {1, 2, 7, 32};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        struct stage stage;
        stage_create(&stage, lengths[l]);
        size_t wrong = 0;
        for (size_t n = 0; n < PUSHES; n++) {
            stage_open(&stage);
            wrong += !shows_the_list(&stage);
            /* The past is contiguous, each step back one row down. */
            if (stage.window->filled == lengths[l])
                CU_ASSERT_PTR_EQUAL(hm_window_motion(stage.window, lengths[l] - 1),
                                    hm_window_motion(stage.window, 0) - CHANNELS * (lengths[l] - 1));
            stage_close(&stage, n % 5 != 0 && n % 113 < 90);
        }
        CU_ASSERT_EQUAL(wrong, 0);
        CU_ASSERT_EQUAL(stage.window->length, lengths[l]);
        stage_destroy(&stage);
    }
}

static void test_length_zero_is_one(void)
{
    struct stage stage;
    stage_create(&stage, 0);
    CU_ASSERT_EQUAL(stage.window->length, 1);
    for (size_t n = 0; n < 50; n++) {
        stage_open(&stage);
        CU_ASSERT_TRUE(shows_the_list(&stage));
        stage_close(&stage, true);
    }
    CU_ASSERT_EQUAL(stage.window->exact_behind, 50); /* not limited by the length */
    stage_destroy(&stage);
}

static void test_opening_twice_is_opening_once(void)
{
    struct stage stage;
    stage_create(&stage, 3);
    for (size_t n = 0; n < 100; n++) {
        stage_open(&stage);
        stage_open(&stage);
        CU_ASSERT_TRUE(shows_the_list(&stage));
        stage_close(&stage, true);
    }
    stage_destroy(&stage);
}

/* Drawn in window.h: step | kind | coordinate | motion. The rows of the latest `count` steps, the newest being `step`,
 * against the list. */
static void check_rows(const struct stage *stage, int64_t step, size_t count, int64_t untaught)
{
    enum { SIZE = 2 + 2 * CHANNELS, MOST = 6 };
    const struct list *list = stage->list;
    double rows[MOST * SIZE + 1];
    CU_ASSERT_EQUAL(hm_row_size(CHANNELS), SIZE);
    for (size_t k = 0; k <= MOST * SIZE; k++) rows[k] = 4711;
    hm_window_rows(stage->window, step, count, untaught, rows);
    CU_ASSERT_EQUAL(rows[count * SIZE], 4711);
    for (size_t k = 0; k < count; k++) {
        const double *row = &rows[k * SIZE];
        const size_t n = list->count - count + k; /* oldest first */
        const int64_t number = step - (int64_t)(list->count - 1 - n);
        const enum hm_row_kind kind = !list->exact[n]     ? HM_ROW_PREDICTED
                                      : number < untaught ? HM_ROW_EXACT
                                                          : HM_ROW_LABEL;
        CU_ASSERT_EQUAL(row[0], (double)number);
        CU_ASSERT_EQUAL(row[1], (double)kind);
        CU_ASSERT_EQUAL(hm_row_kind(row), kind);
        CU_ASSERT_TRUE(same(&row[2], list->coordinate[n]) && same(&row[2 + CHANNELS], list->motion[n]));
        CU_ASSERT_PTR_EQUAL(hm_row_coordinate(row), &row[2]);
        CU_ASSERT_PTR_EQUAL(hm_row_motion(row, CHANNELS), &row[2 + CHANNELS]);
    }
}

/* After every step, across many slides of the arrays: all that the window holds, a part of it, nothing. */
static void test_rows(void)
{
    enum { LENGTH = 6, FIRST = 5 }; /* step numbers need not start at 0 */
    struct stage stage;
    stage_create(&stage, LENGTH);
    for (size_t n = 0; n < 200; n++) {
        const int64_t step = FIRST + (int64_t)n;
        stage_open(&stage);
        stage_close(&stage, n % 7 != 3 && n % 7 != 4);
        for (size_t count = 0; count <= stage.window->filled; count++) {
            check_rows(&stage, step, count, step);
            check_rows(&stage, step, count, step - 2);
            check_rows(&stage, step, count, 0);        /* everything exact is a label */
            check_rows(&stage, step, count, step + 1); /* nothing is */
        }
        stage_open(&stage);
        CU_ASSERT_TRUE(shows_the_list(&stage)); /* taking rows changes nothing */
    }
    stage_destroy(&stage);
}

/* Saved between steps and loaded into a new window, the past is the same and goes on the same. */
static void test_save_and_load(void)
{
    static const size_t moments[] = {0, 1, 4, 6, 55, 56, 57, 500};
    for (size_t m = 0; m < sizeof moments / sizeof *moments; m++) {
        struct stage stage;
        struct hm_archive archive = HM_ARCHIVE_EMPTY;
        stage_create(&stage, 6);
        for (size_t n = 0; n < moments[m]; n++) {
            stage_open(&stage);
            stage_close(&stage, n % 9 != 0);
        }
        hm_window_save(stage.window, &archive);
        HM_ASSERT_OK(archive.status);
        hm_window_destroy(&stage.window);
        HM_ASSERT_OK(hm_window_create(stage.representation, &stage.frame, 6, &stage.window));
        HM_ASSERT_OK(hm_window_load(stage.window, &archive));
        CU_ASSERT_EQUAL(archive.cursor, archive.size);
        check_rows(&stage, 1000, stage.window->filled, 0); /* the flags of each step, not only how many are exact */
        for (size_t n = 0; n < 100; n++) {
            stage_open(&stage);
            CU_ASSERT_TRUE(shows_the_list(&stage));
            stage_close(&stage, n % 9 != 0);
        }
        hm_archive_release(&archive);
        stage_destroy(&stage);
    }
}

static void test_load_refuses(void)
{
    struct stage stage;
    struct hm_window *other = NULL;
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    stage_create(&stage, 6);
    for (size_t n = 0; n < 20; n++) {
        stage_open(&stage);
        stage_close(&stage, true);
    }
    hm_window_save(stage.window, &archive);
    HM_ASSERT_OK(hm_window_create(stage.representation, &stage.frame, 7, &other));
    CU_ASSERT_EQUAL(hm_window_load(other, &archive), HM_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "6 steps of 3 channels"));
    hm_window_destroy(&other);
    HM_ASSERT_OK(hm_window_create(stage.representation, &stage.frame, 6, &other));
    for (size_t size = 0; size < archive.size; size++) { /* cut short anywhere */
        struct hm_archive cut = hm_archive_view(archive.bytes, size);
        CU_ASSERT_EQUAL(hm_window_load(other, &cut), HM_BAD_INPUT);
    }
    hm_window_destroy(&other);
    hm_archive_release(&archive);
    stage_destroy(&stage);
}

static const struct hm_test tests[] = {
    {"1000 pushes against a list", test_against_a_list},
    {"a length of zero is one", test_length_zero_is_one},
    {"opening twice is opening once", test_opening_twice_is_opening_once},
    {"rows", test_rows},
    {"save and load", test_save_and_load},
    {"load refuses", test_load_refuses},
};

HM_TEST_MAIN("history window", tests)
