/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * They are the descriptors from 3 on. LISTEN_PID says for which process: a child has the same
 * environment, and not these sockets. One that was asked for is not inherited by others from then
 * on, and that is also how it is told from the rest.
 */
#include "proto/host/passed_socket.h"

#include "proto/host/notify.h"
#include "proto/host/socket_name.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_FD = 3, PASSED_MAX = 64, NAME_SIZE = 64 };

/* The manager tells sockets by names. Those that it keeps for us begin with this. */
static const char kept[] = "udp-";

/* The number in a variable of the environment; 0 if it is none. */
static unsigned long number_of(const char *name)
{
    const char *text = getenv(name);
    char *end;
    unsigned long value;

    if (text == NULL || *text < '0' || *text > '9') {
        return 0;
    }
    value = strtoul(text, &end, 10);
    return *end == '\0' ? value : 0;
}

static bool is_bound_to(int fd, const struct endpoint *local)
{
    struct sockaddr_in6 name;
    struct endpoint bound;
    socklen_t size = sizeof(name);
    socklen_t type_size = sizeof(int);
    int type = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) != 0 || type != SOCK_DGRAM ||
        getsockname(fd, (struct sockaddr *)&name, &size) != 0 ||
        (name.sin6_family != AF_INET && name.sin6_family != AF_INET6)) {
        return false;
    }
    bound = endpoint_of_socket_name(&name);
    return bound.port == local->port && endpoint_same_ip(&bound, local);
}

/* The number behind the last passed descriptor; FIRST_FD if none is passed. */
static int passed_end(void)
{
    unsigned long count = number_of("LISTEN_FDS");

    if (number_of("LISTEN_PID") != (unsigned long)getpid() || count > PASSED_MAX) {
        return FIRST_FD;
    }
    return FIRST_FD + (int)count;
}

static bool is_ours(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && status.st_uid == geteuid();
}

int passed_socket_of(const struct endpoint *local, bool ours)
{
    for (int fd = FIRST_FD; fd < passed_end(); fd++) {
        if (is_bound_to(fd, local) && is_ours(fd) == ours && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
            fcntl(fd, F_SETFL, O_NONBLOCK) == 0) {
            return fd;
        }
    }
    return -1;
}

int passed_socket(const struct endpoint *local)
{
    int fd = passed_socket_of(local, true);

    return fd >= 0 ? fd : passed_socket_of(local, false);
}

void passed_socket_keep(int fd, const struct endpoint *local)
{
    char name[NAME_SIZE];
    int size = snprintf(name, sizeof(name), "%s%u-", kept, (unsigned)local->port);

    for (size_t i = 0; i < sizeof(local->ip); i++) {
        size += snprintf(name + size, sizeof(name) - (size_t)size, "%02x", local->ip[i]);
    }
    notify_keep(fd, name);
}

/* Copy the name at `index` of LISTEN_FDNAMES, between its colons; empty if there is none. */
static void name_at(char out[NAME_SIZE], int index)
{
    const char *names = getenv("LISTEN_FDNAMES");
    size_t size;

    out[0] = '\0';
    for (; names != NULL && index > 0; index--) {
        names = strchr(names, ':');
        names = names != NULL ? names + 1 : NULL;
    }
    size = names != NULL ? strcspn(names, ":") : 0;
    if (size > 0 && size < NAME_SIZE) {
        memcpy(out, names, size);
        out[size] = '\0';
    }
}

int passed_file(const char *name)
{
    char text[NAME_SIZE];

    for (int fd = FIRST_FD; fd < passed_end(); fd++) {
        name_at(text, fd - FIRST_FD);
        if (strcmp(text, name) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0) {
            notify_forget(name);
            return fd;
        }
    }
    return -1;
}

void passed_sockets_settle(void)
{
    char name[NAME_SIZE];

    for (int fd = FIRST_FD; fd < passed_end(); fd++) {
        int flags = fcntl(fd, F_GETFD);

        if (flags < 0 || (flags & FD_CLOEXEC) != 0) {
            continue;
        }
        (void)close(fd);
        name_at(name, fd - FIRST_FD);
        if (strncmp(name, kept, sizeof(kept) - 1) == 0) {
            notify_forget(name);
        }
    }
}
