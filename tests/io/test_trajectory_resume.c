#include "io/checkpoint.h"
#include "io/trajectory.h"
#include "io/units.h"
#include "tests/io/faulty_disk.h"
#include "tests/test.h"

#include <hdf5.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/hamlet_resume_XXXXXX";
static char path[128], reference[128], pristine[128], checkpoint[128];

/* ---- a run whose every row can be told from any other ---- */

enum { ATOMS = 3, STEPS = 460, STRIDE = 2, VERSION_EVERY = 60 };
static struct hm_frame topology;

/* Chunks of a few rows, so that the run fills many of them. */
static struct hm_trajectory_setup make_setup(bool periodic)
{
    for (size_t i = 0; i < ATOMS; i++) {
        topology.number[i] = i ? 1 : 8;
        topology.mass[i] = i ? 1837.5 : 29156.9;
    }
    for (int k = 0; k < 3; k++) {
        topology.periodic[k] = periodic;
        topology.cell[4 * k] = periodic ? 20.0 + k : 0.0;
    }
    return (struct hm_trajectory_setup){.frame = &topology,
                                        .config_yaml = "system: {geometry: water.xyz}\n",
                                        .timestep = 10.0,
                                        .steps = 30,
                                        .warmup_steps = 10,
                                        .stride = STRIDE,
                                        .overwrite = true};
}

static enum hm_status append(struct hm_trajectory *trajectory, int64_t step)
{
    double x[3 * ATOMS], v[3 * ATOMS], force[3 * ATOMS];
    int image[3 * ATOMS];
    for (size_t i = 0; i < 3 * ATOMS; i++) {
        x[i] = sin((double)step * 0.1 + (double)i);
        v[i] = 1e-3 * cos((double)step * 0.1 + (double)i);
        force[i] = x[i] + v[i];
        image[i] = (int)step + (int)i;
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

static enum hm_status learn(struct hm_trajectory *trajectory, int64_t step)
{
    char form[32], bytes[64];
    const int32_t version = (int32_t)(step / VERSION_EVERY) + 1;
    const struct hm_training_record record = {.step = step, .version = version, .loss_after = (double)step};
    const struct hm_fault_record fault = {.step = step, .fault = HM_FAULT_FAILED};
    HM_TRY(hm_trajectory_log_training(trajectory, &record));
    HM_TRY(hm_trajectory_log_fault(trajectory, &fault));
    snprintf(form, sizeof form, "form of %d", (int)version);
    memset(bytes, version, sizeof bytes);
    const struct hm_weights_of_member weights = {(size_t)version % 2, version, form, bytes, sizeof bytes};
    return hm_trajectory_log_weights(trajectory, &weights);
}

static enum hm_status write_steps(struct hm_trajectory *trajectory, int64_t from, int64_t to)
{
    for (int64_t step = from; step < to; step++) {
        const struct hm_decision_record decision = {.step = step, .signal = (float)step, .threshold = NAN};
        const struct hm_injection_record injection = {.step = step, .residual = 1.0 + (double)step};
        HM_TRY(hm_trajectory_log_decision(trajectory, &decision));
        if (step % 3 == 0) HM_TRY(hm_trajectory_log_injection(trajectory, &injection));
        if (step % STRIDE == 0) HM_TRY(append(trajectory, step));
        if (step % VERSION_EVERY == 0) HM_TRY(learn(trajectory, step));
        if (step % 97 == 0) HM_TRY(hm_trajectory_flush(trajectory));
    }
    return HM_OK;
}

static enum hm_status finish(struct hm_trajectory *trajectory)
{
    const double array[6] = {1, 2, 3, 4, 5, NAN};
    HM_TRY(hm_trajectory_log_timing(trajectory, "predict", 2.5));
    HM_TRY(hm_trajectory_write_array(trajectory, "vacf", "fs", array, 2, 3));
    return hm_trajectory_set_status(trajectory, "finished", STEPS);
}

static enum hm_status save(struct hm_trajectory *trajectory)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    enum hm_status status = hm_trajectory_save(trajectory, &archive);
    if (status == HM_OK) status = hm_checkpoint_write(checkpoint, &archive);
    hm_archive_release(&archive);
    return status;
}

static enum hm_status resume(const struct hm_trajectory_setup *setup, struct hm_trajectory **trajectory)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    char word[256];
    *trajectory = NULL;
    enum hm_status status = hm_checkpoint_read(checkpoint, &archive, word, sizeof word);
    if (status == HM_OK) status = hm_trajectory_resume(path, setup, &archive, trajectory);
    if (status == HM_OK && archive.cursor != archive.size) status = HM_INTERNAL;
    hm_archive_release(&archive);
    return status;
}

