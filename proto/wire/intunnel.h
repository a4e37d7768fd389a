/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * In-tunnel control (plaintext protocol 254; docs/protocol.md, section 11): what two hosts tell
 * each other inside their session, where no relay can read it. These bytes follow the 4 bytes of
 * the plaintext header, whose traffic class, hop limit and plain flags are zero:
 *
 *   candidates: kind(1) = 1, count(1), reserved(2), sequence(4), count x { ip(16) port(2) }
 *   goodbye:    kind(1) = 2, reserved(3)
 *   opened:     kind(1) = 3, reserved(1), ip(16) port(2)
 *   aim:        kind(1) = 4, part(1), turn(1), reserved(1), step(2) low(2) high(2), ip(16) port(2)
 *
 * A list of candidates replaces an earlier one, which has a smaller sequence. Whoever says goodbye
 * ends in order; it sends nothing more. Who says opened has sent from where the session is to this
 * address of the receiver, so that its own NAT lets in what comes from there. An aim says where its
 * sender will be seen while ports are guessed (section 13).
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/endpoint.h"

#include <stddef.h>
#include <stdint.h>

enum intunnel_kind {
    INTUNNEL_KIND_CANDIDATES = 1,
    INTUNNEL_KIND_GOODBYE = 2,
    INTUNNEL_KIND_OPENED = 3,
    INTUNNEL_KIND_AIM = 4,
};

/** What the sender of an aim does about its port, and whether it does anything. */
enum intunnel_part {
    INTUNNEL_PART_UNWILLING = 0, /* it guesses no ports, by its user's word or in this network */
    INTUNNEL_PART_BUSY = 1,      /* it guesses ports with another peer now */
    INTUNNEL_PART_FIXED = 2,     /* it is at `at`, for everybody */
    INTUNNEL_PART_STEPS = 3,     /* its ports go by `step` */
    INTUNNEL_PART_RANDOM = 4,    /* it has many ports, somewhere from low to high */
    INTUNNEL_PART_COUNT,
};

enum {
    INTUNNEL_CANDIDATES_MAX = 16,
    INTUNNEL_GOODBYE_SIZE = 4,
    INTUNNEL_OPENED_SIZE = 2 + ENDPOINT_BYTES_SIZE,
    INTUNNEL_AIM_SIZE = 10 + ENDPOINT_BYTES_SIZE,
    INTUNNEL_SIZE_MAX = 8 + INTUNNEL_CANDIDATES_MAX * ENDPOINT_BYTES_SIZE,
};

/** The addresses at which a host may be reached besides the one its relay observes. */
struct intunnel_candidates {
    uint32_t sequence; /* larger wins */
    size_t count;
    struct endpoint list[INTUNNEL_CANDIDATES_MAX];
};

/**
 * Where a host will be seen. What a part does not use is zero:
 *
 *   FIXED    at
 *   STEPS    at.ip, step, and either low to high, which are `step` apart, or at.port, its last port
 *   RANDOM   at.ip, low to high
 */
struct intunnel_aim {
    enum intunnel_part part;
    uint8_t turn; /* of STEPS: each has other ports */
    uint16_t step, low, high;
    struct endpoint at;
};

/** Write a list of candidates (at most INTUNNEL_CANDIDATES_MAX); returns its size in bytes. */
size_t intunnel_candidates_encode(const struct intunnel_candidates *candidates,
                                  uint8_t out[INTUNNEL_SIZE_MAX]);

/** Decode size bytes of any content. ERR_DROP, with out untouched, for another kind, too many
 * candidates, a wrong size, or reserved bytes that are not zero. Pure. */
int intunnel_candidates_decode(struct intunnel_candidates *out, const uint8_t *data,
                               size_t size) MUST_CHECK;

/** Write a goodbye. */
void intunnel_goodbye_encode(uint8_t out[INTUNNEL_GOODBYE_SIZE]);

/** ERR_OK if these size bytes, of any content, are a goodbye, else ERR_DROP. Pure. */
int intunnel_goodbye_decode(const uint8_t *data, size_t size) MUST_CHECK;

/** Write that the own NAT is open for what comes from `peer`. */
void intunnel_opened_encode(uint8_t out[INTUNNEL_OPENED_SIZE], const struct endpoint *peer);

/** Decode size bytes of any content. ERR_DROP, with out untouched, if they are no such message.
 * Pure.
 */
int intunnel_opened_decode(struct endpoint *out, const uint8_t *data, size_t size) MUST_CHECK;

/** Write an aim that fits its part. */
void intunnel_aim_encode(uint8_t out[INTUNNEL_AIM_SIZE], const struct intunnel_aim *aim);

/** Decode size bytes of any content. ERR_DROP, with out untouched, for another kind or size, an
 * unknown part, and what does not fit the part: a port or step of 0, low above high. Pure. */
int intunnel_aim_decode(struct intunnel_aim *out, const uint8_t *data, size_t size) MUST_CHECK;
