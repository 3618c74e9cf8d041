#include "io/checkpoint.h"
#include "io/config.h"
#include "io/rng.h"
#include "tests/io/faulty_disk.h"
#include "tests/test.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/hamlet_checkpoint_XXXXXX";
static char path[128], old[160], fresh[160];

enum { HEADER_BYTES = 24, PAYLOAD_BYTES = 200000, FILE_BYTES = HEADER_BYTES + PAYLOAD_BYTES };

/* ---- pieces ---- */

static unsigned char byte_of(unsigned generation, size_t i)
{
    return (unsigned char)(i * 7 + i / 251 + generation * 13);
}

static enum hm_status write_generation(unsigned generation, size_t size)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    HM_TRY(hm_archive_resize(&archive, size));
    for (size_t i = 0; i < size; i++) archive.bytes[i] = byte_of(generation, i);
    const enum hm_status status = hm_checkpoint_write(path, &archive);
    hm_archive_release(&archive);
    return status;
}

/* The generation that is read back whole, or -1. */
static int read_generation(char *word, size_t size)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    int generation = -1;
    if (hm_checkpoint_read(path, &archive, word, size) == HM_OK && archive.size == PAYLOAD_BYTES &&
        archive.cursor == 0) {
        for (unsigned g = 0; g < 8 && generation < 0; g++)
            if (archive.bytes[0] == byte_of(g, 0)) generation = (int)g;
        for (size_t i = 0; generation >= 0 && i < archive.size; i++)
            if (archive.bytes[i] != byte_of((unsigned)generation, i)) generation = -1;
    } else
        CU_ASSERT_EQUAL(archive.size, 0);
    hm_archive_release(&archive);
    return generation;
}

static void remove_all(void)
{
    unlink(path);
    unlink(old);
    unlink(fresh);
}

