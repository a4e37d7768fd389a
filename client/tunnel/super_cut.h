/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The headers of a part of a super-packet, which is a super-packet of fewer segments. As where a
 * kernel cuts one (segment.h): FIN and PSH stay with its end, CWR with its beginning. Pure.
 */
#pragma once

#include "client/tunnel/packet.h"
#include "client/tunnel/parse.h"

#include <stdbool.h>
#include <stddef.h>

/** True if a part of this packet can be a packet, whose IP header says `ip`. */
bool super_cut_possible(const struct packet *packet, const struct tunnel_ip *ip);

/**
 * Make a copy of the headers those of a part.
 *
 * part        data begins with the headers of the whole, its other fields are the whole's, and
 *             size is the part's: headers and payload
 * at          bytes of payload before it, of whole segments
 * last        nothing is behind it
 */
void super_cut_headers(struct packet *part, size_t at, bool last);
