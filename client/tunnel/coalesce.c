/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The last packet of the box grows by one segment at a time, and is a complete super-packet after
 * each of them.
 */
#include "client/tunnel/coalesce.h"

#include "client/tunnel/parse.h"
#include "client/tunnel/transport.h"
#include "proto/base/bytes.h"
#include "proto/net/checksum.h"

#include <string.h>

/* A TCP packet that may take part in a super-packet, or is one. */
struct flow_part {
    struct tunnel_ip ip;
    size_t header_size; /* IP and TCP */
    size_t payload_size;
    uint32_t sequence;
    uint8_t flags;
};

/* Only segments of plain data may join: flags ACK, or ACK and PSH. All others (SYN, FIN, RST, URG,
 * ECN's flags) stay alone. IPv4 needs DF, because otherwise its identification means something. */
static bool part_read(struct flow_part *part, const struct packet *packet)
{
    if (tunnel_ip_parse(&part->ip, packet->data, packet->size, false) != ERR_OK ||
        !part->ip.plain || part->ip.protocol != IP_PROTOCOL_TCP || part->ip.size != packet->size ||
        (!part->ip.v6 && !part->ip.df) || part->ip.size < part->ip.payload_at + TCP_HEADER_SIZE) {
        return false;
    }
    const uint8_t *tcp = packet->data + part->ip.payload_at;
    size_t tcp_size = (size_t)(tcp[TCP_OFFSET_AT] >> 4) * 4;

    part->header_size = part->ip.payload_at + tcp_size;
    part->sequence = be32_read(tcp + TCP_SEQUENCE_AT);
    part->flags = tcp[TCP_FLAGS_AT];
    if (tcp_size < TCP_HEADER_SIZE || part->header_size >= packet->size ||
        (tcp[TCP_OFFSET_AT] & 0x0f) != 0 || (part->flags & ~TCP_PSH_FLAG) != TCP_ACK_FLAG) {
        return false;
    }
    part->payload_size = packet->size - part->header_size;
    return true;
}

static uint32_t part_pseudo(const struct flow_part *part, const uint8_t *data, size_t total)
{
    return tunnel_pseudo(part->ip.v6, data + part->ip.source_at, IP_PROTOCOL_TCP,
                         total - part->ip.payload_at);
}

/* The kernel computes the checksums of joined segments anew, so a segment with a wrong one must not
 * join: it would become right. A partial one is ours (rebuild.c), and right. */
static bool part_checksum_right(const struct flow_part *part, const struct packet *packet)
{
    const uint8_t *tcp = packet->data + part->ip.payload_at;

    if (packet->checksum_partial) {
        return packet->checksum_start == part->ip.payload_at &&
               packet->checksum_offset == TCP_CHECKSUM_AT;
    }
    uint32_t sum = part_pseudo(part, packet->data, packet->size);

    return checksum_finish(checksum_add(sum, tcp, packet->size - part->ip.payload_at)) == 0;
}

/* True if nothing in the headers differs but lengths, sequence, PSH and checksums. */
static bool headers_same(const struct flow_part *a, const uint8_t *left, const struct flow_part *b,
                         const uint8_t *right)
{
    const uint8_t *tcp_left = left + a->ip.payload_at;
    const uint8_t *tcp_right = right + b->ip.payload_at;

    if (a->ip.v6 != b->ip.v6 || a->header_size != b->header_size ||
        a->ip.traffic_class != b->ip.traffic_class || a->ip.hop_limit != b->ip.hop_limit ||
        memcmp(left + a->ip.source_at, right + b->ip.source_at, 2 * a->ip.address_size) != 0) {
        return false;
    }
    if (a->ip.v6 ? memcmp(left, right, 4) != 0 : memcmp(left + 4, right + 4, 4) != 0) {
        return false; /* flow label; identification and DF */
    }
    /* Ports; acknowledgement and data offset; window; urgent pointer and options. */
    return memcmp(tcp_left, tcp_right, 4) == 0 && memcmp(tcp_left + 8, tcp_right + 8, 5) == 0 &&
           memcmp(tcp_left + 14, tcp_right + 14, 2) == 0 &&
           memcmp(tcp_left + 18, tcp_right + 18, a->header_size - a->ip.payload_at - 18) == 0;
}

static bool may_join(const struct flow_part *last, const struct packet *target,
                     const struct flow_part *next, const struct packet *packet)
{
    size_t segment = target->gso != PACKET_GSO_NONE ? target->gso_size : last->payload_size;

    return (last->flags & TCP_PSH_FLAG) == 0 && last->payload_size % segment == 0 &&
           next->payload_size <= segment && target->size + next->payload_size <= PACKET_SIZE_MAX &&
           next->sequence == last->sequence + (uint32_t)last->payload_size &&
           headers_same(last, target->data, next, packet->data);
}

static void join(struct packet *target, const struct flow_part *last, const struct packet *packet,
                 const struct flow_part *next)
{
    uint8_t *data = target->data;
    uint8_t *tcp = data + last->ip.payload_at;

    if (target->gso == PACKET_GSO_NONE) {
        target->gso = last->ip.v6 ? PACKET_GSO_TCP6 : PACKET_GSO_TCP4;
        target->gso_size = u16_of(last->payload_size);
        target->header_size = u16_of(last->header_size);
        target->checksum_partial = true;
        target->checksum_start = u16_of(last->ip.payload_at);
        target->checksum_offset = TCP_CHECKSUM_AT;
        be16_write(tcp + TCP_CHECKSUM_AT, checksum_fold(part_pseudo(last, data, target->size)));
    }
    memmove(data + target->size, packet->data + next->header_size, next->payload_size);
    target->size += next->payload_size;
    tcp[TCP_FLAGS_AT] = (uint8_t)(last->flags | next->flags);
    /* Of what the checksums cover, only the length has changed. */
    be16_write(tcp + TCP_CHECKSUM_AT,
               checksum_fold(be16_read(tcp + TCP_CHECKSUM_AT) + u32_of(next->payload_size)));
    if (last->ip.v6) {
        be16_write(data + 4, u16_of(target->size - IP6_HEADER_SIZE));
    } else {
        be16_write(data + 2, u16_of(target->size));
        be16_write(data + 10, checksum_update(be16_read(data + 10), 0, u32_of(next->payload_size)));
    }
}

bool coalesce_commit(struct packet_box *box, const struct packet *packet)
{
    struct flow_part last;
    struct flow_part next;

    if (box->items_count > 0 && packet->gso == PACKET_GSO_NONE && part_read(&next, packet)) {
        struct packet *target = &box->items[box->items_count - 1];

        /* The payload goes right behind the target, so nothing else may be there. */
        if (target->data + target->size == box->bytes + box->bytes_used &&
            part_read(&last, target) && may_join(&last, target, &next, packet) &&
            part_checksum_right(&last, target) && part_checksum_right(&next, packet)) {
            join(target, &last, packet, &next);
            box->bytes_used = (size_t)(target->data + target->size - box->bytes);
            return true;
        }
    }
    packet_box_commit(box, packet);
    return false;
}
