/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An error quotes the packet that it is about, with that packet's addresses and checksums. They are
 * changed as those of a packet that travels the other way, and the error's own checksum, which
 * covers the quote, follows.
 */
#include "client/tunnel/icmp.h"

#include "client/tunnel/address.h"
#include "proto/base/bytes.h"
#include "proto/net/checksum.h"

#include <string.h>

enum {
    ICMP4_UNREACHABLE = 3,
    ICMP4_SOURCE_QUENCH = 4,
    ICMP4_REDIRECT = 5,
    ICMP4_ROUTER_ADVERTISEMENT = 9,
    ICMP4_ROUTER_SOLICITATION = 10,
    ICMP4_TIME_EXCEEDED = 11,
    ICMP4_PARAMETER_PROBLEM = 12,
    ICMP6_UNREACHABLE = 1,
    ICMP6_TOO_BIG = 2,
    ICMP6_INFORMATIONAL = 128,      /* this and above are not errors */
    ICMP6_LISTENER_QUERY = 130,     /* 130 to 132: multicast listeners, */
    ICMP6_REDIRECT = 137,           /* 133 to 137: neighbour and router discovery */
    ICMP6_LISTENER_REPORT_V2 = 143, /* multicast listeners again */
    IP4_TOTAL_MAX = 576,            /* of an ICMP error (RFC 1812, 4.3.2.3) */
    IP6_TOTAL_MAX = 1280,           /* RFC 4443, 2.4 c */
    HOP_LIMIT = 64,
};

bool tunnel_icmp_link_only(bool v6, uint8_t protocol, const uint8_t *transport, size_t size)
{
    if (size == 0 || protocol != (v6 ? IP_PROTOCOL_ICMP6 : IP_PROTOCOL_ICMP)) {
        return false;
    }
    uint8_t type = transport[0];

    if (v6) {
        return (type >= ICMP6_LISTENER_QUERY && type <= ICMP6_REDIRECT) ||
               type == ICMP6_LISTENER_REPORT_V2;
    }
    return type == ICMP4_REDIRECT || type == ICMP4_ROUTER_ADVERTISEMENT ||
           type == ICMP4_ROUTER_SOLICITATION;
}

bool tunnel_icmp_is_error(bool v6, uint8_t protocol, const uint8_t *transport, size_t size)
{
    if (size == 0 || protocol != (v6 ? IP_PROTOCOL_ICMP6 : IP_PROTOCOL_ICMP)) {
        return false;
    }
    uint8_t type = transport[0];

    if (v6) {
        return type < ICMP6_INFORMATIONAL;
    }
    return type == ICMP4_UNREACHABLE || type == ICMP4_SOURCE_QUENCH ||
           type == ICMP4_TIME_EXCEEDED || type == ICMP4_PARAMETER_PROBLEM;
}

/* How an address of this kind (own or 4in6) stands in a quote on the wire. */
static void quote_wire(enum plain_kind kind, uint8_t ip[16])
{
    static const uint8_t zero[4];

    memset(ip, 0, 16);
    if (kind == PLAIN_KIND_4IN6) {
        addrplan_4in6(ip, zero);
    }
}

/* What takes the place of one address of a quote. An own or 4in6 address is exchanged with its form
 * on the wire; a fixed or real one stays. False if it is neither the host's nor an allowed real
 * one. */
static bool quote_address(enum tunnel_quote_way way, const struct tunnel_pair *pair,
                          const struct tunnel_host *host, enum tunnel_real_use use, bool v6,
                          const uint8_t *ip, uint8_t replaced[16])
{
    static const enum plain_kind kinds[] = {PLAIN_KIND_OWN, PLAIN_KIND_4IN6};
    static const uint8_t middle[PLAIN_FIXED_SIZE];
    size_t size = v6 ? 16 : 4;

    for (size_t i = 0; i < (v6 ? 2 : 1); i++) {
        uint8_t here[16];
        uint8_t wire[16];

        quote_wire(kinds[i], wire);
        if (tunnel_address_of(host, v6, kinds[i], middle, here) &&
            memcmp(ip, way == TUNNEL_QUOTE_STRIP ? here : wire, size) == 0) {
            memcpy(replaced, way == TUNNEL_QUOTE_STRIP ? wire : here, size);
            return true;
        }
    }
    memcpy(replaced, ip, size);
    return tunnel_real_allowed(pair, host, use, v6, ip);
}

