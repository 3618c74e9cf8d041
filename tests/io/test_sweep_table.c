/* The table of a sweep: numbers that come back exactly, torn lines, and what h5py would see. */
#include "io/sweep_table.h"
#include "tests/test.h"

#include <hdf5.h>

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNS = 3 };

static const char *const axis[] = {"policy.frequency", "predictor"};
static const bool numeric[] = {true, false};
static const char *const kind[RUNS] = {"run", "run", "exact"};
static const char *const first[] = {"0.1", "{type: zero, inputs: [velocity]}"}, *const second[] = {"1e-3", "a \"b\""},
                         *const third[] = {NULL, NULL};
static const char *const *const texts[RUNS] = {first, second, third};
static const struct hm_sweep_columns columns = {2, RUNS, axis, numeric, kind, texts};

static struct hm_sweep_row make_row(size_t run, const char *status, const char *reason)
{
    struct hm_sweep_row row = {.run = run};
    snprintf(row.status, sizeof row.status, "%s", status);
    row.reason = reason ? strdup(reason) : NULL;
    for (size_t f = 0; f < HM_SWEEP_FIELDS; f++) row.value[f] = (double)(f + run) / 3;
    row.value[0] = NAN;
    row.value[1] = DBL_MIN / 7;
    row.value[2] = -INFINITY;
    row.value[3] = 0.1 + 0.2;
    return row;
}

static bool same_row(const struct hm_sweep_row *a, const struct hm_sweep_row *b)
{
    for (size_t f = 0; f < HM_SWEEP_FIELDS; f++)
        if (!(a->value[f] == b->value[f] || (isnan(a->value[f]) && isnan(b->value[f])))) return false;
    const bool reason = a->reason && b->reason ? strcmp(a->reason, b->reason) == 0 : a->reason == b->reason;
    return a->run == b->run && strcmp(a->status, b->status) == 0 && reason;
}

static void release(struct hm_sweep_row *rows)
{
    for (size_t i = 0; i < RUNS; i++) hm_sweep_row_release(&rows[i]);
}

static void write_two(const char *path, struct hm_sweep_row *rows)
{
    struct hm_sweep_row none[RUNS] = {{0}};
    struct hm_sweep_journal *journal;
    unlink(path);
    rows[0] = make_row(1, "finished", NULL);
    rows[1] = make_row(2, "diverged", "step 7: \"hot\", too fast\nand far");
    HM_ASSERT_OK(hm_sweep_journal_open(path, &columns, none, &journal));
    HM_ASSERT_OK(hm_sweep_journal_append(journal, &rows[1]));
    HM_ASSERT_OK(hm_sweep_journal_append(journal, &rows[0]));
    HM_ASSERT_OK(hm_sweep_journal_close(&journal));
}

static void test_journal_comes_back(void)
{
    struct hm_sweep_row rows[RUNS] = {{0}}, back[RUNS] = {{0}};
    struct hm_sweep_journal *journal;
    write_two("journal.csv", rows);
    HM_ASSERT_OK(hm_sweep_journal_open("journal.csv", &columns, back, &journal));
    CU_ASSERT_TRUE(same_row(&rows[0], &back[0]));
    CU_ASSERT_TRUE(same_row(&rows[1], &back[1]));
    CU_ASSERT_EQUAL(back[2].run, 0);
    HM_ASSERT_OK(hm_sweep_journal_close(&journal));
    /* The table in order is a journal, too. */
    release(back);
    HM_ASSERT_OK(hm_sweep_table_write_csv("journal.csv", &columns, rows));
    HM_ASSERT_OK(hm_sweep_journal_open("journal.csv", &columns, back, &journal));
    CU_ASSERT_TRUE(same_row(&rows[0], &back[0]));
    CU_ASSERT_TRUE(same_row(&rows[1], &back[1]));
    HM_ASSERT_OK(hm_sweep_journal_close(&journal));
    release(rows);
    release(back);
}

static long size_of(const char *path)
{
    FILE *file = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    fclose(file);
    return size;
}

/* Cut anywhere, what is left is the rows that were whole, and writing goes on behind them. */
static void test_torn_anywhere(void)
{
    struct hm_sweep_row rows[RUNS] = {{0}};
    write_two("whole.csv", rows);
    const long whole = size_of("whole.csv");
    for (long size = whole; size >= 0; size -= size > whole - 200 ? 1 : 53) {
        struct hm_sweep_row back[RUNS] = {{0}};
        struct hm_sweep_journal *journal;
        struct hm_sweep_row again[RUNS] = {{0}};
        write_two("torn.csv", again);
        release(again);
        CU_ASSERT_EQUAL(truncate("torn.csv", size), 0);
        HM_ASSERT_OK(hm_sweep_journal_open("torn.csv", &columns, back, &journal));
        if (!journal) break;
        CU_ASSERT_EQUAL(back[0].run, size == whole ? 1 : 0);
        CU_ASSERT_TRUE(back[1].run == 0 || same_row(&rows[1], &back[1]));
        HM_ASSERT_OK(hm_sweep_journal_append(journal, &rows[0]));
        HM_ASSERT_OK(hm_sweep_journal_close(&journal));
        release(back);
        HM_ASSERT_OK(hm_sweep_journal_open("torn.csv", &columns, back, &journal));
        CU_ASSERT_TRUE(same_row(&rows[0], &back[0]));
        HM_ASSERT_OK(hm_sweep_journal_close(&journal));
        release(back);
    }
    release(rows);
}

