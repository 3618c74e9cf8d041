/* Where a file comes from: the program and its build, the machine, the command, the time.
 *
 * Owns: its texts; what is added is borrowed.
 * MPI: local, also before MPI_Init.
 */
#ifndef HM_SCHEDULER_CLI_PROVENANCE_H
#define HM_SCHEDULER_CLI_PROVENANCE_H

#include <mpi.h>

enum { HM_PROVENANCE_ROWS = 12 };

struct hm_provenance {
    char host[256], time[64], command[4096], mpi[MPI_MAX_LIBRARY_VERSION_STRING];
    const char *table[HM_PROVENANCE_ROWS][2]; // name, value; ends with {NULL, NULL}
};

/* `arguments`: the command's own, ended by NULL. */
void hm_provenance_describe(char *const *arguments, struct hm_provenance *provenance);
/* One more row; nothing once the table is full. */
void hm_provenance_add(struct hm_provenance *provenance, const char *name, const char *value);

#endif
