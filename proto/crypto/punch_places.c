/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One layout of one size, so that nobody on the way sees how many addresses there are. */
#include "proto/crypto/punch_places.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"
#include "proto/crypto/hash.h"

#include <sodium.h>
#include <string.h>

#define LABEL "ziglan punch places 1"

enum {
    HEAD_SIZE = 16,
    PUNCH_ID_AT = 8,
    SEALED_AT = HEAD_SIZE + PUNCH_PLACES_NONCE_SIZE,
    PLAIN_SIZE = 8 + 16 * PUNCH_PLACES_MAX,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
};

_Static_assert(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == PUNCH_PLACES_NONCE_SIZE, "nonce");
_Static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == HASH_SIZE, "key");
_Static_assert(SEALED_AT + PLAIN_SIZE + TAG_SIZE == PUNCH_PLACES_SIZE, "size");
_Static_assert((int)PUNCH_PLACES_SIZE != (int)PUNCH_PROBE_SIZE, "told apart by it");

/* What `from` seals for `to`, of which one is `own` and the other `peer`. False: nobody can have
 * the key of the peer. */
static bool seal_key(uint8_t key[HASH_SIZE], const struct identity *own,
                     const uint8_t peer[KEY_SIZE], const uint8_t from[KEY_SIZE],
                     const uint8_t to[KEY_SIZE])
{
    uint8_t shared[KEY_SIZE], keys[2 * KEY_SIZE], x25519[KEY_SIZE];
    bool ok = key_x25519(x25519, peer) == ERR_OK &&
              crypto_scalarmult(shared, own->x25519_secret, x25519) == 0;

    if (ok) {
        memcpy(keys, from, KEY_SIZE);
        memcpy(keys + KEY_SIZE, to, KEY_SIZE);
        hash_label(key, LABEL, shared, sizeof(shared), keys, sizeof(keys));
        sodium_memzero(shared, sizeof(shared));
    }
    return ok;
}

int punch_places_write(uint8_t out[PUNCH_PLACES_SIZE], const struct punch_places *places,
                       const struct identity *own, const uint8_t peer[KEY_SIZE],
                       const uint8_t nonce[PUNCH_PLACES_NONCE_SIZE])
{
    uint8_t plain[PLAIN_SIZE], key[HASH_SIZE];
    struct wbuf head = wbuf_over(out, HEAD_SIZE), w = wbuf_over(plain, sizeof(plain));

    CHECK(places->count <= PUNCH_PLACES_MAX && places->port != 0);
    if (!seal_key(key, own, peer, own->public_key, peer)) {
        return ERR_DROP;
    }
    wbuf_u8(&head, FRAME_TYPE_PUNCH);
    wbuf_u8(&head, (uint8_t)places->side);
    wbuf_zeros(&head, 6);
    wbuf_u64(&head, places->punch_id);
    wbuf_u8(&w, places->count);
    wbuf_zeros(&w, 5);
    wbuf_u16(&w, places->port);
    wbuf_put(&w, places->ips, (size_t)16 * places->count);
    wbuf_zeros(&w, (size_t)16 * (PUNCH_PLACES_MAX - places->count));
    memcpy(out + HEAD_SIZE, nonce, PUNCH_PLACES_NONCE_SIZE);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(out + SEALED_AT, NULL, plain, sizeof(plain),
                                                     out, HEAD_SIZE, NULL, nonce, key);
    sodium_memzero(key, sizeof(key));
    return ERR_OK;
}

bool punch_places_id(const uint8_t *data, size_t size, uint64_t *punch_id)
{
    if (size != PUNCH_PLACES_SIZE || data[0] != FRAME_TYPE_PUNCH) {
        return false;
    }
    *punch_id = be64_read(data + PUNCH_ID_AT);
    return true;
}

static int plain_read(struct punch_places *places, const uint8_t plain[PLAIN_SIZE])
{
    struct rbuf r = rbuf_over(plain, PLAIN_SIZE);

    places->count = rbuf_u8(&r);
    rbuf_zeros(&r, 5);
    places->port = rbuf_u16(&r);
    if (places->count > PUNCH_PLACES_MAX || places->port == 0) {
        return ERR_DROP;
    }
    rbuf_copy(&r, places->ips, (size_t)16 * places->count);
    rbuf_zeros(&r, (size_t)16 * (PUNCH_PLACES_MAX - places->count));
    return rbuf_done(&r) ? ERR_OK : ERR_DROP;
}

int punch_places_read(struct punch_places *out, const struct identity *own,
                      const uint8_t peer[KEY_SIZE], enum punch_probe_side own_side,
                      const uint8_t *data, size_t size)
{
    struct rbuf head = rbuf_over(data, size < HEAD_SIZE ? size : HEAD_SIZE);
    struct punch_places places = {0};
    uint8_t plain[PLAIN_SIZE], key[HASH_SIZE], side;
    int rc;

    if (!punch_places_id(data, size, &places.punch_id)) {
        return ERR_DROP;
    }
    (void)rbuf_u8(&head);
    side = rbuf_u8(&head);
    rbuf_zeros(&head, 6);
    (void)rbuf_u64(&head);
    if (!rbuf_done(&head) || side > PUNCH_PROBE_SIDE_LISTEN || side == (uint8_t)own_side ||
        !seal_key(key, own, peer, peer, own->public_key)) {
        return ERR_DROP;
    }
    places.side = (enum punch_probe_side)side;
    rc = crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, data + SEALED_AT,
                                                    size - SEALED_AT, data, HEAD_SIZE,
                                                    data + HEAD_SIZE, key) == 0
             ? plain_read(&places, plain)
             : ERR_DROP;
    sodium_memzero(key, sizeof(key));
    if (rc == ERR_OK) {
        *out = places;
    }
    return rc;
}
