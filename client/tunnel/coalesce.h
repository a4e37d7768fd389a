/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Joining received TCP segments into super-packets, so that the kernel handles up to 64 KiB at a
 * time. A segment joins only the packet appended just before it: if it continues that packet's
 * bytes in the same flow, has the same headers, and both checksums are right or still to be
 * completed. Only for a TUN device that takes super-packets (tun_offload). Pure.
 */
#pragma once

#include "client/tunnel/packet.h"

#include <stdbool.h>

/**
 * Append *packet, whose data lies inside what packet_box_reserve handed out, to the last packet of
 * the box, or as a packet of its own. Called in place of packet_box_commit. Any content. Returns
 * true if it was joined.
 */
bool coalesce_commit(struct packet_box *box, const struct packet *packet);
