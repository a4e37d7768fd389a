/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libsodium's ciphers behind one key type; AES keys are expanded once. */
#include "proto/crypto/aead.h"

#include "proto/base/bytes.h"

#include <sodium.h>
#include <string.h>

enum { NONCE_SIZE = 12 };

_Static_assert(sizeof(crypto_aead_aes256gcm_state) <= AEAD_STATE_SIZE, "expanded AES key");
_Static_assert(crypto_aead_aes256gcm_KEYBYTES == AEAD_KEY_SIZE, "AES-256 key");
_Static_assert(crypto_aead_aes256gcm_ABYTES == AEAD_TAG_SIZE, "GCM tag");
_Static_assert(crypto_aead_aes256gcm_NPUBBYTES == NONCE_SIZE, "GCM nonce");
_Static_assert(crypto_aead_chacha20poly1305_ietf_KEYBYTES == AEAD_KEY_SIZE, "ChaCha20 key");
_Static_assert(crypto_aead_chacha20poly1305_ietf_ABYTES == AEAD_TAG_SIZE, "Poly1305 tag");
_Static_assert(crypto_aead_chacha20poly1305_ietf_NPUBBYTES == NONCE_SIZE, "ChaCha20 nonce");

bool aead_available(enum aead aead)
{
    switch (aead) {
    case AEAD_CHACHA20_POLY1305:
        return true;
    case AEAD_AES_256_GCM:
        return crypto_aead_aes256gcm_is_available() == 1;
    case AEAD_NONE:
        break;
    }
    return false;
}

struct aead_list aead_list_local(void)
{
    struct aead_list list = {0};

    if (aead_available(AEAD_AES_256_GCM)) {
        list.ids[list.count++] = AEAD_AES_256_GCM;
    }
    list.ids[list.count++] = AEAD_CHACHA20_POLY1305;
    return list;
}

bool aead_list_has(const struct aead_list *list, uint8_t id)
{
    for (size_t i = 0; i < list->count && i < AEAD_LIST_MAX; i++) {
        if (list->ids[i] == id) {
            return true;
        }
    }
    return false;
}

enum aead aead_choose(const struct aead_list *wanted, const struct aead_list *local)
{
    for (size_t i = 0; i < wanted->count && i < AEAD_LIST_MAX; i++) {
        enum aead aead = (enum aead)wanted->ids[i];

        if (aead_list_has(local, wanted->ids[i]) && aead_available(aead)) {
            return aead;
        }
    }
    return AEAD_NONE;
}

const char *aead_name(enum aead aead)
{
    switch (aead) {
    case AEAD_CHACHA20_POLY1305:
        return "ChaCha20-Poly1305";
    case AEAD_AES_256_GCM:
        return "AES-256-GCM";
    case AEAD_NONE:
        break;
    }
    return "none";
}

void aead_key_init(struct aead_key *out, enum aead aead, const uint8_t key[AEAD_KEY_SIZE])
{
    CHECK(aead_available(aead));
    memset(out, 0, sizeof(*out));
    out->aead = aead;
    if (aead == AEAD_AES_256_GCM) {
        crypto_aead_aes256gcm_beforenm((void *)out->state, key);
    } else {
        memcpy(out->state, key, AEAD_KEY_SIZE);
    }
}

void aead_key_wipe(struct aead_key *key)
{
    sodium_memzero(key, sizeof(*key));
}

static void nonce_of(uint8_t nonce[NONCE_SIZE], enum aead aead, uint64_t counter)
{
    memset(nonce, 0, 4);
    be64_write(nonce + 4, counter);
    if (aead == AEAD_CHACHA20_POLY1305) {
        for (size_t i = 0; i < 8; i++) {
            nonce[4 + i] = (uint8_t)(counter >> (8 * i));
        }
    }
}

void aead_seal(const struct aead_key *key, uint64_t counter, const uint8_t *ad, size_t ad_size,
               const uint8_t *plain, size_t size, uint8_t *out)
{
    uint8_t nonce[NONCE_SIZE];
    int failed;

    nonce_of(nonce, key->aead, counter);
    if (key->aead == AEAD_AES_256_GCM) {
        failed = crypto_aead_aes256gcm_encrypt_afternm(out, NULL, plain, size, ad, ad_size, NULL,
                                                       nonce, (const void *)key->state);
    } else {
        failed = crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, plain, size, ad, ad_size,
                                                           NULL, nonce, key->state);
    }
    CHECK(failed == 0); /* it fails only for sizes far beyond a frame */
}

bool aead_open(const struct aead_key *key, uint64_t counter, const uint8_t *ad, size_t ad_size,
               const uint8_t *sealed, size_t size, uint8_t *out)
{
    uint8_t nonce[NONCE_SIZE];

    if (size < AEAD_TAG_SIZE) {
        return false;
    }
    nonce_of(nonce, key->aead, counter);
    if (key->aead == AEAD_AES_256_GCM) {
        return crypto_aead_aes256gcm_decrypt_afternm(out, NULL, NULL, sealed, size, ad, ad_size,
                                                     nonce, (const void *)key->state) == 0;
    }
    return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed, size, ad, ad_size,
                                                     nonce, key->state) == 0;
}
