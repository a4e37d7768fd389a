/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the two endpoints of a packet, asks the NAT, and writes one of them anew. */
#include "tests/support/nat_packet.h"

#include "proto/base/bytes.h"
#include "proto/net/checksum.h"

#include <string.h>

enum {
    IP_SIZE = 20, /* of a header without options */
    IP_PROTOCOL_AT = 9,
    IP_CHECKSUM_AT = 10,
    IP_SOURCE_AT = 12,
    IP_TARGET_AT = 16,
    ICMP = 1,
    TCP = 6,
    UDP = 17,
    UDP_CHECKSUM_AT = 6,
    TCP_CHECKSUM_AT = 16,
    TCP_SIZE = 20,
    UDP_SIZE = 8,
    PORTS_SIZE = 8, /* of a quoted packet at least so much of its transport header is there */
    ICMP_UNREACHABLE = 3,
    ICMP_TIME_EXCEEDED = 11,
    ICMP_PARAMETER_PROBLEM = 12,
    ICMP_PROHIBITED = 13, /* a code of ICMP_UNREACHABLE (RFC 1812, 5.2.7.1) */
    ICMP_SIZE = 8,
    TTL = 64,
};

/* A packet, or one that an ICMP error quotes: where its parts are. */
struct parts {
    uint8_t *ip, *transport;
    size_t transport_size;
    uint8_t protocol;
    struct endpoint source, target; /* ports are 0 for ICMP */
};

enum side { SIDE_SOURCE, SIDE_TARGET };

void nat_router_init(struct nat_router *router, const struct nat_kind *kind,
                     const struct endpoint *outside, const struct rng *rng)
{
    struct rng other = *rng;

    (void)rng_u64(&other);
    memset(router, 0, sizeof(*router));
    nat_init(&router->udp, kind, outside, rng);
    nat_init(&router->tcp, kind, outside, &other);
}

static bool parts_read(struct parts *parts, uint8_t *packet, size_t size, bool quoted)
{
    if (size < IP_SIZE || packet[0] >> 4 != 4) {
        return false;
    }
    size_t header = (packet[0] & 15U) * 4U;
    if (header < IP_SIZE || header + PORTS_SIZE > size || (be16_read(packet + 6) & 0x3fff) != 0 ||
        (!quoted && be16_read(packet + 2) != size)) {
        return false;
    }
    *parts = (struct parts){.ip = packet,
                            .transport = packet + header,
                            .transport_size = size - header,
                            .protocol = packet[IP_PROTOCOL_AT]};
    bool ports = parts->protocol == UDP || parts->protocol == TCP;
    parts->source =
        endpoint_v4(packet + IP_SOURCE_AT, ports ? be16_read(parts->transport) : (uint16_t)0);
    parts->target =
        endpoint_v4(packet + IP_TARGET_AT, ports ? be16_read(parts->transport + 2) : (uint16_t)0);
    return parts->protocol != TCP || quoted || parts->transport_size >= TCP_SIZE;
}

static struct nat *nat_of(struct nat_router *router, uint8_t protocol)
{
    return protocol == UDP ? &router->udp : protocol == TCP ? &router->tcp : NULL;
}

static void checksum_change(uint8_t *at, uint32_t removed, uint32_t added)
{
    be16_write(at, checksum_update(be16_read(at), removed, added));
}

/* Give one side of a packet another endpoint. */
static void parts_write(const struct parts *parts, enum side side, const struct endpoint *e)
{
    uint8_t *ip = parts->ip + (side == SIDE_SOURCE ? IP_SOURCE_AT : IP_TARGET_AT);
    uint8_t *port = parts->transport + (side == SIDE_SOURCE ? 0 : 2);
    size_t sum_at = parts->protocol == UDP ? UDP_CHECKSUM_AT : TCP_CHECKSUM_AT;
    uint32_t removed = checksum_add(0, ip, 4), added = checksum_add(0, e->ip + 12, 4);
    bool ports = parts->protocol == UDP || parts->protocol == TCP;

    memcpy(ip, e->ip + 12, 4);
    checksum_change(parts->ip + IP_CHECKSUM_AT, removed, added);
    if (!ports) {
        return;
    }
    removed += be16_read(port);
    added += e->port;
    be16_write(port, e->port);
    bool absent = parts->protocol == UDP && be16_read(parts->transport + sum_at) == 0;
    if (!absent && parts->transport_size >= sum_at + 2) {
        checksum_change(parts->transport + sum_at, removed, added);
    }
}

/* ---- ICMP errors ---- */

/* An error about something that one side sent: what it quotes is changed as that was. */
static enum nat_packet_fate take_error(struct nat_router *router, const struct parts *outer)
{
    struct parts quoted;
    struct endpoint other;
    uint8_t type = outer->transport[0];