static enum hm_status write_reference(const struct hm_trajectory_setup *setup)
{
    struct hm_trajectory *trajectory;
    HM_TRY(hm_trajectory_create(reference, setup, &trajectory));
    HM_TRY(write_steps(trajectory, 0, STEPS));
    HM_TRY(finish(trajectory));
    return hm_trajectory_close(&trajectory);
}

enum ending { CLOSED, FLUSHED, KILLED, FINISHED };

/* A run that saves itself after `saved` steps and ends after `ended`, in a process of its own. */
static void write_interrupted(const struct hm_trajectory_setup *setup, int64_t saved, int64_t ended, enum ending ending)
{
    const pid_t child = fork();
    if (child == 0) {
        struct hm_trajectory *trajectory;
        bool good = hm_trajectory_create(path, setup, &trajectory) == HM_OK;
        good = good && write_steps(trajectory, 0, saved) == HM_OK && save(trajectory) == HM_OK;
        good = good && write_steps(trajectory, saved, ended) == HM_OK;
        if (ending == FLUSHED) good = good && hm_trajectory_flush(trajectory) == HM_OK;
        if (ending == FINISHED) good = good && finish(trajectory) == HM_OK;
        if (ending == FINISHED || ending == CLOSED) good = good && hm_trajectory_close(&trajectory) == HM_OK;
        if (good) raise(SIGKILL);
        _exit(1);
    }
    int status;
    waitpid(child, &status, 0);
    CU_ASSERT_TRUE_FATAL(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* ---- comparison ---- */

/* The bytes of a dataset as they are in the file; texts of variable length are left out. Free. */
static void *read_raw(hid_t file, const char *name, size_t *size)
{
    const hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    const hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    *size = (size_t)H5Sget_simple_extent_npoints(space) * H5Tget_size(type);
    char *bytes = calloc(*size + 1, 1);
    if (H5Tis_variable_str(type) > 0)
        *size = 0;
    else
        CU_ASSERT_TRUE(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) >= 0);
    H5Tclose(type);
    H5Sclose(space);
    H5Dclose(dataset);
    return bytes;
}

struct comparison {
    hid_t other;
    size_t datasets, different;
};

static herr_t compare_one(hid_t file, const char *name, const H5O_info_t *info, void *user)
{
    struct comparison *comparison = user;
    if (info->type != H5O_TYPE_DATASET) return 0;
    size_t size, other_size = SIZE_MAX;
    void *bytes = read_raw(file, name, &size);
    void *others =
        H5Lexists(comparison->other, name, H5P_DEFAULT) > 0 ? read_raw(comparison->other, name, &other_size) : NULL;
    comparison->datasets++;
    if (!others || size != other_size || memcmp(bytes, others, size) != 0) {
        comparison->different++;
        printf("\n    %s differs\n", name);
    }
    free(bytes);
    free(others);
    return 0;
}

/* Every dataset of one file is in the other with the same bytes, and none is there besides. */
static bool same_as_reference(void)
{
    struct comparison there = {.datasets = 0}, back = there;
    const hid_t one = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t two = H5Fopen(reference, H5F_ACC_RDONLY, H5P_DEFAULT);
    there.other = two;
    back.other = one;
    const bool walked = H5Ovisit(one, H5_INDEX_NAME, H5_ITER_NATIVE, compare_one, &there) >= 0 &&
                        H5Ovisit(two, H5_INDEX_NAME, H5_ITER_NATIVE, compare_one, &back) >= 0;
    H5Fclose(two);
    H5Fclose(one);
    return walked && there.different == 0 && back.different == 0 && there.datasets == back.datasets &&
           there.datasets > 20;
}

/* Whether a reader finds at least `steps` steps, all as written; more only where a kill left them. */
static bool reads_well(int64_t steps)
{
    static int64_t read_steps[STEPS];
    static struct hm_decision_record decisions[STEPS];
    struct hm_trajectory *trajectory;
    if (hm_trajectory_open(path, &trajectory) != HM_OK) return false;
    const struct hm_trajectory_info *info = hm_trajectory_info(trajectory);
    bool good = info->nframe >= (size_t)((steps + STRIDE - 1) / STRIDE) && info->ndecision >= (size_t)steps &&
                info->nframe <= STEPS && info->ndecision <= STEPS;
    good = good &&
           hm_trajectory_read_frames(trajectory, 0, info->nframe, read_steps, NULL, NULL, NULL, NULL, NULL) == HM_OK;
    good = good && hm_trajectory_read_decisions(trajectory, 0, info->ndecision, decisions) == HM_OK;
    for (size_t i = 0; good && i < info->nframe; i++) good = read_steps[i] == STRIDE * (int64_t)i;
    for (size_t i = 0; good && i < info->ndecision; i++)
        good = decisions[i].step == (int64_t)i && decisions[i].signal == (float)i;
    for (int32_t version = 1; good && (version - 1) * VERSION_EVERY < steps; version++) {
        struct hm_weights_of_member weights;
        bool found = false;
        good = hm_trajectory_read_weights(trajectory, version, &weights, &found) == HM_OK && found &&
               weights.size == 64 && ((char *)weights.bytes)[63] == version;
        hm_weights_of_member_release(&weights);
    }
    hm_trajectory_close(&trajectory);
    return good;
}

/* A resumed file before anything is added to it. */
static void check_taken_back(int64_t saved)
{
    struct hm_trajectory *trajectory;
    struct hm_weights newest;
    struct hm_weights_of_member weights;
    double *values;
    size_t rows, columns;
    bool found = true;
    const int32_t versions = (int32_t)((saved + VERSION_EVERY - 1) / VERSION_EVERY);
    CU_ASSERT_TRUE(reads_well(saved));
    HM_ASSERT_OK(hm_trajectory_open(path, &trajectory));
    const struct hm_trajectory_info *info = hm_trajectory_info(trajectory);
    CU_ASSERT_EQUAL(info->nframe, (saved + STRIDE - 1) / STRIDE);
    CU_ASSERT_EQUAL(info->ndecision, saved);
    CU_ASSERT_EQUAL(info->ninjection, (saved + 2) / 3);
    CU_ASSERT_EQUAL(info->ntraining, versions);
    CU_ASSERT_EQUAL(info->nfault, versions);
    CU_ASSERT_EQUAL(info->steps_done, 0);
    CU_ASSERT_STRING_EQUAL(info->status, "running");
    HM_ASSERT_OK(hm_trajectory_read_weights(trajectory, versions + 1, &weights, &found));
    CU_ASSERT_FALSE(found);
    CU_ASSERT_TRUE(isnan(hm_trajectory_read_timing(trajectory, "predict")));
    HM_ASSERT_OK(hm_trajectory_read_array(trajectory, "vacf", &values, &rows, &columns));
    CU_ASSERT_TRUE(rows == 0 && values == NULL);
    hm_trajectory_close(&trajectory);
    const enum hm_status status = hm_weights_read(path, &newest);
    CU_ASSERT_EQUAL(status, versions > 0 ? HM_OK : HM_BAD_INPUT);
    for (size_t i = 0; i < newest.count; i++) CU_ASSERT_TRUE(newest.of[i].version <= versions);
    hm_weights_release(&newest);
}

static enum hm_status go_on(const struct hm_trajectory_setup *setup, int64_t saved)
{
    struct hm_trajectory *trajectory;
    HM_TRY(resume(setup, &trajectory));
    HM_TRY(write_steps(trajectory, saved, STEPS));
    HM_TRY(finish(trajectory));
    return hm_trajectory_close(&trajectory);
}

static void copy_file(const char *from, const char *to)
{
    char buffer[1 << 16];
    size_t size;
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    CU_ASSERT_TRUE_FATAL(in && out);
    while ((size = fread(buffer, 1, sizeof buffer, in)) > 0) CU_ASSERT_EQUAL(fwrite(buffer, 1, size, out), size);
    fclose(in);
    fclose(out);
}

/* ---- tests ---- */

static void a_resumed_run_is_as_if_never_interrupted(void)
{
    static const int64_t saves[] = {0, 1, 60, 97, 301};
    static const int64_t lost[] = {0, 7, 150};
    for (int periodic = 0; periodic < 2; periodic++) {
        const struct hm_trajectory_setup setup = make_setup(periodic != 0);
        HM_ASSERT_OK(write_reference(&setup));
        for (size_t i = 0; i < sizeof saves / sizeof *saves; i++)
            for (size_t k = 0; k < sizeof lost / sizeof *lost; k++) {
                struct hm_trajectory *trajectory;
                write_interrupted(&setup, saves[i], saves[i] + lost[k], (enum ending)((i + k) % 4));
                HM_ASSERT_OK(resume(&setup, &trajectory));
                HM_ASSERT_OK(hm_trajectory_close(&trajectory));
                check_taken_back(saves[i]);
                HM_ASSERT_OK(go_on(&setup, saves[i]));
                CU_ASSERT_TRUE(same_as_reference());
            }
    }
}

static void a_resumed_run_is_saved_and_resumed_again(void)
{
    const struct hm_trajectory_setup setup = make_setup(false);
    struct hm_trajectory *trajectory;
    HM_ASSERT_OK(write_reference(&setup));
    write_interrupted(&setup, 100, 333, KILLED);
    int64_t saved = 100;
    for (int64_t next = 137; next < STEPS; next += 121) {
        HM_ASSERT_OK(resume(&setup, &trajectory));
        HM_ASSERT_OK(write_steps(trajectory, saved, next));
        HM_ASSERT_OK(save(trajectory));
        saved = next;
        HM_ASSERT_OK(write_steps(trajectory, saved, saved + 90 < STEPS ? saved + 90 : STEPS));
        HM_ASSERT_OK(hm_trajectory_close(&trajectory));
    }
    HM_ASSERT_OK(go_on(&setup, saved));
    CU_ASSERT_TRUE(same_as_reference());
    HM_ASSERT_OK(go_on(&setup, saved)); /* a finished one, once more */
    CU_ASSERT_TRUE(same_as_reference());
}

/* Killed before each access to the disk of a resume, and of what it writes next, in turn: the file reads, and the next
 * resume comes to the same end. */
static void resumes_can_be_killed(void)
{
    enum { SAVED = 130 };
    const struct hm_trajectory_setup setup = make_setup(false);
    long unreadable = 0, refused = 0, different = 0, accesses = 0;
    HM_ASSERT_OK(write_reference(&setup));
    write_interrupted(&setup, SAVED, 400, FINISHED);
    copy_file(path, pristine);
    for (bool killed = true; killed; accesses++) {
        copy_file(pristine, path);
        const pid_t child = fork();
        if (child == 0) {
            struct hm_trajectory *trajectory;
            hm_disk_set(HM_DISK_KILLS, accesses);
            if (resume(&setup, &trajectory) != HM_OK) _exit(1);
            _exit(write_steps(trajectory, SAVED, 200) == HM_OK ? 0 : 2);
        }
        int status;
        waitpid(child, &status, 0);
        killed = WIFSIGNALED(status);
        CU_ASSERT_TRUE(killed || WEXITSTATUS(status) == 0);
        unreadable += !reads_well(SAVED);
        refused += go_on(&setup, SAVED) != HM_OK;
        different += !same_as_reference();
    }
    CU_ASSERT_TRUE(accesses > 50);
    CU_ASSERT_EQUAL(unreadable, 0);
    CU_ASSERT_EQUAL(refused, 0);
    CU_ASSERT_EQUAL(different, 0);
}

static void full_disks_are_reported(void)
{
    const struct hm_trajectory_setup setup = make_setup(false);
    HM_ASSERT_OK(write_reference(&setup));
    write_interrupted(&setup, 130, 400, FINISHED);
    copy_file(path, pristine);
    for (long writes = 0; writes < 60; writes += 5) {
        copy_file(pristine, path);
        const pid_t child = fork();
        if (child == 0) {
            hm_disk_set(HM_DISK_IS_FULL, writes);
            const enum hm_status status = go_on(&setup, 130);
            const enum hm_status expected = writes == 0 ? HM_BAD_INPUT : HM_IO_ERROR; /* 0: it does not even open */
            const char *reason = writes < 10 ? "No space left on device" : path;
            _exit(status == expected && strstr(hm_status_message(), path) && strstr(hm_status_message(), reason) ? 7
                                                                                                                 : 8);
        }
        int status;
        waitpid(child, &status, 0);
        CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
        CU_ASSERT_TRUE(reads_well(130));
        HM_ASSERT_OK(go_on(&setup, 130)); /* once there is room again */
        CU_ASSERT_TRUE(same_as_reference());
    }
}

static void expect_refusal(const struct hm_trajectory_setup *setup, const char *words)
{
    struct hm_trajectory *trajectory;
    CU_ASSERT_EQUAL(resume(setup, &trajectory), HM_BAD_INPUT);
    CU_ASSERT_PTR_NULL(trajectory);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), path));
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), words));
    CU_ASSERT_PTR_NULL(strchr(hm_status_message(), '\n'));
}

