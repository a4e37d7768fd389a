/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ICMP and ICMPv6 in the tunnel (RFC 792, RFC 4443): which messages travel, the packet that an
 * error quotes, and the errors that this host sends to itself. Pure.
 */
#pragma once

#include "client/tunnel/packet.h"
#include "client/tunnel/tunnel.h"
#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TUNNEL_ICMP_SIZE_MAX = 1280, /* of an error made by tunnel_icmp_unreachable */
};

/** True for an ICMP message that means something on one link only, and never travels. `transport`
 * has size bytes of this protocol, any content. */
bool tunnel_icmp_link_only(bool v6, uint8_t protocol, const uint8_t *transport, size_t size);

/** True for an ICMP error, which quotes a packet. Parameters as above. */
bool tunnel_icmp_is_error(bool v6, uint8_t protocol, const uint8_t *transport, size_t size);

enum tunnel_quote_way {
    TUNNEL_QUOTE_STRIP,   /* take the addresses out of the quote of an error that we send */
    TUNNEL_QUOTE_REBUILD, /* put ours into the quote of one that came */
};

/**
 * Translate the pair's addresses in the packet that an ICMP error of `size` bytes quotes. The
 * quote's checksums follow, and so does the error's own if it is `complete` (not partial). ERR_DROP
 * (the message is as before) if the quote is not of this pair, or is not readable.
 */
int tunnel_quote(enum tunnel_quote_way way, const struct tunnel_pair *pair, bool v6, uint8_t *icmp,
                 size_t size, bool complete) MUST_CHECK;

/** Why a packet cannot go on. Later: TUNNEL_ICMP_ADMIN for the rules of a ziglan. */
enum tunnel_icmp_reason {
    TUNNEL_ICMP_NO_ROUTE, /* nobody has this address */
    TUNNEL_ICMP_HOST,     /* its host cannot be reached */
    TUNNEL_ICMP_ADMIN,    /* a rule forbids it */
    TUNNEL_ICMP_TOO_BIG,  /* larger than mtu */
};

/**
 * Make the ICMP or ICMPv6 error that tells a program of this machine why its packet goes no
 * further. `cause` is that packet, as tunnel_open read it from our TUN device. The error's source
 * is the destination of the cause, because the kernel refuses an arriving packet whose source is
 * one of its own addresses. The caller limits the rate.
 *
 * out   the error, with data in buf; written only on ERR_OK
 * buf   TUNNEL_ICMP_SIZE_MAX writable bytes, not overlapping the cause
 * mtu   for TUNNEL_ICMP_TOO_BIG: the largest packet that would have passed; else ignored
 *
 * ERR_DROP where no error may be sent (RFC 1122, 3.2.2; RFC 4443, 2.4 e): about ICMP errors,
 * later fragments, multicast, broadcast and unspecified addresses.
 */
int tunnel_icmp_unreachable(struct packet *out, uint8_t buf[TUNNEL_ICMP_SIZE_MAX],
                            const struct tunnel_cut *cause, enum tunnel_icmp_reason reason,
                            uint16_t mtu) MUST_CHECK;
