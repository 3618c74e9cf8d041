#include "io/rng.h"
#include "io/trajectory.h"
#include "io/units.h"
#include "tests/io/faulty_disk.h"
#include "tests/test.h"

#include <hdf5.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Not part of POSIX 2008. */
#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS 0x20
#endif

static char folder[] = "/tmp/hamlet_trajectory_XXXXXX";
static char path[128];

/* ---- a run that can be told from any other ---- */

enum { ATOMS = 3 };
static const size_t bonds[2][2] = {{0, 1}, {0, 2}};
static const char *const provenance[][2] = {{"version", "1.2.3"}, {"host", "castle"}, {NULL, NULL}};
static struct hm_frame topology;

static double value(int64_t step, size_t i, int kind)
{
    return sin((double)step * 0.1 + (double)i + 10.0 * kind) + kind;
}

static struct hm_trajectory_setup make_setup(bool periodic)
{
    for (size_t i = 0; i < ATOMS; i++) {
        topology.number[i] = i ? 1 : 8;
        topology.mass[i] = i ? 1837.5 : 29156.9;
    }
    for (int k = 0; k < 3; k++) {
        topology.periodic[k] = periodic && k < 2;
        topology.cell[4 * k] = topology.periodic[k] ? 20.0 + k : 0.0;
    }
    return (struct hm_trajectory_setup){.frame = &topology,
                                        .config_yaml = "system: {geometry: water.xyz}\n",
                                        .timestep = 10.0,
                                        .steps = 4000,
                                        .warmup_steps = 100,
                                        .stride = 2,
                                        .nbond = 2,
                                        .bonds = bonds,
                                        .overwrite = true,
                                        .provenance = provenance};
}

static enum hm_status append(struct hm_trajectory *trajectory, int64_t step)
{
    double x[3 * ATOMS], v[3 * ATOMS], force[3 * ATOMS];
    int image[3 * ATOMS];
    for (size_t i = 0; i < 3 * ATOMS; i++) {
        x[i] = value(step, i, 1);
        v[i] = 1e-3 * value(step, i, 2);
        force[i] = 1e-2 * value(step, i, 3);
        image[i] = (int)i;
    }
    const struct hm_trajectory_frame frame = {.step = step,
                                              .x = x,
                                              .v = v,
                                              .force = step % 4 ? NULL : force,
                                              .image = image,
                                              .potential_energy = step % 4 ? NAN : -0.5,
                                              .heat = 0.01 * (double)step};
    return hm_trajectory_append(trajectory, &frame);
}

static enum hm_status log_step(struct hm_trajectory *trajectory, int64_t step)
{
    const struct hm_decision_record decision = {.step = step,
                                                .replica = 1,
                                                .round = 2,
                                                .weights_version = (int32_t)(step / 7),
                                                .oracle_group = -1,
                                                .action = step % 3 == 0,
                                                .reason = HM_REASON_POLICY,
                                                .committed = 1,
                                                .signal = (float)step,
                                                .threshold = NAN};
    HM_TRY(hm_trajectory_log_decision(trajectory, &decision));
    if (step % 3) return HM_OK;
    const struct hm_injection_record injection = {.step = step,
                                                  .residual = 1.0 + (double)step,
                                                  .residual_relative = 2,
                                                  .velocity_mae = 3,
                                                  .velocity_mean = 4,
                                                  .kick_mae = 5,
                                                  .kick_mean = 6,
                                                  .energy = 7,
                                                  .seconds = 8,
                                                  .iterations = 9,
                                                  .status = 10};
    return hm_trajectory_log_injection(trajectory, &injection);
}

static bool is_frame(int64_t step, const double *x, const double *v, const double *force)
{
    bool good = true;
    for (size_t i = 0; i < 3 * ATOMS; i++) {
        good = good && fabs(x[i] - value(step, i, 1)) < 1e-13;
        good = good && fabs(v[i] - 1e-3 * value(step, i, 2)) < 1e-15;
        good = good && (step % 4 ? isnan(force[i]) : fabs(force[i] - 1e-2 * value(step, i, 3)) < 1e-14);
    }
    return good;
}

enum { FRAMES_MAX = 4096 };

/* What is in the file, read in one go. */
static struct {
    int64_t steps[FRAMES_MAX];
    double x[FRAMES_MAX][3 * ATOMS], v[FRAMES_MAX][3 * ATOMS], force[FRAMES_MAX][3 * ATOMS];
    struct hm_decision_record decisions[2 * FRAMES_MAX];
} content;

