/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/tunnel/tunnel_internal.h"

#include "proto/base/bytes.h"

#include <string.h>

enum {
    TCP_FIN_FLAG = 0x01,
    TCP_PSH_FLAG = 0x08,
    TCP_CWR_FLAG = 0x80,
};

/* The IP header of a super-packet whose gso fields are right. */
static bool super_parse(struct tunnel_ip *ip, const struct packet *packet)
{
    if (tunnel_ip_parse(ip, packet->data, packet->size, false) != ERR_OK || !ip->plain ||
        ip->protocol != IP_PROTOCOL_TCP || ip->v6 != (packet->gso == PACKET_GSO_TCP6) ||
        ip->size < ip->payload_at + TCP_HEADER_SIZE) {
        return false;
    }
    size_t tcp_size = (size_t)(packet->data[ip->payload_at + TCP_OFFSET_AT] >> 4) * 4;

    return tcp_size >= TCP_HEADER_SIZE && packet->header_size == ip->payload_at + tcp_size &&
           packet->header_size < ip->size && packet->gso_size > 0;
}

static size_t super_count(const struct tunnel_ip *ip, const struct packet *packet)
{
    return (ip->size - packet->header_size + packet->gso_size - 1) / packet->gso_size;
}

size_t tunnel_segment_count(const struct packet *packet)
{
    struct tunnel_ip ip;

    if (packet->gso == PACKET_GSO_NONE) {
        return 1;
    }
    return super_parse(&ip, packet) ? super_count(&ip, packet) : 0;
}

int tunnel_segment_strip(uint8_t *out, size_t capacity, size_t *size,
                         const struct tunnel_pair *pair, const struct packet *packet,
                         size_t segment)
{
    struct tunnel_head head = {0};
    struct tunnel_ip ip;

    if (!super_parse(&ip, packet) || segment >= super_count(&ip, packet) ||
        tunnel_head_addresses(&head, pair, &ip, packet->data) != ERR_OK ||
        head.source == PLAIN_KIND_REAL || head.destination == PLAIN_KIND_REAL) {
        return ERR_DROP;
    }
    bool last = segment + 1 == super_count(&ip, packet);
    size_t tcp_size = packet->header_size - ip.payload_at;
    size_t part_at = packet->header_size + segment * packet->gso_size;
    size_t part_size = last ? ip.size - part_at : packet->gso_size;
    size_t head_size = tunnel_head_size(&head);
    uint8_t *tcp = out + head_size;

    if (head_size + tcp_size + part_size > capacity) {
        return ERR_LIMIT;
    }
    memcpy(tcp, packet->data + ip.payload_at, tcp_size);
    memcpy(tcp + tcp_size, packet->data + part_at, part_size);
    be32_write(tcp + TCP_SEQUENCE_AT,
               be32_read(tcp + TCP_SEQUENCE_AT) + (uint32_t)(segment * packet->gso_size));
    if (!last) {
        tcp[TCP_FLAGS_AT] &= (uint8_t) ~(TCP_FIN_FLAG | TCP_PSH_FLAG);
    }
    if (segment > 0) {
        tcp[TCP_FLAGS_AT] &= (uint8_t)~TCP_CWR_FLAG;
    }
    /* A super-packet's checksum is always left to whoever cuts it; we leave it to the receiver. */
    be16_write(tcp + TCP_CHECKSUM_AT, 0);

    head.protocol = ip.protocol;
    head.traffic_class = ip.traffic_class;
    head.hop_limit = ip.hop_limit;
    head.df = ip.df;
    head.checksum = PLAIN_CHECKSUM_PARTIAL;
    tunnel_head_write(out, &head);
    *size = head_size + tcp_size + part_size;
    return ERR_OK;
}
