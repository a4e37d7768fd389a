/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A packet from the TUN device becomes plaintexts: the sender's half of tunnel.h. A
 * super-packet makes one plaintext for each of its segments, any other packet makes one. The packet
 * is read once, by tunnel_open, which also tells its destination. The caller looks up the peer with
 * that address, and calls tunnel_next for each plaintext. Pure.
 */
#pragma once

#include "client/tunnel/packet.h"
#include "client/tunnel/tunnel.h"
#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

/** The largest plaintext that a packet of `mtu` bytes (IP header included) can make, in bytes. */
size_t tunnel_plain_size_max(size_t mtu);

/** The frame that a packet of `size` bytes makes in the short form, at most, in bytes, and the
 * largest packet that is sure to make no larger one than of frame_size bytes (0: none). What makes
 * a whole packet (fragments, options) may need a little more. */
size_t tunnel_frame_size(size_t size);
size_t tunnel_packet_size(size_t frame_size);

/**
 * Read a packet and check all that does not depend on the peer. Bytes behind the length that its IP
 * header tells are ignored.
 *
 * cut      written; on error only cut->drop is
 * packet   borrowed until the cut is no longer used; any content, at most PACKET_SIZE_MAX bytes,
 *          which tunnel_next may overwrite
 *
 * A partial checksum that belongs to a header further in (a packet inside a tunnel inside ours) or
 * to a transport that we do not know is completed in the plaintext.
 *
 * ERR_DROP: a malformed header, checksum or gso fields that do not fit the headers, or a message
 * that never travels (see tunnel.h).
 */
int tunnel_open(struct tunnel_cut *cut, const struct packet *packet) MUST_CHECK;

/**
 * Write the next plaintext of a packet; cut->segments_left goes down by one.
 *
 * pair            this host and the peer; the same for each plaintext of a cut
 * out, capacity   room for it; cut->room bytes are always enough
 * plain           where it is: at `out`, or, of a super-packet, in the memory of the packet, whose
 *                 headers and earlier segments it overwrites. Until the next call
 * size            its size
 *
 * ERR_DROP: the packet is not of this pair, has a real address that is not allowed, quotes a packet
 * that is not of this pair, or no segment is left. ERR_LIMIT: the plaintext is larger than
 * capacity. On error the cut is as before, out is undefined, plain and size are not written.
 */
int tunnel_next(struct tunnel_cut *cut, const struct tunnel_pair *pair, uint8_t *out,
                size_t capacity, const uint8_t **plain, size_t *size) MUST_CHECK;