static bool all_as_written(struct hm_trajectory *trajectory)
{
    const struct hm_trajectory_info *info = hm_trajectory_info(trajectory);
    const size_t nframe = info->nframe < FRAMES_MAX ? info->nframe : FRAMES_MAX;
    const size_t ndecision = info->ndecision < 2 * FRAMES_MAX ? info->ndecision : 2 * FRAMES_MAX;
    if (hm_trajectory_read_frames(trajectory, 0, nframe, content.steps, *content.x, *content.v, *content.force, NULL,
                                  NULL) != HM_OK)
        return false;
    for (size_t i = 0; i < nframe; i++)
        if (content.steps[i] != 2 * (int64_t)i ||
            !is_frame(content.steps[i], content.x[i], content.v[i], content.force[i]))
            return false;
    if (hm_trajectory_read_decisions(trajectory, 0, ndecision, content.decisions) != HM_OK) return false;
    for (size_t i = 0; i < ndecision; i++) {
        const struct hm_decision_record *record = &content.decisions[i];
        if (record->step != (int64_t)i || record->signal != (float)i || record->committed != 1) return false;
    }
    return true;
}

/* Opens the file and compares all there is; returns the number of frames, or -1 when it does not open. */
static long verify(size_t *ndecision)
{
    struct hm_trajectory *trajectory;
    if (hm_trajectory_open(path, &trajectory) != HM_OK) return -1;
    const long nframe = all_as_written(trajectory) ? (long)hm_trajectory_info(trajectory)->nframe : -1;
    if (ndecision) *ndecision = hm_trajectory_info(trajectory)->ndecision;
    hm_trajectory_close(&trajectory);
    return nframe;
}

static enum hm_status write_run(int64_t steps, int64_t flush_every, bool periodic)
{
    const struct hm_trajectory_setup setup = make_setup(periodic);
    struct hm_trajectory *trajectory;
    HM_TRY(hm_trajectory_create(path, &setup, &trajectory));
    enum hm_status status = HM_OK;
    for (int64_t step = 0; status == HM_OK && step < steps; step++) {
        status = log_step(trajectory, step);
        if (status == HM_OK && step % 2 == 0) status = append(trajectory, step);
        if (status == HM_OK && flush_every && step % flush_every == 0) status = hm_trajectory_flush(trajectory);
    }
    if (status != HM_OK) {
        hm_trajectory_close(&trajectory);
        return status;
    }
    return hm_trajectory_close(&trajectory);
}

/* ---- tests ---- */

static void what_was_written_is_read(void)
{
    for (int periodic = 0; periodic < 2; periodic++) {
        size_t ndecision = 0;
        HM_ASSERT_OK(write_run(3001, periodic ? 0 : 37, periodic != 0));
        CU_ASSERT_EQUAL(verify(&ndecision), 1501);
        CU_ASSERT_EQUAL(ndecision, 3001);
    }
    struct hm_trajectory *trajectory;
    struct hm_frame frame;
    HM_ASSERT_OK(hm_trajectory_open(path, &trajectory));
    const struct hm_trajectory_info *info = hm_trajectory_info(trajectory);
    CU_ASSERT_EQUAL(info->natom, 3);
    CU_ASSERT_EQUAL(info->nbond, 2);
    CU_ASSERT_EQUAL(info->ninjection, 1001);
    CU_ASSERT_EQUAL(info->ntraining, 0);
    CU_ASSERT_EQUAL(info->steps, 4000);
    CU_ASSERT_EQUAL(info->warmup_steps, 100);
    CU_ASSERT_EQUAL(info->stride, 2);
    CU_ASSERT_EQUAL(info->steps_done, 0);
    CU_ASSERT_STRING_EQUAL(info->status, "running");
    CU_ASSERT_TRUE(info->periodic);
    HM_ASSERT_NEAR(info->timestep, 10.0, 1e-14);
    HM_ASSERT_OK(hm_trajectory_read_topology(trajectory, &frame));
    CU_ASSERT_TRUE(frame.number[0] == 8 && frame.number[2] == 1);
    HM_ASSERT_NEAR(frame.mass[0], 29156.9, 1e-10);
    HM_ASSERT_NEAR(frame.cell[4], 21.0, 1e-13);
    CU_ASSERT_TRUE(frame.periodic[0] && frame.periodic[1] && !frame.periodic[2]);
    hm_frame_release(&frame);
    size_t pairs[2][2];
    HM_ASSERT_OK(hm_trajectory_read_bonds(trajectory, pairs));
    CU_ASSERT_EQUAL(memcmp(pairs, bonds, sizeof pairs), 0);
    struct hm_injection_record injections[2];
    HM_ASSERT_OK(hm_trajectory_read_injections(trajectory, 5, 2, injections));
    CU_ASSERT_TRUE(injections[1].step == 18 && injections[1].residual == 19.0 && injections[1].energy == 7.0);
    CU_ASSERT_TRUE(injections[1].iterations == 9 && injections[1].status == 10 && injections[0].kick_mean == 6.0);
    struct hm_decision_record decision;
    HM_ASSERT_OK(hm_trajectory_read_decisions(trajectory, 21, 1, &decision));
    CU_ASSERT_TRUE(decision.replica == 1 && decision.round == 2 && decision.weights_version == 3);
    CU_ASSERT_TRUE(decision.oracle_group == -1 && decision.action == 1 && decision.reason == HM_REASON_POLICY);
    CU_ASSERT_TRUE(isnan(decision.threshold));
    struct hm_archive text = HM_ARCHIVE_EMPTY;
    HM_ASSERT_OK(hm_trajectory_read_config(trajectory, &text));
    CU_ASSERT_STRING_EQUAL((const char *)text.bytes, "system: {geometry: water.xyz}\n");
    hm_archive_release(&text);
    CU_ASSERT_EQUAL(hm_trajectory_read_frames(trajectory, 1500, 2, NULL, NULL, NULL, NULL, NULL, NULL), HM_BAD_INPUT);
    CU_ASSERT_EQUAL(hm_trajectory_read_decisions(trajectory, SIZE_MAX, 2, &decision), HM_BAD_INPUT);
    CU_ASSERT_NOT_EQUAL(append(trajectory, 0), HM_OK);
    HM_ASSERT_OK(hm_trajectory_close(&trajectory));
    CU_ASSERT_PTR_NULL(trajectory);
}

