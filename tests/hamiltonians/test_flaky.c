/* The Hamiltonian that goes wrong: how often, in which way, the same again, and never for ever. */
#include "tests/test.h"

#include "hamiltonians/hamiltonian.h"

#include <stdio.h>
#include <string.h>

#define INNER "hamiltonian: {type: harmonic, bonds: [{atoms: [0, 1], k: 516 N/m, r0: 1 A}]}"

static struct hm_frame frame;
static double force[6];
static struct hm_label label = {.force = force};

static enum hm_status create(const char *keys, struct hm_hamiltonian *hamiltonian)
{
    char text[512];
    struct hm_config *config = NULL;
    snprintf(text, sizeof text, "hamiltonian: {%s}\nintegrator: {timestep: 1 fs, steps: 1}\n", keys);
    enum hm_status status = hm_config_parse(text, "flaky.yaml", NULL, 0, &config);
    if (status == HM_OK) status = hm_hamiltonian_create(config, &frame, NULL, hamiltonian);
    hm_config_destroy(&config);
    return status;
}

static void begin(const char *keys, struct hm_hamiltonian *hamiltonian)
{
    HM_ASSERT_OK(hm_frame_create(2, &frame));
    frame.mass[0] = frame.mass[1] = 1837;
    frame.number[0] = frame.number[1] = 1;
    frame.x[3] = 2;
    HM_ASSERT_OK(create(keys, hamiltonian));
}

static void end(struct hm_hamiltonian *hamiltonian)
{
    hm_hamiltonian_destroy(hamiltonian);
    hm_frame_release(&frame);
}

/* What an evaluation came to: a letter of "fails", "is not a number", "well", "crash", "stall". */
static char outcome(struct hm_hamiltonian *hamiltonian)
{
    const enum hm_status status = hm_hamiltonian_evaluate(hamiltonian, &frame, &label);
    if (status == HM_OK) return label.status == HM_LABEL_NOT_FINITE ? 'n' : 'w';
    CU_ASSERT_EQUAL(status, HM_ORACLE_FAILED);
    if (strstr(hm_status_message(), "crashed")) return 'c';
    return strstr(hm_status_message(), "no answer") ? 's' : 'f';
}

static void count_outcomes(const char *keys, size_t evaluations, size_t count[256])
{
    struct hm_hamiltonian hamiltonian;
    begin(keys, &hamiltonian);
    memset(count, 0, 256 * sizeof *count);
    for (size_t k = 0; k < evaluations; k++) count[(unsigned char)outcome(&hamiltonian)]++;
    end(&hamiltonian);
}

static void test_how_often(void)
{
    enum { MANY = 100000 };
    size_t count[256];
    count_outcomes("type: flaky, failure: 0.02, nan: 0.05, " INNER, MANY, count);
    HM_ASSERT_NEAR((double)count['f'] / MANY, 0.02, 0.002); /* 4.5 standard deviations */
    HM_ASSERT_NEAR((double)count['n'] / MANY, 0.05, 0.003);
    CU_ASSERT_EQUAL(count['f'] + count['n'] + count['w'], MANY);
    count_outcomes("type: flaky, failure: 1, " INNER, 100, count);
    CU_ASSERT_EQUAL(count['f'], 100);
    count_outcomes("type: flaky, " INNER, 100, count);
    CU_ASSERT_EQUAL(count['w'], 100);
}

/* A hundred each; a test that hangs is ended from outside. */
static void test_children_never_hang(void)
{
    size_t count[256];
    count_outcomes("type: flaky, stall: 1, patience: 2 ms, " INNER, 100, count);
    CU_ASSERT_EQUAL(count['s'], 100);
    count_outcomes("type: flaky, crash: 1, patience: 1 h, " INNER, 100, count);
    CU_ASSERT_EQUAL(count['c'], 100);
}

static void record(struct hm_hamiltonian *hamiltonian, size_t count, char *text)
{
    for (size_t k = 0; k < count; k++) text[k] = outcome(hamiltonian);
    text[count] = '\0';
}

#define MIXED "type: flaky, failure: 0.2, nan: 0.2, crash: 0.05, " INNER

