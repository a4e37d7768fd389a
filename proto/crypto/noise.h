/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Noise handshakes Noise_IK_25519_ChaChaPoly_BLAKE2b and, with a pre-shared key,
 * Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b (The Noise Protocol Framework, revision 34):
 *
 *   <- s
 *   -> e, es, s, ss      noise_write_first,  noise_read_first
 *   <- e, ee, se [, psk] noise_write_second, noise_read_second
 *
 * Pure and generic: no frame layouts, no clock, no randomness. handshake.h builds on it.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/crypto/aead.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NOISE_KEY_SIZE = 32,
    NOISE_HASH_SIZE = 64, /* BLAKE2b-512 */
    NOISE_PAYLOAD_SIZE_MAX = 1024,
    NOISE_FIRST_OVERHEAD = NOISE_KEY_SIZE + NOISE_KEY_SIZE + AEAD_TAG_SIZE + AEAD_TAG_SIZE,
    NOISE_SECOND_OVERHEAD = NOISE_KEY_SIZE + AEAD_TAG_SIZE,
};

/** What both sides must agree on (prologue and psk), and our own static key pair. All pointers are
 * borrowed for the call. */
struct noise_config {
    const uint8_t *prologue; /* prologue_size bytes */
    size_t prologue_size;
    const uint8_t *static_secret; /* NOISE_KEY_SIZE, ours */
    const uint8_t *static_public; /* NOISE_KEY_SIZE, ours */
    const uint8_t *psk;           /* NOISE_KEY_SIZE or NULL; chooses the protocol name */
};

/** A handshake that is under way. Holds secrets: wipe it, and every copy, with noise_wipe. */
struct noise {
    bool psk_used;
    bool key_set;
    uint64_t nonce;
    uint8_t key[NOISE_KEY_SIZE];
    uint8_t chaining_key[NOISE_HASH_SIZE];
    uint8_t hash[NOISE_HASH_SIZE];
    uint8_t psk[NOISE_KEY_SIZE];
    uint8_t static_secret[NOISE_KEY_SIZE];
    uint8_t static_public[NOISE_KEY_SIZE];
    uint8_t ephemeral_secret[NOISE_KEY_SIZE];
    uint8_t remote_static[NOISE_KEY_SIZE]; /* a responder knows it after noise_read_first */
    uint8_t remote_ephemeral[NOISE_KEY_SIZE];
};

/** Begin as initiator with the responder's static public key. */
void noise_init_initiator(struct noise *noise, const struct noise_config *config,
                          const uint8_t remote_static[NOISE_KEY_SIZE]);

/** Begin as responder. */
void noise_init_responder(struct noise *noise, const struct noise_config *config);

/**
 * Initiator: write the first message.
 *
 * ephemeral_secret  NOISE_KEY_SIZE random bytes, never used twice
 * payload           payload_size (at most NOISE_PAYLOAD_SIZE_MAX) bytes, borrowed
 * out               gets NOISE_FIRST_OVERHEAD + payload_size bytes
 *
 * ERR_DROP if the responder's key is of small order; only noise_wipe may follow.
 */
int noise_write_first(struct noise *noise, const uint8_t ephemeral_secret[NOISE_KEY_SIZE],
                      const uint8_t *payload, size_t payload_size, uint8_t *out) MUST_CHECK;

/**
 * Responder: read the first message, of any size and content. payload gets exactly payload_size
 * bytes, and noise->remote_static is the initiator's key then. ERR_DROP, with noise unchanged and
 * payload undefined, if the size does not fit, a tag is wrong, or a key is of small order.
 */
int noise_read_first(struct noise *noise, const uint8_t *message, size_t size, uint8_t *payload,
                     size_t payload_size) MUST_CHECK;

/** Responder: write the second message; parameters as for noise_write_first. out gets
 * NOISE_SECOND_OVERHEAD + payload_size bytes. ERR_DROP if a key of the initiator is of small order;
 * only noise_wipe may follow. */
int noise_write_second(struct noise *noise, const uint8_t ephemeral_secret[NOISE_KEY_SIZE],
                       const uint8_t *payload, size_t payload_size, uint8_t *out) MUST_CHECK;

/** Initiator: read the second message; parameters and errors as for noise_read_first. */
int noise_read_second(struct noise *noise, const uint8_t *message, size_t size, uint8_t *payload,
                      size_t payload_size) MUST_CHECK;

/** Split, after the second message: the keys for what the initiator and the responder send. */
void noise_split(const struct noise *noise, uint8_t initiator_key[NOISE_KEY_SIZE],
                 uint8_t responder_key[NOISE_KEY_SIZE]);

/** Forget all secrets. */
void noise_wipe(struct noise *noise);