static void energies_are_those_of_the_velocities(void)
{
    double kinetic[3], potential[3], v[9 * ATOMS];
    struct hm_trajectory *trajectory;
    HM_ASSERT_OK(write_run(5, 0, false));
    HM_ASSERT_OK(hm_trajectory_open(path, &trajectory));
    HM_ASSERT_OK(hm_trajectory_read_frames(trajectory, 0, 3, NULL, NULL, v, NULL, potential, kinetic));
    for (size_t f = 0; f < 3; f++)
        HM_ASSERT_NEAR(kinetic[f] / hm_kinetic_energy(&topology, v + 3 * ATOMS * f), 1.0, 1e-12);
    HM_ASSERT_NEAR(potential[0], -0.5, 1e-14);
    CU_ASSERT_TRUE(isnan(potential[1]));
    HM_ASSERT_OK(hm_trajectory_close(&trajectory));
}

/* The heat, which motions carry it, and what is held; without a thermostat there is nothing to read. */
static void thermostat_and_frozen_atoms_come_back(void)
{
    struct hm_frame held, back;
    struct hm_trajectory *trajectory;
    double kinetic[3], conserved[3];
    struct hm_trajectory_setup setup = make_setup(false);
    HM_ASSERT_OK(hm_frame_copy(&topology, &held));
    hm_frame_freeze(&held, 2);
    held.at_rest = 1;
    setup.frame = &held;
    setup.thermostatted = true;
    HM_ASSERT_OK(hm_trajectory_create(path, &setup, &trajectory));
    for (int64_t step = 0; step < 6; step += 2) HM_ASSERT_OK(append(trajectory, step));
    HM_ASSERT_OK(hm_trajectory_close(&trajectory));
    HM_ASSERT_OK(hm_trajectory_open(path, &trajectory));
    CU_ASSERT_TRUE(hm_trajectory_info(trajectory)->thermostatted);
    HM_ASSERT_OK(hm_trajectory_read_topology(trajectory, &back));
    CU_ASSERT_TRUE(hm_frame_holds(&back, 2) && back.nfrozen == 1);
    CU_ASSERT_EQUAL(back.at_rest, 1);
    HM_ASSERT_OK(hm_trajectory_read_frames(trajectory, 0, 3, NULL, NULL, NULL, NULL, NULL, kinetic));
    HM_ASSERT_OK(hm_trajectory_read_conserved(trajectory, 0, 3, conserved));
    HM_ASSERT_NEAR(conserved[0], kinetic[0] - 0.5, 1e-12);
    CU_ASSERT_TRUE(isnan(conserved[1])); /* as the potential energy is */
    HM_ASSERT_NEAR(conserved[2], kinetic[2] - 0.5 - 0.04, 1e-12);
    HM_ASSERT_OK(hm_trajectory_close(&trajectory));
    hm_frame_release(&back);
    hm_frame_release(&held);

    HM_ASSERT_OK(write_run(5, 0, false));
    HM_ASSERT_OK(hm_trajectory_open(path, &trajectory));
    HM_ASSERT_OK(hm_trajectory_read_topology(trajectory, &back));
    CU_ASSERT_TRUE(back.nfrozen == 0 && back.at_rest == 3);
    HM_ASSERT_OK(hm_trajectory_read_conserved(trajectory, 0, 1, conserved));
    CU_ASSERT_TRUE(isnan(conserved[0]));
    hm_frame_release(&back);
    HM_ASSERT_OK(hm_trajectory_close(&trajectory));
}

