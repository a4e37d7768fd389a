/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening and receiving; a train that was received is cut into its datagrams again. */
#include "proto/host/udp_batch_internal.h"

#include "proto/base/bytes.h"
#include "proto/host/passed_socket.h"
#include "proto/host/socket_name.h"
#include "proto/host/udp_refusals.h"

#include <errno.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKET_BUFFER_SIZE = 7 << 20 /* 50 ms of 1.1 Gb/s */ };

bool udp_ip_is_zero(const uint8_t ip[16])
{
    static const uint8_t zero[16];

    return memcmp(ip, zero, sizeof(zero)) == 0;
}

/* -- Opening ---------------------------------------------------------------------------------- */

static void buffer_grow(int fd, int force, int plain)
{
    int size = SOCKET_BUFFER_SIZE;

    /* Forcing needs CAP_NET_ADMIN; without it the system's rmem_max and wmem_max bound the size. */
    if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof(size)) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, plain, &size, sizeof(size));
    }
}

static int option_set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value));
}

static bool v6_only_of(int fd)
{
    int value = 0;
    socklen_t size = sizeof(value);

    return getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, &size) == 0 && value != 0;
}

/* "Don't fragment", without the kernel's own idea of the path MTU getting in the way of our search
 * for the MTU. */
static bool socket_configure(struct udp_batch *udp, const struct udp_options *options,
                             struct fault *fault)
{
    int fd = udp->fd;
    bool ok = !options->joins || option_set(fd, SOL_SOCKET, SO_REUSEPORT, 1) == 0;

    if (!udp->bound) { /* who passed it may give it more room than we may */
        buffer_grow(fd, SO_RCVBUFFORCE, SO_RCVBUF);
        buffer_grow(fd, SO_SNDBUFFORCE, SO_SNDBUF);
    }
    if (udp->family == AF_INET6) {
        bool dual = udp_ip_is_zero(options->local.ip) && !options->v6_only;

        ok = (udp->bound || option_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, dual ? 0 : 1) == 0) && ok;
        ok = option_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) == 0 && ok;
        ok = option_set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE) == 0 && ok;
        if (dual && !v6_only_of(fd)) {
            ok = option_set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE) == 0 && ok;
        }
    } else {
        ok = option_set(fd, IPPROTO_IP, IP_PKTINFO, 1) == 0 && ok;
        ok = option_set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE) == 0 && ok;
    }
    if (!ok) {
        fault_set_errno(fault, "cannot configure the UDP socket");
        return false;
    }
    udp->refusals = options->refusals && udp_refusals_on(fd, udp->family == AF_INET6);
    if (!options->no_offload) {
        (void)option_set(fd, IPPROTO_UDP, UDP_GRO, 1);
        /* Kernels before 4.18 do not know the option: then every datagram goes alone. */
        udp->gso = option_set(fd, IPPROTO_UDP, UDP_SEGMENT, 0) == 0;
    }
    return true;
}

/* Sockets of two users share an address by SO_REUSEADDR, and of two that fit alike the kernel takes
 * the one that was bound last. Only as long as it takes to bind: a third program could do the same,
 * and take everything. */
static int bind_over(const struct udp_batch *udp, const struct udp_options *options,
                     const struct sockaddr_in6 *name, socklen_t name_size)
{
    int rc, saved;

    if (options->over == NULL) {
        return bind(udp->fd, (const struct sockaddr *)name, name_size);
    }
    (void)option_set(options->over->fd, SOL_SOCKET, SO_REUSEADDR, 1);
    (void)option_set(udp->fd, SOL_SOCKET, SO_REUSEADDR, 1);
    rc = bind(udp->fd, (const struct sockaddr *)name, name_size);
    saved = errno;
    (void)option_set(udp->fd, SOL_SOCKET, SO_REUSEADDR, 0);
    (void)option_set(options->over->fd, SOL_SOCKET, SO_REUSEADDR, 0);
    errno = saved;
    return rc;
}

static int socket_bind(struct udp_batch *udp, const struct udp_options *options,
                       struct fault *fault)
{
    struct sockaddr_in6 name;
    socklen_t name_size = socket_name_of(&name, &options->local, udp->family);
    char text[ENDPOINT_TEXT_SIZE];

