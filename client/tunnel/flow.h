/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which queue of a TUN device a packet belongs to. Linux sends a flow out by the queue by which the
 * flow's packets came in last, so that whoever always writes a flow to one queue keeps both of its
 * directions there. Pure.
 */
#pragma once

#include "client/tunnel/packet.h"

#include <stdint.h>

/** A number below 65536 that all packets of a flow have in common, in both directions: of
 * addresses, protocol and, where the packet has them, ports. Any content; what is no IP packet has
 * 0. */
uint32_t flow_number(const struct packet *packet);
