/* Forces from another program that speaks the i-PI socket protocol: this side is the server.
 *
 *   each request:  STATUS (INIT if it asks for it) -> READY;  POSDATA, STATUS, GETFORCE -> HAVEDATA, FORCEREADY ...
 *
 * One client at a time. One that is gone, silent for longer than the deadline, or talks nonsense is dropped; it is
 * started again, or another is waited for, and the request is put anew, up to `restarts` times in a row. Until a client
 * has answered again, each further request is put once: whoever asks has a ladder of his own (scheduler/dispatch.h).
 * Nothing listens and nothing is started before the first request, so that a configuration can be checked wherever it
 * is read.
 *
 * Positions go wrapped into the cell around the origin along periodic directions: LAMMPS takes no others. Which atom is
 * which the protocol cannot say: the client's input has them in the order of the geometry; their number is checked.
 */
#include "hamiltonians/ipi_internal.h"

#include "hamiltonians/ipi_protocol.h"

#include "io/log.h"
#include "io/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRIM_EVERY = 1000 };
static const double END_SECONDS = 1; // a client that is dropped, at most

/* ---- requests ---- */

static enum hm_status give_up(const struct ipi *ipi)
{
    char place[HM_IPI_PLACE_BYTES], times[48] = "";
    hm_ipi_address_place(&ipi->address, place);
    if (ipi->failures > 1) snprintf(times, sizeof times, ", the last of %lld attempts", (long long)ipi->failures);
    return hm_fail(HM_ORACLE_FAILED, "the i-PI client at %s %s%s", place, ipi->fault, times);
}

static enum hm_status evaluate(void *self, const struct hm_frame *frame, struct hm_label *label)
{
    struct ipi *ipi = self;
    if (ipi->requests++ % TRIM_EVERY == 0) hm_ipi_client_trim(&ipi->client);
    ipi->hopeless = false;
    for (int attempt = 0;; attempt++) {
        *ipi->fault = '\0';
        enum hm_status status = hm_ipi_connect(ipi);
        if (status == HM_OK) status = hm_ipi_ask(ipi, frame, label);
        label->iterations = attempt + 1;
        if (status == HM_OK) ipi->failures = 0;
        if (status == HM_OK) return HM_OK;
        hm_ipi_drop_client(ipi);
        if (status != HM_ORACLE_FAILED || *ipi->fault == '\0') return status; /* not the client's: it has its message */
        if (++ipi->failures > ipi->restarts || ipi->hopeless) return give_up(ipi);
        fprintf(stderr, "hamlet: the i-PI client %s; %s (%lld of %d)\n", ipi->fault,
                ipi->command ? "it is started again" : "another may connect", (long long)ipi->failures, ipi->restarts);
    }
}

/* A client that is started anew has forgotten what it started from. */
static void reset(void *self)
{
    struct ipi *ipi = self;
    if (ipi->command) hm_ipi_drop_client(ipi);
}

static void destroy(void **self)
{
    struct ipi *ipi = *self;
    char place[HM_IPI_PLACE_BYTES];
    if (!ipi) return;
    hm_ipi_hang_up(ipi);
    hm_ipi_drop_client(ipi);
    hm_ipi_address_place(&ipi->address, place);
    if (ipi->listener >= 0) {
        close(ipi->listener);
        if (!ipi->address.tcp) unlink(place);
    }
    free(ipi->command);
    free(ipi->folder);
    free(ipi->log);
    free(ipi->x);
    free(ipi->out);
    free(ipi->in);
    free(ipi);
    *self = NULL;
}

/* ---- configuration ---- */

static char *copy(const char *text)
{
    char *made = malloc(strlen(text) + 1);
    return made ? strcpy(made, text) : NULL;
}

/* The folder of the configuration file: where it finds its other files, too. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = copy(slash ? path : ".");
    if (slash && folder) folder[slash == path ? 1 : slash - path] = '\0';
    return folder;
}

static enum hm_status read_address(const struct hm_config *config, const struct hm_oracle_group *group, struct ipi *ipi)
{
    static const char key[] = "hamiltonian.address";
    const char *text = hm_config_text(config, key);
    ipi->automatic = strcmp(text, "auto") == 0;
    if (ipi->automatic && !ipi->command)
        return hm_config_fault(config, "hamiltonian",
                               "ipi needs 'command: ...', the client to start, or 'address: unix:NAME' (or "
                               "tcp:HOST:PORT), where one will connect");
    if (ipi->automatic) return HM_OK;
    enum hm_status status = hm_ipi_address_read(text, &ipi->address);
    if (status == HM_OK && group && group->count > 1) status = hm_ipi_address_divide(&ipi->address, group->index);
    if (status == HM_OK) status = hm_ipi_address_check(&ipi->address);
    return status == HM_OK ? HM_OK : hm_config_fault(config, key, "%s", hm_status_message());
}

static enum hm_status read_command(const struct hm_config *config, struct ipi *ipi)
{
    static const char key[] = "hamiltonian.command";
    const char *command = hm_config_text(config, key), *log = hm_config_path(config, "hamiltonian.log");
    char name[256];
    ipi->folder = folder_of(hm_config_name(config));
    if (!hm_config_is(config, "hamiltonian.log", "none")) ipi->log = copy(log);
    if (command) ipi->command = copy(command);
    if (!command) return HM_OK;
    if (!ipi->folder || !ipi->command) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the client's command");
    if (command[strspn(command, " \t\n")] == '\0') return hm_config_fault(config, key, "there is no command in it");
    if (hm_ipi_command_is_missing(command, ipi->folder, name, sizeof name))
        return hm_config_fault(config, key, "the program '%s' is not there: install it, or give its path%s", name,
                               strchr(name, '/') ? ", from the folder of this file" : "");
    return HM_OK;
}

/* All attempts, each with the end of the client before. */
static double patience(const struct hm_config *config)
{
    const double each = hm_config_real(config, "hamiltonian.connect") + hm_config_real(config, "hamiltonian.deadline");
    return (1 + (double)hm_config_integer(config, "hamiltonian.restarts")) * (each + END_SECONDS);
}