static void test_runs_repeat(void)
{
    char first[101], again[101], other[101], rest[101];
    struct hm_hamiltonian hamiltonian;
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    begin(MIXED, &hamiltonian);
    record(&hamiltonian, 60, first);
    hm_hamiltonian_save(&hamiltonian, &archive);
    record(&hamiltonian, 40, first + 60);
    HM_ASSERT_OK(hm_hamiltonian_load(&hamiltonian, &archive));
    record(&hamiltonian, 40, rest);
    end(&hamiltonian);
    CU_ASSERT_STRING_EQUAL(rest, first + 60);
    begin(MIXED, &hamiltonian);
    record(&hamiltonian, 100, again);
    end(&hamiltonian);
    CU_ASSERT_STRING_EQUAL(again, first);
    begin(MIXED ", seed: 2", &hamiltonian);
    record(&hamiltonian, 100, other);
    end(&hamiltonian);
    CU_ASSERT_STRING_NOT_EQUAL(other, first);
    hm_archive_release(&archive);
}

static void test_what_is_well_is_the_wrapped_one(void)
{
    struct hm_hamiltonian flaky, plain;
    double own[6];
    begin("type: flaky, failure: 0.5, latency: 3 ms, " INNER, &flaky);
    HM_ASSERT_OK(create("type: harmonic, bonds: [{atoms: [0, 1], k: 516 N/m, r0: 1 A}]", &plain));
    HM_ASSERT_OK(hm_hamiltonian_evaluate(&plain, &frame, &label));
    const double energy = label.energy;
    memcpy(own, force, sizeof own);
    size_t well = 0;
    for (int k = 0; k < 20; k++) {
        memset(force, 0, sizeof force);
        if (outcome(&flaky) != 'w') continue;
        well++;
        CU_ASSERT_TRUE(label.energy == energy && memcmp(own, force, sizeof own) == 0);
        CU_ASSERT_TRUE(label.seconds >= 3e-3);
    }
    CU_ASSERT_TRUE(well > 0 && well < 20);
    size_t nbond;
    CU_ASSERT_PTR_NOT_NULL(hm_hamiltonian_bonds(&flaky, &nbond));
    CU_ASSERT_EQUAL(nbond, 1);
    hm_hamiltonian_destroy(&plain);
    end(&flaky);
}

static void test_bad_input(void)
{
    static const char *const refused[][2] = {
        {"type: flaky", "needs the Hamiltonian that it wraps"},
        {"type: flaky, failure: 0.6, stall: 0.6, " INNER, "add up to 1.2"},
        {"type: flaky, failure: 2, " INNER, "hamiltonian.failure"},
        {"type: flaky, latency: 3, " INNER, "latency"},
        {"type: flaky, hamiltonian: {type: harmonical}", "harmonical"},
        {"type: flaky, hamiltonian: {type: flaky}", "flaky wraps the exact Hamiltonian"},
        {"type: flaky, hamiltonian: {type: flaky, " INNER "}", "unknown key"},
        {"type: flaky, hamiltonian: {molecule: HCl}", "hamiltonian.hamiltonian.type"},
        {"type: harmonic, molecule: HCl, nan: 0.1", "'type: harmonic' has no 'nan'"},
    };
    struct hm_hamiltonian hamiltonian;
    HM_ASSERT_OK(hm_frame_create(2, &frame));
    for (size_t k = 0; k < sizeof refused / sizeof *refused; k++) {
        const enum hm_status status = create(refused[k][0], &hamiltonian);
        const bool said = strstr(hm_status_message(), refused[k][1]) && strstr(hm_status_message(), "flaky.yaml:1:");
        if (status != HM_BAD_CONFIG || !said) printf("\n      %s: %s ", refused[k][0], hm_status_message());
        CU_ASSERT_TRUE(status == HM_BAD_CONFIG && said);
        if (status == HM_OK) hm_hamiltonian_destroy(&hamiltonian);
    }
    hm_frame_release(&frame);
}

static const struct hm_test tests[] = {
    {"how often it goes wrong", test_how_often},
    {"a hundred stalls and crashes", test_children_never_hang},
    {"runs repeat their faults", test_runs_repeat},
    {"what is well is the wrapped one's", test_what_is_well_is_the_wrapped_one},
    {"bad input", test_bad_input},
};

HM_TEST_MAIN("flaky", tests)
