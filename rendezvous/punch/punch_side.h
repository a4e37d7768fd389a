/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One of the two sides of a punch, and the order of tokens (docs/protocol.md, section 13), by which
 * one side listens and the other dials.
 */
#pragma once

#include "proto/net/endpoint.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stdint.h>

/** One side as its session at the relay knows it. */
struct punch_side {
    uint8_t key[KEY_SIZE];           /* authenticated by its session */
    uint8_t token[PUNCH_TOKEN_SIZE]; /* random, of this side and punch */
    uint32_t nat_kind;               /* as it tells, 0 unknown */
    struct endpoint observed;        /* where the relay sees it */
    uint64_t rtt_us;                 /* smoothed round trip to the relay, 0 unknown */
};

/** True if `self` listens and `peer` dials: its token is larger; if they are equal, its IP in
 * 16-byte form; if these are equal too, its key. */
bool punch_side_listens(const struct punch_side *self, const struct punch_side *peer);