/* Else the whole oracle would be given up before its client is. */
static enum hm_status check_deadline(const struct hm_config *config, const struct ipi *ipi)
{
    static const char key[] = "oracle.deadline";
    char one[32], other[32];
    if (hm_config_is(config, key, "auto") || hm_config_real(config, key) > ipi->deadline) return HM_OK;
    hm_format_duration(ipi->deadline, one, sizeof one);
    hm_format_duration(hm_config_real(config, key), other, sizeof other);
    return hm_config_fault(config, key,
                           "a client that is silent is given up after %s (hamiltonian.deadline), and could not be "
                           "started again within %s: make this longer, or that shorter",
                           one, other);
}

static enum hm_status check_system(const struct hm_config *config, const struct hm_frame *frame, const struct ipi *ipi)
{
    if (hm_config_integer(config, "ranks.oracle_size") > 1)
        return hm_config_fault(config, "ranks.oracle_size",
                               "an i-PI client is asked by one rank, so oracle_size is 1: for a client on several "
                               "ranks, start it by 'command: mpirun -n %lld ...'",
                               (long long)hm_config_integer(config, "ranks.oracle_size"));
    for (size_t k = 0; k < 3 && !frame->periodic[k]; k++) {
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < frame->natom; i++) {
            low = fmin(low, frame->x[3 * i + k]);
            high = fmax(high, frame->x[3 * i + k]);
        }
        if (high - low < ipi->box) continue;
        return hm_config_fault(config, "hamiltonian.box", "the atoms are spread over %.4g A: it takes a longer edge",
                               (high - low) * HM_LENGTH_ANGSTROM);
    }
    return HM_OK;
}

static enum hm_status read_settings(const struct hm_config *config, const struct hm_frame *frame,
                                    const struct hm_oracle_group *group, struct ipi *ipi)
{
    ipi->natom = frame->natom;
    ipi->listener = ipi->connection = -1;
    ipi->deadline = hm_config_real(config, "hamiltonian.deadline");
    ipi->connect = hm_config_real(config, "hamiltonian.connect");
    ipi->restarts = (int)hm_config_integer(config, "hamiltonian.restarts");
    ipi->box = hm_config_real(config, "hamiltonian.box");
    if (group) {
        ipi->group = group->index;
        ipi->interrupt = group->interrupt;
    }
    HM_TRY(read_command(config, ipi));
    HM_TRY(read_address(config, group, ipi));
    HM_TRY(check_deadline(config, ipi));
    HM_TRY(check_system(config, frame, ipi));
    ipi->x = calloc(3 * frame->natom + 1, sizeof *ipi->x);
    ipi->out = malloc(hm_ipi_posdata_size(frame->natom) + 2 * HM_IPI_WORD_BYTES);
    ipi->in = malloc(hm_ipi_answer_size(frame->natom));
    if (!ipi->x || !ipi->out || !ipi->in || !ipi->folder)
        return hm_fail(HM_OUT_OF_MEMORY, "no memory for messages of %zu atoms", frame->natom);
    return HM_OK;
}

static enum hm_status create(const struct hm_config *config, const struct hm_frame *frame,
                             const struct hm_oracle_group *group, void **self)
{
    struct ipi *ipi = calloc(1, sizeof *ipi);
    if (!ipi) return hm_fail(HM_OUT_OF_MEMORY, "no memory for an i-PI server");
    *self = ipi;
    const enum hm_status status = read_settings(config, frame, group, ipi);
    if (status != HM_OK) destroy(self);
    return status;
}

static const char *const keys[] = {"address", "command", "log", "box", "deadline", "connect", "restarts", NULL};

const struct hm_hamiltonian_ops hm_hamiltonian_ipi = {
    .method = {"ipi", "another program, over the i-PI socket protocol"},
    .keys = keys,
    .caution = "forces come from an i-PI client: another run may differ in its last bits, and grow apart",
    .create = create,
    .evaluate = evaluate,
    .destroy = destroy,
    .reset = reset,
    .patience = patience,
};
