#include "io/checkpoint.h"

#include "io/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define FORMAT UINT32_C(2)
static const char magic[8] = {'H', 'M', 'C', 'H', 'K', 'P', 'T', '\n'};

enum { REASON_BYTES = 256, BLOCK_BYTES = 1 << 16 };

struct header {
    char magic[8];
    uint32_t format;
    uint32_t checksum;
    uint64_t size;
};
_Static_assert(sizeof(struct header) == 24, "the header goes to the file as it is");

/* What cannot be used, and why: a part of a message. */
struct verdict {
    enum hm_status status;
    bool missing;
    char reason[REASON_BYTES];
};

static void refuse(struct verdict *verdict, const char *format, ...) HM_PRINTF(2, 3);
static void refuse(struct verdict *verdict, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(verdict->reason, sizeof verdict->reason, format, arguments);
    va_end(arguments);
    verdict->status = HM_BAD_INPUT;
}

/* ---- names ---- */

static enum hm_status join(const char *path, size_t length, const char *suffix, char *joined, size_t size)
{
    const int written = snprintf(joined, size, "%.*s%s", (int)length, path, suffix);
    if (length > INT_MAX || written < 0 || (size_t)written >= size)
        return hm_fail(HM_BAD_OUTPUT, "%s: the path is too long for its checkpoint", path);
    return HM_OK;
}

enum hm_status hm_checkpoint_path(const char *trajectory_path, char *path, size_t size)
{
    static const char suffix[] = ".h5";
    const char *slash = strrchr(trajectory_path, '/');
    const size_t name = strlen(slash ? slash + 1 : trajectory_path), mark = sizeof suffix - 1;
    size_t length = strlen(trajectory_path);
    if (name > mark && strcmp(trajectory_path + length - mark, suffix) == 0) length -= mark;
    return join(trajectory_path, length, ".chk", path, size);
}

struct names {
    char old[PATH_MAX], fresh[PATH_MAX];
};

static enum hm_status name_all(const char *path, struct names *names)
{
    HM_TRY(join(path, strlen(path), ".old", names->old, sizeof names->old));
    return join(path, strlen(path), ".new", names->fresh, sizeof names->fresh);
}

/* ---- checksum ---- */

/* Of the header without the checksum itself; the payload goes on from it. */
static uLong sum_header(const struct header *header)
{
    struct header plain = *header;
    plain.checksum = 0;
    return crc32_z(crc32_z(0, NULL, 0), (const Bytef *)&plain, sizeof plain);
}

/* ---- reading ---- */

static size_t read_fully(int file, void *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t now = read(file, (char *)bytes + done, size - done);
        if (now < 0 && errno == EINTR) continue;
        if (now <= 0) break;
        done += (size_t)now;
    }
    return done;
}

/* A size in the file is believed only when it is the file's. */
static bool header_is_good(const struct header *header, off_t file_size, struct verdict *verdict)
{
    const uint64_t left = (uint64_t)file_size - sizeof *header;
    if (memcmp(header->magic, magic, sizeof magic) != 0)
        refuse(verdict, "is not a checkpoint");
    else if (header->format != FORMAT)
        refuse(verdict, "is written in format %lu, this program reads %lu", (unsigned long)header->format,
               (unsigned long)FORMAT);
    else if (header->size > left)
        refuse(verdict, "is cut short: %llu bytes of %llu", (unsigned long long)left, (unsigned long long)header->size);
    else if (header->size < left)
        refuse(verdict, "is damaged: %llu bytes too many", (unsigned long long)(left - header->size));
    return verdict->status == HM_OK;
}

/* Without a payload to fill, the bytes are only looked at. */
static void read_payload(int file, const struct header *header, struct hm_archive *payload, struct verdict *verdict)
{
    unsigned char block[BLOCK_BYTES];
    uLong sum = sum_header(header);
    if (payload && (verdict->status = hm_archive_resize(payload, (size_t)header->size)) != HM_OK) return;
    for (uint64_t done = 0; done < header->size;) {
        const uint64_t left = header->size - done;
        const size_t now = left < sizeof block ? (size_t)left : sizeof block;
        unsigned char *bytes = payload ? payload->bytes + done : block;
        if (read_fully(file, bytes, now) != now) {
            refuse(verdict, "cannot be read to its end");
            return;
        }
        sum = crc32_z(sum, bytes, now);
        done += now;
    }
    if (sum != header->checksum) refuse(verdict, "is damaged: its checksum does not fit");
}

