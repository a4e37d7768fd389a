/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The two forms of a plaintext and the choice between them: the short form where it is able to say
 * everything, else the whole packet.
 */
#include "client/tunnel/strip.h"

#include "client/tunnel/address.h"
#include "client/tunnel/head.h"
#include "client/tunnel/icmp.h"
#include "client/tunnel/segment.h"
#include "proto/base/bytes.h"
#include "proto/net/checksum.h"

#include <string.h>

size_t tunnel_plain_size_max(size_t mtu)
{
    return mtu + PLAIN_HEADER_SIZE_MAX;
}

enum {
    /* The header of IPv4 goes; that of IPv6 makes room for the fixed addresses of both ends. */
    FRAME_MORE_SIZE = PLAIN_HEADER_SIZE + FRAME_OVERHEAD_MAX - IP4_HEADER_SIZE,
};
_Static_assert(PLAIN_HEADER_SIZE_MAX - IP6_HEADER_SIZE <= PLAIN_HEADER_SIZE - IP4_HEADER_SIZE,
               "IPv6 needs no larger frame");

size_t tunnel_frame_size(size_t size)
{
    return size + FRAME_MORE_SIZE;
}

size_t tunnel_packet_size(size_t frame_size)
{
    return frame_size < FRAME_MORE_SIZE ? 0 : frame_size - FRAME_MORE_SIZE;
}

/* Tell whose partial checksum it is. The transport's own stands where the transport has one. Any
 * other lies further in: the kernel leaves it to us when a tunnel runs inside ours (VXLAN, Geneve,
 * GRE, IPIP, L2TP), or it is one of a transport that we do not know (GRE's). Its sum goes from its
 * header to the end of the packet, whatever stands between. False if it cannot be completed: it
 * would be written elsewhere, its sum is spread over fragments, or it is no such sum (SCTP's CRC).
 */
static bool partial_read(struct tunnel_cut *cut)
{
    const struct tunnel_ip *ip = &cut->ip;
    const struct packet *packet = cut->packet;
    struct tunnel_transport transport;

    if (!packet->checksum_partial) {
        return true;
    }
    if (ip->fragment || packet->checksum_start < ip->payload_at ||
        (size_t)packet->checksum_start + packet->checksum_offset + 2 > ip->size) {
        return false;
    }
    if (packet->checksum_start == ip->payload_at &&
        tunnel_transport_of(&transport, ip->v6, ip->protocol)) {
        return packet->checksum_offset == transport.checksum_at;
    }
    cut->inner_partial = true;
    return packet->checksum_start != ip->payload_at || ip->protocol != IP_PROTOCOL_SCTP;
}

/* Complete a checksum further in, in the copy of a packet from offset `from` on. The outer checksum
 * is right already: the kernel computed it as if this one were complete. */
static int partial_complete(const struct tunnel_cut *cut, uint8_t *copy, size_t from)
{
    struct packet part = *cut->packet;

    part.data = copy;
    part.size = cut->ip.size - from;
    part.checksum_start = (uint16_t)(part.checksum_start - from);
    return packet_checksum_complete(&part);
}

/* The checksum of a transport that was copied to `body`: change its field for the wire, and tell in
 * which form it travels. */
static enum plain_checksum plain_checksum(uint8_t *body, const struct tunnel_cut *cut,
                                          const struct tunnel_transport *transport)
{
    const struct tunnel_ip *ip = &cut->ip;
    uint8_t *field = body + transport->checksum_at;
    const uint8_t *addresses = cut->packet->data + ip->source_at;

    if (cut->packet->checksum_partial && !cut->inner_partial) {
        be16_write(field, 0);
        return PLAIN_CHECKSUM_PARTIAL;
    }
    if (ip->protocol == IP_PROTOCOL_UDP && be16_read(field) == 0) {
        return PLAIN_CHECKSUM_NONE;
    }
    if (transport->pseudo) {
        tunnel_checksum_change(
            field, ip->protocol,
            tunnel_pseudo(ip->v6, addresses, ip->protocol, ip->size - ip->payload_at), 0);
    }
    return PLAIN_CHECKSUM_COMPLETE;
}

static int strip_plain(uint8_t *out, size_t capacity, size_t *size, const struct tunnel_pair *pair,
                       struct tunnel_head *head, const struct tunnel_cut *cut)
{
    const struct tunnel_ip *ip = &cut->ip;
    size_t head_size = tunnel_head_size(head);
    size_t body_size = ip->size - ip->payload_at;
    uint8_t *body = out + head_size;
    struct tunnel_transport transport;

    if (!tunnel_transport_of(&transport, ip->v6, ip->protocol) ||
        body_size < transport.header_size) {
        return ERR_DROP;
    }
    if (head_size + body_size > capacity) {
        return ERR_LIMIT;
    }
    memcpy(body, cut->packet->data + ip->payload_at, body_size);
    if (cut->inner_partial && partial_complete(cut, body, ip->payload_at) != ERR_OK) {
        return ERR_DROP;
    }
    if (tunnel_icmp_is_error(ip->v6, ip->protocol, body, body_size)) {
        int rc = tunnel_quote(TUNNEL_QUOTE_STRIP, pair, ip->v6, body, body_size,
                              !cut->packet->checksum_partial || cut->inner_partial);

        if (rc != ERR_OK) {
            return rc;
        }
    }
    head->protocol = ip->protocol;
    head->traffic_class = ip->traffic_class;
    head->hop_limit = ip->hop_limit;
    head->df = ip->df;
    head->checksum = plain_checksum(body, cut, &transport);
    tunnel_head_write(out, head);
    *size = head_size + body_size;
    return ERR_OK;
}

