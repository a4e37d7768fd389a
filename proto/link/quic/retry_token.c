/* SPDX-License-Identifier: GPL-3.0-or-later */
/* XChaCha20-Poly1305 with the address and the id of the Retry as associated data. */
#include "proto/link/quic/retry_token.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

#include <sodium.h>

enum {
    TOKEN_MAGIC = 0x7a,
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    SEALED_SIZE = 8 + 1 + NGTCP2_MAX_CIDLEN,
    BOUND_SIZE = ENDPOINT_BYTES_SIZE + 1 + NGTCP2_MAX_CIDLEN,
};

_Static_assert(TOKEN_SIZE ==
                   1 + NONCE_SIZE + SEALED_SIZE + crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "token layout");

static void write_cid(struct wbuf *w, const ngtcp2_cid *cid)
{
    wbuf_u8(w, u8_of(cid->datalen));
    wbuf_put(w, cid->data, cid->datalen);
    wbuf_zeros(w, NGTCP2_MAX_CIDLEN - cid->datalen);
}

/* Write the associated data: the address and the connection id that the token is made for. */
static void write_bound(uint8_t out[BOUND_SIZE], const struct endpoint *remote,
                        const ngtcp2_cid *retry_scid)
{
    struct wbuf w = wbuf_over(out, BOUND_SIZE);

    wbuf_put(&w, remote->ip, sizeof(remote->ip));
    wbuf_u16(&w, remote->port);
    write_cid(&w, retry_scid);
    CHECK(wbuf_ok(&w) && wbuf_size(&w) == BOUND_SIZE);
}

void retry_token_seal(uint8_t out[TOKEN_SIZE], const struct retry_token_key *key,
                      const struct env *env, const struct endpoint *remote, const ngtcp2_cid *odcid,
                      const ngtcp2_cid *retry_scid, struct mono now)
{
    uint8_t plain[SEALED_SIZE], bound[BOUND_SIZE];
    struct wbuf w = wbuf_over(plain, sizeof(plain));

    wbuf_u64(&w, now.ns);
    write_cid(&w, odcid);
    CHECK(wbuf_ok(&w));
    write_bound(bound, remote, retry_scid);
    out[0] = TOKEN_MAGIC;
    env_random(env, out + 1, NONCE_SIZE);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(out + 1 + NONCE_SIZE, NULL, plain,
                                                     sizeof(plain), bound, sizeof(bound), NULL,
                                                     out + 1, key->bytes);
}

int retry_token_open(ngtcp2_cid *odcid, const struct retry_token_key *key, const uint8_t *token,
                     size_t size, const struct endpoint *remote, const ngtcp2_cid *retry_scid,
                     struct mono now)
{
    uint8_t plain[SEALED_SIZE] = {0}, bound[BOUND_SIZE];
    struct rbuf r = rbuf_over(plain, sizeof(plain));
    struct mono made;
    uint8_t cid_size;

    if (size != TOKEN_SIZE || token[0] != TOKEN_MAGIC) {
        return ERR_DROP;
    }
    write_bound(bound, remote, retry_scid);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, token + 1 + NONCE_SIZE,
                                                   TOKEN_SIZE - 1 - NONCE_SIZE, bound,
                                                   sizeof(bound), token + 1, key->bytes) != 0) {
        return ERR_DROP;
    }
    made.ns = rbuf_u64(&r);
    cid_size = rbuf_u8(&r);
    if (cid_size > NGTCP2_MAX_CIDLEN || mono_ms_between(made, now) > TOKEN_MS_MAX) {
        return ERR_DROP;
    }
    ngtcp2_cid_init(odcid, rbuf_take(&r, cid_size), cid_size);
    return ERR_OK;
}
