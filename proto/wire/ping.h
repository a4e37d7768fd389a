/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plaintext of ping frames (0x84; docs/protocol.md, section 12). A ping asks whether a path
 * carries a frame of the ping's size. A pong says that it did, and from where the ping came.
 *
 *   kind(1) reserved(3) transaction(8) frame size(2) observed ip(16) observed port(2) padding
 *
 * Only pings have padding, which is zeros. A pong is as large as the smallest ping.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/endpoint.h"

#include <stddef.h>
#include <stdint.h>

enum ping_kind {
    PING_KIND_PING = 1,
    PING_KIND_PONG = 2,
};

enum { PING_PLAIN_SIZE = 32 };

struct ping {
    enum ping_kind kind;
    uint64_t transaction;     /* random, chosen by who pings; a pong echoes it */
    uint16_t frame_size;      /* size of the whole ping frame; a pong echoes it */
    struct endpoint observed; /* pong: source address of the ping, none if relayed; ping: none */
};

/** Write the plaintext of a ping or pong into out, padded with zeros to plain_size, which is at
 * least PING_PLAIN_SIZE. */
void ping_encode(const struct ping *ping, uint8_t *out, size_t plain_size);

/** Decode size bytes of any content. ERR_DROP, with out untouched, for another kind, a wrong size,
 * or reserved bytes or padding that are not zero. Pure. */
int ping_decode(struct ping *out, const uint8_t *data, size_t size) MUST_CHECK;
