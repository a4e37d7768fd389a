/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Datagrams of equal size to one address are sent as one train; a train that was received is cut
 * into its datagrams again.
 */
#include "proto/host/udp_batch.h"

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

#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum {
    SOCKET_BUFFER_SIZE = 7 << 20, /* 50 ms of 1.1 Gb/s */
    RECEIVE_BATCH = 16,           /* messages per recvmmsg; each may be a GRO train */
    RECEIVE_MESSAGE_SIZE = 65536,
    RECEIVE_DGRAMS_MAX = 2048, /* after splitting; a train has at most 128 segments */
    SEND_BATCH = 64,           /* messages per sendmmsg */
    TRAIN_SEGMENTS_MAX = 64,
    TRAIN_SIZE_MAX = 65000, /* with headers below 65,535 for both families */
    ANCILLARY_SIZE = 128,
};

/* Where a batch is received. */
struct room {
    struct dgram dgrams[RECEIVE_DGRAMS_MAX];
    uint8_t bytes[RECEIVE_BATCH][RECEIVE_MESSAGE_SIZE];
};

struct udp_batch {
    int fd;
    int family;
    struct endpoint local;
    bool gso, refusals;
    bool bound; /* as the service manager passed it */
    struct udp_counters counters;
    struct room *room;
    bool owns_room;
};

/* Storage of one message to or from the kernel. */
struct message_store {
    struct sockaddr_in6 name; /* large enough for both families */
    struct iovec iov;
    _Alignas(struct cmsghdr) uint8_t ancillary[ANCILLARY_SIZE];
};

/* One outgoing message: items [first, first + count) of an outbox as one datagram or one train. */
struct train {
    size_t first, count;
    size_t segment_size, size;
};

