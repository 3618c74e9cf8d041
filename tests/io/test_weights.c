#include "io/trajectory.h"
#include "io/weights.h"
#include "tests/test.h"

#include <dirent.h>
#include <hdf5.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/hamlet_weights_XXXXXX";
static char path[128];

static bool is(const struct hm_weights_of_member *weights, size_t member, int32_t version, const char *form,
               const char *bytes, size_t size)
{
    return weights && weights->member == member && weights->version == version && strcmp(weights->form, form) == 0 &&
           weights->size == size && memcmp(weights->bytes, bytes, size) == 0;
}

static void expect_message(enum hm_status status, enum hm_status expected, const char *words)
{
    CU_ASSERT_EQUAL(status, expected);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), words));
    CU_ASSERT_PTR_NULL(strchr(hm_status_message(), '\n'));
}

/* Two members, the second given first. */
static struct hm_weights two_members(void)
{
    struct hm_weights weights = {0};
    HM_ASSERT_OK(hm_weights_set(&weights, 4, 2, "linear, pair", "later\0on", 8));
    HM_ASSERT_OK(hm_weights_set(&weights, 1, 1, "", "sooner", 6));
    return weights;
}

static bool are_two_members(const struct hm_weights *weights)
{
    return weights->count == 2 && is(&weights->of[0], 1, 1, "", "sooner", 6) &&
           is(&weights->of[1], 4, 2, "linear, pair", "later\0on", 8);
}

static size_t files_in_folder(void)
{
    size_t count = 0;
    DIR *list = opendir(folder);
    for (const struct dirent *entry; list && (entry = readdir(list));) count += *entry->d_name != '.';
    if (list) closedir(list);
    return count;
}

/* ---- tests ---- */

static void members_are_set_and_found(void)
{
    struct hm_weights weights = two_members();
    CU_ASSERT_TRUE(are_two_members(&weights));
    CU_ASSERT_PTR_EQUAL(hm_weights_find(&weights, 4), &weights.of[1]);
    CU_ASSERT_PTR_NULL(hm_weights_find(&weights, 0));
    CU_ASSERT_PTR_NULL(hm_weights_find(&weights, 2));
    HM_ASSERT_OK(hm_weights_set(&weights, 4, 9, "another form", NULL, 0));
    CU_ASSERT_EQUAL(weights.count, 2);
    CU_ASSERT_TRUE(is(hm_weights_find(&weights, 4), 4, 9, "another form", "", 0));
    hm_weights_release(&weights);
    CU_ASSERT_TRUE(weights.count == 0 && weights.of == NULL);
}

static void a_file_gives_them_back(void)
{
    static const char *const provenance[][2] = {{"from", "castle.h5"}, {"command", "hamlet train"}, {NULL, NULL}};
    struct hm_weights weights = two_members(), back;
    HM_ASSERT_OK(hm_weights_write(path, true, &weights, provenance));
    CU_ASSERT_EQUAL(files_in_folder(), 1);
    HM_ASSERT_OK(hm_weights_read(path, &back));
    CU_ASSERT_TRUE(are_two_members(&back));
    hm_weights_release(&back);

    char *from = NULL;
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t attribute = H5Aopen_by_name(file, "/hamlet/provenance", "from", H5P_DEFAULT, H5P_DEFAULT);
    const hid_t type = H5Aget_type(attribute);
    CU_ASSERT_TRUE(H5Aread(attribute, type, (void *)&from) >= 0);
    CU_ASSERT_STRING_EQUAL(from, "castle.h5");
    H5free_memory(from);
    H5Tclose(type);
    H5Aclose(attribute);
    H5Fclose(file);
    hm_weights_release(&weights);
}

static void outputs_are_not_overwritten_unasked(void)
{
    struct hm_weights first = two_members(), second = {0}, back;
    HM_ASSERT_OK(hm_weights_set(&second, 0, 1, "second", "2", 1));
    unlink(path);
    HM_ASSERT_OK(hm_weights_write(path, false, &first, NULL));
    expect_message(hm_weights_write(path, false, &second, NULL), HM_EXISTS, "--overwrite");
    HM_ASSERT_OK(hm_weights_read(path, &back));
    CU_ASSERT_TRUE(are_two_members(&back));
    hm_weights_release(&back);
    HM_ASSERT_OK(hm_weights_write(path, true, &second, NULL));
    HM_ASSERT_OK(hm_weights_read(path, &back));
    CU_ASSERT_TRUE(back.count == 1 && is(&back.of[0], 0, 1, "second", "2", 1));
    hm_weights_release(&back);
    expect_message(hm_weights_write("/nowhere/at/all/w.h5", true, &second, NULL), HM_BAD_OUTPUT, "/nowhere/at/all");
    expect_message(hm_weights_write(folder, true, &second, NULL), HM_BAD_OUTPUT, "regular");
    CU_ASSERT_EQUAL(files_in_folder(), 1);
    hm_weights_release(&first);
    hm_weights_release(&second);
}

