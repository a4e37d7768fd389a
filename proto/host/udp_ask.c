/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connected sockets: an ICMP error about one of them is the next error of that socket alone. */
#include "proto/host/udp_ask.h"

#include "proto/host/os_env.h"
#include "proto/host/socket_name.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NO_SOCKET = -1 };

/* True if an interface that is up has an address of the family with which it may get far. */
static bool family_is_here(int family)
{
    struct ifaddrs *list = NULL;
    bool here = false;

    if (getifaddrs(&list) != 0) {
        return true; /* unknown */
    }
    for (const struct ifaddrs *a = list; a != NULL && !here; a = a->ifa_next) {
        const struct sockaddr_in6 *v6 = (const void *)a->ifa_addr;

        here = v6 != NULL && v6->sin6_family == family && (a->ifa_flags & IFF_UP) != 0 &&
               (a->ifa_flags & IFF_LOOPBACK) == 0 &&
               (family == AF_INET || !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr));
    }
    freeifaddrs(list);
    return here;
}

static enum udp_verdict verdict_of(int error, int family)
{
    switch (error) {
    case ECONNREFUSED:
        return UDP_VERDICT_CLOSED;
    case EPERM:
        return UDP_VERDICT_FORBIDDEN;
    case ENETUNREACH:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
        return family_is_here(family) ? UDP_VERDICT_NO_WAY : UDP_VERDICT_NO_FAMILY;
    default:
        return UDP_VERDICT_UNREACHABLE;
    }
}

static int socket_to(const struct endpoint *to, enum udp_verdict *verdict)
{
    int family = endpoint_is_v4(to) ? AF_INET : AF_INET6;
    struct sockaddr_in6 name;
    socklen_t size = socket_name_of(&name, to, family);
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)&name, size) == 0) {
        return fd;
    }
    *verdict = verdict_of(errno, family);
    if (fd >= 0) {
        (void)close(fd);
    }
    return NO_SOCKET;
}

/* Close a socket about which all is known. */
static void settle(struct pollfd *fd, enum udp_verdict *verdict, enum udp_verdict known)
{
    *verdict = known;
    (void)close(fd->fd);
    fd->fd = NO_SOCKET; /* poll passes it over */
}

static bool is_soft(int error)
{
    return error == EAGAIN || error == EINTR || error == ENOBUFS;
}

/* What a call about a socket says, by errno. */
static void take_error(struct pollfd *fd, const struct endpoint *to, enum udp_verdict *verdict)
{
    if (!is_soft(errno)) {
        settle(fd, verdict, verdict_of(errno, endpoint_is_v4(to) ? AF_INET : AF_INET6));
    }
}

/* Listen until `end`, or until all is known about all. Returns whether something is not. */
static bool listen_until(struct pollfd *fds, const struct endpoint *to, size_t count,
                         enum udp_verdict *verdicts, struct mono end)
{
    for (;;) {
        struct mono now = clock_mono();
        bool open = false;
        uint8_t answer[16];

        for (size_t i = 0; i < count; i++) {
            open = open || fds[i].fd != NO_SOCKET;
        }
        if (!open || mono_due(end, now)) {
            return open;
        }
        (void)poll(fds, (nfds_t)count, (int)mono_ms_between(now, end) + 1);
        for (size_t i = 0; i < count; i++) {
            if (fds[i].fd == NO_SOCKET || fds[i].revents == 0) {
                continue;
            }
            if (recv(fds[i].fd, answer, sizeof(answer), 0) >= 0) {
                settle(&fds[i], &verdicts[i], UDP_VERDICT_ANSWERED);
            } else {
                take_error(&fds[i], &to[i], &verdicts[i]);
            }
        }
    }
}

void udp_ask(const struct endpoint *to, size_t count, const uint8_t *request, size_t size,
             enum udp_verdict *verdicts)
{
    struct pollfd fds[UDP_ASK_MAX];
    struct mono begin = clock_mono();
    bool open = true;

    for (size_t i = 0; i < count; i++) {
        verdicts[i] = UDP_VERDICT_SILENT;
        fds[i] = (struct pollfd){.fd = socket_to(&to[i], &verdicts[i]), .events = POLLIN};
    }
    for (unsigned packet = 1; packet <= UDP_ASK_PACKETS && open; packet++) {
        for (size_t i = 0; i < count; i++) {
            if (fds[i].fd != NO_SOCKET && send(fds[i].fd, request, size, 0) < 0) {
                take_error(&fds[i], &to[i], &verdicts[i]);
            }
        }
        open = listen_until(fds, to, count, verdicts,
                            mono_add_ms(begin, (uint64_t)packet * UDP_ASK_EVERY_MS));
    }
    for (size_t i = 0; i < count; i++) {
        if (fds[i].fd != NO_SOCKET) {
            (void)close(fds[i].fd);
        }
    }
}
