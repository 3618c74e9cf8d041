#define _GNU_SOURCE /* SOCK_CLOEXEC, accept4, TCP_QUICKACK */
#include "hamiltonians/ipi_socket.h"

#include "io/log.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const double LOOK_EVERY_SECONDS = 0.1; /* whether it is called off */
static const int BACKLOG = 8;

/* ---- addresses ---- */

static enum hm_status bad(const char *text, const char *why)
{
    return hm_fail(HM_BAD_INPUT, "'%.100s' %s: write unix:NAME or tcp:HOST:PORT", text, why);
}

/* Also what needs no quotes in a shell. */
static bool is_name(const char *name, size_t length)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return length > 0 && strspn(name, letters) >= length && name[0] != '-';
}

enum hm_status hm_ipi_address_read(const char *text, struct hm_ipi_address *address)
{
    *address = (struct hm_ipi_address){0};
    address->tcp = strncmp(text, "tcp:", 4) == 0;
    if (!address->tcp && strncmp(text, "unix:", 5) != 0) return bad(text, "is no address of an i-PI server");
    const char *name = strchr(text, ':') + 1, *colon = address->tcp ? strchr(name, ':') : NULL;
    const size_t length = colon ? (size_t)(colon - name) : strlen(name);
    if (address->tcp && !colon) return bad(text, "has no port");
    if (length >= HM_IPI_NAME_BYTES - 16) return bad(text, "is too long a name");
    if (!is_name(name, length)) return bad(text, "is no name of letters, digits, '.', '_' and '-'");
    memcpy(address->name, name, length);
    if (!colon) return HM_OK;
    char *end;
    const long port = strtol(colon + 1, &end, 10);
    if (end == colon + 1 || *end != '\0' || port < 0 || port > 65535) return bad(text, "has no port from 0 to 65535");
    address->port = (int)port;
    return HM_OK;
}

enum hm_status hm_ipi_address_divide(struct hm_ipi_address *address, int group)
{
    if (address->tcp) {
        if (address->port + group > 65535)
            return hm_fail(HM_BAD_INPUT, "oracle group %d would listen at port %d, and they end at 65535", group,
                           address->port + group);
        if (address->port > 0) address->port += group;
        return HM_OK;
    }
    const size_t length = strlen(address->name);
    snprintf(address->name + length, sizeof address->name - length, ".%d", group);
    return HM_OK;
}

void hm_ipi_address_place(const struct hm_ipi_address *address, char place[HM_IPI_PLACE_BYTES])
{
    if (address->tcp)
        snprintf(place, HM_IPI_PLACE_BYTES, "%s:%d", address->name, address->port);
    else
        snprintf(place, HM_IPI_PLACE_BYTES, "/tmp/ipi_%s", address->name);
}

/* ---- UNIX ---- */

static struct sockaddr_un unix_address(const struct hm_ipi_address *address)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    snprintf(where.sun_path, sizeof where.sun_path, "/tmp/ipi_%s", address->name);
    return where;
}

/* Why the file cannot be ours, or HM_OK when there is none. */
static enum hm_status check_path(const struct hm_ipi_address *address)
{
    const struct sockaddr_un where = unix_address(address);
    struct stat file;
    if (lstat(where.sun_path, &file) != 0) {
        if (errno == ENOENT) return HM_OK;
        return hm_fail(HM_BAD_INPUT, "%s: %s", where.sun_path, strerror(errno));
    }
    if (!S_ISSOCK(file.st_mode))
        return hm_fail(HM_BAD_INPUT, "%s exists and is not a socket: take another name", where.sun_path);
    const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const bool alive = probe >= 0 && (connect(probe, (const struct sockaddr *)&where, sizeof where) == 0 ||
                                      (errno != ECONNREFUSED && errno != ENOENT));
    if (probe >= 0) close(probe);
    if (alive)
        return hm_fail(HM_BAD_INPUT, "%s is in use, a server listens there: take another name, or end that program",
                       where.sun_path);
    return hm_fail(HM_BAD_INPUT,
                   "%s exists, left behind by a program that was killed: remove it (rm %s), or take another name",
                   where.sun_path, where.sun_path);
}

static enum hm_status listen_unix(const struct hm_ipi_address *address, int *listener)
{
    const struct sockaddr_un where = unix_address(address);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return hm_fail(HM_BAD_INPUT, "no socket: %s", strerror(errno));
    if (bind(fd, (const struct sockaddr *)&where, sizeof where) != 0) {
        const int why = errno;
        close(fd);
        HM_TRY(check_path(address));
        return hm_fail(HM_BAD_INPUT, "%s: %s", where.sun_path, strerror(why));
    }
    /* Nobody can connect before it listens, and others of the machine never. */
    if (chmod(where.sun_path, S_IRUSR | S_IWUSR) != 0 || listen(fd, BACKLOG) != 0) {
        const int why = errno;
        close(fd);
        unlink(where.sun_path);
        return hm_fail(HM_BAD_INPUT, "%s: %s", where.sun_path, strerror(why));
    }
    *listener = fd;
    return HM_OK;
}

/* ---- TCP ---- */