static void side_data_come_back(void)
{
    const struct hm_trajectory_setup setup = make_setup(false);
    struct hm_trajectory *trajectory;
    const double array[6] = {1, 2, 3, 4, 5, NAN};
    double *values;
    size_t rows, columns;
    HM_ASSERT_OK(hm_trajectory_create(path, &setup, &trajectory));
    HM_ASSERT_OK(hm_trajectory_log_timing(trajectory, "predict", 1.0));
    HM_ASSERT_OK(hm_trajectory_log_timing(trajectory, "predict", 2.5));
    HM_ASSERT_OK(hm_trajectory_write_array(trajectory, "vacf", "fs", array, 1, 2));
    HM_ASSERT_OK(hm_trajectory_write_array(trajectory, "vacf", "fs", array, 2, 3));
    CU_ASSERT_NOT_EQUAL(hm_trajectory_write_array(trajectory, "a/b", "fs", array, 2, 3), HM_OK);
    const struct hm_training_record record = {.step = 5,
                                              .version = 1,
                                              .member = 2,
                                              .loss_before = 3,
                                              .loss_after = 4,
                                              .held_out_before = NAN,
                                              .held_out_after = 6,
                                              .samples = 7,
                                              .seconds = 8,
                                              .accepted = 1};
    HM_ASSERT_OK(hm_trajectory_log_training(trajectory, &record));
    const struct hm_fault_record fault = {.step = 9,
                                          .request = 8,
                                          .seconds = 0.7,
                                          .oracle_group = -6,
                                          .attempt = 5,
                                          .iterations = 4,
                                          .fault = HM_FAULT_LATE};
    HM_ASSERT_OK(hm_trajectory_log_fault(trajectory, &fault));
    HM_ASSERT_OK(hm_trajectory_set_status(trajectory, "diverged", 77));
    HM_ASSERT_OK(hm_trajectory_close(&trajectory));

    HM_ASSERT_OK(hm_trajectory_open(path, &trajectory));
    CU_ASSERT_STRING_EQUAL(hm_trajectory_info(trajectory)->status, "diverged");
    CU_ASSERT_EQUAL(hm_trajectory_info(trajectory)->steps_done, 77);
    CU_ASSERT_EQUAL(hm_trajectory_info(trajectory)->nframe, 0);
    CU_ASSERT_EQUAL(hm_trajectory_read_timing(trajectory, "predict"), 2.5);
    CU_ASSERT_TRUE(isnan(hm_trajectory_read_timing(trajectory, "oracle")));
    HM_ASSERT_OK(hm_trajectory_read_array(trajectory, "vacf", &values, &rows, &columns));
    CU_ASSERT_TRUE(rows == 2 && columns == 3 && memcmp(values, array, sizeof array) == 0);
    free(values);
    HM_ASSERT_OK(hm_trajectory_read_array(trajectory, "spectrum", &values, &rows, &columns));
    CU_ASSERT_TRUE(rows == 0 && values == NULL);
    struct hm_training_record back;
    HM_ASSERT_OK(hm_trajectory_read_training(trajectory, 0, 1, &back));
    CU_ASSERT_TRUE(back.step == 5 && back.version == 1 && back.member == 2 && back.loss_before == 3.0);
    CU_ASSERT_TRUE(back.loss_after == 4.0 && isnan(back.held_out_before) && back.held_out_after == 6.0);
    CU_ASSERT_TRUE(back.samples == 7.0 && back.seconds == 8.0 && back.accepted == 1);
    struct hm_fault_record went_wrong;
    CU_ASSERT_EQUAL(hm_trajectory_info(trajectory)->nfault, 1);
    HM_ASSERT_OK(hm_trajectory_read_faults(trajectory, 0, 1, &went_wrong));
    CU_ASSERT_TRUE(went_wrong.step == 9 && went_wrong.request == 8 && went_wrong.seconds == 0.7);
    CU_ASSERT_TRUE(went_wrong.oracle_group == -6 && went_wrong.attempt == 5 && went_wrong.iterations == 4);
    CU_ASSERT_EQUAL(went_wrong.fault, HM_FAULT_LATE);
    HM_ASSERT_OK(hm_trajectory_close(&trajectory));
}

