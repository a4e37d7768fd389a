/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Joining received TCP segments into super-packets, so that the kernel handles 64 KiB at a time.
 * A segment joins only the packet appended just before it, if both are the same flow's next bytes
 * with the same headers, and both checksums are right or left to be completed. Only for a TUN
 * device that takes super-packets (tun_offload).
 */
#pragma once

#include "client/tunnel/packet.h"

#include <stdbool.h>

/**
 * Append *packet, which lies in what packet_box_reserve handed out, either as a packet of its own
 * or as part of the last one in the box. Takes the place of packet_box_commit. Any content.
 * Returns true if it was joined.
 */
bool coalesce_commit(struct packet_box *box, const struct packet *packet);