    if ((type != ICMP_UNREACHABLE && type != ICMP_TIME_EXCEEDED &&
         type != ICMP_PARAMETER_PROBLEM) ||
        !parts_read(&quoted, outer->transport + ICMP_SIZE, outer->transport_size - ICMP_SIZE,
                    true)) {
        return NAT_PACKET_DROPPED;
    }
    struct nat *nat = nat_of(router, quoted.protocol);
    if (nat == NULL) {
        return NAT_PACKET_DROPPED;
    }
    if (nat_owns(nat, &outer->target)) { /* about what a host inside sent */
        if (!nat_inside_of(nat, &quoted.source, &quoted.target, &other)) {
            return NAT_PACKET_DROPPED;
        }
        parts_write(&quoted, SIDE_SOURCE, &other);
        parts_write(outer, SIDE_TARGET, &other);
    } else {
        if (!nat_external_of(nat, &quoted.target, &quoted.source, &other)) {
            return NAT_PACKET_DROPPED;
        }
        parts_write(&quoted, SIDE_TARGET, &other);
        parts_write(outer, SIDE_SOURCE, &other);
    }
    be16_write(outer->transport + 2, 0);
    be16_write(outer->transport + 2,
               checksum_finish(checksum_add(0, outer->transport, outer->transport_size)));
    return NAT_PACKET_PASSED;
}

static enum nat_packet_fate refuse(const struct nat *nat, const struct parts *parts,
                                   const struct endpoint *from, uint8_t *error, size_t *error_size)
{
    size_t quoted = (size_t)(parts->transport - parts->ip) + PORTS_SIZE;
    size_t size = IP_SIZE + ICMP_SIZE + quoted;

    if (!nat->kind.prohibits || size > NAT_PACKET_ERROR_SIZE_MAX) {
        return NAT_PACKET_DROPPED;
    }
    memset(error, 0, size);
    error[0] = 0x45;
    be16_write(error + 2, (uint16_t)size);
    error[8] = TTL;
    error[IP_PROTOCOL_AT] = ICMP;
    memcpy(error + IP_SOURCE_AT, from->ip + 12, 4);
    memcpy(error + IP_TARGET_AT, parts->ip + IP_SOURCE_AT, 4);
    be16_write(error + IP_CHECKSUM_AT, checksum_finish(checksum_add(0, error, IP_SIZE)));
    error[IP_SIZE] = ICMP_UNREACHABLE;
    error[IP_SIZE + 1] = ICMP_PROHIBITED;
    memcpy(error + IP_SIZE + ICMP_SIZE, parts->ip, quoted);
    be16_write(error + IP_SIZE + 2,
               checksum_finish(checksum_add(0, error + IP_SIZE, ICMP_SIZE + quoted)));
    *error_size = size;
    return NAT_PACKET_REFUSED;
}

/* ---- packets ---- */

static enum nat_packet_fate take(struct nat_router *router, struct parts *parts, uint8_t *error,
                                 size_t *error_size, struct mono now)
{
    struct nat *nat = nat_of(router, parts->protocol);
    bool inward = nat != NULL && nat_owns(nat, &parts->target);
    struct endpoint changed;

    if (parts->protocol == ICMP) {
        return take_error(router, parts);
    }
    if (nat == NULL) {
        return NAT_PACKET_DROPPED;
    }
    bool hairpin = inward && endpoint_scope(&parts->source) == ENDPOINT_SCOPE_LAN;
    if (hairpin && !nat->kind.hairpin) {
        return NAT_PACKET_DROPPED;
    }
    if (!inward || hairpin) {
        if (nat_outbound(nat, &parts->source, &parts->target, &changed, now) != NAT_PASSED) {
            return refuse(nat, parts, &nat->address, error, error_size);
        }
        parts_write(parts, SIDE_SOURCE, &changed);
        parts->source = changed;
    }
    if (inward) {
        if (nat_inbound(nat, &parts->target, &parts->source, &changed, now) != NAT_PASSED) {
            return refuse(nat, parts, &parts->target, error, error_size);
        }
        parts_write(parts, SIDE_TARGET, &changed);
    }
    return NAT_PACKET_PASSED;
}

enum nat_packet_fate nat_router_take(struct nat_router *router, uint8_t *packet, size_t size,
                                     uint8_t error[NAT_PACKET_ERROR_SIZE_MAX], size_t *error_size,
                                     struct mono now)
{
    struct parts parts;
    enum nat_packet_fate fate = NAT_PACKET_DROPPED;

    *error_size = 0;
    if (parts_read(&parts, packet, size, false)) {
        fate = take(router, &parts, error, error_size, now);
    }
    router->passed += fate == NAT_PACKET_PASSED ? 1 : 0;
    router->dropped += fate == NAT_PACKET_PASSED ? 0 : 1;
    return fate;
}
