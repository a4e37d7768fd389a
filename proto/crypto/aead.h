/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The AEADs that protect frames after the handshake: ChaCha20-Poly1305 (RFC 8439) everywhere,
 * AEGIS-128L (draft-irtf-cfrg-aegis-aead) and AES-256-GCM where the CPU has instructions for AES.
 * Nonce = zero bytes || counter of 8 bytes: 12 bytes in all, AEGIS-128L's 16; little-endian but for
 * AES-256-GCM, which has it big-endian. AEGIS-128L takes the first 16 bytes of a key. Its tag has
 * 32 bytes, the others' 16. Implementations are libsodium's.
 */
#pragma once

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Values are those on the wire. */
enum aead {
    AEAD_NONE = 0,
    AEAD_CHACHA20_POLY1305 = 1,
    AEAD_AES_256_GCM = 2,
    AEAD_AEGIS_128L = 3,
};

enum {
    AEAD_LIST_MAX = 6,
    AEAD_KEY_SIZE = 32,
    AEAD_TAG_SIZE = 16, /* of ChaCha20-Poly1305 and AES-256-GCM */
    AEAD_TAG_SIZE_MAX = 32,
    AEAD_STATE_SIZE = 512, /* room for an AES key as libsodium expands it */
};

/** AEAD ids in order of preference. A peer's list may hold ids that we do not know. */
struct aead_list {
    uint8_t count;
    uint8_t ids[AEAD_LIST_MAX]; /* unused ones are zero */
};

/** An expanded key. Wipe it with aead_key_wipe, and every copy of it, too. */
struct aead_key {
    _Alignas(16) uint8_t state[AEAD_STATE_SIZE];
    enum aead aead;
};

/** True if it is one that we know and this CPU can do it. */
bool aead_available(enum aead aead);

/** What this machine can do, the fastest first as far as that is known without measuring
 * (proto/crypto/aead_speed.h): AEGIS-128L and AES-256-GCM where the CPU has instructions for AES,
 * and always ChaCha20-Poly1305. */
struct aead_list aead_list_local(void);

/** True if id is in the list. */
bool aead_list_has(const struct aead_list *list, uint8_t id);

/** The first of `wanted` that `local` has and this CPU can do; AEAD_NONE if there is none. */
enum aead aead_choose(const struct aead_list *wanted, const struct aead_list *local);

/** "ChaCha20-Poly1305", "AES-256-GCM", "AEGIS-128L" (as in key derivation), or "none". Never NULL.
 */
const char *aead_name(enum aead aead);

/** Bytes of the tag: 16, or 32 for AEGIS-128L. */
size_t aead_tag_size(enum aead aead);

/** Expand a key. Aborts if the AEAD is not available: the mistake is ours. */
void aead_key_init(struct aead_key *out, enum aead aead, const uint8_t key[AEAD_KEY_SIZE]);

/** Overwrite the key with zeros. */
void aead_key_wipe(struct aead_key *key);

/** Seal size bytes of plain into out (which may be plain) and write the tag behind them: out has
 * room for size + aead_tag_size bytes. ad (ad_size bytes) is authenticated but not encrypted. A
 * counter must never be used twice with one key. */
void aead_seal(const struct aead_key *key, uint64_t counter, const uint8_t *ad, size_t ad_size,
               const uint8_t *plain, size_t size, uint8_t *out);

/** Open size bytes of sealed (ciphertext || tag, any content) into out, which has room for
 * size - aead_tag_size bytes and may be `sealed` itself. False, with the content of out undefined,
 * if it is too short or was not sealed with this key, counter and ad. */
bool aead_open(const struct aead_key *key, uint64_t counter, const uint8_t *ad, size_t ad_size,
               const uint8_t *sealed, size_t size, uint8_t *out) MUST_CHECK;
