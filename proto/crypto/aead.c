/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libsodium's ciphers behind one key type; AES keys are expanded once. A libsodium before 1.0.19
 * has no AEGIS, and then this machine does not offer it. */
#include "proto/crypto/aead.h"

#include "proto/base/bytes.h"

#include <sodium.h>
#include <string.h>

enum { NONCE_SIZE = 12, AEGIS_NONCE_SIZE = 16, COUNTER_SIZE = 8 };

_Static_assert(sizeof(crypto_aead_aes256gcm_state) <= AEAD_STATE_SIZE, "expanded AES key");
_Static_assert(crypto_aead_aes256gcm_KEYBYTES == AEAD_KEY_SIZE, "AES-256 key");
_Static_assert(crypto_aead_aes256gcm_ABYTES == AEAD_TAG_SIZE, "GCM tag");
_Static_assert(crypto_aead_aes256gcm_NPUBBYTES == NONCE_SIZE, "GCM nonce");
_Static_assert(crypto_aead_chacha20poly1305_ietf_KEYBYTES == AEAD_KEY_SIZE, "ChaCha20 key");
_Static_assert(crypto_aead_chacha20poly1305_ietf_ABYTES == AEAD_TAG_SIZE, "Poly1305 tag");
_Static_assert(crypto_aead_chacha20poly1305_ietf_NPUBBYTES == NONCE_SIZE, "ChaCha20 nonce");

#ifdef crypto_aead_aegis128l_ABYTES
_Static_assert(crypto_aead_aegis128l_KEYBYTES <= AEAD_KEY_SIZE, "AEGIS-128L key");
_Static_assert(crypto_aead_aegis128l_ABYTES == AEAD_TAG_SIZE_MAX, "AEGIS-128L tag");
_Static_assert(crypto_aead_aegis128l_NPUBBYTES == AEGIS_NONCE_SIZE, "AEGIS-128L nonce");

/* Without instructions for AES it is slow, and its time could depend on the key. */
static bool aegis_available(void)
{
    return sodium_runtime_has_aesni() == 1 || sodium_runtime_has_armcrypto() == 1;
}
#else
static bool aegis_available(void)
{
    return false;
}
#endif

bool aead_available(enum aead aead)
{
    switch (aead) {
    case AEAD_CHACHA20_POLY1305:
        return true;
    case AEAD_AES_256_GCM:
        return crypto_aead_aes256gcm_is_available() == 1;
    case AEAD_AEGIS_128L:
        return aegis_available();
    case AEAD_NONE:
        break;
    }
    return false;
}

struct aead_list aead_list_local(void)
{
    static const enum aead fastest_first[] = {AEAD_AEGIS_128L, AEAD_AES_256_GCM,
                                              AEAD_CHACHA20_POLY1305};
    struct aead_list list = {0};

    for (size_t i = 0; i < sizeof(fastest_first) / sizeof(fastest_first[0]); i++) {
        if (aead_available(fastest_first[i])) {
            list.ids[list.count++] = (uint8_t)fastest_first[i];
        }
    }
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
    case AEAD_AEGIS_128L:
        return "AEGIS-128L";
    case AEAD_NONE:
        break;
    }
    return "none";
}

size_t aead_tag_size(enum aead aead)
{
    return aead == AEAD_AEGIS_128L ? AEAD_TAG_SIZE_MAX : AEAD_TAG_SIZE;
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

/* ChaCha20-Poly1305 and AEGIS-128L read the counter as other code of their kind does. */
static void counter_write(uint8_t out[COUNTER_SIZE], enum aead aead, uint64_t counter)
{
    if (aead == AEAD_AES_256_GCM) {
        be64_write(out, counter);
        return;
    }
    for (size_t i = 0; i < COUNTER_SIZE; i++) {
        out[i] = (uint8_t)(counter >> (8 * i));
    }
}

static void nonce_of(uint8_t nonce[NONCE_SIZE], enum aead aead, uint64_t counter)
{
    memset(nonce, 0, NONCE_SIZE - COUNTER_SIZE);
    counter_write(nonce + NONCE_SIZE - COUNTER_SIZE, aead, counter);
}

#ifdef crypto_aead_aegis128l_ABYTES
static void aegis_nonce_of(uint8_t nonce[AEGIS_NONCE_SIZE], uint64_t counter)
{
    memset(nonce, 0, AEGIS_NONCE_SIZE - COUNTER_SIZE);
    counter_write(nonce + AEGIS_NONCE_SIZE - COUNTER_SIZE, AEAD_AEGIS_128L, counter);
}

static int aegis_seal(const struct aead_key *key, uint64_t counter, const uint8_t *ad,
                      size_t ad_size, const uint8_t *plain, size_t size, uint8_t *out)
{
    uint8_t nonce[AEGIS_NONCE_SIZE];

    aegis_nonce_of(nonce, counter);
    return crypto_aead_aegis128l_encrypt(out, NULL, plain, size, ad, ad_size, NULL, nonce,
                                         key->state);
}

static int aegis_open(const struct aead_key *key, uint64_t counter, const uint8_t *ad,
                      size_t ad_size, const uint8_t *sealed, size_t size, uint8_t *out)
{
    uint8_t nonce[AEGIS_NONCE_SIZE];

    aegis_nonce_of(nonce, counter);
    return crypto_aead_aegis128l_decrypt(out, NULL, NULL, sealed, size, ad, ad_size, nonce,
                                         key->state);
}
#else /* never called: aead_key_init aborts before */
static int aegis_seal(const struct aead_key *key, uint64_t counter, const uint8_t *ad,
                      size_t ad_size, const uint8_t *plain, size_t size, uint8_t *out)
{
    (void)key, (void)counter, (void)ad, (void)ad_size, (void)plain, (void)size, (void)out;
    return -1;
}

static int aegis_open(const struct aead_key *key, uint64_t counter, const uint8_t *ad,
                      size_t ad_size, const uint8_t *sealed, size_t size, uint8_t *out)
{
    (void)key, (void)counter, (void)ad, (void)ad_size, (void)sealed, (void)size, (void)out;
    return -1;
}
#endif

void aead_seal(const struct aead_key *key, uint64_t counter, const uint8_t *ad, size_t ad_size,
               const uint8_t *plain, size_t size, uint8_t *out)
{
    uint8_t nonce[NONCE_SIZE];
    int failed;

    nonce_of(nonce, key->aead, counter);
    if (key->aead == AEAD_AEGIS_128L) {
        failed = aegis_seal(key, counter, ad, ad_size, plain, size, out);
    } else if (key->aead == AEAD_AES_256_GCM) {
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

    if (size < aead_tag_size(key->aead)) {
        return false;
    }
    if (key->aead == AEAD_AEGIS_128L) {
        return aegis_open(key, counter, ad, ad_size, sealed, size, out) == 0;
    }
    nonce_of(nonce, key->aead, counter);
    if (key->aead == AEAD_AES_256_GCM) {
        return crypto_aead_aes256gcm_decrypt_afternm(out, NULL, NULL, sealed, size, ad, ad_size,
                                                     nonce, (const void *)key->state) == 0;
    }
    return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed, size, ad, ad_size,
                                                     nonce, key->state) == 0;
}
