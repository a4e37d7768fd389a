/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012), for hash tables
 * whose keys come from peers: who does not know the hash key cannot make keys collide. It is not a
 * MAC for the wire.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SIPHASH_KEY_SIZE = 16 };

/** The 64-bit hash of size bytes under a 16-byte key. */
uint64_t siphash24(const uint8_t key[SIPHASH_KEY_SIZE], const void *data, size_t size);