static bool weights_are(struct hm_trajectory *trajectory, int32_t version, size_t member, const char *form,
                        const char *bytes, size_t size)
{
    struct hm_weights_of_member back;
    bool found;
    if (hm_trajectory_read_weights(trajectory, version, &back, &found) != HM_OK || !found) return false;
    const bool same = back.version == version && back.member == member && strcmp(back.form, form) == 0 &&
                      back.size == size && memcmp(back.bytes, bytes, size) == 0;
    hm_weights_of_member_release(&back);
    return same;
}

static void weights_come_back(void)
{
    static char form[] = "linear, pair", empty[] = "", bytes[] = "weights", others[] = "of others";
    const struct hm_weights_of_member logged[] = {
        {1, 3, form, bytes, 7}, {0, 4, empty, NULL, 0}, {1, 5, form, bytes, 7}, {2, 5, empty, others, 9}};
    const struct hm_trajectory_setup setup = make_setup(false);
    struct hm_trajectory *trajectory;
    struct hm_weights_of_member none;
    bool found = true;
    HM_ASSERT_OK(hm_trajectory_create(path, &setup, &trajectory));
    for (size_t i = 0; i < 4; i++) HM_ASSERT_OK(hm_trajectory_log_weights(trajectory, &logged[i]));
    HM_ASSERT_OK(hm_trajectory_close(&trajectory));

    HM_ASSERT_OK(hm_trajectory_open(path, &trajectory));
    CU_ASSERT_TRUE(weights_are(trajectory, 3, 1, form, bytes, 7));
    CU_ASSERT_TRUE(weights_are(trajectory, 4, 0, "", "", 0));
    CU_ASSERT_TRUE(weights_are(trajectory, 5, 2, "", others, 9));
    HM_ASSERT_OK(hm_trajectory_read_weights(trajectory, 6, &none, &found));
    CU_ASSERT_FALSE(found);
    CU_ASSERT_TRUE(none.form == NULL && none.bytes == NULL && none.size == 0);
    HM_ASSERT_OK(hm_trajectory_close(&trajectory));
}

static void diverged_positions_are_kept(void)
{
    const struct hm_trajectory_setup setup = make_setup(false);
    struct hm_trajectory *trajectory;
    const double broken[9] = {NAN, INFINITY, -INFINITY, 1e300, -1e308, 0, 1, 2, 3};
    double x[9];
    HM_ASSERT_OK(hm_trajectory_create(path, &setup, &trajectory));
    const struct hm_trajectory_frame frame = {
        .step = 4, .x = broken, .v = broken, .force = broken, .potential_energy = NAN};
    HM_ASSERT_OK(hm_trajectory_append(trajectory, &frame));
    HM_ASSERT_OK(hm_trajectory_close(&trajectory));
    HM_ASSERT_OK(hm_trajectory_open(path, &trajectory));
    HM_ASSERT_OK(hm_trajectory_read_frames(trajectory, 0, 1, NULL, x, NULL, NULL, NULL, NULL));
    CU_ASSERT_TRUE(isnan(x[0]) && isinf(x[1]) && x[8] == 3.0);
    HM_ASSERT_OK(hm_trajectory_close(&trajectory));
}

static void expect_message(enum hm_status status, enum hm_status expected, const char *words)
{
    CU_ASSERT_EQUAL(status, expected);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), words));
    CU_ASSERT_PTR_NULL(strchr(hm_status_message(), '\n'));
}

