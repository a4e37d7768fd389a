/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The last packet of the box grows by one payload at a time, and is a complete super-packet after
 * each of them. What may differ from one plaintext to the next is zero in the mask: TCP's sequence
 * and PSH, UDP's length, and a checksum that travels complete.
 */
#include "client/tunnel/train.h"

#include "client/tunnel/head.h"
#include "client/tunnel/rebuild.h"
#include "proto/base/bytes.h"
#include "proto/net/checksum.h"

#include <string.h>

enum {
    WORD_SIZE = sizeof(uint32_t), /* heads and transport headers have a multiple of it */
    UDP_SEGMENTS_MAX = 64,        /* of one packet; the kernel's own GRO joins no more */
};

static bool is_udp(const struct packet_train *train)
{
    return train->prefix[0] == IP_PROTOCOL_UDP;
}

static size_t checksum_at(const struct packet_train *train)
{
    return train->head_size + (is_udp(train) ? UDP_CHECKSUM_AT : TCP_CHECKSUM_AT);
}

static bool is_partial(const struct packet_train *train)
{
    return ((train->prefix[3] >> PLAIN_CHECKSUM_SHIFT) & PLAIN_CHECKSUM_MASK) ==
           PLAIN_CHECKSUM_PARTIAL;
}

/* ---- joining ---- */

static bool prefix_same(const struct packet_train *train, const uint8_t *plain)
{
    uint32_t differs = 0;

    for (size_t at = 0; at < train->prefix_size; at += WORD_SIZE) {
        uint32_t first, next, mask;

        memcpy(&first, train->prefix + at, WORD_SIZE);
        memcpy(&next, plain + at, WORD_SIZE);
        memcpy(&mask, train->mask + at, WORD_SIZE);
        differs |= (first ^ next) & mask;
    }
    return differs == 0;
}

/* What the mask leaves out continues the train. */
static bool continues(const struct packet_train *train, const uint8_t *plain, size_t size)
{
    const uint8_t *transport = plain + train->head_size;

    return is_udp(train) ? be16_read(transport + UDP_LENGTH_AT) == size - train->head_size
                         : be32_read(transport + TCP_SEQUENCE_AT) == train->sequence;
}

static uint32_t target_pseudo(const struct packet *target)
{
    bool v6 = target->data[0] >> 4 == 6;
    size_t at = v6 ? IP6_HEADER_SIZE : IP4_HEADER_SIZE;

    return tunnel_pseudo(v6, target->data + (v6 ? 8 : 12), target->data[v6 ? 6 : 9],
                         target->size - at);
}

/* The kernel computes the checksums of joined segments anew, so one with a wrong checksum must not
 * join: it would become right. A complete one travels without the pseudo-header. */
static bool checksums_right(struct packet_train *train, const struct packet *target,
                            const uint8_t *plain, size_t size)
{
    size_t at = target->data[0] >> 4 == 6 ? IP6_HEADER_SIZE : IP4_HEADER_SIZE;

    if (is_partial(train)) {
        return true;
    }
    if (!train->right && checksum_finish(checksum_add(target_pseudo(target), target->data + at,
                                                      target->size - at)) != 0) {
        train->open = false;
        return false;
    }
    train->right = true;
    return checksum_finish(checksum_add(0, plain + train->head_size, size - train->head_size)) == 0;
}

static bool has_room(const struct packet_train *train, const struct packet *target, size_t added)
{
    /* A packet that is not a super-packet yet has one segment, whatever its headers take. */
    size_t taken = target->gso == PACKET_GSO_NONE ? 0 : target->size - target->header_size;

    return target->size + added <= PACKET_SIZE_MAX &&
           (!is_udp(train) || taken < UDP_SEGMENTS_MAX * train->segment_size);
}

static bool may_join(struct packet_train *train, const struct packet_box *box, uint64_t source,
                     const uint8_t *plain, size_t size)
{
    if (!train->open || train->box != box || train->box_changes != box->changes ||
        train->source != source || size <= train->prefix_size ||
        size - train->prefix_size > train->segment_size) {
        return false;
    }
    const struct packet *target = &box->items[box->items_count - 1];

    return has_room(train, target, size - train->prefix_size) && prefix_same(train, plain) &&
           continues(train, plain, size) && checksums_right(train, target, plain, size);
}

/* The packet becomes a super-packet of one segment, to which others are added. */
static void super_begin(const struct packet_train *train, struct packet *target)
{
    bool v6 = target->data[0] >> 4 == 6;
    size_t at = v6 ? IP6_HEADER_SIZE : IP4_HEADER_SIZE;

    target->gso = is_udp(train) ? PACKET_GSO_UDP : v6 ? PACKET_GSO_TCP6 : PACKET_GSO_TCP4;
    target->gso_size = u16_of(train->segment_size);
    target->header_size = u16_of(at + train->prefix_size - train->head_size);
    target->checksum_partial = true;
    target->checksum_start = u16_of(at);
    target->checksum_offset = is_udp(train) ? UDP_CHECKSUM_AT : TCP_CHECKSUM_AT;
    be16_write(target->data + at + target->checksum_offset, checksum_fold(target_pseudo(target)));
}

