/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IP packets and the plaintext of data frames (docs/protocol.md, section 5). No IP header travels:
 * addresses are local views, so the sender takes every overlay address out of the packet and out
 * of its checksums, and the receiver puts in its own. Pure functions over caller memory: no
 * allocation, no clock, no state.
 *
 *   plain packet: protocol(1) traffic class(1) hop limit(1) view(1) [4 per fixed address] transport
 *   whole packet: 4 or 41, 0, 0, view [4 per fixed address], IP packet with the addresses zeroed
 *
 * Whole packets carry what the short form cannot say: fragments, options, extension headers,
 * other protocols, real addresses. Their IPv4 header checksum is zero on the wire.
 *
 * The short form of a fixed address names only its 32 middle bits, so it stands for the first of
 * a host's EUI-64s. An address of another EUI-64 travels as a real one in a whole packet: it is
 * the same everywhere, and the receiver accepts it as the peer's (or its own).
 *
 * ICMP errors quote a packet of this pair in the other direction. In the quote an IPv4 address
 * becomes 0.0.0.0, a key address ::, a 4in6 address fdd9:f8f4::, a fixed address stays.
 *
 * ICMP messages that only mean something on one link (redirects, neighbour and router discovery,
 * multicast listeners), IPv4 source routes, IPv6 routing headers with segments left and home
 * address options are refused in both directions.
 *
 * Files: tunnel_strip.c, tunnel_rebuild.c, tunnel_segment.c (TCP super-packets), tunnel_icmp.c
 * (quotes, own errors), tunnel_address.c (kinds and addresses), tunnel_parse.c (IP headers).
 */
#pragma once

#include "client/tunnel/packet.h"
#include "proto/base/err.h"
#include "proto/net/addrplan.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TUNNEL_ICMP_SIZE_MAX = 1280, /* of an error made by tunnel_icmp_unreachable */
};

/** The addresses of one host in the local view. */
struct tunnel_host {
    uint8_t v4[4];  /* all zero: none (the pool is full); its 4in6 form is then missing too */
    uint8_t v6[16]; /* from its key */
    uint8_t fixed[ADDRPLAN_FIXED_MAX][EUI64_SIZE]; /* in the order of its signed record; all zero:
                                                    not granted here, or none */
    size_t fixed_count;
};

/** Where a real address (one outside the overlay) stands. */
enum tunnel_real_use {
    TUNNEL_REAL_SENT_SOURCE,
    TUNNEL_REAL_SENT_DESTINATION,
    TUNNEL_REAL_RECEIVED_SOURCE,
    TUNNEL_REAL_RECEIVED_DESTINATION,
};

/** Which real addresses may travel between the pair. `allowed` must refuse every address of the
 * local IPv4 pool; IPv6 addresses of the overlay are refused before it is asked. */
struct tunnel_real {
    void *context;
    bool (*allowed)(void *context, enum tunnel_real_use use, const uint8_t *ip, size_t size);
};

/** This host and one peer, both in this host's view. */
struct tunnel_pair {
    struct tunnel_host own;
    struct tunnel_host peer;
    const struct tunnel_real *real; /* borrowed; NULL: no real addresses */
};

/** An IP address of either family: 4 or 16 bytes. */
struct tunnel_address {
    uint8_t ip[16];
    uint8_t size;
};

/** Destination of a packet, for the lookup of its peer. ERR_DROP (out untouched) if the IP header
 * is malformed or its length exceeds the packet. */
int tunnel_destination(struct tunnel_address *out, const struct packet *packet) MUST_CHECK;

/** How many plaintexts a packet makes: its TCP segments if it is a super-packet, else 1. 0 if its
 * gso fields are not right: then tunnel_strip refuses it too. */
size_t tunnel_segment_count(const struct packet *packet);

/** The largest plaintext of a packet of `mtu` bytes (IP header included), in any form. */
size_t tunnel_plain_size_max(size_t mtu);

/** The largest plaintext that segment 0 of this packet can make: room enough for tunnel_strip. */
size_t tunnel_strip_room(const struct packet *packet);

/**
 * Write segment `segment` (below tunnel_segment_count) of a packet as a plaintext, straight from
 * the packet. The packet's size may exceed its IP length (the rest is ignored).
 *
 * out, capacity   where the plaintext goes: behind a frame header in an outbox
 * size            its size, written only on ERR_OK
 *
 * ERR_DROP: malformed, not of this pair, a real address that is not allowed, or refused in
 * principle (see above). ERR_LIMIT: more than capacity bytes. out may be scribbled on then.
 */
int tunnel_strip(uint8_t *out, size_t capacity, size_t *size, const struct tunnel_pair *pair,
                 const struct packet *packet, size_t segment) MUST_CHECK;

/**
 * Make the IP packet of a plaintext in place.
 *
 * out       data points into the plaintext's memory or up to 36 bytes before it; written only on
 *           ERR_OK. Its checksum_partial is set where the sender left the checksum to us.
 * plain     size bytes of any content, with at least PACKET_BOX_HEADROOM writable bytes before
 *           them; changed also on error
 * next_id   counter for the identification of IPv4 packets that may be fragmented
 *
 * ERR_DROP for everything malformed or refused in principle, and for protocols that are not IP
 * (keepalive, pieces, control: the caller looks at the first byte before). The source of the
 * packet is one of the peer's addresses, the destination one of the own ones, or an allowed real
 * one; the same holds, exchanged, for what an ICMP error quotes.
 */
int tunnel_rebuild(struct packet *out, const struct tunnel_pair *pair, uint8_t *plain, size_t size,
                   uint16_t *next_id) MUST_CHECK;

/** Finish a partial checksum in the packet itself, for a TUN without offload. No effect on other
 * packets. ERR_DROP if the checksum's place is outside the packet. Not for super-packets. */
int tunnel_checksum_complete(struct packet *packet) MUST_CHECK;

/** Why a packet cannot go on. */
enum tunnel_icmp_reason {
    TUNNEL_ICMP_NO_ROUTE, /* nobody has this address */
    TUNNEL_ICMP_HOST,     /* its host cannot be reached */
    TUNNEL_ICMP_ADMIN,    /* a rule forbids it */
    TUNNEL_ICMP_TOO_BIG,  /* larger than mtu */
};

/**
 * Make the ICMP or ICMPv6 error that tells the sender of `cause` (a packet from the own TUN) why
 * it goes no further. Its source is the destination of the cause, because the kernel refuses an
 * arriving packet with one of its own addresses. The caller limits the rate.
 *
 * out   data points to buf, written only on ERR_OK
 * buf   TUNNEL_ICMP_SIZE_MAX writable bytes, not overlapping the cause
 * mtu   for TUNNEL_ICMP_TOO_BIG: the largest packet that would have passed; else ignored
 *
 * ERR_DROP where no error may be sent (RFC 1122, 3.2.2; RFC 4443, 2.4 e): about ICMP errors,
 * later fragments, multicast, broadcast, unspecified addresses, and malformed packets.
 */
int tunnel_icmp_unreachable(struct packet *out, uint8_t buf[TUNNEL_ICMP_SIZE_MAX],
                            const struct packet *cause, enum tunnel_icmp_reason reason,
                            uint16_t mtu) MUST_CHECK;
