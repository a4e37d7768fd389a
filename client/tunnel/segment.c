/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Segments are cut off a super-packet in order. Their plaintexts differ in little, so the cut keeps
 * the plaintext's head and the transport header ready, and each segment changes only sequence and
 * flags, or the length. They are written right before its payload in the packet itself, so that no
 * payload is copied.
 */
#include "client/tunnel/segment.h"

#include "client/tunnel/address.h"
#include "client/tunnel/head.h"
#include "proto/base/bytes.h"

#include <string.h>

/* The size of the transport header, by the header itself; 0 if it is not of the super-packet's
 * kind.
 */
static size_t transport_size_of(const struct packet *packet, const struct tunnel_ip *ip)
{
    if (packet->gso == PACKET_GSO_UDP) {
        return ip->protocol == IP_PROTOCOL_UDP ? UDP_HEADER_SIZE : 0;
    }
    if (ip->protocol != IP_PROTOCOL_TCP || ip->v6 != (packet->gso == PACKET_GSO_TCP6) ||
        ip->size < ip->payload_at + TCP_HEADER_SIZE) {
        return 0;
    }
    size_t size = (size_t)(packet->data[ip->payload_at + TCP_OFFSET_AT] >> 4) * 4;

    return size < TCP_HEADER_SIZE ? 0 : size;
}

int tunnel_segment_open(struct tunnel_cut *cut)
{
    const struct packet *packet = cut->packet;
    const struct tunnel_ip *ip = &cut->ip;
    size_t transport_size = transport_size_of(packet, ip);

    if (!ip->plain || transport_size == 0 || packet->gso_size == 0 ||
        packet->header_size != ip->payload_at + transport_size || packet->header_size >= ip->size) {
        return ERR_DROP;
    }
    size_t data_size = ip->size - packet->header_size;
    size_t segment_size = data_size < packet->gso_size ? data_size : packet->gso_size;

    cut->segments_left = (data_size + packet->gso_size - 1) / packet->gso_size;
    cut->room = PLAIN_HEADER_SIZE_MAX + transport_size + segment_size;
    cut->payload_at = packet->header_size;
    cut->prefix_size = 0;
    return ERR_OK;
}

/* Make the head and transport header of the first segment. ERR_DROP if the packet is not of this
 * pair. */
static int prefix_make(struct tunnel_cut *cut, const struct tunnel_pair *pair)
{
    const struct tunnel_ip *ip = &cut->ip;
    size_t transport_size = cut->packet->header_size - ip->payload_at;
    bool udp = ip->protocol == IP_PROTOCOL_UDP;
    struct tunnel_head head = {0};

    if (tunnel_head_addresses(&head, pair, ip, cut->packet->data) != ERR_OK ||
        head.source == PLAIN_KIND_REAL || head.destination == PLAIN_KIND_REAL) {
        return ERR_DROP;
    }
    head.protocol = ip->protocol;
    head.traffic_class = ip->traffic_class;
    head.hop_limit = ip->hop_limit;
    head.df = ip->df;
    /* A super-packet comes without the checksums of its segments; we leave them to the receiver. */
    head.checksum = PLAIN_CHECKSUM_PARTIAL;
    tunnel_head_write(cut->prefix, &head);

    size_t head_size = tunnel_head_size(&head);
    uint8_t *transport = cut->prefix + head_size;

    memcpy(transport, cut->packet->data + ip->payload_at, transport_size);
    be16_write(transport + (udp ? UDP_CHECKSUM_AT : TCP_CHECKSUM_AT), 0);
    cut->prefix_size = head_size + transport_size;
    return ERR_OK;
}

/* Make this segment's TCP header of the common one, and the common one that of the next. */
static void tcp_number(uint8_t *tcp, uint8_t *common, size_t part_size, bool last)
{
    if (!last) {
        tcp[TCP_FLAGS_AT] &= (uint8_t) ~(TCP_FIN_FLAG | TCP_PSH_FLAG);
        common[TCP_FLAGS_AT] &= (uint8_t)~TCP_CWR_FLAG;
        be32_write(common + TCP_SEQUENCE_AT,
                   be32_read(common + TCP_SEQUENCE_AT) + u32_of(part_size));
    }
}

int tunnel_segment_next(struct tunnel_cut *cut, const struct tunnel_pair *pair, size_t capacity,
                        const uint8_t **plain, size_t *size)
{
    size_t left = cut->ip.size - cut->payload_at;
    size_t part_size = left < cut->packet->gso_size ? left : cut->packet->gso_size;

    if (cut->prefix_size == 0 && prefix_make(cut, pair) != ERR_OK) {
        return ERR_DROP;
    }
    if (cut->prefix_size + part_size > capacity) {
        return ERR_LIMIT;
    }
    size_t head_size = cut->prefix_size - (cut->packet->header_size - cut->ip.payload_at);
    /* Over what went before: the headers, or payload that was taken. */
    uint8_t *out = cut->packet->data + cut->payload_at - cut->prefix_size;

    memcpy(out, cut->prefix, cut->prefix_size);
    cut->payload_at += part_size;
    cut->segments_left--;
    if (cut->ip.protocol == IP_PROTOCOL_UDP) {
        be16_write(out + head_size + UDP_LENGTH_AT, u16_of(UDP_HEADER_SIZE + part_size));
    } else {
        tcp_number(out + head_size, cut->prefix + head_size, part_size, cut->segments_left == 0);
    }
    *plain = out;
    *size = cut->prefix_size + part_size;
    return ERR_OK;
}
