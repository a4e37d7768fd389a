/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The baker makes cookies from a source and a secret that changes; the jar keeps one that came. */
#include "proto/crypto/cookie.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/crypto/handshake.h"
#include "proto/crypto/hash.h"

#include <sodium.h>
#include <string.h>

enum {
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    SEALED_SIZE = COOKIE_SIZE + crypto_aead_xchacha20poly1305_ietf_ABYTES,
    NONCE_AT = 8,
    SEALED_AT = NONCE_AT + NONCE_SIZE,
};

_Static_assert(SEALED_AT + SEALED_SIZE == COOKIE_REPLY_SIZE, "layout of a cookie reply");
_Static_assert((int)COOKIE_SIZE == (int)MAC_SIZE, "a cookie is a MAC");

static const uint8_t *mac1_of(const uint8_t *frame, size_t size)
{
    return frame + size - MAC_SIZE - MAC_SIZE;
}

static void reply_key(uint8_t key[HASH_SIZE], const uint8_t x25519[KEY_SIZE])
{
    hash_label(key, "ziglan cookie key 1", x25519, KEY_SIZE, NULL, 0);
}

/* ---- who demands cookies ---- */

void cookie_baker_init(struct cookie_baker *baker, const struct env *env, struct mono now)
{
    baker->env = env;
    baker->made_at = now;
    env_random(env, baker->secrets, sizeof(baker->secrets));
}

void cookie_baker_wipe(struct cookie_baker *baker)
{
    sodium_memzero(baker, sizeof(*baker));
}

/* A secret is the current one for COOKIE_SECRET_MS and the previous one for as long, however rarely
 * this is called: after a longer pause both are drawn anew. */
static void rotate(struct cookie_baker *baker, struct mono now)
{
    uint64_t age_ms = mono_ms_between(baker->made_at, now);

    if (age_ms < COOKIE_SECRET_MS) {
        return;
    }
    if (age_ms >= UINT64_C(2) * COOKIE_SECRET_MS) {
        cookie_baker_init(baker, baker->env, now);
        return;
    }
    memcpy(baker->secrets[1], baker->secrets[0], sizeof(baker->secrets[1]));
    env_random(baker->env, baker->secrets[0], sizeof(baker->secrets[0]));
    baker->made_at = mono_add_ms(baker->made_at, COOKIE_SECRET_MS);
}

static void bake(uint8_t cookie[COOKIE_SIZE], const uint8_t secret[32], const uint8_t *source,
                 size_t source_size)
{
    CHECK(source_size > 0 && source_size <= COOKIE_SOURCE_SIZE_MAX);
    mac_label(cookie, secret, 32, "ziglan cookie 1", source, source_size);
}

bool cookie_mac2_ok(struct cookie_baker *baker, const uint8_t *frame, size_t size,
                    const uint8_t *source, size_t source_size, struct mono now)
{
    uint8_t cookie[COOKIE_SIZE];
    bool ok = false;

    if (!handshake_shape_ok(frame, size)) {
        return false;
    }
    rotate(baker, now);
    for (size_t i = 0; i < 2 && !ok; i++) {
        size_t mac2_at = size - MAC_SIZE;

        bake(cookie, baker->secrets[i], source, source_size);
        ok = mac_ok(frame + mac2_at, cookie, sizeof(cookie), frame, mac2_at);
    }
    sodium_memzero(cookie, sizeof(cookie));
    return ok;
}

/* NOLINTNEXTLINE(readability-function-size): frame and source are a pair each */
void cookie_reply_write(struct cookie_baker *baker, const struct identity *identity,
                        const uint8_t *frame, size_t size, const uint8_t *source,
                        size_t source_size, struct mono now, uint8_t out[COOKIE_REPLY_SIZE])
{
    uint8_t cookie[COOKIE_SIZE];
    uint8_t key[HASH_SIZE];

    CHECK(handshake_shape_ok(frame, size));
    rotate(baker, now);
    bake(cookie, baker->secrets[0], source, source_size);
    reply_key(key, identity->x25519_public);

    out[0] = FRAME_TYPE_COOKIE_REPLY;
    memset(out + 1, 0, 3);
    be32_write(out + FRAME_INDEX_AT, handshake_sender_index(frame));
    env_random(baker->env, out + NONCE_AT, NONCE_SIZE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out + SEALED_AT, NULL, cookie, COOKIE_SIZE,
                                               mac1_of(frame, size), MAC_SIZE, NULL, out + NONCE_AT,
                                               key);
    sodium_memzero(cookie, sizeof(cookie));
}

/* ---- who must show cookies ---- */

void cookie_jar_stamp(struct cookie_jar *jar, uint8_t *frame, size_t size, struct mono now)
{
    CHECK(handshake_shape_ok(frame, size));
    uint8_t *mac2 = frame + size - MAC_SIZE;

    if (jar->filled && mono_ms_between(jar->filled_at, now) < COOKIE_FRESH_MS) {
        mac_label(mac2, jar->cookie, COOKIE_SIZE, "", frame, size - MAC_SIZE);
    } else {
        memset(mac2, 0, MAC_SIZE);
    }
    memcpy(jar->mac1, mac1_of(frame, size), MAC_SIZE);
    jar->sent = true;
}

int cookie_jar_receive(struct cookie_jar *jar, const uint8_t peer_x25519[KEY_SIZE],
                       const uint8_t *frame, size_t size, struct mono now)
{
    struct rbuf r = rbuf_over(frame, size);
    uint8_t cookie[COOKIE_SIZE];
    uint8_t key[HASH_SIZE];
    uint8_t type = rbuf_u8(&r);
    const uint8_t *nonce, *sealed;

    rbuf_zeros(&r, 3);
    (void)rbuf_u32(&r); /* the receiver index, by which the caller found this jar */
    nonce = rbuf_take(&r, NONCE_SIZE);
    sealed = rbuf_take(&r, SEALED_SIZE);
    if (!rbuf_done(&r) || type != FRAME_TYPE_COOKIE_REPLY || !jar->sent) {
        return ERR_DROP;
    }
    reply_key(key, peer_x25519);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(cookie, NULL, NULL, sealed, SEALED_SIZE,
                                                   jar->mac1, sizeof(jar->mac1), nonce, key) != 0) {
        return ERR_DROP;
    }
    memcpy(jar->cookie, cookie, COOKIE_SIZE);
    jar->filled = true;
    jar->filled_at = now;
    jar->sent = false;
    sodium_memzero(cookie, sizeof(cookie));
    return ERR_OK;
}