/* Replace the quote's addresses, and change all checksums that cover them. */
static void quote_replace(uint8_t *icmp, size_t icmp_size, const struct tunnel_ip *ip,
                          const uint8_t *source, const uint8_t *destination, bool complete)
{
    uint8_t *quote = icmp + ICMP_HEADER_SIZE;
    size_t quote_size = icmp_size - ICMP_HEADER_SIZE;
    size_t touched = ip->payload_at + TCP_CHECKSUM_AT + 2; /* nothing behind this changes */
    struct tunnel_transport transport;

    touched = touched < quote_size ? touched : quote_size;

    uint32_t before = checksum_add(0, quote, touched);
    uint32_t removed = checksum_add(0, quote + ip->source_at, ip->address_size);
    uint32_t added = checksum_add(0, source, ip->address_size);

    removed = checksum_add(removed, quote + ip->destination_at, ip->address_size);
    added = checksum_add(added, destination, ip->address_size);
    memcpy(quote + ip->source_at, source, ip->address_size);
    memcpy(quote + ip->destination_at, destination, ip->address_size);
    if (!ip->v6) {
        be16_write(quote + 10, checksum_update(be16_read(quote + 10), removed, added));
    }
    if (ip->transport && tunnel_transport_of(&transport, ip->v6, ip->protocol) &&
        transport.pseudo && ip->payload_at + transport.checksum_at + 2 <= ip->size) {
        tunnel_checksum_change(quote + ip->payload_at + transport.checksum_at, ip->protocol,
                               removed, added);
    }
    if (complete) {
        be16_write(icmp + ICMP_CHECKSUM_AT,
                   checksum_update(be16_read(icmp + ICMP_CHECKSUM_AT), before,
                                   checksum_add(0, quote, touched)));
    }
}

static int quote_parse(struct tunnel_ip *ip, bool v6, const uint8_t *icmp, size_t size)
{
    if (size < ICMP_HEADER_SIZE ||
        tunnel_ip_parse(ip, icmp + ICMP_HEADER_SIZE, size - ICMP_HEADER_SIZE, true) != ERR_OK) {
        return ERR_DROP;
    }
    return ip->v6 == v6 ? ERR_OK : ERR_DROP;
}

int tunnel_quote(enum tunnel_quote_way way, const struct tunnel_pair *pair, bool v6, uint8_t *icmp,
                 size_t size, bool complete)
{
    /* A quoted packet went the other way: an error that we send quotes what came from the peer. */
    bool strip = way == TUNNEL_QUOTE_STRIP;
    const struct tunnel_host *from = strip ? &pair->peer : &pair->own;
    const struct tunnel_host *to = strip ? &pair->own : &pair->peer;
    enum tunnel_real_use from_use = strip ? TUNNEL_REAL_RECEIVED_SOURCE : TUNNEL_REAL_SENT_SOURCE;
    enum tunnel_real_use to_use =
        strip ? TUNNEL_REAL_RECEIVED_DESTINATION : TUNNEL_REAL_SENT_DESTINATION;
    const uint8_t *quote = icmp + ICMP_HEADER_SIZE;
    uint8_t source[16];
    uint8_t destination[16];
    struct tunnel_ip ip;

    if (quote_parse(&ip, v6, icmp, size) != ERR_OK ||
        !quote_address(way, pair, from, from_use, v6, quote + ip.source_at, source) ||
        !quote_address(way, pair, to, to_use, v6, quote + ip.destination_at, destination)) {
        return ERR_DROP;
    }
    quote_replace(icmp, size, &ip, source, destination, complete);
    return ERR_OK;
}

