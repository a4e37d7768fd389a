/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The frames that begin a session between two hosts (docs/protocol.md, section 7): Noise IK (or
 * IKpsk2) with the prologue "ziglan 1". Integers are big-endian; reserved bytes are zero, and that
 * is checked.
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
 * A responder asks in this order, the cheap questions first: handshake_mac1_ok; the caller's
 * buckets and, under load, cookie_mac2_ok; handshake_read_initiation (two Diffie-Hellmans); whether
 * the caller accepts the peer's key and the timestamp; handshake_respond. All functions are pure,
 * but for randomness from the env.
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

/** Our side of every handshake. All pointers are borrowed for the call. */
struct handshake_local {
    const struct identity *identity;
    const uint8_t *psk;     /* HANDSHAKE_PSK_SIZE bytes or NULL, the same on both sides */
    struct aead_list aeads; /* normally aead_list_local() */
    const struct env *env;  /* randomness of the ephemeral keys */
};

/** What a handshake gives. Wipe it with session_keys_wipe when senders and receiver are made. */
struct session_keys {
    enum aead aead;
    uint32_t local_index;  /* the peer puts it into frames to us */
    uint32_t remote_index; /* we put it into frames to the peer */
    uint8_t send_key[AEAD_KEY_SIZE];
    uint8_t receive_key[AEAD_KEY_SIZE];
};

/** An initiation of ours that waits for its response. Holds secrets: wipe with handshake_wipe. */
struct handshake {
    struct noise noise;
    uint32_t local_index;
    struct aead_list offered;
    uint8_t peer_key[KEY_SIZE]; /* Ed25519 */
};

/** A peer's initiation that was read. Holds secrets: wipe with handshake_initiation_wipe. */
struct handshake_initiation {
    uint8_t peer_key[KEY_SIZE]; /* Ed25519, proven by the handshake */
    uint64_t timestamp_ms;      /* must be larger than the last accepted one of this peer */
    uint32_t remote_index;      /* the sender index of its frame */
    struct aead_list aeads;     /* in the peer's order of preference, unknown ids included */
    struct noise noise;
};

/**
 * Write an initiation to the host with Ed25519 key peer_key. mac2 is zero; see cookie_jar_stamp.
 *
 * index         ours, which the peer puts into its frames; unique among our sessions
 * timestamp_ms  the larger of the wall clock (ms since 1970 UTC) and the last one + 1
 * frame         HANDSHAKE_INITIATION_SIZE bytes
 *
 * ERR_DROP if key_x25519 refuses peer_key; out is then wiped and frame undefined.
 */
int handshake_initiate(struct handshake *out, const struct handshake_local *local,
                       const uint8_t peer_key[KEY_SIZE], uint32_t index, uint64_t timestamp_ms,
                       uint8_t frame[HANDSHAKE_INITIATION_SIZE]) MUST_CHECK;

/** True if the frame (any content) is an initiation or a response by its type, version, reserved
 * bytes and size. */
bool handshake_shape_ok(const uint8_t *frame, size_t size);

/** True if the frame (any size and content) is that, and its mac1 was made for us: whoever sent it
 * knows our key. It costs two hashes. */
bool handshake_mac1_ok(const struct identity *identity, const uint8_t *frame, size_t size);

/**
 * Read an initiation of any size and content. mac1 is checked, too.
 *
 * ERR_DROP, with out untouched, unless everything is in order: shape, mac1, tags, version, list of
 * AEADs, and the Ed25519 key of the payload converts to the static key that was used. The caller
 * judges the timestamp and the key. mac2 is not looked at (cookie_mac2_ok).
 *
 * A key and its negative, which differ in the sign bit only, convert to the same X25519 key. They
 * belong to the same owner, so nobody can pass for somebody else; but one owner can appear under
 * two keys. So compare whole keys everywhere.
 */
int handshake_read_initiation(struct handshake_initiation *out, const struct handshake_local *local,
                              const uint8_t *frame, size_t size) MUST_CHECK;

/**
 * Answer an initiation that was read: choose the peer's first AEAD that local->aeads has, too, and
 * write the response frame and the session's keys. index is ours, as for handshake_initiate.
 * `initiation` is wiped in every case. The caller sends nothing on this session before the first
 * valid frame on it has come.
 *
 * ERR_DROP, with frame and keys untouched, if there is no common AEAD or the initiator's ephemeral
 * key is of small order.
 */
int handshake_respond(struct handshake_initiation *initiation, const struct handshake_local *local,
                      uint32_t index, uint8_t frame[HANDSHAKE_RESPONSE_SIZE],
                      struct session_keys *keys) MUST_CHECK;

/**
 * Read the response (any size and content) to our initiation.
 *
 * ERR_OK       keys are written; handshake is wiped
 * ERR_DROP     it does not answer this handshake; handshake and keys are untouched, since the true
 *              response may still come
 * ERR_SESSION  it is authentic but against the rules: it names an AEAD that we did not offer, or
 *              its reserved bytes are not zero; handshake is wiped, keys are untouched
 */
int handshake_read_response(struct handshake *handshake, const struct handshake_local *local,
                            const uint8_t *frame, size_t size,
                            struct session_keys *keys) MUST_CHECK;

/** The receiver index of a frame 0x81 to 0x84, which tells to which of our handshakes or sessions
 * it belongs. False, with *index untouched, if the frame is too short or of another type. Nothing
 * else is checked. */
bool handshake_receiver_index(const uint8_t *frame, size_t size, uint32_t *index);

/** The sender index of an initiation or response for which handshake_shape_ok said yes. */
uint32_t handshake_sender_index(const uint8_t *frame);

/** Forget a handshake that will not be answered any more. */
void handshake_wipe(struct handshake *handshake);

/** Forget an initiation that is not going to be answered. */
void handshake_initiation_wipe(struct handshake_initiation *initiation);

/** Forget the keys of a session; its senders and receiver have copies. */
void session_keys_wipe(struct session_keys *keys);
