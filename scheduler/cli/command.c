#include "scheduler/cli/command.h"

#include <stdlib.h>

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
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", NULL};
    return environment_number(names, 0);
}

enum hm_status hm_command_parse(const struct argp *argp, int argc, char **argv, void *input, bool *finished)
{
    *finished = false;
    for (int i = 1; i < argc; i++)   /* argp would leave the process after printing help */
        if (argv[i][0] == '-' && (argv[i][1] == '?' || (argv[i][1] == '-' && argv[i][2] == 'h' && argv[i][3] == 'e'))) {
            if (hm_launched_rank() <= 0) argp_help(argp, stdout, ARGP_HELP_STD_HELP & ~(unsigned)ARGP_HELP_EXIT_OK, argv[0]);
            *finished = true;
            return HM_OK;
        }
    hm_status_clear();
    char name[64], *const given = argv[0];
    snprintf(name, sizeof name, "hamlet %s", given);
    argv[0] = name;   /* argp's messages start with it */
    const unsigned flags = ARGP_NO_EXIT | ARGP_NO_HELP | (hm_launched_rank() > 0 ? ARGP_SILENT : 0);
    const error_t fault = argp_parse(argp, argc, argv, flags, NULL, input);
    argv[0] = given;
    if (fault == 0) return HM_OK;
    return hm_fail(HM_BAD_USAGE, "%s", hm_status_message());   /* argp, or the parser, has said what is wrong */
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