/* Write type and code of an error that we make. */
static void error_kind(uint8_t *icmp, bool v6, enum tunnel_icmp_reason reason)
{
    static const struct {
        uint8_t type4, code4, type6, code6;
    } kinds[] = {
        [TUNNEL_ICMP_NO_ROUTE] = {ICMP4_UNREACHABLE, 0, ICMP6_UNREACHABLE, 0},
        [TUNNEL_ICMP_HOST] = {ICMP4_UNREACHABLE, 1, ICMP6_UNREACHABLE, 3},
        [TUNNEL_ICMP_ADMIN] = {ICMP4_UNREACHABLE, 13, ICMP6_UNREACHABLE, 1},
        [TUNNEL_ICMP_TOO_BIG] = {ICMP4_UNREACHABLE, 4, ICMP6_TOO_BIG, 0},
    };

    icmp[0] = v6 ? kinds[reason].type6 : kinds[reason].type4;
    icmp[1] = v6 ? kinds[reason].code6 : kinds[reason].code4;
}

/* May an error be sent about this packet? */
static bool error_allowed(const struct tunnel_ip *ip, const uint8_t *data)
{
    static const uint8_t zero[16];
    const uint8_t *source = data + ip->source_at;
    const uint8_t *destination = data + ip->destination_at;
    uint8_t multicast = ip->v6 ? 0xff : 0xe0; /* and above: multicast, reserved, broadcast */

    if (!ip->transport || memcmp(source, zero, ip->address_size) == 0 || source[0] >= multicast ||
        destination[0] >= multicast) {
        return false;
    }
    const uint8_t *transport = data + ip->payload_at;
    size_t size = ip->size - ip->payload_at;

    return !tunnel_icmp_is_error(ip->v6, ip->protocol, transport, size);
}

int tunnel_icmp_unreachable(struct packet *out, uint8_t buf[TUNNEL_ICMP_SIZE_MAX],
                            const struct tunnel_cut *cause, enum tunnel_icmp_reason reason,
                            uint16_t mtu)
{
    const struct tunnel_ip *ip = &cause->ip;
    const uint8_t *data = cause->packet->data;

    if (!error_allowed(ip, data)) {
        return ERR_DROP;
    }
    size_t header_size = ip->v6 ? IP6_HEADER_SIZE : IP4_HEADER_SIZE;
    size_t quote_max = (ip->v6 ? IP6_TOTAL_MAX : IP4_TOTAL_MAX) - header_size - ICMP_HEADER_SIZE;
    size_t quote_size = ip->size < quote_max ? ip->size : quote_max;
    size_t icmp_size = ICMP_HEADER_SIZE + quote_size;
    uint8_t protocol = ip->v6 ? IP_PROTOCOL_ICMP6 : IP_PROTOCOL_ICMP;
    uint8_t *icmp = buf + header_size;

    memset(buf, 0, header_size + ICMP_HEADER_SIZE);
    memcpy(buf + ip->source_at, data + ip->destination_at, ip->address_size);
    memcpy(buf + ip->destination_at, data + ip->source_at, ip->address_size);
    error_kind(icmp, ip->v6, reason);
    if (reason == TUNNEL_ICMP_TOO_BIG) {
        be16_write(icmp + 6, mtu); /* 32 bits at 4 in ICMPv6, 16 bits at 6 in ICMP (RFC 1191) */
    }
    memcpy(icmp + ICMP_HEADER_SIZE, data, quote_size);

    uint32_t pseudo = tunnel_pseudo(ip->v6, buf + ip->source_at, protocol, icmp_size);

    be16_write(icmp + ICMP_CHECKSUM_AT, checksum_finish(checksum_add(pseudo, icmp, icmp_size)));
    if (ip->v6) {
        be32_write(buf, 0x60000000U);
        be16_write(buf + 4, u16_of(icmp_size));
        buf[6] = protocol;
        buf[7] = HOP_LIMIT;
    } else {
        buf[0] = 0x45;
        be16_write(buf + 2, u16_of(header_size + icmp_size));
        buf[8] = HOP_LIMIT;
        buf[9] = protocol;
        be16_write(buf + 10, checksum_finish(checksum_add(0, buf, IP4_HEADER_SIZE)));
    }
    *out = (struct packet){.data = buf, .size = header_size + icmp_size};
    return ERR_OK;
}
