/* Folders on disk.
 *
 * Errors: as said. Owns: nothing. MPI: local.
 */
#ifndef HM_IO_FOLDER_H
#define HM_IO_FOLDER_H

#include <stdbool.h>

/* Brings the names in the folder of `path` to the disk: after a crash of the machine a new or renamed file is there
 * under its name. False with errno set; file systems that cannot do this have no need of it, and that is true. */
bool hm_folder_sync(const char *path);

#endif
