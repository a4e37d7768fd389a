/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Super-packets of TCP (TSO) and UDP (USO): how many segments one makes, and the plaintexts of
 * these. They are cut as a kernel cuts them. TCP (RFC 9293): each segment has the headers of the
 * whole with a sequence number of its own, FIN and PSH stand only on the last one, and CWR only on
 * the first. UDP: each is a datagram with a length of its own. Pure.
 */
#pragma once

#include "client/tunnel/tunnel.h"
#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

/** tunnel_open (strip.h) for a super-packet: fill in the rest of a cut that has packet, ip and
 * destination already. ERR_DROP (cut undefined) if its gso fields are not those of its headers. */
int tunnel_segment_open(struct tunnel_cut *cut) MUST_CHECK;

/** tunnel_next (strip.h) for a super-packet with segments left, in the packet's own memory. */
int tunnel_segment_next(struct tunnel_cut *cut, const struct tunnel_pair *pair, size_t capacity,
                        const uint8_t **plain, size_t *size) MUST_CHECK;