/* Zero the overlay addresses of a whole packet; returns the sum of what was there. */
static uint32_t whole_zero(uint8_t *body, const struct tunnel_ip *ip,
                           const struct tunnel_head *head)
{
    uint32_t sum = 0;

    if (head->source != PLAIN_KIND_REAL) {
        sum = checksum_add(sum, body + ip->source_at, ip->address_size);
        memset(body + ip->source_at, 0, ip->address_size);
    }
    if (head->destination != PLAIN_KIND_REAL) {
        sum = checksum_add(sum, body + ip->destination_at, ip->address_size);
        memset(body + ip->destination_at, 0, ip->address_size);
    }
    return sum;
}

static int strip_whole(uint8_t *out, size_t capacity, size_t *size, const struct tunnel_pair *pair,
                       struct tunnel_head *head, const struct tunnel_cut *cut)
{
    const struct tunnel_ip *ip = &cut->ip;
    size_t head_size = tunnel_head_size(head);
    uint8_t *body = out + head_size;
    size_t transport_size = ip->size - ip->payload_at;

    if (head_size + ip->size > capacity) {
        return ERR_LIMIT;
    }
    memcpy(body, cut->packet->data, ip->size);

    int rc = partial_complete(cut, body, 0);

    if (rc != ERR_OK) {
        return rc;
    }
    uint8_t *transport = body + ip->payload_at;

    if (ip->transport && tunnel_icmp_is_error(ip->v6, ip->protocol, transport, transport_size)) {
        rc = ip->fragment
                 ? ERR_DROP /* the rest of its quote may be in another fragment */
                 : tunnel_quote(TUNNEL_QUOTE_STRIP, pair, ip->v6, transport, transport_size, true);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    uint8_t *field = tunnel_checksum_field(body, ip);
    uint32_t removed = whole_zero(body, ip, head);

    if (field != NULL) {
        tunnel_checksum_change(field, ip->protocol, removed, 0);
    }
    if (!ip->v6) {
        be16_write(body + 10, 0);
    }
    head->protocol = ip->v6 ? PLAIN_PROTOCOL_IP6 : PLAIN_PROTOCOL_IP4;
    head->checksum = field != NULL ? PLAIN_CHECKSUM_COMPLETE : PLAIN_CHECKSUM_NONE;
    tunnel_head_write(out, head);
    *size = head_size + ip->size;
    return ERR_OK;
}

int tunnel_open(struct tunnel_cut *cut, const struct packet *packet)
{
    struct tunnel_ip *ip = &cut->ip;

    cut->drop = TUNNEL_DROP_MALFORMED;
    if (tunnel_ip_parse(ip, packet->data, packet->size, false) != ERR_OK) {
        return ERR_DROP;
    }
    cut->packet = packet;
    cut->inner_partial = false;
    cut->destination.size = (uint8_t)ip->address_size;
    memcpy(cut->destination.ip, packet->data + ip->destination_at, ip->address_size);
    if (packet->gso != PACKET_GSO_NONE) {
        int rc = tunnel_segment_open(cut);

        cut->drop = rc == ERR_OK ? TUNNEL_DROP_FOREIGN : TUNNEL_DROP_OFFLOAD;
        return rc;
    }
    if (!partial_read(cut)) {
        cut->drop = TUNNEL_DROP_OFFLOAD;
        return ERR_DROP;
    }
    if (ip->transport && tunnel_icmp_link_only(ip->v6, ip->protocol, packet->data + ip->payload_at,
                                               ip->size - ip->payload_at)) {
        cut->drop = TUNNEL_DROP_LINK_ONLY;
        return ERR_DROP;
    }
    cut->drop = TUNNEL_DROP_FOREIGN;
    cut->segments_left = 1;
    cut->room = tunnel_plain_size_max(ip->size);
    return ERR_OK;
}

/* The plaintext of a packet that makes one. */
static int single_next(struct tunnel_cut *cut, const struct tunnel_pair *pair, uint8_t *out,
                       size_t capacity, size_t *size)
{
    const struct tunnel_ip *ip = &cut->ip;
    struct tunnel_head head = {0};
    int rc = tunnel_head_addresses(&head, pair, ip, cut->packet->data);

    if (rc != ERR_OK) {
        return rc;
    }
    bool plain = ip->plain && tunnel_protocol_plain(ip->v6, ip->protocol) &&
                 head.source != PLAIN_KIND_REAL && head.destination != PLAIN_KIND_REAL;

    rc = plain ? strip_plain(out, capacity, size, pair, &head, cut)
               : strip_whole(out, capacity, size, pair, &head, cut);
    if (rc == ERR_OK) {
        cut->segments_left = 0;
    }
    return rc;
}

int tunnel_next(struct tunnel_cut *cut, const struct tunnel_pair *pair, uint8_t *out,
                size_t capacity, const uint8_t **plain, size_t *size)
{
    if (cut->segments_left == 0) {
        return ERR_DROP;
    }
    if (cut->packet->gso != PACKET_GSO_NONE) {
        return tunnel_segment_next(cut, pair, capacity, plain, size);
    }
    int rc = single_next(cut, pair, out, capacity, size);

    if (rc == ERR_OK) {
        *plain = out;
    }
    return rc;
}