static size_t load(const char *name, unsigned char *bytes, size_t size)
{
    FILE *file = fopen(name, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    const size_t got = fread(bytes, 1, size, file);
    fclose(file);
    return got;
}

static void put(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(name, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* The present one is refused for this reason, in one line, and the one before it is used. */
static void expect_older(const char *reason)
{
    char word[512];
    CU_ASSERT_EQUAL(read_generation(word, sizeof word), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(word, reason));
    CU_ASSERT_PTR_NOT_NULL(strstr(word, old));
    CU_ASSERT_PTR_NULL(strchr(word, '\n'));
}

static void two_generations(void)
{
    remove_all();
    HM_ASSERT_OK(write_generation(1, PAYLOAD_BYTES));
    HM_ASSERT_OK(write_generation(2, PAYLOAD_BYTES));
}

/* ---- tests ---- */

static void what_was_written_is_read(void)
{
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 1 << 20};
    char word[64];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct hm_archive archive = HM_ARCHIVE_EMPTY;
        HM_ASSERT_OK(write_generation(3, sizes[i]));
        hm_archive_put_text(&archive, "what was there before");
        HM_ASSERT_OK(hm_checkpoint_read(path, &archive, word, sizeof word));
        CU_ASSERT_STRING_EQUAL(word, "");
        CU_ASSERT_TRUE(archive.size == sizes[i] && archive.cursor == 0 && archive.status == HM_OK);
        bool same = true;
        for (size_t k = 0; k < archive.size; k++) same = same && archive.bytes[k] == byte_of(3, k);
        CU_ASSERT_TRUE(same);
        hm_archive_release(&archive);
    }
    struct hm_archive never_filled = HM_ARCHIVE_EMPTY;
    HM_ASSERT_OK(hm_checkpoint_write(path, &never_filled));
    HM_ASSERT_OK(hm_checkpoint_read(path, &never_filled, word, sizeof word));
    hm_archive_release(&never_filled);
}

static void the_one_before_is_kept(void)
{
    char word[512];
    remove_all();
    for (unsigned g = 0; g < 5; g++) {
        HM_ASSERT_OK(write_generation(g, PAYLOAD_BYTES));
        CU_ASSERT_EQUAL(read_generation(word, sizeof word), (int)g);
        CU_ASSERT_STRING_EQUAL(word, "");
        CU_ASSERT_EQUAL(access(old, F_OK) == 0, g > 0);
        CU_ASSERT_NOT_EQUAL(access(fresh, F_OK), 0);
    }
    unlink(path); /* a kill between the two renames */
    CU_ASSERT_EQUAL(read_generation(word, sizeof word), 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(word, "is not there"));
    HM_ASSERT_OK(write_generation(6, PAYLOAD_BYTES));
    CU_ASSERT_EQUAL(read_generation(word, sizeof word), 6);
    unlink(path);
    CU_ASSERT_EQUAL(read_generation(word, sizeof word), 3);
}

static void a_damaged_one_pushes_out_no_good_one(void)
{
    char word[512];
    two_generations();
    CU_ASSERT_EQUAL(truncate(path, 1000), 0);
    HM_ASSERT_OK(write_generation(3, PAYLOAD_BYTES));
    CU_ASSERT_EQUAL(read_generation(word, sizeof word), 3);
    unlink(path);
    CU_ASSERT_EQUAL(read_generation(word, sizeof word), 1);
}

/* Killed before each access to the disk in turn: one of the two is always complete. */
static void killed_writers_leave_a_checkpoint(void)
{
    long accesses = 0;
    for (bool killed = true; killed; accesses++) {
        two_generations();
        const pid_t child = fork();
        if (child == 0) {
            hm_disk_set(HM_DISK_KILLS, accesses);
            _exit(write_generation(3, PAYLOAD_BYTES) == HM_OK ? 0 : 1);
        }
        int status;
        char word[512];
        waitpid(child, &status, 0);
        killed = WIFSIGNALED(status);
        const int generation = read_generation(word, sizeof word);
        CU_ASSERT_TRUE(killed || WEXITSTATUS(status) == 0);
        CU_ASSERT_TRUE(generation == 3 || (killed && generation == 2));
        HM_ASSERT_OK(write_generation(4, PAYLOAD_BYTES));
        CU_ASSERT_EQUAL(read_generation(word, sizeof word), 4);
        CU_ASSERT_NOT_EQUAL(access(fresh, F_OK), 0);
    }
    CU_ASSERT_TRUE(accesses >= 7); /* two writes, two syncs, two renames, and none */
}

static size_t draw(uint64_t step, size_t below)
{
    const struct hm_rng_key key = {17, 0, HM_RNG_TEST};
    double u[2];
    hm_rng_uniform2(key, step, 0, u);
    return (size_t)(u[0] * (double)below);
}

static void damage_is_always_noticed(void)
{
    unsigned char *good = malloc(2 * FILE_BYTES), *bad = malloc(2 * FILE_BYTES);
    char word[512];
    size_t missed = 0;
    two_generations();
    CU_ASSERT_EQUAL_FATAL(load(path, good, 2 * FILE_BYTES), FILE_BYTES);
    for (size_t i = 0; i < 1200; i++) {
        size_t size = FILE_BYTES;
        memcpy(bad, good, FILE_BYTES);
        memset(bad + FILE_BYTES, 0, FILE_BYTES);
        if (i < HEADER_BYTES * 8)
            bad[i / 8] ^= (unsigned char)(1u << i % 8);
        else if (i % 3 == 0)
            bad[draw(i, FILE_BYTES)] ^= (unsigned char)(1 + draw(i + 10000, 255));
        else if (i % 3 == 1)
            size = i < 200 ? i - HEADER_BYTES * 8 : draw(i, FILE_BYTES);
        else
            size += 1 + draw(i, FILE_BYTES);
        put(path, bad, size);
        missed += read_generation(word, sizeof word) != 1 || strlen(word) == 0;
    }
    CU_ASSERT_EQUAL(missed, 0);
    free(good);
    free(bad);
}

static void reasons_are_named(void)
{
    unsigned char *bytes = malloc(FILE_BYTES);
    two_generations();
    CU_ASSERT_EQUAL_FATAL(load(path, bytes, FILE_BYTES), FILE_BYTES);
    put(path, "", 0);
    expect_older("is empty");
    put(path, bytes, 10);
    expect_older("is cut short: 10 bytes");
    put(path, bytes, 1000);
    expect_older("is cut short: 976 bytes of 200000");
    bytes[8] = 7;
    put(path, bytes, FILE_BYTES);
    expect_older("is written in format 7, this program reads 2");
    bytes[8] = 2;
    bytes[21] = 0x40; /* some petabytes */
    put(path, bytes, FILE_BYTES);
    expect_older("is cut short");
    bytes[21] = 0;
    bytes[30] ^= 1;
    put(path, bytes, FILE_BYTES);
    expect_older("checksum");
    bytes[0] = 'h';
    put(path, bytes, FILE_BYTES);
    expect_older("is not a checkpoint");
    free(bytes);
    unlink(path);
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    expect_older("is a folder");
    rmdir(path);
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    expect_older("is not a regular file");
    unlink(path);
    if (geteuid() != 0) { /* root may read everything */
        HM_ASSERT_OK(write_generation(2, PAYLOAD_BYTES));
        chmod(path, 0);
        expect_older("Permission denied");
        unlink(path);
    }
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    char word[8];
    put(path, "rubbish", 7);
    put(old, "", 0);
    CU_ASSERT_EQUAL(hm_checkpoint_read(path, &archive, word, sizeof word), HM_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "run.chk: is cut short: 7 bytes, and "));
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "run.chk.old is empty"));
    CU_ASSERT_STRING_EQUAL(word, "");
    remove_all();
    CU_ASSERT_EQUAL(hm_checkpoint_read(path, &archive, word, sizeof word), HM_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "run.chk: is not there, and there is no "));
    hm_archive_release(&archive);
}