static void test_foreign_journals(void)
{
    static const char *const bad[] = {"run,kind\n1,run\n", "\n", "no table\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct hm_sweep_row back[RUNS] = {{0}};
        struct hm_sweep_journal *journal;
        FILE *file = fopen("foreign.csv", "w");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        fputs(bad[i], file);
        fclose(file);
        CU_ASSERT_EQUAL(hm_sweep_journal_open("foreign.csv", &columns, back, &journal), HM_BAD_INPUT);
        CU_ASSERT_PTR_NULL(journal);
        CU_ASSERT_EQUAL(size_of("foreign.csv"), (long)strlen(bad[i]));
    }
    /* A row of a run that the plan does not have. */
    struct hm_sweep_row rows[RUNS] = {{0}}, back[RUNS] = {{0}};
    struct hm_sweep_journal *journal;
    write_two("foreign.csv", rows);
    const struct hm_sweep_columns fewer = {2, 1, axis, numeric, kind, texts};
    CU_ASSERT_EQUAL(hm_sweep_journal_open("foreign.csv", &fewer, back, &journal), HM_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "foreign.csv:2"));
    release(rows);
    release(back);
}

/* Reads one member of every row, converted by HDF5. */
static void read_member(hid_t set, const char *name, hid_t type, void *values)
{
    const hid_t memory = H5Tcreate(H5T_COMPOUND, H5Tget_size(type));
    H5Tinsert(memory, name, 0, type);
    CU_ASSERT_TRUE(H5Dread(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Tclose(memory);
}

static void test_hdf5(void)
{
    struct hm_sweep_row rows[RUNS] = {{0}};
    double frequency[2], last[2];
    long long run[2];
    char text[2][64] = {{0}};
    rows[1] = make_row(2, "diverged", "too hot");
    rows[2] = make_row(3, "finished", NULL);
    HM_ASSERT_OK(hm_sweep_table_write_hdf5("table.h5", &columns, rows));
    HM_ASSERT_OK(hm_sweep_table_write_hdf5("table.h5", &columns, rows)); /* replaces */
    CU_ASSERT_NOT_EQUAL(access("table.h5.new", F_OK), 0);
    const hid_t file = H5Fopen("table.h5", H5F_ACC_RDONLY, H5P_DEFAULT), set = H5Dopen2(file, "runs", H5P_DEFAULT);
    const hid_t space = H5Dget_space(set), string = H5Tcopy(H5T_C_S1);
    H5Tset_size(string, sizeof text[0]);
    H5Tset_cset(string, H5T_CSET_UTF8);
    CU_ASSERT_EQUAL_FATAL(H5Sget_simple_extent_npoints(space), 2);
    read_member(set, "run", H5T_NATIVE_LLONG, run);
    CU_ASSERT_TRUE(run[0] == 2 && run[1] == 3);
    read_member(set, "policy.frequency", H5T_NATIVE_DOUBLE, frequency);
    CU_ASSERT_TRUE(frequency[0] == 1e-3 && isnan(frequency[1]));
    read_member(set, "predictor", string, text);
    CU_ASSERT_STRING_EQUAL(text[0], "a \"b\"");
    CU_ASSERT_STRING_EQUAL(text[1], "");
    read_member(set, "kind", string, text);
    CU_ASSERT_STRING_EQUAL(text[1], "exact");
    read_member(set, "reason", string, text);
    CU_ASSERT_STRING_EQUAL(text[0], "too hot");
    read_member(set, hm_sweep_field_names[HM_SWEEP_FIELDS - 1], H5T_NATIVE_DOUBLE, last);
    CU_ASSERT_TRUE(last[0] == rows[1].value[HM_SWEEP_FIELDS - 1]);
    H5Tclose(string);
    H5Sclose(space);
    H5Dclose(set);
    H5Fclose(file);
    release(rows);
}

static const struct hm_test tests[] = {
    {"the journal comes back", test_journal_comes_back},
    {"torn anywhere", test_torn_anywhere},
    {"foreign journals", test_foreign_journals},
    {"HDF5", test_hdf5},
};

HM_TEST_MAIN("tables of sweeps", tests)
