/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The key schedule between a handshake and its frames (docs/protocol.md, section 8): noise_split
 * gives a key to each direction, and here each channel of a direction gets its own.
 */
#pragma once

#include "proto/crypto/aead.h"

#include <stdint.h>

/** Derive the key of a channel: BLAKE2b-256(key = the direction's Split key, "ziglan key 1" || AEAD
 * name || channel(1)). The caller wipes out. */
void channel_key(uint8_t out[AEAD_KEY_SIZE], const uint8_t split_key[AEAD_KEY_SIZE], enum aead aead,
                 uint8_t channel);