    if (!udp->bound && bind_over(udp, options, &name, name_size) != 0) {
        endpoint_text(&options->local, text);
        if (errno == EADDRINUSE) {
            fault_set(fault, EXIT_CODE_FAILURE,
                      "UDP %s is in use by another program; choose another port, or find it with: "
                      "ss -ulpn 'sport = :%u'",
                      text, options->local.port);
        } else if (errno == EADDRNOTAVAIL) {
            fault_set(fault, EXIT_CODE_FAILURE,
                      "UDP %s: this machine does not have that address; see: ip addr", text);
        } else if (errno == EACCES) {
            fault_set(fault, EXIT_CODE_PERMISSION,
                      "UDP %s: a port below 1024 needs root or CAP_NET_BIND_SERVICE", text);
        } else {
            fault_set_errno(fault, "cannot bind UDP %s", text);
        }
        return ERR_SYSTEM;
    }
    name_size = sizeof(name);
    if (getsockname(udp->fd, (struct sockaddr *)&name, &name_size) != 0) {
        fault_set_errno(fault, "cannot read the UDP socket's address");
        return ERR_SYSTEM;
    }
    udp->local = endpoint_of_socket_name(&name);
    return ERR_OK;
}

/* True if the service manager has a socket for this address. */
static bool socket_take(struct udp_batch *udp, const struct udp_options *options,
                        const struct endpoint *local)
{
    udp->fd = -1;
    if (options->passed_only) {
        udp->fd = passed_socket_of(local, false);
    } else if (options->passed) { /* the other user's is in use where ours is to be over it */
        udp->fd = options->over != NULL ? passed_socket_of(local, true) : passed_socket(local);
    }
    udp->bound = udp->fd >= 0;
    return udp->bound;
}

static void socket_create(struct udp_batch *udp, const struct udp_options *options)
{
    int type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

    udp->family = endpoint_is_v4(&options->local) ? AF_INET : AF_INET6;
    if (socket_take(udp, options, &options->local) || options->passed_only) {
        return;
    }
    udp->fd = socket(udp->family, type, 0);
    if (udp->fd < 0 && udp->family == AF_INET6 && errno == EAFNOSUPPORT &&
        udp_ip_is_zero(options->local.ip) && !options->v6_only) {
        struct endpoint any = {.ip = {[10] = 0xff, [11] = 0xff}, .port = options->local.port};

        udp->family = AF_INET;
        if (!socket_take(udp, options, &any)) {
            udp->fd = socket(AF_INET, type, 0);
        }
    }
}

int udp_batch_open(struct udp_batch **out, const struct udp_options *options, struct fault *fault)
{
    struct udp_batch *udp = calloc(1, sizeof(*udp));
    int rc = ERR_NOMEM;

    *out = NULL;
    if (udp == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    udp->fd = -1;
    udp->owns_fd = true;
    udp->owns_room = options->room_of == NULL;
    /* Not zeroed: pages that nothing was received into take no memory. */
    udp->room = udp->owns_room ? malloc(sizeof(*udp->room)) : options->room_of->room;
    if (udp->room == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        goto out;
    }
    rc = ERR_SYSTEM;
    socket_create(udp, options);
    if (udp->fd < 0 && options->passed_only) {
        rc = ERR_DROP;
        goto out;
    }
    if (udp->fd < 0) {
        fault_set_errno(fault, "cannot make a UDP socket");
        goto out;
    }
    udp->over = options->over;
    if (!socket_configure(udp, options, fault)) {
        goto out;
    }
    udp->prompt = options->prompt;
    rc = socket_bind(udp, options, fault);
    if (rc == ERR_OK && options->passed && !udp->bound) {
        passed_socket_keep(udp->fd, &udp->local);
    }
out:
    if (rc != ERR_OK) {
        udp_batch_close(udp);
        udp = NULL;
    }
    *out = udp;
    return rc;
}

int udp_batch_twin(struct udp_batch **out, const struct udp_batch *of)
{
    struct udp_batch *udp = malloc(sizeof(*udp));

    CHECK(!of->prompt);
    *out = NULL;
    if (udp == NULL) {
        return ERR_NOMEM;
    }
    *udp = (struct udp_batch){.fd = of->fd,
                              .family = of->family,
                              .local = of->local,
                              .gso = of->gso,
                              .owns_room = true,
                              .room = malloc(sizeof(*udp->room))};
    if (udp->room == NULL) {
        udp_batch_close(udp);
        return ERR_NOMEM;
    }
    *out = udp;
    return ERR_OK;
}

void udp_batch_close(struct udp_batch *udp)
{
    if (udp == NULL) {
        return;
    }
    if (udp->fd >= 0 && udp->owns_fd) {
        (void)close(udp->fd);
    }
    if (udp->owns_room) {
        free(udp->room);
    }
    free(udp);
}

int udp_batch_fd(const struct udp_batch *udp)
{
    return udp->fd;
}

const struct endpoint *udp_batch_local(const struct udp_batch *udp)
{
    return &udp->local;
}

struct udp_batch *udp_batch_over(const struct udp_batch *udp)
{
    return udp->over;
}

const struct udp_counters *udp_batch_counters(const struct udp_batch *udp)
{
    return &udp->counters;
}

/* -- Receiving -------------------------------------------------------------------------------- */

/* Read the ancillary data: the address that a message came to, and the segment size of a train.
 * What it does not tell stays as it was. */
static void ancillary_read(struct msghdr *header, uint8_t local_ip[16], size_t *segment_size)
{
    struct cmsghdr *c;

    for (c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof(info));
            memcpy(local_ip, &info.ipi6_addr, 16);
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            struct endpoint e;

            memcpy(&info, CMSG_DATA(c), sizeof(info));
            e = endpoint_v4((const uint8_t *)&info.ipi_addr, 0);
            memcpy(local_ip, e.ip, 16);
        } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int size;

            memcpy(&size, CMSG_DATA(c), sizeof(size));
            if (size > 0) {
                *segment_size = (size_t)size;
            }
        }
    }
}

