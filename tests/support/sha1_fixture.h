/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HMAC-SHA1 (RFC 2104, FIPS 180-4) for the STUN vectors of RFC 5769, which also prove this code.
 * No program of ours uses SHA-1.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SHA1_FIXTURE_SIZE = 20, SHA1_FIXTURE_BLOCK = 64, SHA1_FIXTURE_MESSAGE_MAX = 2048 };

/** SHA-1 of size bytes, at most SHA1_FIXTURE_MESSAGE_MAX. */
void sha1_fixture(uint8_t out[SHA1_FIXTURE_SIZE], const uint8_t *data, size_t size);

/** HMAC-SHA1, SHA1_FIXTURE_SIZE bytes. key_size is at most SHA1_FIXTURE_BLOCK, size at most
 * SHA1_FIXTURE_MESSAGE_MAX - SHA1_FIXTURE_BLOCK. */
void sha1_fixture_hmac(uint8_t *out, const uint8_t *key, size_t key_size, const uint8_t *data,
                       size_t size);
