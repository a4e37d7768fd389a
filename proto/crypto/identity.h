/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Identities: an Ed25519 key pair, and its X25519 form for Noise. Everything that is signed begins
 * with one of our ASCII labels. Signatures are verified by libsodium, which refuses S that is not
 * reduced and keys of small order. Text forms and addresses of a key are in key_form.h.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/crypto/key_form.h"
#include "proto/wire/frame.h"
#include "proto/wire/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    IDENTITY_SEED_SIZE = 32,
    IDENTITY_SIGNED_SIZE_MAX = 4096, /* label and message together */
};

/** A key pair in both forms. Wipe with identity_wipe. */
struct identity {
    uint8_t public_key[KEY_SIZE]; /* Ed25519 */
    uint8_t secret_key[64];       /* Ed25519, libsodium's form */
    uint8_t x25519_public[KEY_SIZE];
    uint8_t x25519_secret[KEY_SIZE];
};

/** Prepare libsodium. Call it before anything else of this room; again does no harm. ERR_SYSTEM if
 * it fails. */
int identity_library_init(void) MUST_CHECK;

/** Derive everything from the 32-byte seed. */
void identity_from_seed(struct identity *out, const uint8_t seed[IDENTITY_SEED_SIZE]);

/** Forget the keys. */
void identity_wipe(struct identity *identity);

/** Sign label || message. label goes in without its NUL; message has size bytes and may be NULL if
 * that is 0. Both together have at most IDENTITY_SIGNED_SIZE_MAX bytes (checked). */
void identity_sign(const struct identity *identity, const char *label, const uint8_t *message,
                   size_t size, uint8_t signature[SIGNATURE_SIZE]);

/** True if signature is key's over label || message. False also if label and message together have
 * more than IDENTITY_SIGNED_SIZE_MAX bytes. */
bool key_verify(const uint8_t key[KEY_SIZE], const char *label, const uint8_t *message, size_t size,
                const uint8_t signature[SIGNATURE_SIZE]);

/** What people are told about a URL that is not usable. */
#define KEY_UNUSABLE_TEXT                                                                          \
    "nobody can have the key of this URL: copy the whole URL again, or ask for a new one"

/** False if a key in a URL, also one of a relay that it names, is not usable. */
bool url_is_usable(const struct url *url);

/** False for keys that no honest node can have: of small order, outside the main subgroup, or no
 * point at all. Some of them are well known as addresses elsewhere. */
bool key_is_usable(const uint8_t key[KEY_SIZE]);

/** The X25519 form of an Ed25519 public key. ERR_DROP, with out untouched, unless the key is a
 * canonical point of the main subgroup. */
int key_x25519(uint8_t out[KEY_SIZE], const uint8_t key[KEY_SIZE]) MUST_CHECK;
