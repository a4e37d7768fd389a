/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IP packets and the plaintext of data frames (docs/protocol.md, section 9). No IP header travels:
 * every host knows itself and its peers under addresses of its own, so the sender takes every
 * overlay address out of the packet and out of its checksums, and the receiver puts in its own.
 * Pure functions over caller memory: no allocation, no clock.
 *
 *   plain packet: protocol(1) traffic class(1) hop limit(1) plain flags(1) [4 per fixed address]
 *                 transport
 *   whole packet: 4 or 41, 0, 0, plain flags [4 per fixed address], IP packet with the addresses
 *                 zeroed
 *
 * Whole packets carry what the short form cannot say: IP fragments, options, extension headers,
 * other protocols, real addresses. Their IPv4 header checksum is zero on the wire.
 *
 * The short form of a fixed address names only its 32 middle bits, so it stands for the first of
 * a host's EUI-64s. An address of another EUI-64 travels as a real one in a whole packet: it is
 * the same on every host, and the receiver accepts it as the peer's (or its own).
 *
 * ICMP errors quote a packet of this pair in the other direction. In the quote an IPv4 address
 * becomes 0.0.0.0, a key address becomes ::, a 4in6 address becomes fdd9:f8f4::, and a fixed
 * address stays.
 *
 * ICMP messages that only mean something on one link (redirects, neighbour and router discovery,
 * multicast listeners), IPv4 source routes, IPv6 routing headers with segments left and home
 * address options are refused in both directions.
 *
 * This header has what the files of the room share: the pair of hosts, and a packet on its way.
 * strip.h turns packets into plaintexts, rebuild.h turns plaintexts into packets, and icmp.h makes
 * errors.
 */
#pragma once

#include "client/tunnel/packet.h"
#include "client/tunnel/parse.h"
#include "client/tunnel/transport.h"
#include "proto/net/addrplan.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The addresses of one host as this host knows them. */
struct tunnel_host {
    uint8_t v4[4];  /* all zero: none (the pool is full), and then no 4in6 address either */
    uint8_t v6[16]; /* from its key */
    uint8_t fixed[ADDRPLAN_FIXED_MAX][EUI64_SIZE]; /* in the order of its signed record; all zero:
                                                    not granted here */
    size_t fixed_count;
};

/** Where a real address (one outside the overlay) stands: in which packets, at which end. */
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

/** This host and one peer, both under the addresses that this host knows. */
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

/** Why a packet from the TUN device goes no further. */
enum tunnel_drop {
    TUNNEL_DROP_MALFORMED,   /* no IP packet, or one of a kind that is refused (parse.h) */
    TUNNEL_DROP_OFFLOAD,     /* the kernel left us a checksum or segments that we cannot make */
    TUNNEL_DROP_LINK_ONLY,   /* a message that means something on one link only */
    TUNNEL_DROP_NO_PEER,     /* nobody has its destination */
    TUNNEL_DROP_TOO_BIG,     /* larger than the MTU of the device */
    TUNNEL_DROP_UNREACHABLE, /* its host cannot be reached, or there are too many conversations */
    TUNNEL_DROP_FOREIGN,     /* not between addresses of this pair, nor is what it quotes */
    TUNNEL_DROP_NO_ROOM,     /* the outbox is full */
    TUNNEL_DROP_AGE,         /* it waited too long for a slow way out (fair_queue.h) */
    TUNNEL_DROP_CROWDED,     /* too many waited, and its flow held most of them */
    TUNNEL_DROP_COUNT,
};

/** A packet on its way to a peer: read once by tunnel_open, then written one plaintext at a time by
 * tunnel_next. Callers read the first six fields. */
struct tunnel_cut {
    const struct packet *packet; /* borrowed, unchanged while the cut is in use */
    struct tunnel_ip ip;
    struct tunnel_address destination; /* for the lookup of its peer */
    size_t segments_left;  /* plaintexts to come: segments of a super-packet, or 1, then 0 */
    size_t room;           /* bytes that are enough for each of them */
    enum tunnel_drop drop; /* why, if tunnel_open or tunnel_next returns ERR_DROP */
    bool inner_partial;    /* a partial checksum that is not the transport's own */
    size_t payload_at;     /* super-packet: where the next segment's payload begins */
    size_t prefix_size;    /* super-packet: 0 until the first segment is written */
    uint8_t prefix[PLAIN_HEADER_SIZE_MAX + TCP_HEADER_SIZE_MAX]; /* head and transport header of the
                                                                    next segment */
};