/* Wait for nothing; returns how many messages came into the room, described in *messages. */
static size_t messages_receive(struct udp_batch *udp, struct mmsghdr *messages,
                               struct udp_message_store *stores, size_t most)
{
    int count;

    for (size_t i = 0; i < most; i++) {
        struct udp_message_store *s = &stores[i];

        s->iov.iov_base = udp->room->bytes[i];
        s->iov.iov_len = UDP_ROOM_MESSAGE_SIZE;
        messages[i].msg_len = 0;
        messages[i].msg_hdr = (struct msghdr){.msg_name = &s->name,
                                              .msg_namelen = sizeof(s->name),
                                              .msg_iov = &s->iov,
                                              .msg_iovlen = 1,
                                              .msg_control = s->ancillary,
                                              .msg_controllen = sizeof(s->ancillary)};
    }
    do {
        count = recvmmsg(udp->fd, messages, (unsigned)most, MSG_DONTWAIT, NULL);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        udp->counters.receive_errors += errno != EAGAIN ? 1 : 0;
        return 0;
    }
    udp->counters.receive_calls++;
    return (size_t)count;
}

/* One received message as a train. False, which is counted, if it did not fit. */
static bool train_of(struct udp_batch *udp, struct mmsghdr *message, struct dgram_train *out)
{
    struct msghdr *header = &message->msg_hdr;

    udp->counters.received_bytes += message->msg_len;
    if ((header->msg_flags & MSG_TRUNC) != 0) {
        udp->counters.truncated++;
        return false;
    }
    *out = (struct dgram_train){.remote = endpoint_of_socket_name(header->msg_name),
                                .data = header->msg_iov->iov_base,
                                .size = message->msg_len,
                                .segment_size = message->msg_len};
    ancillary_read(header, out->local.ip, &out->segment_size);
    out->local.port = udp->local.port;
    return true;
}

/* Cut a train into datagrams behind the `have` that are there. Returns their new number. */
static size_t train_split(struct udp_batch *udp, const struct dgram_train *train, size_t have)
{
    struct dgram d = {.local = train->local, .remote = train->remote, .data = train->data};
    size_t left = train->size;

    do {
        if (have == UDP_ROOM_DGRAMS_MAX) {
            udp->counters.truncated++;
            return have;
        }
        d.size = left < train->segment_size ? left : train->segment_size;
        udp->room->dgrams[have] = d;
        have++;
        d.data += d.size;
        left -= d.size;
    } while (left > 0);
    return have;
}

size_t udp_batch_receive_trains(struct udp_batch *udp, struct dgram_train *trains, size_t most)
{
    struct udp_message_store stores[UDP_TRAINS_MAX];
    struct mmsghdr messages[UDP_TRAINS_MAX];
    size_t count = messages_receive(udp, messages, stores, most);
    size_t have = 0;

    for (size_t i = 0; i < count; i++) {
        if (train_of(udp, &messages[i], &trains[have])) {
            udp->counters.received_datagrams += dgram_train_count(&trains[have]);
            have++;
        }
    }
    return have;
}

size_t udp_batch_receive(struct udp_batch *udp, const struct dgram **items)
{
    struct udp_message_store stores[UDP_TRAINS_USUAL];
    struct mmsghdr messages[UDP_TRAINS_USUAL];
    size_t count = messages_receive(udp, messages, stores, UDP_TRAINS_USUAL);
    struct dgram_train train;
    size_t have = 0;

    for (size_t i = 0; i < count; i++) {
        if (train_of(udp, &messages[i], &train)) {
            have = train_split(udp, &train, have);
        }
    }
    udp->counters.received_datagrams += have;
    *items = udp->room->dgrams;
    return have;
}

bool udp_batch_prohibited(struct udp_batch *udp)
{
    return udp->refusals && udp_refusals_prohibited(udp->fd);
}
