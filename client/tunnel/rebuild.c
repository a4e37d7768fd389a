/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * In the short form an IP header is written right before the transport, over the plaintext's head
 * and the room before it. A whole packet gets its addresses back where it lies. What strip.c never
 * makes is refused.
 */
#include "client/tunnel/rebuild.h"

#include "client/tunnel/address.h"
#include "client/tunnel/head.h"
#include "client/tunnel/icmp.h"
#include "proto/base/bytes.h"
#include "proto/net/checksum.h"

#include <string.h>

static void header4_write(uint8_t *at, const struct tunnel_head *head, size_t total, uint16_t id)
{
    at[0] = 0x45;
    at[1] = head->traffic_class;
    be16_write(at + 2, u16_of(total));
    be16_write(at + 4, id);
    be16_write(at + 6, head->df ? IP4_DF_FLAG : 0);
    at[8] = head->hop_limit;
    at[9] = head->protocol;
    be16_write(at + 10, 0);
    be16_write(at + 10, checksum_finish(checksum_add(0, at, IP4_HEADER_SIZE)));
}

static void header6_write(uint8_t *at, const struct tunnel_head *head, size_t body_size)
{
    be32_write(at, 0x60000000U | ((uint32_t)head->traffic_class << 20));
    be16_write(at + 4, u16_of(body_size));
    at[6] = head->protocol;
    at[7] = head->hop_limit;
}

/* Give the transport's checksum the pseudo-header of our addresses. */
static int plain_checksum(struct packet *out, const struct tunnel_head *head,
                          const struct tunnel_transport *transport, uint32_t pseudo, uint8_t *body)
{
    uint8_t *field = body + transport->checksum_at;

    switch (head->checksum) {
    case PLAIN_CHECKSUM_COMPLETE:
        if (transport->pseudo) {
            uint16_t checksum = checksum_update(be16_read(field), 0, pseudo);
            bool udp_zero = head->protocol == IP_PROTOCOL_UDP && checksum == 0;

            be16_write(field, udp_zero ? 0xffff : checksum);
        }
        return ERR_OK;
    case PLAIN_CHECKSUM_NONE:
        return head->protocol == IP_PROTOCOL_UDP && be16_read(field) == 0 ? ERR_OK : ERR_DROP;
    case PLAIN_CHECKSUM_PARTIAL:
        if (be16_read(field) != 0) {
            return ERR_DROP;
        }
        be16_write(field, checksum_fold(pseudo));
        out->checksum_partial = true;
        out->checksum_start = head->v6 ? IP6_HEADER_SIZE : IP4_HEADER_SIZE;
        out->checksum_offset = u16_of(transport->checksum_at);
        return ERR_OK;
    }
    return ERR_DROP;
}

static int rebuild_plain(struct packet *out, const struct tunnel_pair *pair,
                         const struct tunnel_head *head, uint8_t *body, size_t body_size,
                         uint16_t *next_id)
{
    size_t header_size = head->v6 ? IP6_HEADER_SIZE : IP4_HEADER_SIZE;
    uint8_t *at = body - header_size;
    uint8_t *source = at + (head->v6 ? 8 : 12);
    uint8_t *destination = at + (head->v6 ? 24 : 16);
    struct tunnel_transport transport;
    struct packet packet = {.data = at, .size = header_size + body_size};

    if (!tunnel_protocol_plain(head->v6, head->protocol) ||
        !tunnel_transport_of(&transport, head->v6, head->protocol) ||
        body_size < transport.header_size || packet.size > PACKET_SIZE_MAX ||
        tunnel_icmp_link_only(head->v6, head->protocol, body, body_size)) {
        return ERR_DROP;
    }
    /* `head` holds the middle bits, so the header may be written over those of the plaintext. */
    if (!tunnel_address_of(&pair->peer, head->v6, head->source, head->source_middle, source) ||
        !tunnel_address_of(&pair->own, head->v6, head->destination, head->destination_middle,
                           destination)) {
        return ERR_DROP;
    }
    if (tunnel_icmp_is_error(head->v6, head->protocol, body, body_size) &&
        tunnel_quote(TUNNEL_QUOTE_REBUILD, pair, head->v6, body, body_size,
                     head->checksum == PLAIN_CHECKSUM_COMPLETE) != ERR_OK) {
        return ERR_DROP;
    }
    uint32_t pseudo = tunnel_pseudo(head->v6, source, head->protocol, body_size);
    int rc = plain_checksum(&packet, head, &transport, pseudo, body);

    if (rc != ERR_OK) {
        return rc;
    }
    if (head->v6) {
        header6_write(at, head, body_size);
    } else {
        /* Atomic datagrams need no identification (RFC 6864). */
        header4_write(at, head, packet.size, head->df ? 0 : *next_id);
        *next_id = (uint16_t)(*next_id + (head->df ? 0 : 1));
    }
    *out = packet;
    return ERR_OK;
}

