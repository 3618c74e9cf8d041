/* The commands of the `hamlet` program.
 *
 * Each takes its own argument vector (argv[0] is the command's name) and returns a status; only main() turns it into an
 * exit code and prints its message. On ranks other than 0 a command says nothing.
 */
#ifndef HM_SCHEDULER_CLI_COMMAND_H
#define HM_SCHEDULER_CLI_COMMAND_H

#include "io/status.h"

#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

enum hm_status hm_command_run(int argc, char **argv);
enum hm_status hm_command_resume(int argc, char **argv);
enum hm_status hm_command_sweep(int argc, char **argv);
enum hm_status hm_command_train(int argc, char **argv);
enum hm_status hm_command_validate(int argc, char **argv);
enum hm_status hm_command_explain(int argc, char **argv);
enum hm_status hm_command_analyze(int argc, char **argv);
enum hm_status hm_command_report(int argc, char **argv);
enum hm_status hm_command_watch(int argc, char **argv);
enum hm_status hm_command_energy(int argc, char **argv);
enum hm_status hm_command_bench(int argc, char **argv);

/* argp_parse with Hamlet's manners: a fault is one line and HM_BAD_USAGE; --help prints and sets *finished. */
enum hm_status hm_command_parse(const struct argp *argp, int argc, char **argv, void *input, bool *finished);

/* What a parser returns for a fault it found itself, after hm_fail(); and for a key that is not its own. */
error_t hm_command_fault(enum hm_status status);
error_t hm_command_other(int key, const struct argp_state *state);

/* What the environment of a launched process says: rank and size under mpirun or srun, -1 and 0 outside. */
int hm_launched_rank(void);
int hm_launched_size(void);

/* A growing list of --set arguments and the like; borrowed strings. */
struct hm_words {
    const char **word;
    size_t count;
};

enum hm_status hm_words_add(struct hm_words *words, const char *word);
void hm_words_release(struct hm_words *words);

struct hm_config;

/* The configuration around a section `hamiltonian` from the command line, '{type: ...}'; the rest of it only satisfies
 * the schema. `name` is the command's, for messages. */
enum hm_status hm_command_hamiltonian(const char *name, const char *hamiltonian, struct hm_config **config);

/* One file under two names, too; false where one of them is not there. */
bool hm_same_file(const char *a, const char *b);

#endif
