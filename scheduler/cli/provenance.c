#include "scheduler/cli/provenance.h"

#include "hamlet_build.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void hm_provenance_add(struct hm_provenance *provenance, const char *name, const char *value)
{
    size_t row = 0;
    while (provenance->table[row][0]) row++;
    if (row + 1 >= HM_PROVENANCE_ROWS) return;
    provenance->table[row][0] = name;
    provenance->table[row][1] = value;
}

void hm_provenance_describe(char *const *arguments, struct hm_provenance *provenance)
{
    struct hm_provenance *p = provenance;
    int length;
    const time_t now = time(NULL);
    struct tm utc;
    memset(p->table, 0, sizeof p->table);
    if (gethostname(p->host, sizeof p->host) != 0) p->host[0] = '\0';
    p->host[sizeof p->host - 1] = '\0';
    strftime(p->time, sizeof p->time, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    size_t used = (size_t)snprintf(p->command, sizeof p->command, "hamlet");
    for (char *const *word = arguments; *word && used < sizeof p->command; word++)
        used += (size_t)snprintf(p->command + used, sizeof p->command - used, " %s", *word);
    MPI_Get_library_version(p->mpi, &length);
    p->mpi[strcspn(p->mpi, "\n")] = '\0';
    hm_provenance_add(p, "version", HM_VERSION);
    hm_provenance_add(p, "compiler", HM_BUILD_COMPILER);
    hm_provenance_add(p, "build", HM_BUILD_TYPE " " HM_BUILD_FLAGS);
    hm_provenance_add(p, "mpi", p->mpi);
    hm_provenance_add(p, "host", p->host);
    hm_provenance_add(p, "started", p->time);
    hm_provenance_add(p, "command", p->command);
}