/* Put one address into a whole packet and add it to the sum *added; or check the real address that
 * is there. */
static int whole_address(uint8_t *ip, const struct tunnel_pair *pair, bool source,
                         const struct tunnel_head *head, uint32_t *added)
{
    const struct tunnel_host *host = source ? &pair->peer : &pair->own;
    enum plain_kind kind = source ? head->source : head->destination;
    const uint8_t *middle = source ? head->source_middle : head->destination_middle;

    if (kind == PLAIN_KIND_REAL) {
        enum tunnel_real_use use =
            source ? TUNNEL_REAL_RECEIVED_SOURCE : TUNNEL_REAL_RECEIVED_DESTINATION;

        return tunnel_real_allowed(pair, host, use, head->v6, ip) ? ERR_OK : ERR_DROP;
    }
    if (!tunnel_address_of(host, head->v6, kind, middle, ip)) {
        return ERR_DROP;
    }
    *added = checksum_add(*added, ip, head->v6 ? 16 : 4);
    return ERR_OK;
}

/* Add the addresses to the checksum inside a whole packet. `form` must say whether there is one. */
static int whole_checksum(uint8_t *body, const struct tunnel_ip *ip, enum plain_checksum form,
                          uint32_t added)
{
    uint8_t *field = tunnel_checksum_field(body, ip);

    if (form != (field != NULL ? PLAIN_CHECKSUM_COMPLETE : PLAIN_CHECKSUM_NONE)) {
        return ERR_DROP;
    }
    if (field != NULL) {
        tunnel_checksum_change(field, ip->protocol, 0, added);
    }
    return ERR_OK;
}

static int rebuild_whole(struct packet *out, const struct tunnel_pair *pair,
                         const struct tunnel_head *head, uint8_t *body, size_t body_size)
{
    struct tunnel_ip ip;
    uint32_t added = 0;

    if (head->v6 != (head->protocol == PLAIN_PROTOCOL_IP6) || head->traffic_class != 0 ||
        head->hop_limit != 0 || head->df ||
        tunnel_ip_parse(&ip, body, body_size, false) != ERR_OK || ip.v6 != head->v6 ||
        ip.size != body_size || body_size > PACKET_SIZE_MAX) {
        return ERR_DROP;
    }
    uint8_t *transport = body + ip.payload_at;
    size_t transport_size = ip.size - ip.payload_at;

    if (ip.transport && tunnel_icmp_link_only(ip.v6, ip.protocol, transport, transport_size)) {
        return ERR_DROP;
    }
    if (whole_address(body + ip.source_at, pair, true, head, &added) != ERR_OK ||
        whole_address(body + ip.destination_at, pair, false, head, &added) != ERR_OK) {
        return ERR_DROP;
    }
    if (ip.transport && tunnel_icmp_is_error(ip.v6, ip.protocol, transport, transport_size) &&
        (ip.fragment || tunnel_quote(TUNNEL_QUOTE_REBUILD, pair, ip.v6, transport, transport_size,
                                     true) != ERR_OK)) {
        return ERR_DROP;
    }
    int rc = whole_checksum(body, &ip, head->checksum, added);

    if (rc != ERR_OK) {
        return rc;
    }
    if (!ip.v6) {
        be16_write(body + 10, 0);
        be16_write(body + 10, checksum_finish(checksum_add(0, body, ip.payload_at)));
    }
    *out = (struct packet){.data = body, .size = body_size};
    return ERR_OK;
}

int tunnel_rebuild(struct packet *out, const struct tunnel_pair *pair, uint8_t *plain, size_t size,
                   uint16_t *next_id)
{
    struct rbuf r = rbuf_over(plain, size);
    struct tunnel_head head;
    int rc = tunnel_head_read(&head, &r);

    if (rc != ERR_OK) {
        return rc;
    }
    uint8_t *body = plain + tunnel_head_size(&head);
    size_t body_size = rbuf_left(&r);

    if (head.protocol == PLAIN_PROTOCOL_IP4 || head.protocol == PLAIN_PROTOCOL_IP6) {
        return rebuild_whole(out, pair, &head, body, body_size);
    }
    if (head.source == PLAIN_KIND_REAL || head.destination == PLAIN_KIND_REAL) {
        return ERR_DROP;
    }
    return rebuild_plain(out, pair, &head, body, body_size, next_id);
}