static bool ip_is_zero(const uint8_t ip[16])
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
    bool ok = true;

    if (!udp->bound) { /* who passed it may give it more room than we may */
        buffer_grow(fd, SO_RCVBUFFORCE, SO_RCVBUF);
        buffer_grow(fd, SO_SNDBUFFORCE, SO_SNDBUF);
    }
    if (udp->family == AF_INET6) {
        bool dual = ip_is_zero(options->local.ip) && !options->v6_only;

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

static int socket_bind(struct udp_batch *udp, const struct udp_options *options,
                       struct fault *fault)
{
    struct sockaddr_in6 name;
    socklen_t name_size = socket_name_of(&name, &options->local, udp->family);
    char text[ENDPOINT_TEXT_SIZE];

    if (!udp->bound && bind(udp->fd, (struct sockaddr *)&name, name_size) != 0) {
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
    udp->fd = options->passed ? passed_socket(local) : -1;
    udp->bound = udp->fd >= 0;
    return udp->bound;
}

static void socket_create(struct udp_batch *udp, const struct udp_options *options)
{
    int type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

    udp->family = endpoint_is_v4(&options->local) ? AF_INET : AF_INET6;
    if (socket_take(udp, options, &options->local)) {
        return;
    }
    udp->fd = socket(udp->family, type, 0);
    if (udp->fd < 0 && udp->family == AF_INET6 && errno == EAFNOSUPPORT &&
        ip_is_zero(options->local.ip) && !options->v6_only) {
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
    udp->owns_room = options->room_of == NULL;
    /* Not zeroed: pages that nothing was received into take no memory. */
    udp->room = udp->owns_room ? malloc(sizeof(*udp->room)) : options->room_of->room;
    if (udp->room == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        goto out;
    }
    rc = ERR_SYSTEM;
    socket_create(udp, options);
    if (udp->fd < 0) {
        fault_set_errno(fault, "cannot make a UDP socket");
        goto out;
    }
    if (!socket_configure(udp, options, fault)) {
        goto out;
    }
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

void udp_batch_close(struct udp_batch *udp)
{
    if (udp == NULL) {
        return;
    }
    if (udp->fd >= 0) {
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

/* Cut one received message into datagrams behind the `have` that are there. Returns their new
 * number. */
static size_t message_split(struct udp_batch *udp, struct mmsghdr *message, size_t have)
{
    struct msghdr *header = &message->msg_hdr;
    size_t left = message->msg_len;
    uint8_t *at = header->msg_iov->iov_base;
    size_t segment_size = left;
    struct dgram d = {.remote = endpoint_of_socket_name(header->msg_name)};

    ancillary_read(header, d.local.ip, &segment_size);
    d.local.port = udp->local.port;
    udp->counters.received_bytes += left;
    do {
        if (have == RECEIVE_DGRAMS_MAX || (header->msg_flags & MSG_TRUNC) != 0) {
            udp->counters.truncated++;
            return have;
        }
        d.data = at;
        d.size = left < segment_size ? left : segment_size;
        udp->room->dgrams[have] = d;
        have++;
        at += d.size;
        left -= d.size;
    } while (left > 0);
    return have;
}

size_t udp_batch_receive(struct udp_batch *udp, const struct dgram **items)
{
    struct message_store stores[RECEIVE_BATCH];
    struct mmsghdr messages[RECEIVE_BATCH];
    size_t have = 0;
    int count;

    memset(messages, 0, sizeof(messages));
    for (size_t i = 0; i < RECEIVE_BATCH; i++) {
        struct message_store *s = &stores[i];

        s->iov.iov_base = udp->room->bytes[i];
        s->iov.iov_len = RECEIVE_MESSAGE_SIZE;
        messages[i].msg_hdr = (struct msghdr){.msg_name = &s->name,
                                              .msg_namelen = sizeof(s->name),
                                              .msg_iov = &s->iov,
                                              .msg_iovlen = 1,
                                              .msg_control = s->ancillary,
                                              .msg_controllen = sizeof(s->ancillary)};
    }
    *items = udp->room->dgrams;
    do {
        count = recvmmsg(udp->fd, messages, RECEIVE_BATCH, MSG_DONTWAIT, NULL);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        udp->counters.receive_errors += errno != EAGAIN ? 1 : 0;
        return 0;
    }
    udp->counters.receive_calls++;
    for (int i = 0; i < count; i++) {
        have = message_split(udp, &messages[i], have);
    }
    udp->counters.received_datagrams += have;
    return have;
}

bool udp_batch_prohibited(struct udp_batch *udp)
{
    return udp->refusals && udp_refusals_prohibited(udp->fd);
}

/* -- Sending ---------------------------------------------------------------------------------- */

/* The longest train that begins at item `first`: same endpoints, sizes and hops, back to back,
 * where only the last may be shorter. */
static struct train train_at(const struct outbox *box, size_t first, size_t end, bool gso)
{
    const struct outbox_item *head = &box->items[first];
    struct train t = {.first = first, .count = 1, .segment_size = head->size, .size = head->size};

    while (gso && head->size > 0 && first + t.count < end && t.count < TRAIN_SEGMENTS_MAX) {
        const struct outbox_item *next = &box->items[first + t.count];

        if (next->size == 0 || next->size > t.segment_size ||
            t.size + next->size > TRAIN_SIZE_MAX || next->offset != head->offset + t.size ||
            next->hops != head->hops || !endpoint_equal(&next->local, &head->local) ||
            !endpoint_equal(&next->remote, &head->remote)) {
            break;
        }
        t.size += next->size;
        t.count++;
        if (next->size < t.segment_size) {
            break;
        }
    }
    return t;
}

static void ancillary_add(struct msghdr *header, int level, int type, const void *data, size_t size)
{
    struct cmsghdr *c =
        (struct cmsghdr *)(void *)((uint8_t *)header->msg_control + header->msg_controllen);

    CHECK(header->msg_controllen + CMSG_SPACE(size) <= ANCILLARY_SIZE);
    memset(c, 0, CMSG_SPACE(size));
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(c), data, size);
    header->msg_controllen += CMSG_SPACE(size);
}

/* Name the address that the datagram shall leave from; nothing if the item leaves that open. */
static void source_add(const struct udp_batch *udp, struct msghdr *header,
                       const struct endpoint *local)
{
    if (ip_is_zero(local->ip) || (udp->family == AF_INET && !endpoint_is_v4(local))) {
        return;
    }
    if (udp->family == AF_INET) {
        struct in_pktinfo info = {0};

        memcpy(&info.ipi_spec_dst, local->ip + 12, 4);
        ancillary_add(header, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
    } else {
        struct in6_pktinfo info = {0};

        memcpy(&info.ipi6_addr, local->ip, 16);
        ancillary_add(header, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
    }
}

/* Let the datagram travel only so many hops, in IPv4. */
static void hops_add(struct msghdr *header, const struct outbox_item *item)
{
    int ttl = item->hops;

    if (item->hops != 0 && endpoint_is_v4(&item->remote)) {
        ancillary_add(header, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
    }
}

static void message_fill(const struct udp_batch *udp, struct msghdr *header,
                         struct message_store *store, const struct outbox *box,
                         const struct train *t)
{
    const struct outbox_item *head = &box->items[t->first];
    uint16_t segment_size = u16_of(t->segment_size);

    *header = (struct msghdr){.msg_name = &store->name,
                              .msg_iov = &store->iov,
                              .msg_iovlen = 1,
                              .msg_control = store->ancillary};
    header->msg_namelen = socket_name_of(&store->name, &head->remote, udp->family);
    store->iov.iov_base = box->bytes + head->offset;
    store->iov.iov_len = t->size;
    source_add(udp, header, &head->local);
    hops_add(header, head);
    if (t->count > 1) {
        ancillary_add(header, IPPROTO_UDP, UDP_SEGMENT, &segment_size, sizeof(segment_size));
    }
    if (header->msg_controllen == 0) {
        header->msg_control = NULL;
    }
}

static void refusal_count(struct udp_batch *udp, int cause)
{
    if (cause == EMSGSIZE) {
        udp->counters.too_large++;
    } else {
        udp->counters.send_errors++;
    }
}

static void sent_count(struct udp_batch *udp, const struct train *t)
{
    udp->counters.sent_datagrams += t->count;
    udp->counters.sent_bytes += t->size;
}

/* Send a refused train datagram by datagram. Returns how many items were taken. */
static size_t train_send_singly(struct udp_batch *udp, const struct outbox *box,
                                const struct train *t)
{
    udp->counters.gso_fallback_count++;
    for (size_t i = 0; i < t->count; i++) {
        struct message_store store;
        struct msghdr header;
        struct train one = train_at(box, t->first + i, t->first + i + 1, false);
        ssize_t sent;

        message_fill(udp, &header, &store, box, &one);
        do {
            sent = sendmsg(udp->fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
        } while (sent < 0 && errno == EINTR);
        udp->counters.send_calls++;
        if (sent >= 0) {
            sent_count(udp, &one);
        } else if (errno == EAGAIN) {
            return i;
        } else {
            refusal_count(udp, errno);
        }
    }
    return t->count;
}

/* The first message of a call was refused with `cause`. Returns how many of its items are dealt
 * with: fewer than t->count only if the socket's buffer is full. */
static size_t train_refused(struct udp_batch *udp, const struct outbox *box, const struct train *t,
                            int cause)
{
    if (cause == EAGAIN) {
        return 0;
    }
    if (t->count == 1) {
        refusal_count(udp, cause);
        return 1;
    }
    if (cause == EIO) {
        /* The device below cannot compute checksums, so it will never send a train. */
        udp->gso = false;
    }
    return train_send_singly(udp, box, t);
}

/* Cut [first, end) into at most SEND_BATCH trains; returns their number. */
static size_t trains_cut(const struct udp_batch *udp, const struct outbox *box, size_t first,
                         size_t end, struct train *trains)
{
    size_t count = 0;

    while (first < end && count < SEND_BATCH) {
        trains[count] = train_at(box, first, end, udp->gso);
        first += trains[count].count;
        count++;
    }
    return count;
}

/* One sendmmsg from item `first`. Returns how many items were dealt with, 0 if the buffer is full.
 */
static size_t batch_send(struct udp_batch *udp, const struct outbox *box, size_t first, size_t end)
{
    struct train trains[SEND_BATCH];
    struct message_store stores[SEND_BATCH];
    struct mmsghdr messages[SEND_BATCH];
    size_t count = trains_cut(udp, box, first, end, trains);
    size_t taken = 0;
    int sent;

    for (size_t i = 0; i < count; i++) {
        message_fill(udp, &messages[i].msg_hdr, &stores[i], box, &trains[i]);
        messages[i].msg_len = 0;
    }
    do {
        sent = sendmmsg(udp->fd, messages, (unsigned)count, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    udp->counters.send_calls++;
    if (sent < 0) {
        return train_refused(udp, box, &trains[0], errno);
    }
    for (int i = 0; i < sent; i++) {
        sent_count(udp, &trains[i]);
        taken += trains[i].count;
    }
    return taken;
}

size_t udp_batch_send(struct udp_batch *udp, const struct outbox *box, size_t first, size_t count)
{
    size_t at = first;
    size_t end = first + count;

    CHECK(end <= box->items_count);
    while (at < end) {
        size_t taken = batch_send(udp, box, at, end);

        if (taken == 0) {
            break;
        }
        at += taken;
    }
    return at - first;
}
