#include "scheduler/cli/command.h"

#include "scheduler/cli/manual.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static int environment_number(const char *const *names, int otherwise)
{
    for (; *names; names++) {
        const char *value = getenv(*names);
        if (value && *value) return atoi(value);
    }
    return otherwise;
}

/* Open MPI, then MPICH and Intel MPI (hydra), then Slurm's srun with PMIx. */
int hm_launched_rank(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", NULL};
    return environment_number(names, -1);
}

int hm_launched_size(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS", NULL};
    return environment_number(names, 0);
}

enum hm_status hm_command_parse(const struct argp *argp, int argc, char **argv, void *input, bool *finished)
{
    *finished = hm_manual_takes(argp, argv[0]);
    if (*finished) return HM_OK;
    for (int i = 1; i < argc; i++) /* argp would leave the process after printing help */
        if (argv[i][0] == '-' && (argv[i][1] == '?' || (argv[i][1] == '-' && argv[i][2] == 'h' && argv[i][3] == 'e'))) {
            char name[64];
            snprintf(name, sizeof name, "hamlet %s", argv[0]);
            if (hm_launched_rank() <= 0)
                argp_help(argp, stdout, ARGP_HELP_STD_HELP & ~(unsigned)ARGP_HELP_EXIT_OK, name);
            *finished = true;
            return HM_OK;
        }
    hm_status_clear();
    if (argp_parse(argp, argc, argv, ARGP_SILENT, NULL, input) == 0) return HM_OK;
    return *hm_status_message() ? HM_BAD_USAGE
                                : hm_fail(HM_BAD_USAGE, "hamlet %s --help tells how to call it", argv[0]);
}

error_t hm_command_fault(enum hm_status status)
{
    return status == HM_OK ? 0 : EINVAL;
}

error_t hm_command_other(int key, const struct argp_state *state)
{
    if (key == ARGP_KEY_ERROR && !*hm_status_message())
        hm_fail(HM_BAD_USAGE, "option '%s' is unknown or lacks its value; hamlet %s --help lists the options",
                state->argv[state->next - 1], state->argv[0]);
    return ARGP_ERR_UNKNOWN;
}

enum hm_status hm_words_add(struct hm_words *words, const char *word)
{
    const char **grown = realloc(words->word, (words->count + 1) * sizeof *grown);
    if (!grown) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the arguments");
    words->word = grown;
    words->word[words->count++] = word;
    return HM_OK;
}

void hm_words_release(struct hm_words *words)
{
    free(words->word);
    *words = (struct hm_words){0};
}

bool hm_same_file(const char *a, const char *b)
{
    struct stat entry_a, entry_b;
    return stat(a, &entry_a) == 0 && stat(b, &entry_b) == 0 && entry_a.st_dev == entry_b.st_dev &&
           entry_a.st_ino == entry_b.st_ino;
}
