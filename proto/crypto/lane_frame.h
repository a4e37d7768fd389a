/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What hosts and relays say on lanes (docs/protocol.md, section 18): frames of a host, with a label
 * before them by which the relay knows where they go, and the three messages by which a host proves
 * at which address it is.
 *
 *   0x90 data       type(1) reserved(7) label(8) frame                              48 to 9,060
 * bytes 0x91 bind       type(1) reserved(7) label(8) nonce(8) cookie(16) mac(16)        = 56 bytes
 *   0x92 challenge  type(1) reserved(7) label(8) nonce(8) cookie(16)                = 40 bytes
 *   0x93 bound      type(1) reserved(7) label(8) nonce(8) mac(16)                   = 40 bytes
 *
 * mac = BLAKE2b-128(key = secret of this end of the lane, "stun2 lane 1" || all bytes before it).
 * No answer is larger than what it answers. Pure.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LANE_HEADER_SIZE = 16,
    LANE_LABEL_AT = 8,
    LANE_COOKIE_SIZE = 16,
    LANE_BIND_SIZE = 56,
    LANE_CHALLENGE_SIZE = 40,
    LANE_BOUND_SIZE = 40,
    LANE_DATA_SIZE_MIN = LANE_HEADER_SIZE + FRAME_OVERHEAD_MIN,
    LANE_DATA_SIZE_MAX = LANE_HEADER_SIZE + FRAME_SIZE_MAX,
};

/** A bind, a challenge or a bound. */
struct lane_message {
    uint64_t label;
    uint64_t nonce;                   /* of the bind; the two answers echo it */
    uint8_t cookie[LANE_COOKIE_SIZE]; /* bind: zeros, or that of a challenge; bound: not used */
};

/** The 16 bytes before a frame. */
void lane_header_write(uint8_t out[LANE_HEADER_SIZE], uint64_t label);

/** The label of a data frame: size bytes of any content. ERR_DROP, with *label untouched, if it is
 * none: another type or size, reserved bytes, or neither data nor a ping of a host inside. */
int lane_data_decode(uint64_t *label, const uint8_t *data, size_t size) MUST_CHECK;

/** Write a bind with its mac. */
void lane_bind_encode(uint8_t out[LANE_BIND_SIZE], const struct lane_message *m,
                      const uint8_t secret[LANE_SECRET_SIZE]);

/** Read size bytes of any content. ERR_DROP, with out untouched, unless it is a well-formed bind.
 * Whether its mac is right, lane_mac_ok tells once its end of a lane is known. */
int lane_bind_decode(struct lane_message *out, const uint8_t *data, size_t size) MUST_CHECK;

/** The same for a challenge, which has no mac. */
void lane_challenge_encode(uint8_t out[LANE_CHALLENGE_SIZE], const struct lane_message *m);
int lane_challenge_decode(struct lane_message *out, const uint8_t *data, size_t size) MUST_CHECK;

/** The same for a bound; its mac is checked by lane_mac_ok, too. */
void lane_bound_encode(uint8_t out[LANE_BOUND_SIZE], const struct lane_message *m,
                       const uint8_t secret[LANE_SECRET_SIZE]);
int lane_bound_decode(struct lane_message *out, const uint8_t *data, size_t size) MUST_CHECK;

/** True if the last 16 bytes of a bind or a bound, which decoded, are its mac; compared in constant
 * time. */
bool lane_mac_ok(const uint8_t *data, size_t size, const uint8_t secret[LANE_SECRET_SIZE]);
