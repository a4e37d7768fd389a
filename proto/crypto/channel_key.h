/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The key schedule between a handshake and its frames (docs/protocol.md, section 8).
 */
#pragma once

#include "proto/crypto/aead.h"

#include <stdint.h>

/** Derive the key of a direction and channel from its Split key. */
void channel_key(uint8_t out[AEAD_KEY_SIZE], const uint8_t split_key[AEAD_KEY_SIZE], enum aead aead,
                 uint8_t channel);
