/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sending; datagrams of equal size to one address go as one train. */
#include "proto/host/udp_send.h"

#include "proto/base/bytes.h"
#include "proto/host/socket_name.h"
#include "proto/host/udp_batch_internal.h"
#include "proto/host/udp_limit.h"

#include <errno.h>
#include <netinet/ip.h>
#include <string.h>

enum { SEND_BATCH = 64 /* messages per sendmmsg, and trains that may be joined to these */ };

/* One outgoing message: one datagram or one train, in one or several parts, each of whole
 * datagrams. */
struct message {
    const struct endpoint *local, *remote;
    const struct iovec *parts;
    size_t parts_count;
    size_t segment_size, size, count;
    uint8_t hops;
};

/* The longest train of at most `most` bytes that begins at item `first`: same endpoints, sizes and
 * hops, back to back, where only the last may be shorter. */
static struct message message_at(const struct outbox *box, size_t first, size_t end, size_t most,
                                 struct iovec *part)
{
    const struct outbox_item *head = &box->items[first];
    struct message m = {.local = &head->local,
                        .remote = &head->remote,
                        .parts = part,
                        .parts_count = 1,
                        .segment_size = head->size,
                        .size = head->size,
                        .count = 1,
                        .hops = head->hops};

    while (most > 0 && head->size > 0 && first + m.count < end && m.count < DGRAM_TRAIN_MAX) {
        const struct outbox_item *next = &box->items[first + m.count];

        if (next->size == 0 || next->size > m.segment_size || m.size + next->size > most ||
            next->offset != head->offset + m.size || next->hops != head->hops ||
            !endpoint_equal(&next->local, &head->local) ||
            !endpoint_equal(&next->remote, &head->remote)) {
            break;
        }
        m.size += next->size;
        m.count++;
        if (next->size < m.segment_size) {
            break;
        }
    }
    *part = (struct iovec){.iov_base = box->bytes + head->offset, .iov_len = m.size};
    return m;
}

/* True if a train can go behind what is in a message: it then is one longer train. */
static bool is_joined(const struct message *m, const struct dgram_train *train)
{
    size_t count = dgram_train_count(train);
    bool fits = train->segment_size == m->segment_size ||
                (count == 1 && train->size > 0 && train->size < m->segment_size);

    return fits && m->size > 0 && m->size % m->segment_size == 0 &&
           m->count + count <= DGRAM_TRAIN_MAX && m->size + train->size <= DGRAM_TRAIN_SIZE_MAX &&
           endpoint_equal(&train->remote, m->remote) && endpoint_equal(&train->local, m->local);
}

/* The longest message from the first of these trains on: those that came one by one leave together.
 * Writes as many parts as it returns trains. */
static size_t message_of(const struct dgram_train *trains, size_t count, bool gso,
                         struct message *out, struct iovec *parts)
{
    size_t joined = 0;

    *out = (struct message){.local = &trains->local,
                            .remote = &trains->remote,
                            .parts = parts,
                            .segment_size = trains->segment_size};
    do {
        const struct dgram_train *next = &trains[joined];

        parts[joined] = (struct iovec){.iov_base = next->data, .iov_len = next->size};
        out->size += next->size;
        out->count += dgram_train_count(next);
        joined++;
    } while (gso && joined < count && is_joined(out, &trains[joined]));
    out->parts_count = joined;
    CHECK(out->count <= DGRAM_TRAIN_MAX && (out->count == 1 || out->size <= DGRAM_TRAIN_SIZE_MAX));
    return joined;
}

