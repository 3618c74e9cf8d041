/* Clients of `ipi`: started or waited for, judged, dropped. */
#include "hamiltonians/ipi_internal.h"

#include "hamiltonians/ipi_protocol.h"

#include "io/log.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NAMES_MOST = 1000, NOT_FOUND = 127 };

static const double LOOK_AFTER_CLIENT = 0.02, GOODBYE_SECONDS = 1, END_SECONDS = 0.2;

/* ---- what goes wrong ---- */

enum hm_status hm_ipi_fault(struct ipi *ipi, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(ipi->fault, sizeof ipi->fault, format, arguments);
    va_end(arguments);
    return HM_ORACLE_FAILED;
}

/* Its end comes a moment after that of its connection. */
static bool has_ended(struct ipi *ipi)
{
    const struct hm_ipi_patience moment = {hm_clock() + END_SECONDS, HM_NO_INTERRUPT};
    const struct timespec wink = {0, 2000000};
    while (ipi->client.keeper > 0 && !hm_ipi_client_ended(&ipi->client) && hm_clock() < moment.until)
        nanosleep(&wink, NULL);
    return ipi->client.keeper > 0 && ipi->client.ended;
}

static enum hm_status fault_of_end(struct ipi *ipi)
{
    char how[64], words[512];
    hm_ipi_client_describe_end(&ipi->client, how, sizeof how);
    hm_ipi_client_last_words(&ipi->client, words, sizeof words);
    ipi->hopeless = ipi->client.code == NOT_FOUND;
    return hm_ipi_fault(ipi, "%s%s", how, words);
}

enum hm_status hm_ipi_judge(struct ipi *ipi, enum hm_ipi_outcome outcome, const char *when)
{
    char limit[32];
    switch (outcome) {
    case HM_IPI_FINE:
        return HM_OK;
    case HM_IPI_CALLED_OFF:
        return hm_fail(HM_STOPPED, "interrupted while the i-PI client worked");
    case HM_IPI_SILENT:
        hm_format_duration(ipi->deadline, limit, sizeof limit);
        return hm_ipi_fault(ipi, "was silent for %s %s (hamiltonian.deadline)", limit, when);
    default:
        if (has_ended(ipi)) return fault_of_end(ipi);
        return hm_ipi_fault(ipi, "closed the connection %s", when);
    }
}

/* ---- clients ---- */

static void disconnect(struct ipi *ipi)
{
    if (ipi->connection >= 0) close(ipi->connection);
    ipi->connection = -1;
}

void hm_ipi_drop_client(struct ipi *ipi)
{
    disconnect(ipi);
    if (ipi->client.keeper > 0) hm_ipi_client_stop(&ipi->client, 0);
}

static enum hm_status choose_name(struct ipi *ipi)
{
    for (int k = 0; k < NAMES_MOST; k++) {
        snprintf(ipi->address.name, sizeof ipi->address.name, "hamlet-%ld-%d", (long)getpid(), k);
        if (hm_ipi_address_check(&ipi->address) == HM_OK) return HM_OK;
    }
    return hm_fail(HM_ORACLE_FAILED, "no free name for a socket /tmp/ipi_hamlet-...; say hamiltonian.address");
}

static enum hm_status start_listening(struct ipi *ipi)
{
    if (ipi->listener >= 0) return HM_OK;
    if (ipi->automatic) HM_TRY(choose_name(ipi));
    ipi->hopeless = true;
    if (hm_ipi_listen(&ipi->address, &ipi->listener) != HM_OK)
        return hm_fail(HM_ORACLE_FAILED, "%s", hm_status_message());
    ipi->hopeless = false;
    return HM_OK;
}

/* The command with {address}, {port} and {group} filled in; other braces are the shell's. */
static char *expand(const struct ipi *ipi)
{
    char port[16], group[16];
    snprintf(port, sizeof port, "%d", ipi->address.port);
    snprintf(group, sizeof group, "%d", ipi->group);
    const char *const holders[][2] = {{"{address}", ipi->address.name}, {"{port}", port}, {"{group}", group}};
    char *text = malloc(strlen(ipi->command) * HM_IPI_NAME_BYTES / 6 + HM_IPI_NAME_BYTES), *at = text;
    for (const char *from = ipi->command; text && *from;) {
        size_t h = 0;
        while (h < 3 && strncmp(from, holders[h][0], strlen(holders[h][0])) != 0) h++;
        if (h == 3) {
            *at++ = *from++;
            continue;
        }
        at += sprintf(at, "%s", holders[h][1]);
        from += strlen(holders[h][0]);
    }
    if (text) *at = '\0';
    return text;
}

static enum hm_status start_client(struct ipi *ipi)
{
    char place[HM_IPI_PLACE_BYTES];
    char *line = expand(ipi);
    if (!line) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the client's command");
    hm_ipi_address_place(&ipi->address, place);
    const struct hm_ipi_command command = {line, ipi->folder, ipi->log, ipi->address.tcp ? NULL : place};
    const enum hm_status status = hm_ipi_client_start(&command, &ipi->client);
    ipi->hopeless = status != HM_OK;
    free(line);
    return status;
}

static void say_what_is_waited_for(const struct ipi *ipi)
{
    char place[HM_IPI_PLACE_BYTES], limit[32];
    hm_ipi_address_place(&ipi->address, place);
    hm_format_duration(ipi->connect, limit, sizeof limit);
    fprintf(stderr, "hamlet: waiting up to %s for an i-PI client to connect to %s\n", limit, place);
}

/* In short waits, to see at once when a client that we started ends without a word. */
static enum hm_status wait_for_client(struct ipi *ipi)
{
    struct hm_ipi_patience patience = {hm_clock(), ipi->interrupt};
    const double until = patience.until + ipi->connect;
    enum hm_ipi_outcome outcome = hm_ipi_accept(ipi->listener, &patience, &ipi->connection);
    if (outcome == HM_IPI_SILENT && !ipi->command) say_what_is_waited_for(ipi);
    while (outcome == HM_IPI_SILENT && hm_clock() < until) {
        if (ipi->client.keeper > 0 && hm_ipi_client_ended(&ipi->client)) return fault_of_end(ipi);
        patience.until = fmin(until, hm_clock() + LOOK_AFTER_CLIENT);
        outcome = hm_ipi_accept(ipi->listener, &patience, &ipi->connection);
    }
    if (outcome != HM_IPI_SILENT) return hm_ipi_judge(ipi, outcome, "before it connected");
    char limit[32], words[512] = "";
    hm_format_duration(ipi->connect, limit, sizeof limit);
    if (ipi->command) hm_ipi_client_last_words(&ipi->client, words, sizeof words);
    ipi->hopeless = !ipi->command;
    return hm_ipi_fault(ipi, "did not connect within %s (hamiltonian.connect)%s", limit, words);
}

enum hm_status hm_ipi_connect(struct ipi *ipi)
{
    if (ipi->connection >= 0) return HM_OK;
    HM_TRY(start_listening(ipi));
    if (ipi->command) HM_TRY(start_client(ipi));
    return wait_for_client(ipi);
}

void hm_ipi_hang_up(struct ipi *ipi)
{
    const struct hm_ipi_patience patience = {hm_clock() + GOODBYE_SECONDS, HM_NO_INTERRUPT};
    unsigned char word[HM_IPI_WORD_BYTES];
    if (ipi->connection < 0) return;
    hm_ipi_write_word(word, "EXIT");
    hm_ipi_send(ipi->connection, word, sizeof word, &patience);
    disconnect(ipi);
    if (ipi->client.keeper > 0) hm_ipi_client_stop(&ipi->client, GOODBYE_SECONDS);
}