static void read_open(int file, struct hm_archive *payload, struct verdict *verdict)
{
    struct stat entry;
    struct header header;
    if (fstat(file, &entry) != 0)
        refuse(verdict, "cannot be read: %s", strerror(errno));
    else if (S_ISDIR(entry.st_mode))
        refuse(verdict, "is a folder");
    else if (!S_ISREG(entry.st_mode))
        refuse(verdict, "is not a regular file");
    else if (entry.st_size == 0)
        refuse(verdict, "is empty");
    else if ((uint64_t)entry.st_size < sizeof header)
        refuse(verdict, "is cut short: %lld bytes", (long long)entry.st_size);
    else if (read_fully(file, &header, sizeof header) != sizeof header)
        refuse(verdict, "cannot be read: %s", strerror(errno));
    else if (header_is_good(&header, entry.st_size, verdict))
        read_payload(file, &header, payload, verdict);
}

static struct verdict read_one(const char *path, struct hm_archive *payload)
{
    struct verdict verdict = {HM_OK, false, ""};
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is refused, not waited for */
    if (file < 0) {
        verdict.missing = errno == ENOENT;
        refuse(&verdict, "%s%s",
               verdict.missing ? "is not there" : "cannot be opened: ", verdict.missing ? "" : strerror(errno));
        return verdict;
    }
    read_open(file, payload, &verdict);
    close(file);
    return verdict;
}

enum hm_status hm_checkpoint_read(const char *path, struct hm_archive *payload, char *word, size_t size)
{
    struct names names;
    if (size > 0) word[0] = '\0';
    HM_TRY(name_all(path, &names));
    hm_archive_clear(payload);
    const struct verdict first = read_one(path, payload);
    if (first.status == HM_OK) return HM_OK;
    hm_archive_clear(payload);
    if (first.status != HM_BAD_INPUT) return first.status;
    const struct verdict second = read_one(names.old, payload);
    if (second.status == HM_OK) {
        snprintf(word, size, "%s %s; the one before it, %s, is used", path, first.reason, names.old);
        return HM_OK;
    }
    hm_archive_clear(payload);
    if (second.status != HM_BAD_INPUT) return second.status;
    if (second.missing) return hm_fail(HM_BAD_INPUT, "%s: %s, and there is no %s", path, first.reason, names.old);
    return hm_fail(HM_BAD_INPUT, "%s: %s, and %s %s", path, first.reason, names.old, second.reason);
}

/* ---- writing ---- */

static enum hm_status fail_write(const char *path, const char *action)
{
    return hm_fail(HM_BAD_OUTPUT, "%s: cannot be %s: %s", path, action, strerror(errno));
}

static bool write_fully(int file, const void *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t now = write(file, (const char *)bytes + done, size - done);
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) return false;
        done += (size_t)now;
    }
    return true;
}

static bool write_file(const char *name, const struct hm_archive *payload)
{
    struct header header = {.format = FORMAT, .size = payload->size};
    memcpy(header.magic, magic, sizeof magic);
    const uLong sum = sum_header(&header); /* crc32_z of nothing at NULL would begin anew */
    header.checksum = (uint32_t)(payload->size > 0 ? crc32_z(sum, payload->bytes, payload->size) : sum);
    const int file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0) return false;
    const bool good = write_fully(file, &header, sizeof header) && write_fully(file, payload->bytes, payload->size) &&
                      fsync(file) == 0;
    const int reason = errno;
    const bool closed = close(file) == 0;
    if (!good) errno = reason;
    return good && closed;
}

enum hm_status hm_checkpoint_write(const char *path, const struct hm_archive *payload)
{
    struct names names;
    HM_TRY(payload->status);
    HM_TRY(name_all(path, &names));
    if (!write_file(names.fresh, payload)) {
        const enum hm_status status = fail_write(path, "written");
        unlink(names.fresh);
        return status;
    }
    const bool keep = read_one(path, NULL).status == HM_OK;
    if ((keep && rename(path, names.old) != 0) || rename(names.fresh, path) != 0) {
        const enum hm_status status = fail_write(path, "replaced");
        unlink(names.fresh);
        return status;
    }
    return hm_folder_sync(path) ? HM_OK : fail_write(path, "written");
}

/* ---- both files ---- */

bool hm_checkpoint_exists(const char *path)
{
    struct names names;
    return name_all(path, &names) == HM_OK && (access(path, F_OK) == 0 || access(names.old, F_OK) == 0);
}

enum hm_status hm_checkpoint_remove(const char *path)
{
    struct names names;
    HM_TRY(name_all(path, &names));
    /* The older one first: it must not take the place of a newer one that is gone. */
    const char *const all[] = {names.fresh, names.old, path};
    bool removed = false;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const bool gone = unlink(all[i]) == 0;
        if (!gone && errno != ENOENT && errno != ENOTDIR) return fail_write(all[i], "removed");
        removed = removed || gone;
    }
    return !removed || hm_folder_sync(path) ? HM_OK : fail_write(path, "removed");
}
