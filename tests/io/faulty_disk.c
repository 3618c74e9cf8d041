#include "tests/io/faulty_disk.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* Not part of POSIX 2008. */
long syscall(long number, ...);

static enum hm_disk state = HM_DISK_WORKS;
static long left;

void hm_disk_set(enum hm_disk disk, long accesses)
{
    left = accesses;
    state = disk;
}

static bool fails(bool writes)
{
    if (state == HM_DISK_WORKS || (state == HM_DISK_IS_FULL && !writes) || left-- > 0) return false;
    if (state == HM_DISK_KILLS) raise(SIGKILL);
    errno = ENOSPC;
    return true;
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off_t offset);
ssize_t pwrite64(int file, const void *bytes, size_t size, off_t offset)
{
    return fails(true) ? -1 : syscall(SYS_pwrite64, file, bytes, size, offset);
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset)
{
    return pwrite64(file, bytes, size, offset);
}

ssize_t write(int file, const void *bytes, size_t size)
{
    return fails(true) ? -1 : syscall(SYS_write, file, bytes, size);
}

int ftruncate64(int file, off_t size);
int ftruncate64(int file, off_t size)
{
    return fails(false) ? -1 : (int)syscall(SYS_ftruncate, file, size);
}

int ftruncate(int file, off_t size)
{
    return ftruncate64(file, size);
}

int fsync(int file)
{
    return fails(false) ? -1 : (int)syscall(SYS_fsync, file);
}

int rename(const char *from, const char *to)
{
    return fails(false) ? -1 : (int)syscall(SYS_renameat2, -100, from, -100, to, 0); /* -100: AT_FDCWD */
}

int unlink(const char *path)
{
    return fails(false) ? -1 : (int)syscall(SYS_unlinkat, -100, path, 0);
}
