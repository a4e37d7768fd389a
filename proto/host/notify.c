/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each message is one datagram to the socket that NOTIFY_SOCKET names.
 */
#include "proto/host/notify.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { STATUS_SIZE = 201, STATE_SIZE = 320 };

static const char *socket_path(void)
{
    const char *path = getenv("NOTIFY_SOCKET");

    return path != NULL && (path[0] == '/' || path[0] == '@') ? path : NULL;
}

bool notify_has_manager(void)
{
    return socket_path() != NULL;
}

/* Send a message to the service manager, if there is one: the rest of it is filled in. A failure
 * does not matter here. */
static void message_send(struct msghdr *message)
{
    const char *path = socket_path();
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size;
    int fd;

    if (path == NULL) {
        return;
    }
    size = strlen(path);
    if (size >= sizeof(address.sun_path)) {
        return;
    }
    memcpy(address.sun_path, path, size);
    if (path[0] == '@') {
        address.sun_path[0] = '\0'; /* the abstract name space */
    }
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    message->msg_name = &address;
    message->msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    (void)!sendmsg(fd, message, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)close(fd);
}

static void state_send(char *state)
{
    struct iovec text = {.iov_base = state, .iov_len = strlen(state)};
    struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1};

    message_send(&message);
}

static void status_clean(char out[STATUS_SIZE], const char *status)
{
    size_t i;

    for (i = 0; i < STATUS_SIZE - 1 && status[i] != '\0'; i++) {
        out[i] = (unsigned char)status[i] < ' ' ? ' ' : status[i];
    }
    out[i] = '\0';
}

void notify_ready(const char *status)
{
    char clean[STATUS_SIZE];
    char state[STATE_SIZE];

    status_clean(clean, status);
    (void)snprintf(state, sizeof(state), "READY=1\nSTATUS=%s\n", clean);
    state_send(state);
}

void notify_reloading(void)
{
    struct timespec now;
    char state[STATE_SIZE];

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        return;
    }
    (void)snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld\n",
                   (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    state_send(state);
}

void notify_stopping(void)
{
    char state[] = "STOPPING=1\n";

    state_send(state);
}

/* The manager would drop a descriptor on which it sees an error, and a UDP socket has one now and
 * then: so it is not to look (FDPOLL=0). */
void notify_keep(int fd, const char *name)
{
    char state[STATE_SIZE];
    struct iovec text = {.iov_base = state};
    union {
        struct cmsghdr head;
        uint8_t room[CMSG_SPACE(sizeof(int))];
    } control = {.room = {0}};
    struct msghdr message = {.msg_iov = &text,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    int size = snprintf(state, sizeof(state), "FDSTORE=1\nFDNAME=%s\nFDPOLL=0\n", name);

    text.iov_len = (size_t)size;
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &fd, sizeof(fd));
    message_send(&message);
}

void notify_forget(const char *name)
{
    char state[STATE_SIZE];

    (void)snprintf(state, sizeof(state), "FDSTOREREMOVE=1\nFDNAME=%s\n", name);
    state_send(state);
}

unsigned notify_watchdog_ms(void)
{
    const char *usec = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    unsigned long value;
    char *end;

    if (usec == NULL) {
        return 0;
    }
    if (pid != NULL && strtoul(pid, NULL, 10) != (unsigned long)getpid()) {
        return 0;
    }
    value = strtoul(usec, &end, 10);
    return *end == '\0' && value / 1000 < 1000000000 ? (unsigned)(value / 1000) : 0;
}

void notify_watchdog(void)
{
    char state[] = "WATCHDOG=1\n";

    state_send(state);
}
