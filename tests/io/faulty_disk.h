/* A disk that kills the program, or is full, from a chosen access on: the file functions of the C library are stood
 * before in every test of this folder. Set in a child process, which the kill ends. */
#ifndef HM_TESTS_IO_FAULTY_DISK_H
#define HM_TESTS_IO_FAULTY_DISK_H

enum hm_disk { HM_DISK_WORKS, HM_DISK_KILLS, HM_DISK_IS_FULL };

/* `accesses` more succeed; of a full disk only those count that write. */
void hm_disk_set(enum hm_disk disk, long accesses);

#endif
