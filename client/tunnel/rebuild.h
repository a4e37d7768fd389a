/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plaintext becomes an IP packet for the TUN device, in place: the receiver's half of tunnel.h.
 * Any content. Pure.
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
 * next_id   counter for the identification of IPv4 packets that may be fragmented
 *
 * ERR_DROP for everything malformed or refused in principle, and for protocols that are not IP
 * (keepalive, fragments, control: the caller looks at the first byte before). The source of the
 * packet is one of the peer's addresses, the destination one of the own ones, or an allowed real
 * one; the same holds, exchanged, for what an ICMP error quotes.
 */
int tunnel_rebuild(struct packet *out, const struct tunnel_pair *pair, uint8_t *plain, size_t size,
                   uint16_t *next_id) MUST_CHECK;
