/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The insides of transport.h, for transport.c and for tests that must reach counters which no test
 * could count up to.
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
    bool widen;     /* the window of the next frame's channel */
    uint64_t failed_opens;
    uint64_t counter_max; /* of all channels */
    uint8_t split_key[AEAD_KEY_SIZE];
    struct transport_channel *channels[FRAME_CHANNEL_COUNT]; /* NULL until a valid frame came */
};