static void ancillary_add(struct msghdr *header, int level, int type, const void *data, size_t size)
{
    struct cmsghdr *c =
        (struct cmsghdr *)(void *)((uint8_t *)header->msg_control + header->msg_controllen);

    CHECK(header->msg_controllen + CMSG_SPACE(size) <= UDP_ANCILLARY_SIZE);
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
    if (udp_ip_is_zero(local->ip) || (udp->family == AF_INET && !endpoint_is_v4(local))) {
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
static void hops_add(struct msghdr *header, const struct message *m)
{
    int ttl = m->hops;

    if (m->hops != 0 && endpoint_is_v4(m->remote)) {
        ancillary_add(header, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
    }
}

static void header_fill(const struct udp_batch *udp, struct msghdr *header,
                        struct udp_message_store *store, const struct message *m)
{
    uint16_t segment_size = u16_of(m->segment_size);

    *header = (struct msghdr){.msg_name = &store->name,
                              .msg_iov = (struct iovec *)(uintptr_t)m->parts, /* it only reads */
                              .msg_iovlen = m->parts_count,
                              .msg_control = store->ancillary};
    header->msg_namelen = socket_name_of(&store->name, m->remote, udp->family);
    source_add(udp, header, m->local);
    hops_add(header, m);
    if (m->count > 1) {
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

static void sent_count(struct udp_batch *udp, const struct message *m)
{
    udp->counters.sent_datagrams += m->count;
    udp->counters.sent_bytes += m->size;
}

/* Send one datagram of a train alone. False if the buffer is full. */
static bool send_one(struct udp_batch *udp, const struct message *m, uint8_t *data, size_t size)
{
    const struct iovec part = {.iov_base = data, .iov_len = size};
    struct udp_message_store store;
    struct msghdr header;
    struct message one = *m;
    ssize_t sent;

    one.parts = &part;
    one.parts_count = 1;
    one.size = size;
    one.count = 1;
    header_fill(udp, &header, &store, &one);
    do {
        sent = sendmsg(udp->fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    udp->counters.send_calls++;
    if (sent >= 0) {
        sent_count(udp, &one);
    } else if (errno == EAGAIN) {
        return false;
    } else {
        refusal_count(udp, errno);
    }
    return true;
}

/* Send a refused train datagram by datagram. Returns how many were taken. */
static size_t send_singly(struct udp_batch *udp, const struct message *m)
{
    size_t taken = 0;

    udp->counters.gso_fallback_count++;
    for (size_t i = 0; i < m->parts_count; i++) {
        const struct iovec *part = &m->parts[i];

        for (size_t at = 0; at < part->iov_len; at += m->segment_size) {
            size_t left = part->iov_len - at;
            size_t size = left < m->segment_size ? left : m->segment_size;

            if (!send_one(udp, m, (uint8_t *)part->iov_base + at, size)) {
                return taken;
            }
            taken++;
        }
    }
    return taken;
}

/* The first message of a call was refused with `cause`. Returns how many of its datagrams are dealt
 * with: fewer than m->count only if the socket's buffer is full. */
static size_t message_refused(struct udp_batch *udp, const struct message *m, int cause)
{
    if (cause == EAGAIN) {
        return 0;
    }
    if (m->count == 1) {
        refusal_count(udp, cause);
        return 1;
    }
    if (cause == EIO) {
        /* The device below cannot compute checksums, so it will never send a train. */
        udp->gso = false;
    }
    return send_singly(udp, m);
}

/* One sendmmsg. Returns how many datagrams were dealt with, 0 if the buffer is full. */
static size_t messages_send(struct udp_batch *udp, const struct message *list, size_t count)
{
    struct udp_message_store stores[SEND_BATCH];
    struct mmsghdr messages[SEND_BATCH];
    size_t taken = 0;
    int sent;

    for (size_t i = 0; i < count; i++) {
        header_fill(udp, &messages[i].msg_hdr, &stores[i], &list[i]);
        messages[i].msg_len = 0;
    }
    do {
        sent = sendmmsg(udp->fd, messages, (unsigned)count, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    udp->counters.send_calls++;
    if (sent < 0) {
        return message_refused(udp, &list[0], errno);
    }
    for (int i = 0; i < sent; i++) {
        sent_count(udp, &list[i]);
        taken += list[i].count;
    }
    return taken;
}

size_t udp_batch_send(struct udp_batch *udp, const struct outbox *box, size_t first, size_t count)
{
    size_t at = first;
    size_t end = first + count;
    size_t train_max = udp->prompt ? udp_limit_before(udp) : DGRAM_TRAIN_SIZE_MAX;
    uint64_t sent_bytes = udp->counters.sent_bytes;

    CHECK(end <= box->items_count);
    while (at < end) {
        struct message list[SEND_BATCH];
        struct iovec parts[SEND_BATCH];
        size_t listed = 0, taken;

        for (size_t next = at; next < end && listed < SEND_BATCH; listed++) {
            list[listed] = message_at(box, next, end, udp->gso ? train_max : 0, &parts[listed]);
            next += list[listed].count;
        }
        taken = messages_send(udp, list, listed);
        if (taken == 0) {
            break;
        }
        at += taken;
    }
    if (udp->prompt) {
        udp_limit_after(udp, (size_t)(udp->counters.sent_bytes - sent_bytes), at < end);
    }
    return at - first;
}

/* Cut so many datagrams off; true if nothing is left. */
static bool train_cut(struct dgram_train *train, size_t datagrams)
{
    size_t size = datagrams * train->segment_size;

    if (size >= train->size) {
        return true;
    }
    train->data += size;
    train->size -= size;
    return false;
}

/* The trains from here on that go in one call. Returns how many datagrams were dealt with. */
static size_t trains_send(struct udp_batch *udp, const struct dgram_train *trains, size_t count)
{
    struct message list[SEND_BATCH];
    struct iovec parts[SEND_BATCH];
    size_t listed = 0, used = 0;

    count = count < SEND_BATCH ? count : SEND_BATCH;
    while (used < count) {
        used += message_of(&trains[used], count - used, udp->gso, &list[listed], &parts[used]);
        if (list[listed].count > 1 && !udp->gso) {
            break;
        }
        listed++;
    }
    return listed > 0 ? messages_send(udp, list, listed) : send_singly(udp, &list[0]);
}

size_t udp_batch_send_trains(struct udp_batch *udp, struct dgram_train *trains, size_t count)
{
    size_t at = 0;

    while (at < count) {
        size_t taken = trains_send(udp, &trains[at], count - at);

        if (taken == 0) {
            break;
        }
        while (taken > 0) {
            size_t of_this = dgram_train_count(&trains[at]);

            if (!train_cut(&trains[at], taken)) {
                return at;
            }
            taken -= of_this;
            at++;
        }
    }
    return at;
}