/* A version is a name in the file: two of them would be one. The earlier file stays. */
static void versions_are_given_once(void)
{
    struct hm_weights weights = two_members(), back;
    HM_ASSERT_OK(hm_weights_write(path, true, &weights, NULL));
    HM_ASSERT_OK(hm_weights_set(&weights, 7, 2, "", "third", 5));
    expect_message(hm_weights_write(path, true, &weights, NULL), HM_INTERNAL, "version 2");
    HM_ASSERT_OK(hm_weights_read(path, &back));
    CU_ASSERT_EQUAL(back.count, 2);
    hm_weights_release(&back);
    hm_weights_release(&weights);
}

static enum hm_status write_run(void)
{
    static char form[] = "a form", bytes[] = "0123456789012";
    struct hm_frame frame;
    struct hm_trajectory *trajectory;
    HM_TRY(hm_frame_create(2, &frame));
    frame.mass[0] = frame.mass[1] = 1.0;
    const struct hm_trajectory_setup setup = {
        .frame = &frame, .timestep = 1.0, .steps = 10, .stride = 1, .overwrite = true};
    enum hm_status status = hm_trajectory_create(path, &setup, &trajectory);
    hm_frame_release(&frame);
    HM_TRY(status);
    /* As an asynchronous run publishes them: by version, whichever member comes first; 12 is later than 9. */
    for (int32_t version = 1; status == HM_OK && version <= 12; version++) {
        const struct hm_weights_of_member weights = {version % 5 == 0, version, form, bytes, (size_t)version};
        status = hm_trajectory_log_weights(trajectory, &weights);
    }
    const enum hm_status closed = hm_trajectory_close(&trajectory);
    return status == HM_OK ? closed : status;
}

/* What else is there under names that are no versions does not disturb. */
static void the_latest_of_each_member_counts(void)
{
    static const char *const others[] = {"notes", "007", "13 ", "99999999999999999999", "-"};
    struct hm_weights weights;
    HM_ASSERT_OK(write_run());
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t group = H5Gopen2(file, "/hamlet/weights", H5P_DEFAULT);
    for (size_t i = 0; i < 5; i++) H5Gclose(H5Gcreate2(group, others[i], H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Gclose(group);
    H5Fclose(file);
    HM_ASSERT_OK(hm_weights_read(path, &weights));
    CU_ASSERT_EQUAL(weights.count, 2);
    CU_ASSERT_TRUE(is(hm_weights_find(&weights, 0), 0, 12, "a form", "012345678901", 12));
    CU_ASSERT_TRUE(is(hm_weights_find(&weights, 1), 1, 10, "a form", "0123456789", 10));
    hm_weights_release(&weights);
}

static void put_file(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void refused(const char *words)
{
    struct hm_weights weights = {.count = 77};
    expect_message(hm_weights_read(path, &weights), HM_BAD_INPUT, words);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), path));
    CU_ASSERT_TRUE(weights.count == 0 && weights.of == NULL);
}