/* In a child: the write must fail with one line, and leave what was there. */
static void expect_no_write(const char *reason)
{
    const enum hm_status status = write_generation(3, PAYLOAD_BYTES);
    const char *message = hm_status_message();
    _exit(status == HM_BAD_OUTPUT && strstr(message, path) == message && strstr(message, reason) &&
                  !strchr(message, '\n')
              ? 7
              : 8);
}

static void expect_untouched(pid_t child)
{
    char word[512];
    int status;
    waitpid(child, &status, 0);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    CU_ASSERT_EQUAL(read_generation(word, sizeof word), 2);
    CU_ASSERT_STRING_EQUAL(word, "");
    CU_ASSERT_NOT_EQUAL(access(fresh, F_OK), 0);
    unlink(path);
    CU_ASSERT_EQUAL(read_generation(word, sizeof word), 1);
}

static void full_disks_leave_the_earlier_one(void)
{
    for (long writes = 0; writes < 2; writes++) {
        two_generations();
        const pid_t child = fork();
        if (child == 0) {
            hm_disk_set(HM_DISK_IS_FULL, writes);
            expect_no_write("No space left on device");
        }
        expect_untouched(child);
    }
    two_generations();
    const pid_t child = fork();
    if (child == 0) { /* part of a write succeeds, the next does not */
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){100000, 100000});
        expect_no_write("File too large");
    }
    expect_untouched(child);
}

static void places_that_cannot_be_written_are_named(void)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    CU_ASSERT_EQUAL(hm_checkpoint_write("/nowhere/at/all/run.chk", &archive), HM_BAD_OUTPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "/nowhere/at/all/run.chk: cannot be written: No such file"));
    remove_all();
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    CU_ASSERT_EQUAL(hm_checkpoint_write(path, &archive), HM_BAD_OUTPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "directory"));
    CU_ASSERT_NOT_EQUAL(access(fresh, F_OK), 0);
    CU_ASSERT_EQUAL(rmdir(path), 0);
    archive.status = HM_OUT_OF_MEMORY; /* a put that failed */
    CU_ASSERT_EQUAL(hm_checkpoint_write(path, &archive), HM_OUT_OF_MEMORY);
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
}

