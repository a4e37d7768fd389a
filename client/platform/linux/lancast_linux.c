/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two sockets. IP_MULTICAST_ALL is off: else a socket hears what any program of this machine
 * joined, on interfaces that we do not use (ip(7)).
 */
#include "client/platform/lancast.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READS_MAX = 16 /* per turn of the loop */ };

/* RFC 2365, the local scope; RFC 4291, a transient group of one link. Both end in our name. */
static const char group4[] = "239.255.122.105";
static const char group6[] = "ff12::7a69:676c:616e";

struct lancast {
    struct ev_loop *loop;
    struct ev_io io4, io6; /* fd -1: the kernel does not have that family */
    lancast_heard *heard;
    void *context;
    unsigned used[LANCAST_INTERFACES_MAX];
    size_t used_count;
};

static struct sockaddr_in address4(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(LANCAST_PORT)};

    (void)inet_pton(AF_INET, group4, &to.sin_addr);
    return to;
}

static struct sockaddr_in6 address6(unsigned interface)
{
    struct sockaddr_in6 to = {
        .sin6_family = AF_INET6, .sin6_port = htons(LANCAST_PORT), .sin6_scope_id = interface};

    (void)inet_pton(AF_INET6, group6, &to.sin6_addr);
    return to;
}

static bool option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

/* -- Opening ----------------------------------------------------------------------------------- */

static int socket_of(int family)
{
    return socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
}

/* Bound to the group, unicast to the port does not come here, and others may have the port. */
static bool bind4(int fd)
{
    const struct sockaddr_in at = address4();

    return option(fd, SOL_SOCKET, SO_REUSEADDR, 1) && option(fd, IPPROTO_IP, IP_MULTICAST_TTL, 1) &&
           option(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0) &&
           bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0;
}

/* A group of one link is bound to on one of them; the wildcard hears all that are joined. */
static bool bind6(int fd)
{
    const struct sockaddr_in6 at = {
        .sin6_family = AF_INET6, .sin6_port = htons(LANCAST_PORT), .sin6_addr = IN6ADDR_ANY_INIT};

    return option(fd, SOL_SOCKET, SO_REUSEADDR, 1) && option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
           option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 1) &&
           option(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0) &&
           bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0;
}

static void on_readable(struct ev_loop *loop, struct ev_io *w, int events)
{
    struct lancast *cast = w->data;
    uint8_t data[LANCAST_SIZE_MAX + 1];

    (void)loop;
    (void)events;
    for (int i = 0; i < READS_MAX; i++) {
        ssize_t got = recv(w->fd, data, sizeof(data), 0);

        if (got < 0 && errno != EINTR) {
            return;
        }
        if (got > 0 && got <= LANCAST_SIZE_MAX) {
            cast->heard(cast->context, data, (size_t)got);
        }
    }
}

/* Open one family. True if it is open, or the kernel does not have it. */
static bool family_open(struct lancast *cast, struct ev_io *io, int family)
{
    int fd = socket_of(family);

    if (fd < 0) {
        return errno == EAFNOSUPPORT;
    }
    ev_io_set(io, fd, EV_READ);
    if (!(family == AF_INET ? bind4(fd) : bind6(fd))) {
        return family == AF_INET6 && errno == EADDRNOTAVAIL; /* IPv6 is switched off */
    }
    ev_io_start(cast->loop, io);
    return true;
}

int lancast_open(struct lancast **out, struct ev_loop *loop, lancast_heard *heard, void *context,
                 struct fault *fault)
{
    struct lancast *cast = calloc(1, sizeof(*cast));

    *out = NULL;
    if (cast == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    cast->loop = loop;
    cast->heard = heard;
    cast->context = context;
    ev_io_init(&cast->io4, on_readable, -1, EV_READ);
    ev_io_init(&cast->io6, on_readable, -1, EV_READ);
    cast->io4.data = cast;
    cast->io6.data = cast;
    if (!family_open(cast, &cast->io4, AF_INET) || !family_open(cast, &cast->io6, AF_INET6)) {
        fault_set_errno(fault, "cannot listen on the LAN at UDP port %d", LANCAST_PORT);
        lancast_close(cast);
        return ERR_SYSTEM;
    }
    *out = cast;
    return ERR_OK;
}

static void family_close(struct lancast *cast, struct ev_io *io)
{
    int fd = io->fd;

    ev_io_stop(cast->loop, io);
    if (fd >= 0) {
        (void)close(fd);
    }
}

void lancast_close(struct lancast *cast)
{
    if (cast == NULL) {
        return;
    }
    family_close(cast, &cast->io4);
    family_close(cast, &cast->io6);
    free(cast);
}

/* -- Interfaces -------------------------------------------------------------------------------- */

static bool is_in(const unsigned *list, size_t count, unsigned interface)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i] == interface) {
            return true;
        }
    }
    return false;
}

static bool join(const struct lancast *cast, unsigned interface, bool joins)
{
    const struct ip_mreqn at4 = {.imr_multiaddr = address4().sin_addr,
                                 .imr_ifindex = (int)interface};
    const struct ipv6_mreq at6 = {.ipv6mr_multiaddr = address6(0).sin6_addr,
                                  .ipv6mr_interface = interface};
    bool joined4 =
        setsockopt(cast->io4.fd, IPPROTO_IP, joins ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &at4,
                   sizeof(at4)) == 0;
    bool joined6 = setsockopt(cast->io6.fd, IPPROTO_IPV6,
                              joins ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &at6, sizeof(at6)) == 0;

    return joined4 || joined6;
}

void lancast_use(struct lancast *cast, const unsigned *interfaces, size_t count)
{
    unsigned next[LANCAST_INTERFACES_MAX];
    size_t next_count = 0;

    for (size_t i = 0; i < cast->used_count; i++) {
        if (!is_in(interfaces, count, cast->used[i])) {
            (void)join(cast, cast->used[i], false);
        }
    }
    for (size_t i = 0; i < count && next_count < LANCAST_INTERFACES_MAX; i++) {
        if (is_in(cast->used, cast->used_count, interfaces[i]) || join(cast, interfaces[i], true)) {
            next[next_count++] = interfaces[i];
        }
    }
    memcpy(cast->used, next, next_count * sizeof(next[0]));
    cast->used_count = next_count;
}

/* -- Sending ----------------------------------------------------------------------------------- */

static void send4(const struct lancast *cast, unsigned interface, const uint8_t *data, size_t size)
{
    struct sockaddr_in to = address4();
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } control = {.bytes = {0}};
    struct iovec part = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    struct msghdr message = {.msg_name = &to,
                             .msg_namelen = sizeof(to),
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    const struct in_pktinfo info = {.ipi_ifindex = (int)interface};

    head->cmsg_level = IPPROTO_IP;
    head->cmsg_type = IP_PKTINFO;
    head->cmsg_len = CMSG_LEN(sizeof(info));
    memcpy(CMSG_DATA(head), &info, sizeof(info));
    (void)sendmsg(cast->io4.fd, &message, MSG_NOSIGNAL);
}

static void send6(const struct lancast *cast, unsigned interface, const uint8_t *data, size_t size)
{
    const struct sockaddr_in6 to = address6(interface);

    (void)sendto(cast->io6.fd, data, size, MSG_NOSIGNAL, (const struct sockaddr *)&to, sizeof(to));
}

void lancast_send(const struct lancast *cast, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < cast->used_count; i++) {
        if (cast->io4.fd >= 0) {
            send4(cast, cast->used[i], data, size);
        }
        if (cast->io6.fd >= 0) {
            send6(cast, cast->used[i], data, size);
        }
    }
}
