/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cookies make a flood of handshakes expensive for its sender (docs/protocol.md, section 7; the
 * idea is WireGuard's). Under load, a frame is answered by a cookie reply, which costs far less
 * than two Diffie-Hellmans. Only who receives at the source of that frame gets the cookie, and only
 * with a cookie can mac2 of the next frame be made.
 *
 *   0x82 cookie reply (64): type(1) reserved(3) receiver index(4) nonce(24) sealed cookie(16 + 16)
 *
 * cookie = BLAKE2b-128(key = secret, "ziglan cookie 1" || source). The secret changes every 120 s;
 * it and the one before it are valid. mac2 = BLAKE2b-128(key = cookie, all bytes before mac2). The
 * cookie is sealed with XChaCha20-Poly1305: associated data = mac1 of the frame that is answered,
 * key = BLAKE2b-256("ziglan cookie key 1" || X25519 public key of who sends the reply).
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
    COOKIE_SECRET_MS = 120000, /* how long a secret is the current one, and then the previous */
    COOKIE_FRESH_MS = 120000,  /* how long a received cookie is used */
};

/** The secrets of a host that demands cookies. Wipe with cookie_baker_wipe. */
struct cookie_baker {
    const struct env *env;  /* borrowed */
    struct mono made_at;    /* when the current secret became that */
    uint8_t secrets[2][32]; /* current, previous */
};

/** What a host that must show cookies remembers for each peer. A zeroed jar is empty. */
struct cookie_jar {
    bool sent;                 /* a frame was stamped, and no reply to it was taken */
    bool filled;               /* there is a cookie, fresh or not */
    uint8_t mac1[COOKIE_SIZE]; /* of the frame that was stamped last; a reply must answer it */
    uint8_t cookie[COOKIE_SIZE];
    struct mono filled_at;
};

/** Draw the first secrets. env is borrowed and outlives the baker. */
void cookie_baker_init(struct cookie_baker *baker, const struct env *env, struct mono now);

/** Forget the secrets. */
void cookie_baker_wipe(struct cookie_baker *baker);

/**
 * True if mac2 of this initiation or response was made with a valid cookie for its source.
 *
 * frame   size bytes of any content; mac1 is not looked at (handshake_mac1_ok)
 * source  where the frame came from, 1 to COOKIE_SOURCE_SIZE_MAX bytes of the caller's choice
 *
 * Changes the secret when that is due.
 */
bool cookie_mac2_ok(struct cookie_baker *baker, const uint8_t *frame, size_t size,
                    const uint8_t *source, size_t source_size, struct mono now);

/** Write the cookie reply to an initiation or response for which handshake_mac1_ok said yes. It is
 * smaller than either. source as for cookie_mac2_ok. */
void cookie_reply_write(struct cookie_baker *baker, const struct identity *identity,
                        const uint8_t *frame, size_t size, const uint8_t *source,
                        size_t source_size, struct mono now, uint8_t out[COOKIE_REPLY_SIZE]);

/** Call it for each initiation or response just before it is sent. Writes mac2, which is zero
 * unless there is a fresh cookie in the jar, and remembers mac1, which a reply must answer. */
void cookie_jar_stamp(struct cookie_jar *jar, uint8_t *frame, size_t size, struct mono now);

/**
 * Take a cookie reply (size bytes of any content) of the peer with the X25519 key `peer_x25519`:
 * the next frame that is stamped carries its cookie. ERR_DROP, with the jar untouched, if it is
 * damaged, does not answer the frame that was stamped last, or is the second reply to it.
 */
int cookie_jar_receive(struct cookie_jar *jar, const uint8_t peer_x25519[KEY_SIZE],
                       const uint8_t *frame, size_t size, struct mono now) MUST_CHECK;
