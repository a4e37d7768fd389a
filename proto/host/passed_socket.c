/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * They are the descriptors from 3 on. LISTEN_PID says for which process: a child has the same
 * environment, and not these sockets.
 */
#include "proto/host/passed_socket.h"

#include "proto/host/socket_name.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_FD = 3, PASSED_MAX = 64 };

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

int passed_socket(const struct endpoint *local)
{
    unsigned long count = number_of("LISTEN_FDS");

    if (number_of("LISTEN_PID") != (unsigned long)getpid() || count > PASSED_MAX) {
        return -1;
    }
    for (int fd = FIRST_FD; fd < FIRST_FD + (int)count; fd++) {
        if (is_bound_to(fd, local) && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
            fcntl(fd, F_SETFL, O_NONBLOCK) == 0) {
            return fd;
        }
    }
    return -1;
}