static void cut_dataset(const char *name, hsize_t rows)
{
    hsize_t dims[3] = {0};
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), dataset = H5Dopen2(file, name, H5P_DEFAULT);
    const hid_t space = H5Dget_space(dataset);
    H5Sget_simple_extent_dims(space, dims, NULL);
    dims[0] = rows;
    CU_ASSERT_TRUE(H5Dset_extent(dataset, dims) >= 0);
    H5Sclose(space);
    H5Dclose(dataset);
    H5Fclose(file);
}

static void unlink_in_file(const char *name)
{
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    CU_ASSERT_TRUE(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    H5Fclose(file);
}

/* Each refusal leaves the file as it is. */
static void other_files_are_refused(void)
{
    struct hm_trajectory_setup setup = make_setup(false);
    write_interrupted(&setup, 130, 200, CLOSED);
    copy_file(path, pristine);
    struct hm_trajectory_setup other = setup;
    other.timestep = 5.0;
    expect_refusal(&other, "time step");
    other = setup;
    other.stride = 1;
    expect_refusal(&other, "stride");
    topology.number[1] = 2;
    expect_refusal(&setup, "species");
    topology.number[1] = 1;
    struct hm_frame pair;
    HM_ASSERT_OK(hm_frame_create(2, &pair));
    other = setup;
    other.frame = &pair;
    expect_refusal(&other, "number of atoms");
    pair.natom = 0;
    expect_refusal(&other, "needs atoms");
    hm_frame_release(&pair);
    cut_dataset("/particles/system/velocity/value", 64);
    expect_refusal(&setup, "has 64 of the 65 frames that the checkpoint knows");
    copy_file(pristine, path);
    cut_dataset("/hamlet/injections", 20);
    expect_refusal(&setup, "has 20 of the 44 /hamlet/injections");
    copy_file(pristine, path);
    unlink_in_file("/hamlet/training");
    expect_refusal(&setup, "/hamlet/training is missing");
    copy_file(pristine, path);
    unlink_in_file("/hamlet/provenance");
    expect_refusal(&setup, "another run");
    copy_file(reference, path);
    expect_refusal(&setup, "another run");
    CU_ASSERT_EQUAL(truncate(path, 3), 0);
    expect_refusal(&setup, "not an HDF5 file");
    unlink(path);
    expect_refusal(&setup, "No such file");
    copy_file(pristine, path);
    HM_ASSERT_OK(go_on(&setup, 130));
}

/* Cut anywhere, or with counts beyond reason. */
static void damaged_state_is_refused(void)
{
    const struct hm_trajectory_setup setup = make_setup(false);
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    struct hm_trajectory *trajectory;
    HM_ASSERT_OK(hm_trajectory_create(path, &setup, &trajectory));
    HM_ASSERT_OK(write_steps(trajectory, 0, 100));
    HM_ASSERT_OK(hm_trajectory_save(trajectory, &archive));
    HM_ASSERT_OK(hm_trajectory_close(&trajectory));
    for (size_t size = 0; size < archive.size; size++) {
        struct hm_archive view = hm_archive_view(archive.bytes, size);
        CU_ASSERT_EQUAL(hm_trajectory_resume(path, &setup, &view, &trajectory), HM_BAD_INPUT);
    }
    for (size_t at = 0; at + 8 <= archive.size; at += 8) { /* the id's 17 bytes shift what follows */
        unsigned char *bytes = malloc(archive.size);
        memcpy(bytes, archive.bytes, archive.size);
        memset(bytes + at + (at >= 32), 0xff, at + 9 <= archive.size ? 8 : 7);
        struct hm_archive view = hm_archive_view(bytes, archive.size);
        CU_ASSERT_EQUAL(hm_trajectory_resume(path, &setup, &view, &trajectory), HM_BAD_INPUT);
        CU_ASSERT_PTR_NULL(trajectory);
        free(bytes);
    }
    struct hm_archive view = hm_archive_view(archive.bytes, archive.size);
    HM_ASSERT_OK(hm_trajectory_resume(path, &setup, &view, &trajectory));
    HM_ASSERT_OK(hm_trajectory_close(&trajectory));
    hm_archive_release(&archive);
}

/* An existing file with a checkpoint beside it says how to go on; a new file never meets an old checkpoint. */
static void checkpoints_go_with_their_file(void)
{
    struct hm_trajectory_setup setup = make_setup(false);
    struct hm_trajectory *trajectory;
    char words[256];
    write_interrupted(&setup, 130, 200, CLOSED);
    HM_ASSERT_OK(hm_trajectory_create(path, &setup, &trajectory));
    CU_ASSERT_FALSE(hm_checkpoint_exists(checkpoint));
    HM_ASSERT_OK(hm_trajectory_close(&trajectory));
    CU_ASSERT_EQUAL(hm_trajectory_check_target(path, false), HM_EXISTS);
    CU_ASSERT_PTR_NULL(strstr(hm_status_message(), "hamlet resume"));

    write_interrupted(&setup, 130, 200, CLOSED);
    setup.overwrite = false;
    CU_ASSERT_EQUAL(hm_trajectory_create(path, &setup, &trajectory), HM_EXISTS);
    snprintf(words, sizeof words, "%s: exists already; use --overwrite", path);
    CU_ASSERT_PTR_EQUAL(strstr(hm_status_message(), words), hm_status_message());
    snprintf(words, sizeof words, "hamlet resume %s", checkpoint);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), words));
    CU_ASSERT_PTR_NULL(strchr(hm_status_message(), '\n'));
    CU_ASSERT_TRUE(hm_checkpoint_exists(checkpoint));
}