static void targets_are_checked_first(void)
{
    struct hm_trajectory_setup setup = make_setup(false);
    struct hm_trajectory *trajectory;
    HM_ASSERT_OK(write_run(10, 0, false));
    setup.overwrite = false;
    expect_message(hm_trajectory_create(path, &setup, &trajectory), HM_EXISTS, "--overwrite");
    CU_ASSERT_PTR_NULL(trajectory);
    CU_ASSERT_EQUAL(verify(NULL), 5);
    setup.overwrite = true;
    setup.timestep = 0.0;
    CU_ASSERT_EQUAL(hm_trajectory_create(path, &setup, &trajectory), HM_BAD_INPUT);
    CU_ASSERT_EQUAL(verify(NULL), 5);
    HM_ASSERT_OK(hm_trajectory_check_target(path, true));
    CU_ASSERT_EQUAL(hm_trajectory_check_target(path, false), HM_EXISTS);
    expect_message(hm_trajectory_check_target(folder, true), HM_BAD_OUTPUT, "regular");
    expect_message(hm_trajectory_check_target("/dev/null", true), HM_BAD_OUTPUT, "regular");
    expect_message(hm_trajectory_check_target("/nowhere/at/all/run.h5", true), HM_BAD_OUTPUT, "/nowhere/at/all");
    CU_ASSERT_EQUAL(hm_trajectory_check_target("", true), HM_BAD_OUTPUT);
    HM_ASSERT_OK(hm_trajectory_check_target("hamlet_test_that_is_not_there.h5", false));
    CU_ASSERT_NOT_EQUAL(access("hamlet_test_that_is_not_there.h5", F_OK), 0);
}

