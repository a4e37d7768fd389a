/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * BLAKE2b (RFC 7693) as our own layouts use it: 32-byte hashes of what begins with one of our ASCII
 * labels, and 16-byte codes with a key. Noise's hashes (noise.c) and the keys of channels
 * (channel_key.c) are computed where they are used.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HASH_SIZE = 32,
    MAC_SIZE = 16,
};

/** BLAKE2b-256(label || data || more). label goes in without its NUL; data and more may be empty
 * (NULL with size 0). */
void hash_label(uint8_t out[HASH_SIZE], const char *label, const uint8_t *data, size_t size,
                const uint8_t *more, size_t more_size);

/** BLAKE2b-128(key, label || data). key has 16 to 64 bytes; label may be "" and goes in without its
 * NUL. */
void mac_label(uint8_t out[MAC_SIZE], const uint8_t *key, size_t key_size, const char *label,
               const uint8_t *data, size_t size);

/** True if mac is mac_label of data with the label ""; compared in constant time. */
bool mac_ok(const uint8_t mac[MAC_SIZE], const uint8_t *key, size_t key_size, const uint8_t *data,
            size_t size);
