/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Segments are cut off a super-packet in order. Their plaintexts differ in little, so the cut keeps
 * the plaintext's head and the TCP header ready, and each segment changes only sequence and flags.
 */
#include "client/tunnel/segment.h"

#include "client/tunnel/address.h"
#include "client/tunnel/head.h"
#include "proto/base/bytes.h"

#include <string.h>

int tunnel_segment_open(struct tunnel_cut *cut)
{
    const struct packet *packet = cut->packet;
    const struct tunnel_ip *ip = &cut->ip;

    if (!ip->plain || ip->protocol != IP_PROTOCOL_TCP ||
        ip->v6 != (packet->gso == PACKET_GSO_TCP6) || ip->size < ip->payload_at + TCP_HEADER_SIZE) {
        return ERR_DROP;
    }
    size_t tcp_size = (size_t)(packet->data[ip->payload_at + TCP_OFFSET_AT] >> 4) * 4;

    if (tcp_size < TCP_HEADER_SIZE || packet->header_size != ip->payload_at + tcp_size ||
        packet->header_size >= ip->size || packet->gso_size == 0) {
        return ERR_DROP;
    }
    size_t data_size = ip->size - packet->header_size;
    size_t segment_size = data_size < packet->gso_size ? data_size : packet->gso_size;

    cut->segments_left = (data_size + packet->gso_size - 1) / packet->gso_size;
    cut->room = PLAIN_HEADER_SIZE_MAX + tcp_size + segment_size;
    cut->payload_at = packet->header_size;
    cut->prefix_size = 0;
    return ERR_OK;
}

/* Make the head and TCP header of the first segment. ERR_DROP if the packet is not of this pair. */
static int prefix_make(struct tunnel_cut *cut, const struct tunnel_pair *pair)
{
    const struct tunnel_ip *ip = &cut->ip;
    size_t tcp_size = cut->packet->header_size - ip->payload_at;
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
    uint8_t *tcp = cut->prefix + head_size;

    memcpy(tcp, cut->packet->data + ip->payload_at, tcp_size);
    be16_write(tcp + TCP_CHECKSUM_AT, 0);
    cut->prefix_size = head_size + tcp_size;
    return ERR_OK;
}

int tunnel_segment_next(struct tunnel_cut *cut, const struct tunnel_pair *pair, uint8_t *out,
                        size_t capacity, size_t *size)
{
    size_t left = cut->ip.size - cut->payload_at;
    size_t part_size = left < cut->packet->gso_size ? left : cut->packet->gso_size;

    if (cut->prefix_size == 0 && prefix_make(cut, pair) != ERR_OK) {
        return ERR_DROP;
    }
    if (cut->prefix_size + part_size > capacity) {
        return ERR_LIMIT;
    }
    size_t tcp_at = cut->prefix_size - (cut->packet->header_size - cut->ip.payload_at);
    uint8_t *tcp = cut->prefix + tcp_at;

    memcpy(out, cut->prefix, cut->prefix_size);
    memcpy(out + cut->prefix_size, cut->packet->data + cut->payload_at, part_size);
    *size = cut->prefix_size + part_size;
    cut->payload_at += part_size;
    cut->segments_left--;
    if (cut->segments_left > 0) {
        out[tcp_at + TCP_FLAGS_AT] &= (uint8_t) ~(TCP_FIN_FLAG | TCP_PSH_FLAG);
        tcp[TCP_FLAGS_AT] &= (uint8_t)~TCP_CWR_FLAG;
        be32_write(tcp + TCP_SEQUENCE_AT, be32_read(tcp + TCP_SEQUENCE_AT) + (uint32_t)part_size);
    }
    return ERR_OK;
}
