/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cookies make a flood of handshakes expensive for its sender: under load, a frame is answered by
 * a cookie reply instead of two Diffie-Hellmans, and only who really receives at its source can
 * send the frame again with mac2 (docs/protocol.md, section 7; WireGuard's idea).
 *
 *   0x82 cookie reply (64): type(1) reserved(3) receiver index(4) nonce(24) sealed cookie(16 + 16)
 *
 * cookie = BLAKE2b-128(key = secret, "ziglan cookie 1" || source); the secret changes every 120 s,
 * it and its predecessor are valid. mac2 = BLAKE2b-128(key = cookie, all bytes before mac2). The
 * cookie is sealed with XChaCha20-Poly1305, associated data = mac1 of the offending frame, key =
 * BLAKE2b-256("ziglan cookie key 1" || X25519 public key of who sends the reply).
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/crypto/identity.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    COOKIE_SIZE = 16,
    COOKIE_REPLY_SIZE = 64,
    COOKIE_SOURCE_SIZE_MAX = 64,
    COOKIE_SECRET_MS = 120000, /* a secret's time as the current one */
    COOKIE_FRESH_MS = 120000,  /* so long a received cookie is used */
};

/** The two secrets of who demands cookies. Borrowed env. Wipe with cookie_baker_wipe. */
struct cookie_baker {
    const struct env *env;
    struct mono made_at;
    uint8_t secrets[2][32]; /* current, predecessor */
};

/** What who must show cookies remembers per peer. All zero is the empty jar. */
struct cookie_jar {
    bool sent, filled;
    uint8_t mac1[COOKIE_SIZE]; /* of the last frame stamped; a reply must answer it */
    uint8_t cookie[COOKIE_SIZE];
    struct mono filled_at;
};

/** Draw the first secrets. env is borrowed and outlives the baker. */
void cookie_baker_init(struct cookie_baker *baker, const struct env *env, struct mono now);
void cookie_baker_wipe(struct cookie_baker *baker);

/**
 * Is mac2 of this initiation or response made with a valid cookie for its source?
 *
 * frame   any size and content; handshake_mac1_ok is a separate question
 * source  1 to COOKIE_SOURCE_SIZE_MAX bytes that describe where it came from: ip(16) port(2) when
 *         direct, the sender's key when relayed, the label on a lane
 *
 * Rotates the secret when it is due.
 */
bool cookie_mac2_ok(struct cookie_baker *baker, const uint8_t *frame, size_t size,
                    const uint8_t *source, size_t source_size, struct mono now);

/** Write the cookie reply (COOKIE_REPLY_SIZE bytes) to an initiation or response for which
 * handshake_mac1_ok said yes. It is smaller than either. */
void cookie_reply_write(struct cookie_baker *baker, const struct identity *identity,
                        const uint8_t *frame, size_t size, const uint8_t *source,
                        size_t source_size, struct mono now, uint8_t out[COOKIE_REPLY_SIZE]);

/** Call for each initiation or response just before it is sent: writes mac2 if a fresh cookie is
 * in the jar, and remembers mac1 for a reply. */
void cookie_jar_stamp(struct cookie_jar *jar, uint8_t *frame, size_t size, struct mono now);

/**
 * Open a cookie reply of any size and content from the peer with X25519 key `peer_x25519`; the
 * next frame stamped will carry the cookie. Replies to anything but the last frame stamped, and a
 * second reply to it, are refused. ERR_DROP leaves the jar alone.
 */
int cookie_jar_receive(struct cookie_jar *jar, const uint8_t peer_x25519[KEY_SIZE],
                       const uint8_t *frame, size_t size, struct mono now) MUST_CHECK;
