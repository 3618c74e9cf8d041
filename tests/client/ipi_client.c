/* An i-PI client for tests: springs between atoms next to each other in the list, and misbehaviour on demand.
 *
 *   ipi_client unix:NAME|tcp:HOST:PORT K R0 [FAULT [N]]
 *
 * K (Eh / bohr^2) and R0 (bohr) are those of 1/2 K (r - R0)^2. FAULT happens at its N-th request (1), one of `faults`
 * below. Independent of the server's own code: the bytes are put together here again.
 */
#include <math.h>
#include <netdb.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ATOMS_MOST = 1000 };

static struct {
    int socket;
    double k, r0, cell[9], x[3 * ATOMS_MOST];
    int32_t natom;
    const char *fault;
    int fault_at, request;
} client;

static int connect_to(const char *address)
{
    char host[100] = "";
    if (strncmp(address, "unix:", 5) == 0) {
        struct sockaddr_un where = {.sun_family = AF_UNIX};
        snprintf(where.sun_path, sizeof where.sun_path, "/tmp/ipi_%s", address + 5);
        const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        return connect(fd, (struct sockaddr *)&where, sizeof where) == 0 ? fd : -1;
    }
    const char *port = strrchr(address, ':') + 1;
    snprintf(host, sizeof host, "%.*s", (int)(port - address) - 5, address + 4);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *where;
    if (getaddrinfo(host, port, &hints, &where) != 0) return -1;
    const int fd = socket(where->ai_family, SOCK_STREAM, 0);
    const int done = connect(fd, where->ai_addr, where->ai_addrlen);
    freeaddrinfo(where);
    return done == 0 ? fd : -1;
}

static void get(void *data, size_t size)
{
    for (char *at = data; size > 0;) {
        const ssize_t got = read(client.socket, at, size);
        if (got <= 0) exit(0); /* the server has gone */
        at += got;
        size -= (size_t)got;
    }
}

static void put(const void *data, size_t size)
{
    for (const char *at = data; size > 0;) {
        const ssize_t done = write(client.socket, at, size);
        if (done <= 0) exit(0);
        at += done;
        size -= (size_t)done;
    }
}

static void put_word(const char *word)
{
    char padded[13];
    snprintf(padded, sizeof padded, "%-12s", word);
    put(padded, 12);
}

static int happens(const char *fault)
{
    return client.fault && client.request >= client.fault_at && strcmp(client.fault, fault) == 0;
}

static void be_silent(void)
{
    for (;;) pause();
}

/* Before the forces. */
static void misbehave_early(void)
{
    if (happens("die")) _exit(3);
    if (happens("kill")) raise(SIGKILL);
    if (happens("hang_up")) {
        close(client.socket);
        be_silent();
    }
    if (happens("stubborn")) signal(SIGTERM, SIG_IGN);
    if (happens("silent") || happens("stubborn")) be_silent();
    if (happens("words")) {
        fprintf(stderr, "ERROR: SCF\tis lost\n and a banner\n");
        exit(9);
    }
}

static void put_answer(double energy, double *force, const double *virial)
{
    int32_t natom = client.natom, text = 5;
    if (happens("count")) natom++;
    if (happens("huge")) natom = INT32_MAX;
    if (happens("text")) text = -5;
    if (happens("endless")) text = INT32_MAX;
    if (happens("nan")) force[1] = NAN;
    put_word(happens("word") ? "FORCES" : "FORCEREADY");
    put(&energy, 8);
    put(&natom, 4);
    if (happens("half")) _exit(4);
    if (happens("stall")) be_silent();
    put(force, 24 * (size_t)client.natom);
    put(virial, 72);
    put(&text, 4);
    put("extra", 5);
}

/* Bytes of an answer with some of them changed at random, lengths and words included. */
static void put_garbage(void)
{
    unsigned char bytes[400];
    srand((unsigned)getpid());
    for (size_t k = 0; k < sizeof bytes; k++) bytes[k] = (unsigned char)rand();
    if (rand() % 2) memcpy(bytes, "FORCEREADY  ", 12);
    if (rand() % 2) memcpy(bytes + 20, &client.natom, 4);
    put(bytes, sizeof bytes);
    be_silent();
}

static void answer(void)
{
    double force[3 * ATOMS_MOST] = {0}, virial[9] = {0}, energy = 0;
    for (int32_t i = 0; i + 1 < client.natom; i++) {
        double d[3], r = 0;
        for (int k = 0; k < 3; k++) d[k] = client.x[3 * i + 3 + k] - client.x[3 * i + k];
        for (int row = 2; row >= 0; row--) { /* an upper triangle, or none of this matters */
            const double turns = rint(d[row] / client.cell[4 * row]);
            for (int k = 0; k <= row; k++) d[k] -= turns * client.cell[3 * k + row];
        }
        for (int k = 0; k < 3; k++) r += d[k] * d[k];
        r = sqrt(r);
        energy += 0.5 * client.k * (r - client.r0) * (r - client.r0);
        for (int k = 0; k < 3; k++) {
            const double pull = client.k * (r - client.r0) * d[k] / r;
            force[3 * i + k] += pull;
            force[3 * i + 3 + k] -= pull;
            for (int l = 0; l < 3; l++) virial[3 * k + l] -= pull * d[l];
        }
    }
    if (happens("garbage"))
        put_garbage();
    else
        put_answer(energy, force, virial);
}

static void serve(void)
{
    char word[13] = "";
    int ready = 0, have = 0;
    int32_t number, length;
    double inverse[9];
    for (;;) {
        get(word, 12);
        if (strcmp(word, "STATUS      ") == 0) {
            if (happens("babble") && have) put("HTTP/1.1 400 Bad Request\r\n\r\n", 28);
            put_word(have ? "HAVEDATA" : ready || client.fault ? "READY" : "NEEDINIT");
        } else if (strcmp(word, "INIT        ") == 0) {
            char text[1000];
            get(&number, 4);
            get(&length, 4);
            get(text, (size_t)length);
            ready = 1;
        } else if (strcmp(word, "POSDATA     ") == 0) {
            get(client.cell, 72);
            get(inverse, 72);
            get(&client.natom, 4);
            if (client.natom > ATOMS_MOST) exit(5);
            get(client.x, 24 * (size_t)client.natom);
            client.request++;
            misbehave_early();
            have = 1;
        } else if (strcmp(word, "GETFORCE    ") == 0) {
            answer();
            have = 0;
        } else {
            exit(strcmp(word, "EXIT        ") == 0 ? 0 : 6);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc < 4) return 64;
    client.k = atof(argv[2]);
    client.r0 = atof(argv[3]);
    client.fault = argc > 4 ? argv[4] : NULL;
    client.fault_at = argc > 5 ? atoi(argv[5]) : 1;
    if (client.fault && strcmp(client.fault, "absent") == 0) be_silent();
    client.socket = connect_to(argv[1]);
    if (client.socket < 0) return 7;
    if (client.fault && strcmp(client.fault, "mute") == 0) be_silent();
    serve();
}