/* A socket bound to the address that does not listen yet: several may be, so that checks do not meet. */
static enum hm_status bind_tcp(const struct hm_ipi_address *address, int *bound)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *where = NULL;
    char port[16], place[HM_IPI_PLACE_BYTES];
    const int on = 1;
    snprintf(port, sizeof port, "%d", address->port);
    hm_ipi_address_place(address, place);
    const int fault = getaddrinfo(address->name, port, &hints, &where);
    if (fault != 0) return hm_fail(HM_BAD_INPUT, "host '%s': %s", address->name, gai_strerror(fault));
    int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const bool done = fd >= 0 && bind(fd, where->ai_addr, where->ai_addrlen) == 0;
    const int why = errno;
    freeaddrinfo(where);
    *bound = fd;
    if (done) return HM_OK;
    if (fd >= 0) close(fd);
    if (why == EADDRINUSE) return hm_fail(HM_BAD_INPUT, "%s is in use by another program: take another port", place);
    if (why == EADDRNOTAVAIL)
        return hm_fail(HM_BAD_INPUT, "%s is not an address of this machine: HOST is where Hamlet listens", place);
    return hm_fail(HM_BAD_INPUT, "%s: %s", place, strerror(why));
}

static int bound_port(int fd)
{
    struct sockaddr_storage where;
    socklen_t size = sizeof where;
    if (getsockname(fd, (struct sockaddr *)&where, &size) != 0) return 0;
    return ntohs(where.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)(const void *)&where)->sin6_port
                                             : ((const struct sockaddr_in *)(const void *)&where)->sin_port);
}

static enum hm_status listen_tcp(struct hm_ipi_address *address, int *listener)
{
    int fd;
    char place[HM_IPI_PLACE_BYTES];
    HM_TRY(bind_tcp(address, &fd));
    hm_ipi_address_place(address, place);
    if (listen(fd, BACKLOG) != 0) {
        const int why = errno;
        close(fd);
        return hm_fail(HM_BAD_INPUT, "%s: %s", place, strerror(why));
    }
    address->port = bound_port(fd);
    *listener = fd;
    return HM_OK;
}

/* ---- listening ---- */

enum hm_status hm_ipi_address_check(const struct hm_ipi_address *address)
{
    int fd;
    if (!address->tcp) return check_path(address);
    HM_TRY(bind_tcp(address, &fd));
    close(fd);
    return HM_OK;
}

enum hm_status hm_ipi_listen(struct hm_ipi_address *address, int *listener)
{
    return address->tcp ? listen_tcp(address, listener) : listen_unix(address, listener);
}

/* ---- connections ---- */

/* Until something can be read, written or accepted. */
static enum hm_ipi_outcome wait_for(int fd, short events, const struct hm_ipi_patience *patience)
{
    for (;;) {
        const double left = patience->until - hm_clock();
        if (left <= 0) return HM_IPI_SILENT;
        struct pollfd one = {.fd = fd, .events = events};
        const double slice = left < LOOK_EVERY_SECONDS ? left : LOOK_EVERY_SECONDS;
        const int ready = poll(&one, 1, 1 + (int)(1e3 * slice));
        if (ready > 0) return HM_IPI_FINE; /* or gone, as the next call will find out */
        if (ready < 0 && errno != EINTR) return HM_IPI_GONE;
        const struct hm_interrupt *interrupt = &patience->interrupt;
        if (interrupt->asked && interrupt->asked(interrupt->self)) return HM_IPI_CALLED_OFF;
    }
}

enum hm_ipi_outcome hm_ipi_accept(int listener, const struct hm_ipi_patience *patience, int *connection)
{
    const int on = 1;
    for (;;) {
        *connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (*connection >= 0) break;
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ECONNABORTED) return HM_IPI_GONE;
        const enum hm_ipi_outcome outcome = wait_for(listener, POLLIN, patience);
        if (outcome != HM_IPI_FINE) return outcome;
    }
    setsockopt(*connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* fails on UNIX sockets, which need it not */
    return HM_IPI_FINE;
}

enum hm_ipi_outcome hm_ipi_send(int connection, const void *bytes, size_t size, const struct hm_ipi_patience *patience)
{
    for (size_t sent = 0; sent < size;) {
        const ssize_t count = send(connection, (const char *)bytes + sent, size - sent, MSG_NOSIGNAL);
        if (count > 0) sent += (size_t)count;
        if (count >= 0 || errno == EINTR) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) return HM_IPI_GONE;
        const enum hm_ipi_outcome outcome = wait_for(connection, POLLOUT, patience);
        if (outcome != HM_IPI_FINE) return outcome;
    }
    return HM_IPI_FINE;
}

enum hm_ipi_outcome hm_ipi_receive(int connection, void *bytes, size_t size, const struct hm_ipi_patience *patience)
{
    const int on = 1;
    for (size_t got = 0; got < size;) {
        const ssize_t count = recv(connection, (char *)bytes + got, size - got, 0);
        if (count == 0) return HM_IPI_GONE;
        if (count > 0) {
            got += (size_t)count;
            setsockopt(connection, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on); /* does not last: anew each time */
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) return HM_IPI_GONE;
        const enum hm_ipi_outcome outcome = wait_for(connection, POLLIN, patience);
        if (outcome != HM_IPI_FINE) return outcome;
    }
    return HM_IPI_FINE;
}
