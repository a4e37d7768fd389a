/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The two uses of BLAKE2b in our own layouts (RFC 7693): 32-byte hashes that begin with one of our
 * ASCII labels, and 16-byte keyed codes. Noise has its own, see noise.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HASH_SIZE = 32,
    MAC_SIZE = 16,
};

/** BLAKE2b-256(label || data || more); label without its NUL, the others may be empty. */
void hash_label(uint8_t out[HASH_SIZE], const char *label, const uint8_t *data, size_t size,
                const uint8_t *more, size_t more_size);

/** BLAKE2b-128 keyed with 16 to 64 bytes over label || data. label may be "". */
void mac_label(uint8_t out[MAC_SIZE], const uint8_t *key, size_t key_size, const char *label,
               const uint8_t *data, size_t size);

/** Compare mac with that of data, without a label, in constant time. */
bool mac_ok(const uint8_t mac[MAC_SIZE], const uint8_t *key, size_t key_size, const uint8_t *data,
            size_t size);
