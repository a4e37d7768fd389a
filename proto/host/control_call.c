/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A connection that sends one line and receives one line, and waits for both until a deadline.
 */
#include "proto/host/control_call.h"

#include "proto/admin/answer.h"
#include "proto/host/os_env.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_FIRST_SIZE = 16384 }; /* doubled when it is full */

#define REFUSED "the daemon at %s serves root, its own user and its operators only"

/* A connected socket; -1 with fault. */
static int daemon_connect(const char *path, struct fault *fault)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof(address.sun_path)) {
        fault_set(fault, EXIT_CODE_USAGE, "the socket path %s is too long", path);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        fault_set_errno(fault, "cannot make a local socket");
        return -1;
    }
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
        return fd;
    }
    if (errno == ENOENT || errno == ECONNREFUSED) {
        fault_set(fault, EXIT_CODE_NO_DAEMON, "the daemon is not running (nobody listens at %s)",
                  path);
    } else if (errno == EACCES) {
        fault_set(fault, EXIT_CODE_PERMISSION, REFUSED, path);
    } else {
        fault_set_path(fault, "cannot reach the daemon at %s", path);
    }
    (void)close(fd);
    return -1;
}

/* Wait until one of `events` is possible. False with fault if the deadline comes first. */
static bool wait_for(int fd, short events, struct mono deadline, struct fault *fault)
{
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = events};
        uint64_t left_ms = mono_ms_between(clock_mono(), deadline);
        int ready = poll(&wait, 1, left_ms > 3600000 ? 3600000 : (int)left_ms);

        if (ready > 0) {
            return true;
        }
        if (ready == 0) {
            fault_set(fault, EXIT_CODE_FAILURE, "the daemon does not answer in time");
            return false;
        }
        if (errno != EINTR) {
            fault_set_errno(fault, "cannot wait for the daemon");
            return false;
        }
    }
}

static bool request_send(int fd, const char *text, size_t size, struct mono deadline,
                         struct fault *fault)
{
    while (size > 0) {
        ssize_t sent;

        if (!wait_for(fd, POLLOUT, deadline, fault)) {
            return false;
        }
        sent = send(fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) {
            return true; /* it closed on us; whoever reads now finds that out */
        }
        if (sent < 0) {
            fault_set_errno(fault, "cannot send to the daemon");
            return false;
        }
        text += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* Read one line (given) of *size bytes. NULL with fault on error. path: of the socket, for that. */
static char *line_read(int fd, const char *path, size_t *size, struct mono deadline,
                       struct fault *fault)
{
    size_t capacity = ANSWER_FIRST_SIZE;
    size_t have = 0;
    char *line = malloc(capacity);

    if (line == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return NULL;
    }
    for (;;) {
        ssize_t got;

        if (!wait_for(fd, POLLIN, deadline, fault)) {
            break;
        }
        got = recv(fd, line + have, capacity - have, MSG_DONTWAIT);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (got <= 0) {
            fault_set(fault, EXIT_CODE_PERMISSION, REFUSED, path);
            break;
        }
        have += (size_t)got;
        if (line[have - 1] == '\n') {
            *size = have;
            return line;
        }
        if (have == capacity) {
            char *larger = capacity < CONTROL_ANSWER_SIZE_MAX ? realloc(line, capacity * 2) : NULL;

            if (larger == NULL) {
                fault_set(fault, EXIT_CODE_FAILURE, "the daemon's answer is too long");
                break;
            }
            line = larger;
            capacity *= 2;
        }
    }
    free(line);
    return NULL;
}

int control_call(const char *path, const json_t *request, unsigned timeout_ms, json_t **answer,
                 struct fault *fault)
{
    struct mono deadline = mono_add_ms(clock_mono(), timeout_ms);
    char *text = json_dumps(request, JSON_COMPACT);
    char *line = NULL;
    size_t line_size = 0;
    int rc = ERR_SYSTEM;
    int fd = -1;

    *answer = NULL;
    if (text == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        rc = ERR_NOMEM;
        goto out;
    }
    fd = daemon_connect(path, fault);
    if (fd < 0) {
        goto out;
    }
    if (!request_send(fd, text, strlen(text), deadline, fault) ||
        !request_send(fd, "\n", 1, deadline, fault)) {
        goto out;
    }
    line = line_read(fd, path, &line_size, deadline, fault);
    if (line == NULL) {
        goto out;
    }
    *answer = json_loadb(line, line_size, 0, NULL);
    rc = answer_check(*answer, fault);
    if (rc != ERR_OK) {
        json_decref(*answer);
        *answer = NULL;
    }
out:
    if (fd >= 0) {
        (void)close(fd);
    }
    free(line);
    free(text);
    return rc;
}
