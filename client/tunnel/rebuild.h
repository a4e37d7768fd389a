/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plaintext becomes an IP packet for the TUN device, in place: the receiver's half of tunnel.h.
 * A peer may send any content; what comes out is a packet from one of its addresses to one of ours,
 * or nothing. Pure.
 */
#pragma once

#include "client/tunnel/packet.h"
#include "client/tunnel/tunnel.h"
#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

/**
 * Make the IP packet of a plaintext in place.
 *
 * out       data points into the plaintext's memory or up to 36 bytes before it; written only on
 *           ERR_OK. Its checksum_partial is set where the sender left the checksum to us.
 * plain     size bytes of any content, with at least PACKET_BOX_HEADROOM writable bytes before
 *           them; changed also on error
 * next_id   counter for the identification of IPv4 packets that may be fragmented; goes up by one
 *           for each of them
 *
 * ERR_DROP for everything that is malformed or never travels (see tunnel.h), and for protocols that
 * are not IP (keepalive, fragment, control), which the caller has told by the first byte. The
 * source of the packet is one of the peer's addresses, its destination is one of this host's own,
 * or either is a real address that is allowed. A packet that an ICMP error quotes goes the other
 * way, from this host to the peer.
 */
int tunnel_rebuild(struct packet *out, const struct tunnel_pair *pair, uint8_t *plain, size_t size,
                   uint16_t *next_id) MUST_CHECK;
