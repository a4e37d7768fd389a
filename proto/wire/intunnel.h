/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * In-tunnel control (plaintext protocol 254; docs/protocol.md, section 11): what two hosts tell
 * each other inside their session, where no relay can read it. After the 4 plaintext header bytes
 * (traffic class, hop limit and plain flags zero):
 *
 *   candidates: kind(1) = 1, count(1), reserved(2), sequence(4), count x { ip(16) port(2) }
 *
 * A candidate list replaces the one with a smaller sequence.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/endpoint.h"

#include <stddef.h>
#include <stdint.h>

enum intunnel_kind {
    INTUNNEL_KIND_CANDIDATES = 1,
};

enum {
    INTUNNEL_CANDIDATES_MAX = 16,
    INTUNNEL_SIZE_MAX = 8 + INTUNNEL_CANDIDATES_MAX * ENDPOINT_BYTES_SIZE,
};

/** The addresses at which a host may be reached besides the one its relay observes. */
struct intunnel_candidates {
    uint32_t sequence; /* larger wins */
    size_t count;
    struct endpoint list[INTUNNEL_CANDIDATES_MAX];
};

/** Write a candidates message; returns its size, at most INTUNNEL_SIZE_MAX. */
size_t intunnel_candidates_encode(const struct intunnel_candidates *candidates,
                                  uint8_t out[INTUNNEL_SIZE_MAX]);

/** Decode size bytes of any content. ERR_DROP (also for unknown kinds) leaves out alone. Pure. */
int intunnel_candidates_decode(struct intunnel_candidates *out, const uint8_t *data,
                               size_t size) MUST_CHECK;