/* Make the lengths in the headers those of the packet, which grew by `added` bytes. Of what the
 * checksums cover, only they have changed. */
static void lengths_write(const struct packet_train *train, struct packet *target, size_t added)
{
    uint8_t *data = target->data;
    uint8_t *transport = data + target->checksum_start;
    uint8_t *field = transport + target->checksum_offset;

    be16_write(field, checksum_fold(be16_read(field) + u32_of(added)));
    if (is_udp(train)) {
        be16_write(transport + UDP_LENGTH_AT, u16_of(target->size - target->checksum_start));
    }
    if (data[0] >> 4 == 6) {
        be16_write(data + 4, u16_of(target->size - IP6_HEADER_SIZE));
    } else {
        be16_write(data + 2, u16_of(target->size));
        be16_write(data + 10, checksum_update(be16_read(data + 10), 0, u32_of(added)));
    }
}

static void join(struct packet_train *train, struct packet_box *box, const uint8_t *plain,
                 size_t size)
{
    struct packet *target = &box->items[box->items_count - 1];
    size_t added = size - train->prefix_size;
    uint8_t flags = is_udp(train) ? 0 : plain[train->head_size + TCP_FLAGS_AT];

    if (target->gso == PACKET_GSO_NONE) {
        super_begin(train, target);
    }
    memmove(target->data + target->size, plain + train->prefix_size, added);
    target->size += added;
    box->bytes_used += added;
    lengths_write(train, target, added);
    if (!is_udp(train)) {
        target->data[target->checksum_start + TCP_FLAGS_AT] |= flags;
    }
    train->sequence += u32_of(added);
    train->open = added == train->segment_size && (flags & TCP_PSH_FLAG) == 0;
}

/* ---- the first one ---- */

/* The size of the transport header, if a packet with it may grow; else 0. */
static size_t transport_size_of(const struct packet_train *train, uint8_t protocol,
                                const uint8_t *transport, size_t size)
{
    size_t header_size;

    if (protocol == IP_PROTOCOL_UDP && train->offload.udp) {
        return size > UDP_HEADER_SIZE && be16_read(transport + UDP_LENGTH_AT) == size
                   ? UDP_HEADER_SIZE
                   : 0;
    }
    if (protocol != IP_PROTOCOL_TCP || size < TCP_HEADER_SIZE ||
        (transport[TCP_OFFSET_AT] & 0x0f) != 0 || transport[TCP_FLAGS_AT] != TCP_ACK_FLAG) {
        return 0;
    }
    header_size = (size_t)(transport[TCP_OFFSET_AT] >> 4) * 4;
    return header_size >= TCP_HEADER_SIZE && header_size < size ? header_size : 0;
}

/* Remember the beginning of a plaintext, if its packet may grow. */
static void prefix_take(struct packet_train *train, const uint8_t *plain, size_t size)
{
    struct rbuf r = rbuf_over(plain, size);
    struct tunnel_head head;

    train->open = false;
    if (tunnel_head_read(&head, &r) != ERR_OK || (!head.v6 && !head.df) ||
        head.checksum == PLAIN_CHECKSUM_NONE) {
        return;
    }
    size_t transport_size = transport_size_of(train, head.protocol, r.at, rbuf_left(&r));

    if (transport_size == 0) {
        return;
    }
    train->head_size = size - rbuf_left(&r);
    train->prefix_size = train->head_size + transport_size;
    train->segment_size = size - train->prefix_size;
    train->sequence = be32_read(r.at + TCP_SEQUENCE_AT) + u32_of(train->segment_size); /* TCP's */
    memcpy(train->prefix, plain, train->prefix_size);
    train->open = true;
}

static void mask_make(struct packet_train *train)
{
    uint8_t *transport = train->mask + train->head_size;

    memset(train->mask, 0xff, train->prefix_size);
    if (is_udp(train)) {
        be16_write(transport + UDP_LENGTH_AT, 0);
    } else {
        be32_write(transport + TCP_SEQUENCE_AT, 0);
        transport[TCP_FLAGS_AT] = (uint8_t)~TCP_PSH_FLAG;
    }
    if (!is_partial(train)) {
        be16_write(train->mask + checksum_at(train), 0);
    }
}

int train_put(struct packet_train *train, struct packet_box *box, const struct tunnel_pair *pair,
              uint64_t source, uint8_t *plain, size_t size, size_t *packet_size)
{
    struct packet packet;

    if (may_join(train, box, source, plain, size)) {
        const struct packet *target = &box->items[box->items_count - 1];

        join(train, box, plain, size);
        *packet_size = target->checksum_start + size - train->head_size;
        return ERR_OK;
    }
    train->open = false;
    if (train->offload.tcp) {
        prefix_take(train, plain, size);
    }
    int rc = tunnel_rebuild(&packet, pair, plain, size, &train->next_id);

    if (rc == ERR_OK && !train->offload.tcp) {
        rc = packet_checksum_complete(&packet);
    }
    if (rc != ERR_OK) {
        train->open = false;
        return rc;
    }
    packet_box_commit(box, &packet);
    if (train->open) {
        mask_make(train);
        train->right = false;
        train->source = source;
        train->box = box;
        train->box_changes = box->changes;
    }
    *packet_size = packet.size;
    return ERR_OK;
}
