/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Identities: an Ed25519 key pair, its X25519 form for Noise, and the text forms of keys
 * (RFC 4648 base32, lower case, no padding, 52 characters). Signed strings always begin with one
 * of our ASCII labels. Verification is libsodium's: canonical S, no small-order keys.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    IDENTITY_SEED_SIZE = 32,
    KEY_BASE58_SIZE = 45,            /* at most 44 base58 characters and NUL */
    IDENTITY_SIGNED_SIZE_MAX = 4096, /* label and message together */
};

/** A key pair with its derived forms. Wipe with identity_wipe. */
struct identity {
    uint8_t public_key[KEY_SIZE]; /* Ed25519 */
    uint8_t secret_key[64];       /* Ed25519, libsodium's form */
    uint8_t x25519_public[KEY_SIZE];
    uint8_t x25519_secret[KEY_SIZE];
};

/** Prepare libsodium; call once per process. ERR_SYSTEM if it refuses. */
int identity_library_init(void) MUST_CHECK;

/** Derive everything from the 32-byte seed. */
void identity_from_seed(struct identity *out, const uint8_t seed[IDENTITY_SEED_SIZE]);
void identity_wipe(struct identity *identity);

/** Sign label || message, where label is an ASCII string without its NUL; at most
 * IDENTITY_SIGNED_SIZE_MAX bytes together. message may be NULL if size is 0. */
void identity_sign(const struct identity *identity, const char *label, const uint8_t *message,
                   size_t size, uint8_t signature[SIGNATURE_SIZE]);

/** Verify a signature over label || message; false if they are too long together. */
bool key_verify(const uint8_t key[KEY_SIZE], const char *label, const uint8_t *message, size_t size,
                const uint8_t signature[SIGNATURE_SIZE]);

/** X25519 public key of an Ed25519 one. ERR_DROP for small-order or invalid keys. */
int key_x25519(uint8_t out[KEY_SIZE], const uint8_t key[KEY_SIZE]) MUST_CHECK;

/** 52 lower-case base32 characters and a NUL. Returns text. */
const char *key_text(const uint8_t key[KEY_SIZE], char text[KEY_TEXT_SIZE]);

/** First 10 characters of the text form, for logs. Returns text. */
const char *key_short(const uint8_t key[KEY_SIZE], char text[11]);

/** The base58 form (Solana's alphabet, no checksum): 32 to 44 characters and a NUL. Returns
 * text. */
const char *key_base58(const uint8_t key[KEY_SIZE], char text[KEY_BASE58_SIZE]);

/** Parse the text form, case-insensitive; non-zero spare bits and any other length are refused. */
int key_parse(uint8_t out[KEY_SIZE], const char *text, size_t size) MUST_CHECK;

/** The host's key IPv6: fdd9:f800 || first 12 bytes of BLAKE2b-256("ziglan ip6 1" || key). */
void key_ip6(uint8_t out[16], const uint8_t key[KEY_SIZE]);

/** Where a local view begins to look for a free IPv4 of this key: the first four bytes
 * (big-endian) of BLAKE2b-256("ziglan ip4 1" || key || attempt(4)). attempt counts from 0. */
uint32_t key_ip4_hash(const uint8_t key[KEY_SIZE], uint32_t attempt);
