/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plaintext of ping frames (0x84; docs/protocol.md, section 12): a ping asks whether a path
 * works for a frame of its own size, a pong says that it did, and where the ping came from.
 *
 *   kind(1) reserved(3) transaction(8) frame size(2) observed ip(16) observed port(2) padding
 *
 * Padding (zeros) exists in pings only. A pong is never larger than the smallest ping.
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
    uint64_t transaction;     /* random, chosen by who pings, echoed */
    uint16_t frame_size;      /* of the whole ping frame, echoed */
    struct endpoint observed; /* pong: source address of the ping; none if it was relayed */
};

/** Write the plaintext of a ping or pong into out, padded with zeros to plain_size, which is at
 * least PING_PLAIN_SIZE. */
void ping_encode(const struct ping *ping, uint8_t *out, size_t plain_size);

/** Decode size bytes of any content. ERR_DROP leaves out alone. Pure. */
int ping_decode(struct ping *out, const uint8_t *data, size_t size) MUST_CHECK;
