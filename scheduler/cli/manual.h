/* Man pages, shell completion and the reference part of the manual, from what the program itself knows: the commands
 * and their argument parsers, the schema of the configuration, the registered methods.
 *
 *   hamlet manual FOLDER      (not listed by --help; the build calls it)
 *
 *   hamlet.1 hamlet-run.1 ...   man pages of the program and of each command
 *   hamlet-config.5             every key of a configuration
 *   hamlet.bash _hamlet         completion for bash and zsh
 *   keys.md commands.md         the same for the manual in docs/
 *
 * Every command goes through hm_command_parse; while a manual is written, that hands its parser over instead of
 * parsing.
 *
 * Errors: HM_BAD_OUTPUT. Owns: nothing. MPI: none.
 */
#ifndef HM_SCHEDULER_CLI_MANUAL_H
#define HM_SCHEDULER_CLI_MANUAL_H

#include "io/status.h"

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

struct hm_manual_command {
    const char *name, *summary;
    enum hm_status (*run)(int argc, char **argv);
};

enum hm_status hm_manual_write(const char *folder, const char *version, const struct hm_manual_command *commands,
                               size_t count);

/* For hm_command_parse: true when the parser was taken down, and nothing is to be done. */
bool hm_manual_takes(const struct argp *argp, const char *command);

#endif
