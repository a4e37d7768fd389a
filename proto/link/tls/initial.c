/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys by wolfCrypt's HKDF; then the header's protection comes off, and the packet is opened. */
#include "proto/link/tls/initial.h"

#include "proto/base/rbuf.h"
#include "proto/crypto/aead.h"

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/kdf.h>

#include <string.h>

enum {
    SALT_SIZE = 20,
    SECRET_SIZE = 32,
    KEY_SIZE_AES = 16,
    NONCE_SIZE = 12,
    NUMBER_SIZE_MAX = 4,
    SAMPLE_SIZE = 16,
};

/* What differs between the versions of QUIC. */
struct initial_version {
    uint32_t version;
    uint8_t salt[SALT_SIZE];
    const char *key, *iv, *hp;
};

struct initial_keys {
    uint8_t key[KEY_SIZE_AES], iv[NONCE_SIZE], hp[KEY_SIZE_AES];
};

static const struct initial_version versions[] = {
    {NGTCP2_PROTO_VER_V1,
     {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
      0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
     "quic key",
     "quic iv",
     "quic hp"},
    {NGTCP2_PROTO_VER_V2,
     {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
      0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
     "quicv2 key",
     "quicv2 iv",
     "quicv2 hp"},
};

static const struct initial_version *version_of(uint32_t version)
{
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (versions[i].version == version) {
            return &versions[i];
        }
    }
    return NULL;
}

static bool expand(uint8_t *out, size_t size, const uint8_t secret[SECRET_SIZE], const char *label)
{
    static const uint8_t protocol[] = "tls13 ";

    return wc_Tls13_HKDF_Expand_Label(out, (word32)size, secret, SECRET_SIZE, protocol,
                                      sizeof(protocol) - 1, (const byte *)label,
                                      (word32)strlen(label), NULL, 0, WC_SHA256) == 0;
}

static bool keys_derive(struct initial_keys *out, const struct initial_version *v,
                        const ngtcp2_cid *dcid)
{
    uint8_t initial[SECRET_SIZE], client[SECRET_SIZE];

    return wc_HKDF_Extract(WC_SHA256, v->salt, SALT_SIZE, dcid->data, (word32)dcid->datalen,
                           initial) == 0 &&
           expand(client, sizeof(client), initial, "client in") &&
           expand(out->key, sizeof(out->key), client, v->key) &&
           expand(out->iv, sizeof(out->iv), client, v->iv) &&
           expand(out->hp, sizeof(out->hp), client, v->hp);
}

/* Where the packet number stands; 0 if the header is not that of an Initial. */
static size_t number_at(const uint8_t *packet, size_t size)
{
    struct rbuf r = rbuf_over(packet, size);

    rbuf_take(&r, 1 + 4); /* first byte, version */
    rbuf_take(&r, rbuf_u8(&r));
    rbuf_take(&r, rbuf_u8(&r));
    rbuf_take(&r, (size_t)rbuf_varint(&r)); /* token */
    (void)rbuf_varint(&r);                  /* length */
    return r.failed ? 0 : size - rbuf_left(&r);
}

static bool mask_make(uint8_t mask[AES_BLOCK_SIZE], const uint8_t key[KEY_SIZE_AES],
                      const uint8_t sample[SAMPLE_SIZE])
{
    Aes aes;
    bool made;

    if (wc_AesInit(&aes, NULL, INVALID_DEVID) != 0) {
        return false;
    }
    made = wc_AesSetKey(&aes, key, KEY_SIZE_AES, NULL, AES_ENCRYPTION) == 0 &&
           wc_AesEncryptDirect(&aes, mask, sample) == 0;
    wc_AesFree(&aes);
    return made;
}

static bool body_opens(const struct initial_keys *keys, const uint8_t nonce[NONCE_SIZE],
                       const uint8_t *sealed, size_t sealed_size, const uint8_t *header,
                       size_t header_size)
{
    uint8_t plain[INITIAL_SIZE_MAX];
    size_t size = sealed_size - AEAD_TAG_SIZE;
    Aes aes;
    bool opens;

    if (wc_AesInit(&aes, NULL, INVALID_DEVID) != 0) {
        return false;
    }
    opens = wc_AesGcmSetKey(&aes, keys->key, KEY_SIZE_AES) == 0 &&
            wc_AesGcmDecrypt(&aes, plain, sealed, (word32)size, nonce, NONCE_SIZE, sealed + size,
                             AEAD_TAG_SIZE, header, (word32)header_size) == 0;
    wc_AesFree(&aes);
    return opens;
}

bool initial_opens(const ngtcp2_pkt_hd *hd, const uint8_t *packet, size_t size)
{
    const struct initial_version *version = version_of(hd->version);
    size_t at = number_at(packet, size);
    uint8_t header[INITIAL_SIZE_MAX];
    uint8_t mask[AES_BLOCK_SIZE];
    struct initial_keys keys;

    if (version == NULL || at == 0 || size > INITIAL_SIZE_MAX || hd->len > size - at ||
        hd->len < NUMBER_SIZE_MAX + SAMPLE_SIZE || !keys_derive(&keys, version, &hd->dcid) ||
        !mask_make(mask, keys.hp, packet + at + NUMBER_SIZE_MAX)) {
        return false;
    }
    memcpy(header, packet, at + NUMBER_SIZE_MAX);
    header[0] ^= mask[0] & 0x0f;

    size_t number_size = (size_t)(header[0] & 3) + 1;

    for (size_t i = 0; i < number_size; i++) {
        header[at + i] ^= mask[1 + i];
        keys.iv[NONCE_SIZE - number_size + i] ^= header[at + i];
    }
    return hd->len >= number_size + AEAD_TAG_SIZE &&
           body_opens(&keys, keys.iv, packet + at + number_size, hd->len - number_size, header,
                      at + number_size);
}
