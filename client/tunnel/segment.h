/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TCP super-packets (TSO): how many segments one makes, and the plaintexts of these. What a kernel
 * would do when it segments (RFC 9293): each segment has the headers of the whole, with its own
 * sequence number, FIN and PSH only on the last one and CWR only on the first. Pure.
 */
#pragma once

#include "client/tunnel/tunnel.h"
#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

/** Fill in the segments of a super-packet, whose cut->packet and cut->ip are there. ERR_DROP (cut
 * undefined) if its gso fields are not those of its headers. */
int tunnel_segment_open(struct tunnel_cut *cut) MUST_CHECK;

/** tunnel_next (strip.h) for a super-packet with segments left. */
int tunnel_segment_next(struct tunnel_cut *cut, const struct tunnel_pair *pair, uint8_t *out,
                        size_t capacity, size_t *size) MUST_CHECK;
