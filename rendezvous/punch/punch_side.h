/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One of the two sides of a punch, and the order that both sides and the relay agree on without a
 * further word (docs/protocol.md, section 13).
 */
#pragma once

#include "proto/net/endpoint.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stdint.h>

/** One side as its session knows it. */
struct punch_side {
    uint8_t key[KEY_SIZE];           /* authenticated by its session */
    uint8_t token[PUNCH_TOKEN_SIZE]; /* its random token */
    uint32_t nat_kind;               /* kind of its NAT, 0 unknown */
    struct endpoint observed;        /* where the relay sees it */
    uint64_t rtt_us;                 /* smoothed round trip of its session, 0 unknown */
};

/** Token order: true if `self` listens towards `peer`: its token is larger; equal: its IP in
 * 16-byte form; still equal: its key. */
bool punch_side_listens(const struct punch_side *self, const struct punch_side *peer);
