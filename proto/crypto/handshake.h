/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The frames that make a session between two hosts (docs/protocol.md, section 7): Noise IK (or
 * IKpsk2) with prologue "ziglan 1". Integers are big-endian, reserved bytes are zero and checked.
 *
 *   0x80 initiation (184): type(1) version(1) reserved(2) sender index(4)
 *        e(32) sealed s(48) sealed payload(48 + 16) mac1(16) mac2(16)
 *   0x81 response (108):   type(1) version(1) reserved(2) sender index(4) receiver index(4)
 *        e(32) sealed payload(16 + 16) mac1(16) mac2(16)
 *   0x82 cookie reply (64), see cookie.h
 *
 *   initiator's payload (48): Ed25519 key(32) timestamp ms(8) version(1) count(1) AEAD ids(6)
 *   responder's payload (16): chosen AEAD(1) reserved(15)
 *
 * mac1 = BLAKE2b-128(key = BLAKE2b-256("ziglan mac1 1" || X25519 public key of who is to read the
 * frame), all bytes before mac1). mac2 is zero, or made with a cookie (cookie.h).
 *
 * A responder's order: handshake_mac1_ok (cheap), buckets and under load cookie_mac2_ok, then
 * handshake_read_initiation (two Diffie-Hellmans), timestamp and policy of the peer's key (the
 * caller's), then handshake_respond. All functions are pure but for the injected randomness.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/crypto/aead.h"
#include "proto/crypto/hash.h"
#include "proto/crypto/identity.h"
#include "proto/crypto/noise.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HANDSHAKE_VERSION = 1,
    HANDSHAKE_INITIATION_SIZE = 184,
    HANDSHAKE_RESPONSE_SIZE = 108,
    HANDSHAKE_PSK_SIZE = 32,
    HANDSHAKE_INITIATOR_PAYLOAD_SIZE = 48,
    HANDSHAKE_RESPONDER_PAYLOAD_SIZE = 16,
};

/** Our side of every handshake. Everything is borrowed and outlives the calls. */
struct handshake_local {
    const struct identity *identity;
    const uint8_t *psk;     /* HANDSHAKE_PSK_SIZE bytes, or NULL: both sides must agree */
    struct aead_list aeads; /* normally aead_list_local() */
    const struct env *env;  /* randomness of the ephemeral keys */
};

/** Result of a handshake. Wipe with session_keys_wipe once senders and receiver are made. */
struct session_keys {
    enum aead aead;
    uint32_t local_index;  /* the peer puts it into frames to us */
    uint32_t remote_index; /* we put it into frames to the peer */
    uint8_t send_key[AEAD_KEY_SIZE];
    uint8_t receive_key[AEAD_KEY_SIZE];
};

/** An initiation that waits for its response. Plain memory with secrets: handshake_wipe. */
struct handshake {
    struct noise noise;
    uint32_t local_index;
    struct aead_list offered;
    uint8_t peer_key[KEY_SIZE]; /* Ed25519 */
};

/** An initiation that was read. Plain memory with secrets: handshake_initiation_wipe. */
struct handshake_initiation {
    uint8_t peer_key[KEY_SIZE]; /* Ed25519, proven by the handshake */
    uint64_t timestamp_ms;      /* refuse it unless larger than the last one of this peer */
    uint32_t remote_index;
    struct aead_list aeads; /* the peer's order of preference, unknown ids included */
    struct noise noise;
};

/**
 * Write an initiation to the host with Ed25519 key peer_key. mac2 is zero; see cookie_jar_stamp.
 *
 * index         ours, to be echoed by the peer; unique among our sessions
 * timestamp_ms  max(wall clock, last one used for this peer + 1)
 * frame         HANDSHAKE_INITIATION_SIZE bytes
 *
 * ERR_DROP if peer_key is no usable key; out is then wiped.
 */
int handshake_initiate(struct handshake *out, const struct handshake_local *local,
                       const uint8_t peer_key[KEY_SIZE], uint32_t index, uint64_t timestamp_ms,
                       uint8_t frame[HANDSHAKE_INITIATION_SIZE]) MUST_CHECK;

/** By type, version, reserved bytes and size an initiation or a response. Any content. */
bool handshake_shape_ok(const uint8_t *frame, size_t size);

/** Is this an initiation or a response, of the right size and version, whose mac1 names us? The
 * check costs two hashes. Any content. */
bool handshake_mac1_ok(const struct identity *identity, const uint8_t *frame, size_t size);

/**
 * Read an initiation of any size and content; mac1 is checked again.
 *
 * ERR_DROP, with out untouched, unless everything is in order: sizes, reserved bytes, version,
 * tags, list of AEADs, and the Ed25519 key of the payload converts to the static key that was
 * used. (A key and its negative, which differ in the sign bit only, convert to the same: their
 * secrets are the same too, so this lets nobody be somebody else, but it lets one owner appear as
 * two. So compare whole keys everywhere.) Judging timestamp and key is the caller's. mac2 is not
 * looked at (cookie_mac2_ok).
 */
int handshake_read_initiation(struct handshake_initiation *out, const struct handshake_local *local,
                              const uint8_t *frame, size_t size) MUST_CHECK;

/**
 * Answer it: choose the first AEAD of the peer that local->aeads has, write the response frame
 * (HANDSHAKE_RESPONSE_SIZE bytes) and the session's keys. `initiation` is wiped in every case.
 * Stay silent on this session until its first valid frame came.
 *
 * ERR_DROP if there is no common AEAD; frame and keys are then untouched.
 */
int handshake_respond(struct handshake_initiation *initiation, const struct handshake_local *local,
                      uint32_t index, uint8_t frame[HANDSHAKE_RESPONSE_SIZE],
                      struct session_keys *keys) MUST_CHECK;

/**
 * Read the response to our initiation; any size and content. On ERR_OK the handshake is wiped.
 * ERR_DROP leaves handshake and keys untouched (a true response may still come), except that an
 * authentic response naming an AEAD that we did not offer ends the handshake: ERR_SESSION, wiped.
 */
int handshake_read_response(struct handshake *handshake, const struct handshake_local *local,
                            const uint8_t *frame, size_t size,
                            struct session_keys *keys) MUST_CHECK;

/** The index in a frame 0x81 to 0x84 that says which of our handshakes or sessions it is for.
 * False if the frame is too short or of another type. Nothing else is checked. */
bool handshake_receiver_index(const uint8_t *frame, size_t size, uint32_t *index);

/** The sender's index of an initiation or response, for a cookie reply; the caller has seen
 * handshake_mac1_ok say yes. */
uint32_t handshake_sender_index(const uint8_t *frame);

/** Forget a handshake that will not be answered any more. */
void handshake_wipe(struct handshake *handshake);

/** Forget an initiation that is not going to be answered. */
void handshake_initiation_wipe(struct handshake_initiation *initiation);

/** Forget the keys of a session once its senders and receiver are made. */
void session_keys_wipe(struct session_keys *keys);
