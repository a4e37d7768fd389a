/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Identities: an Ed25519 key pair and its X25519 form for Noise. Signed strings always begin with
 * one of our ASCII labels. Verification is libsodium's: canonical S, no small-order keys. The text
 * forms of keys, and what else follows from a key, come along with key_form.h.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/crypto/key_form.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    IDENTITY_SEED_SIZE = 32,
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
