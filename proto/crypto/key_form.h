/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What follows from a public key: its text forms (docs/protocol.md, section 15) and the addresses
 * of its host (section 16). *The* text form is base32 (RFC 4648) in lower case without padding.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    KEY_SHORT_SIZE = 11,  /* the first ten characters and NUL */
    KEY_BASE58_SIZE = 45, /* at most 44 base58 characters and NUL */
};

/** Write the text form: 52 characters and a NUL. Returns text. */
const char *key_text(const uint8_t key[KEY_SIZE], char text[KEY_TEXT_SIZE]);

/** Write the first 10 characters of the text form and a NUL, as in logs. Returns text. */
const char *key_short(const uint8_t key[KEY_SIZE], char text[KEY_SHORT_SIZE]);

/** Write the base58 form (Solana's alphabet, no checksum): 32 to 44 characters and a NUL. Returns
 * text. */
const char *key_base58(const uint8_t key[KEY_SIZE], char text[KEY_BASE58_SIZE]);

/** Parse the text form (size characters, any content), in upper or lower case. ERR_DROP, with out
 * untouched, for anything else. */
int key_parse(uint8_t out[KEY_SIZE], const char *text, size_t size) MUST_CHECK;

/** True if the text is this key or its beginning: the ten characters that key_short gives, or more.
 * Letters may be capitals. Several keys may begin so; that is for the caller. */
bool key_begins(const uint8_t key[KEY_SIZE], const char *text);

/** The host's key IPv6: fdd9:f800 || first 12 bytes of BLAKE2b-256("ziglan ip6 1" || key). */
void key_ip6(uint8_t out[16], const uint8_t key[KEY_SIZE]);

/** The number from which an address book makes the pool IPv4 that it tries for this key: the first
 * four bytes (big-endian) of BLAKE2b-256("ziglan ip4 1" || key || attempt(4)). attempt counts from
 * 0. */
uint32_t key_ip4_hash(const uint8_t key[KEY_SIZE], uint32_t attempt);