static void files_without_weights_are_refused(void)
{
    unlink(path);
    refused("No such file");
    put_file("not HDF5", 8);
    refused("not an HDF5 file");
    H5Fclose(H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    refused("there are no weights in it");
    HM_ASSERT_OK(write_run());
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    for (int version = 1; version <= 12; version++) {
        char name[64];
        snprintf(name, sizeof name, "/hamlet/weights/%d", version);
        CU_ASSERT_TRUE(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    }
    H5Fclose(file);
    refused("there are no weights in it");
}

static void put_number(hid_t dataset, const char *name, long long value)
{
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t attribute = H5Acreate2(dataset, name, H5T_NATIVE_LLONG, space, H5P_DEFAULT, H5P_DEFAULT);
    CU_ASSERT_TRUE(H5Awrite(attribute, H5T_NATIVE_LLONG, &value) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
}

/* The newest version, damaged in one way; `attribute` NULL: it is replaced by a dataset of doubles. */
static void damage(const char *attribute, bool replace, long long value)
{
    HM_ASSERT_OK(write_run());
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, "/hamlet/weights/12", H5P_DEFAULT);
    if (attribute) CU_ASSERT_TRUE(H5Adelete(dataset, attribute) >= 0);
    if (attribute && replace) put_number(dataset, attribute, value);
    if (!attribute) {
        const double number = 0.5;
        const hsize_t one = 1;
        const hid_t space = H5Screate_simple(1, &one, NULL);
        H5Dclose(dataset);
        H5Ldelete(file, "/hamlet/weights/12", H5P_DEFAULT);
        dataset =
            H5Dcreate2(file, "/hamlet/weights/12", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        CU_ASSERT_TRUE(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &number) >= 0);
        put_number(dataset, "member", 0);
        H5Sclose(space);
    }
    H5Dclose(dataset);
    H5Fclose(file);
}

static void damaged_weights_are_refused(void)
{
    damage("member", false, 0);
    refused("/hamlet/weights/12 is damaged: its attribute member");
    damage("form", false, 0);
    refused("/hamlet/weights/12 is damaged: its attribute form");
    damage("form", true, 5);
    refused("/hamlet/weights/12 is damaged: its attribute form");
    damage("member", true, -3);
    refused("/hamlet/weights/12 is damaged: it is of member -3");
    damage(NULL, false, 0);
    refused("/hamlet/weights/12 is damaged");
}

/* Cut anywhere, or with an end of zeros: a message for every refusal, and never more than was written. */
static void cut_files_do_no_harm(void)
{
    struct hm_weights weights = two_members();
    struct stat entry;
    HM_ASSERT_OK(hm_weights_write(path, true, &weights, NULL));
    hm_weights_release(&weights);
    CU_ASSERT_EQUAL_FATAL(stat(path, &entry), 0);
    const size_t size = (size_t)entry.st_size;
    unsigned char *good = malloc(size), *bad = calloc(size, 1);
    FILE *file = fopen(path, "rb");
    CU_ASSERT_EQUAL_FATAL(fread(good, 1, size, file), size);
    fclose(file);
    size_t failed = 0;
    for (size_t i = 0; i < 200; i++) {
        const size_t kept = size * i / 200;
        memset(bad, 0, size);
        memcpy(bad, good, kept);
        put_file(bad, i % 2 ? size : kept);
        hm_status_clear();
        if (hm_weights_read(path, &weights) == HM_OK) {
            for (size_t k = 0; k < weights.count; k++) CU_ASSERT_TRUE(weights.of[k].size <= 8);
        } else {
            failed++;
            CU_ASSERT_TRUE(strlen(hm_status_message()) > strlen(path));
        }
        hm_weights_release(&weights);
    }
    CU_ASSERT_TRUE(failed >= 100);
    free(good);
    free(bad);
}

static void an_archive_gives_them_back(void)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    struct hm_weights weights = two_members(), back = two_members();
    hm_weights_save(&weights, &archive);
    HM_ASSERT_OK(archive.status);
    HM_ASSERT_OK(hm_weights_set(&back, 5, 3, "goes", "away", 4));
    HM_ASSERT_OK(hm_weights_load(&back, &archive));
    CU_ASSERT_TRUE(are_two_members(&back));
    CU_ASSERT_EQUAL(archive.cursor, archive.size);
    for (size_t size = 0; size < archive.size; size++) {
        struct hm_archive view = hm_archive_view(archive.bytes, size);
        expect_message(hm_weights_load(&back, &view), HM_BAD_INPUT, "stored state");
        CU_ASSERT_TRUE(back.count == 0 && back.of == NULL);
    }
    hm_archive_clear(&archive);
    hm_weights_release(&weights);
    hm_weights_save(&weights, &archive);
    HM_ASSERT_OK(hm_weights_load(&back, &archive));
    CU_ASSERT_EQUAL(back.count, 0);
    hm_archive_release(&archive);
}

static void absurd_counts_are_refused(void)
{
    struct hm_archive archive = HM_ARCHIVE_EMPTY;
    struct hm_weights back = {0};
    hm_archive_put_tag(&archive, "WEIGHTS");
    hm_archive_put_size(&archive, SIZE_MAX);
    hm_archive_put_size(&archive, 0);
    hm_archive_put_int(&archive, 1);
    hm_archive_put_text(&archive, "form");
    hm_archive_put_size(&archive, SIZE_MAX - 1);
    expect_message(hm_weights_load(&back, &archive), HM_BAD_INPUT, "ends early");
    hm_archive_clear(&archive);
    hm_archive_put_tag(&archive, "WEIGHTS");
    hm_archive_put_size(&archive, 1);
    hm_archive_put_size(&archive, 0);
    hm_archive_put_int(&archive, (int64_t)1 << 40);
    hm_archive_put_text(&archive, "form");
    hm_archive_put_size(&archive, 0);
    expect_message(hm_weights_load(&back, &archive), HM_BAD_INPUT, "version 1099511627776");
    hm_archive_release(&archive);
}

static const struct hm_test tests[] = {
    {"members are set and found", members_are_set_and_found},
    {"a file gives them back", a_file_gives_them_back},
    {"outputs are not overwritten unasked", outputs_are_not_overwritten_unasked},
    {"versions are given once", versions_are_given_once},
    {"the latest of each member counts", the_latest_of_each_member_counts},
    {"files without weights are refused", files_without_weights_are_refused},
    {"damaged weights are refused", damaged_weights_are_refused},
    {"cut files do no harm", cut_files_do_no_harm},
    {"an archive gives them back", an_archive_gives_them_back},
    {"absurd counts are refused", absurd_counts_are_refused},
};

int main(void)
{
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/weights.h5", folder);
    const int failed = hm_test_main("weights", tests, sizeof tests / sizeof *tests);
    unlink(path);
    rmdir(folder);
    return failed;
}