static void put_file(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void other_files_are_refused(void)
{
    struct hm_trajectory *trajectory;
    unlink(path);
    expect_message(hm_trajectory_open(path, &trajectory), HM_BAD_INPUT, "No such file");
    put_file("not HDF5", 8);
    expect_message(hm_trajectory_open(path, &trajectory), HM_BAD_INPUT, "not an HDF5 file");
    put_file("", 0);
    expect_message(hm_trajectory_open(path, &trajectory), HM_BAD_INPUT, "not an HDF5 file");
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    expect_message(hm_trajectory_open(path, &trajectory), HM_BAD_INPUT, "/hamlet/run");
    expect_message(hm_trajectory_open(folder, &trajectory), HM_BAD_INPUT, folder);
}

/* A file with one of its objects missing names what is missing. */
static void missing_parts_are_named(void)
{
    static const char *const parts[] = {"/hamlet/bonds", "/hamlet/decisions", "/particles/system/velocity",
                                        "/particles/system/species", "/observables/potential_energy"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct hm_trajectory *trajectory;
        HM_ASSERT_OK(write_run(10, 0, false));
        const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
        CU_ASSERT_TRUE(H5Ldelete(file, parts[i], H5P_DEFAULT) >= 0);
        H5Fclose(file);
        expect_message(hm_trajectory_open(path, &trajectory), HM_BAD_INPUT, parts[i]);
    }
}

/* Cut anywhere, as after a full disk, or with an end of zeros, as after a power cut: a message for every refusal.
 * (Arbitrary bytes are not tried: HDF5 1.10 itself does not survive them.) */
static void damaged_files_do_no_harm(void)
{
    HM_ASSERT_OK(write_run(40, 0, true));
    struct stat entry;
    CU_ASSERT_EQUAL_FATAL(stat(path, &entry), 0);
    const size_t size = (size_t)entry.st_size;
    unsigned char *good = malloc(size), *bad = malloc(size);
    FILE *file = fopen(path, "rb");
    CU_ASSERT_EQUAL_FATAL(fread(good, 1, size, file), size);
    fclose(file);
    size_t refused = 0;
    for (size_t i = 0; i < 300; i++) {
        const size_t kept = size * (i + 1) / 301;
        memset(bad, 0, size);
        memcpy(bad, good, kept);
        put_file(bad, i % 2 ? size : kept);
        hm_status_clear();
        struct hm_trajectory *trajectory;
        if (hm_trajectory_open(path, &trajectory) == HM_OK) {
            struct hm_frame frame;
            struct hm_archive text = HM_ARCHIVE_EMPTY;
            if (hm_trajectory_read_topology(trajectory, &frame) == HM_OK) hm_frame_release(&frame);
            hm_trajectory_read_config(trajectory, &text);
            hm_archive_release(&text);
            hm_trajectory_close(&trajectory);
        } else {
            refused++;
            CU_ASSERT_TRUE(strlen(hm_status_message()) > strlen(path));
        }
    }
    CU_ASSERT_TRUE(refused >= 150);
    free(good);
    free(bad);
}

/* ---- killed and starved writers ---- */

static long random_kill(long microseconds)
{
    int pipes[2];
    CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
    const pid_t child = fork();
    if (child == 0) { /* reports every flush that has come back */
        const struct hm_trajectory_setup setup = make_setup(false);
        struct hm_trajectory *trajectory;
        if (hm_trajectory_create(path, &setup, &trajectory) != HM_OK) _exit(1);
        for (int64_t step = 0;; step++) {
            log_step(trajectory, step);
            if (step % 2 == 0) append(trajectory, step);
            if (step % 50 != 0) continue;
            const long frames = (long)(step / 2 + 1);
            hm_trajectory_flush(trajectory);
            if (write(pipes[1], &frames, sizeof frames) != sizeof frames) _exit(1);
        }
    }
    close(pipes[1]);
    long flushed = 0, next;
    CU_ASSERT_EQUAL(read(pipes[0], &flushed, sizeof flushed), sizeof flushed);
    nanosleep(&(struct timespec){0, microseconds * 1000}, NULL);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    while (read(pipes[0], &next, sizeof next) == sizeof next) flushed = next;
    close(pipes[0]);
    return flushed;
}

static void killed_runs_are_complete_up_to_the_last_flush(void)
{
    for (long i = 0; i < 20; i++) {
        const long flushed = random_kill(500 + 1700 * i);
        CU_ASSERT_TRUE(verify(NULL) >= flushed);
    }
}

/* Killed before each single write of a run in turn. */
static void killed_between_any_two_writes(void)
{
    long unreadable = 0, incomplete = 0, writes = 0;
    long *flushed = mmap(NULL, sizeof *flushed, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_NOT_EQUAL_FATAL(flushed, MAP_FAILED);
    for (;; writes++) {
        *flushed = 0;
        const pid_t child = fork();
        if (child == 0) {
            const struct hm_trajectory_setup setup = make_setup(false);
            struct hm_trajectory *trajectory;
            if (hm_trajectory_create(path, &setup, &trajectory) != HM_OK) _exit(1);
            hm_disk_set(HM_DISK_KILLS, writes);
            for (int64_t step = 0; step < 2200; step++) {
                if (log_step(trajectory, step) != HM_OK || (step % 2 == 0 && append(trajectory, step) != HM_OK))
                    _exit(2);
                if (step % 400 != 0) continue;
                if (hm_trajectory_flush(trajectory) != HM_OK) _exit(3);
                *flushed = (long)(step / 2 + 1);
            }
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        if (WIFEXITED(status)) {
            CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
            break;
        }
        const long frames = verify(NULL);
        unreadable += frames < 0;
        incomplete += frames < *flushed;
    }
    munmap(flushed, sizeof *flushed);
    CU_ASSERT_TRUE(writes > 20);
    CU_ASSERT_EQUAL(unreadable, 0);
    CU_ASSERT_EQUAL(incomplete, 0);
}

enum { VERSIONS = 40 };

static enum hm_status log_version(struct hm_trajectory *trajectory, int32_t version)
{
    char form[32], bytes[200];
    snprintf(form, sizeof form, "form of %d", (int)version);
    memset(bytes, version, sizeof bytes);
    const struct hm_weights_of_member weights = {(size_t)version % 3, version, form, bytes, sizeof bytes};
    HM_TRY(hm_trajectory_log_weights(trajectory, &weights));
    return hm_trajectory_flush(trajectory);
}

/* How many versions can be read, from the first on; -1 for a file that does not open or a version that is not as it
 * was written. */
static long count_versions(void)
{
    struct hm_trajectory *trajectory;
    char form[32], bytes[200];
    bool found = true, good = true;
    long count = 0;
    if (hm_trajectory_open(path, &trajectory) != HM_OK) return -1;
    for (int32_t version = 1; found && good; version++) {
        struct hm_weights_of_member back;
        found = hm_trajectory_read_weights(trajectory, version, &back, &found) == HM_OK && found;
        if (!found) break;
        snprintf(form, sizeof form, "form of %d", (int)version);
        memset(bytes, version, sizeof bytes);
        good = strcmp(back.form, form) == 0 && back.size == sizeof bytes && memcmp(back.bytes, bytes, back.size) == 0;
        hm_weights_of_member_release(&back);
        count++;
    }
    hm_trajectory_close(&trajectory);
    return good ? count : -1;
}

static void weights_outlive_a_kill(void)
{
    long unreadable = 0, incomplete = 0, unfit = 0, writes = 0;
    int *flushed = mmap(NULL, sizeof *flushed, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_NOT_EQUAL_FATAL(flushed, MAP_FAILED);
    for (;; writes++) {
        *flushed = 0;
        const pid_t child = fork();
        if (child == 0) {
            const struct hm_trajectory_setup setup = make_setup(false);
            struct hm_trajectory *trajectory;
            if (hm_trajectory_create(path, &setup, &trajectory) != HM_OK) _exit(1);
            hm_disk_set(HM_DISK_KILLS, writes);
            for (int32_t version = 1; version <= VERSIONS; version++) {
                if (log_version(trajectory, version) != HM_OK) _exit(2);
                *flushed = version;
            }
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        if (WIFEXITED(status)) {
            CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
            break;
        }
        struct hm_weights newest;
        const long versions = count_versions();
        unreadable += versions < 0;
        incomplete += versions < *flushed;
        unfit += *flushed > 0 && hm_weights_read(path, &newest) != HM_OK;
        if (*flushed > 0) hm_weights_release(&newest);
    }
    munmap(flushed, sizeof *flushed);
    CU_ASSERT_TRUE(writes > VERSIONS);
    CU_ASSERT_EQUAL(unreadable, 0);
    CU_ASSERT_EQUAL(incomplete, 0);
    CU_ASSERT_EQUAL(unfit, 0);
}

/* The disk is full from each single write on: a clear word, no crash, no second failure on close. */
static void full_disks_are_reported(void)
{
    for (long writes = 0; writes < 400; writes += writes < 40 ? 1 : 7) {
        const pid_t child = fork();
        if (child == 0) {
            hm_disk_set(HM_DISK_IS_FULL, writes);
            const enum hm_status status = write_run(2500, 100, false);
            if (status == HM_OK) _exit(0);
            const bool named = status == HM_IO_ERROR || status == HM_BAD_OUTPUT;
            const char *reason = writes < 10 ? "No space left on device" : path;
            _exit(named && strstr(hm_status_message(), path) && strstr(hm_status_message(), reason) ? 7 : 8);
        }
        int status;
        waitpid(child, &status, 0);
        CU_ASSERT_TRUE(WIFEXITED(status));
        CU_ASSERT_TRUE(WEXITSTATUS(status) == 7 || WEXITSTATUS(status) == 0);
        if (writes < 10) CU_ASSERT_EQUAL(WEXITSTATUS(status), 7);
    }
    HM_ASSERT_OK(write_run(10, 0, false));
    CU_ASSERT_EQUAL(verify(NULL), 5);
}

/* What a reader sees while the writer has the file open. */
static void readers_may_look_while_it_is_written(void)
{
    const struct hm_trajectory_setup setup = make_setup(false);
    struct hm_trajectory *trajectory;
    HM_ASSERT_OK(hm_trajectory_create(path, &setup, &trajectory));
    for (int64_t step = 0; step < 20; step++) {
        HM_ASSERT_OK(log_step(trajectory, step));
        if (step % 2 == 0) HM_ASSERT_OK(append(trajectory, step));
    }
    HM_ASSERT_OK(hm_trajectory_flush(trajectory));
    const pid_t child = fork();
    if (child == 0) { /* another process, with HDF5's own locking */
        const char *words[] = {"h5dump", "-H", path, NULL};
        const bool there = freopen("/dev/null", "w", stdout) != NULL;
        if (there) execvp(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    int status;
    waitpid(child, &status, 0);
    CU_ASSERT_TRUE(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 127));
    HM_ASSERT_OK(hm_trajectory_close(&trajectory));
}

static const struct hm_test tests[] = {
    {"what was written is read", what_was_written_is_read},
    {"thermostat and frozen atoms come back", thermostat_and_frozen_atoms_come_back},
    {"energies are those of the velocities", energies_are_those_of_the_velocities},
    {"arrays, timing, status, training", side_data_come_back},
    {"weights", weights_come_back},
    {"diverged positions are kept", diverged_positions_are_kept},
    {"targets are checked first", targets_are_checked_first},
    {"other files are refused", other_files_are_refused},
    {"missing parts are named", missing_parts_are_named},
    {"damaged files do no harm", damaged_files_do_no_harm},
    {"killed runs are complete up to the last flush", killed_runs_are_complete_up_to_the_last_flush},
    {"killed between any two writes", killed_between_any_two_writes},
    {"weights outlive a kill between any two writes", weights_outlive_a_kill},
    {"full disks are reported", full_disks_are_reported},
    {"readers may look while it is written", readers_may_look_while_it_is_written},
};

int main(void)
{
    if (!mkdtemp(folder) || hm_frame_create(ATOMS, &topology) != HM_OK) return 1;
    snprintf(path, sizeof path, "%s/run.h5", folder);
    const int failed = hm_test_main("trajectory", tests, sizeof tests / sizeof *tests);
    hm_frame_release(&topology);
    unlink(path);
    rmdir(folder);
    return failed;
}
