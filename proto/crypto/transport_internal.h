/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The structs behind transport.h. transport.c uses them, and so do tests that set a counter which
 * no test could count up to.
 */
#pragma once

#include "proto/crypto/replay.h"
#include "proto/crypto/transport.h"

struct transport_sender {
    struct aead_key key;
    uint64_t counter; /* of the next frame */
    uint32_t index;   /* the peer's */
    uint8_t channel;
};

struct transport_channel {
    struct aead_key key;
    struct replay replay;
};

struct transport_receiver {
    enum aead aead;
    uint32_t index; /* ours */
    bool widen;     /* the next frame that opens widens the window of its channel */
    uint64_t failed_opens;
    uint64_t counter_max; /* the largest that opened, on any channel */
    uint8_t split_key[AEAD_KEY_SIZE];
    struct transport_channel *channels[FRAME_CHANNEL_COUNT]; /* NULL before the first valid frame */
};