static void paths_follow_the_trajectory(void)
{
    static const char *const pairs[][2] = {{"run.h5", "run.chk"},
                                           {"a.h5/run.h5", "a.h5/run.chk"},
                                           {"a.h5/run", "a.h5/run.chk"},
                                           {"run.hdf5", "run.hdf5.chk"},
                                           {"run.h5.h5", "run.h5.chk"},
                                           {"out/.h5", "out/.h5.chk"},
                                           {".h5", ".h5.chk"}};
    char made[64];
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        HM_ASSERT_OK(hm_checkpoint_path(pairs[i][0], made, sizeof made));
        CU_ASSERT_STRING_EQUAL(made, pairs[i][1]);
    }
    HM_ASSERT_OK(hm_checkpoint_path("run.h5", made, 8));
    CU_ASSERT_EQUAL(hm_checkpoint_path("run.h5", made, 7), HM_BAD_OUTPUT);
}

static double seconds_between(const char *setting, bool *never)
{
    const char *const settings[] = {setting};
    struct hm_config *config;
    if (hm_config_parse("hamiltonian: {type: harmonic}\nintegrator: {timestep: 1 fs, steps: 1}\n", "run.yaml", settings,
                        setting != NULL, &config) != HM_OK)
        return -1.0;
    const double seconds = hm_config_real(config, "output.checkpoint_every");
    *never = hm_config_is(config, "output.checkpoint_every", "never");
    hm_config_destroy(&config);
    return seconds;
}

static void the_configuration_says_how_often(void)
{
    static const struct {
        const char *setting;
        double seconds;
    } rows[] = {{NULL, 600.0},
                {"output.checkpoint_every=30 s", 30.0},
                {"output.checkpoint_every=10 min", 600.0},
                {"output.checkpoint_every=1 h", 3600.0},
                {"output.checkpoint_every=0 s", -1.0},
                {"output.checkpoint_every=10", -1.0},
                {"output.checkpoint_every=seldom", -1.0}};
    bool never = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        HM_ASSERT_NEAR(seconds_between(rows[i].setting, &never), rows[i].seconds, 1e-9);
    CU_ASSERT_FALSE(never);
    CU_ASSERT_TRUE(isnan(seconds_between("output.checkpoint_every=never", &never)) && never);
}

static void everything_is_removed(void)
{
    two_generations();
    put(fresh, "half", 4);
    CU_ASSERT_TRUE(hm_checkpoint_exists(path));
    HM_ASSERT_OK(hm_checkpoint_remove(path));
    CU_ASSERT_FALSE(hm_checkpoint_exists(path));
    CU_ASSERT_TRUE(access(path, F_OK) != 0 && access(old, F_OK) != 0 && access(fresh, F_OK) != 0);
    HM_ASSERT_OK(hm_checkpoint_remove(path));
    HM_ASSERT_OK(hm_checkpoint_remove("/nowhere/at/all/run.chk"));
    CU_ASSERT_EQUAL(mkdir(old, 0700), 0);
    CU_ASSERT_TRUE(hm_checkpoint_exists(path));
    CU_ASSERT_EQUAL(hm_checkpoint_remove(path), HM_BAD_OUTPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "run.chk.old: cannot be removed"));
    CU_ASSERT_EQUAL(rmdir(old), 0);
}

static const struct hm_test tests[] = {
    {"what was written is read", what_was_written_is_read},
    {"the one before is kept", the_one_before_is_kept},
    {"a damaged one pushes out no good one", a_damaged_one_pushes_out_no_good_one},
    {"killed writers leave a checkpoint", killed_writers_leave_a_checkpoint},
    {"damage is always noticed", damage_is_always_noticed},
    {"reasons are named", reasons_are_named},
    {"full disks leave the earlier one", full_disks_leave_the_earlier_one},
    {"places that cannot be written are named", places_that_cannot_be_written_are_named},
    {"paths follow the trajectory", paths_follow_the_trajectory},
    {"the configuration says how often", the_configuration_says_how_often},
    {"everything is removed", everything_is_removed},
};

int main(void)
{
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/run.chk", folder);
    snprintf(old, sizeof old, "%s.old", path);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    const int failed = hm_test_main("checkpoint", tests, sizeof tests / sizeof *tests);
    remove_all();
    rmdir(folder);
    return failed;
}