static const struct hm_test tests[] = {
    {"a resumed run is as if never interrupted", a_resumed_run_is_as_if_never_interrupted},
    {"a resumed run is saved and resumed again", a_resumed_run_is_saved_and_resumed_again},
    {"resumes can be killed between any two accesses", resumes_can_be_killed},
    {"full disks are reported", full_disks_are_reported},
    {"other files are refused", other_files_are_refused},
    {"damaged state is refused", damaged_state_is_refused},
    {"checkpoints go with their file", checkpoints_go_with_their_file},
};

int main(void)
{
    if (!mkdtemp(folder) || hm_frame_create(ATOMS, &topology) != HM_OK) return 1;
    snprintf(path, sizeof path, "%s/run.h5", folder);
    snprintf(reference, sizeof reference, "%s/reference.h5", folder);
    snprintf(pristine, sizeof pristine, "%s/pristine.h5", folder);
    if (hm_checkpoint_path(path, checkpoint, sizeof checkpoint) != HM_OK) return 1;
    const int failed = hm_test_main("trajectory_resume", tests, sizeof tests / sizeof *tests);
    hm_checkpoint_remove(checkpoint);
    unlink(path);
    unlink(reference);
    unlink(pristine);
    rmdir(folder);
    hm_frame_release(&topology);
    return failed;
}
