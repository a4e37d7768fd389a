/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the wire between relays loses, and the last word with a frame that it saw. */
#pragma once

#include "proto/crypto/frame_word.h"
#include "tests/support/far_hosts.h"

#include <stddef.h>
#include <stdint.h>

struct word_tap {
    uint8_t lost; /* a first byte; 0: none */
    uint8_t word[FRAME_WORD_SIZE_MAX];
    size_t size;
    size_t words;
};

/** From now on datagrams that begin with `lost` (0: none) are lost. There is one tap; it is valid
 * until the next call. */
struct word_tap *word_tap_on(struct far_hosts *town, uint8_t lost);
