/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One packet is sealed with each cipher, and forged in many ways. */
#include "proto/link/tls/suite.h"

#include "proto/link/tls/packet_aead.h"

#include <wolfssl/options.h>

#include <wolfssl/openssl/evp.h>
#include <wolfssl/quic.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { PLAIN_SIZE = 1200, SEALED_SIZE = PLAIN_SIZE + AEAD_TAG_SIZE };
enum { HEADER_SIZE = 13, IV_SIZE = 16, KEY_MAX = 32 };

struct suite {
    const char *name;
    const WOLFSSL_EVP_CIPHER *(*cipher)(void);
};

static const struct suite suites[] = {
    {"TLS13-AES128-GCM-SHA256", wolfSSL_EVP_aes_128_gcm},
    {"TLS13-AES256-GCM-SHA384", wolfSSL_EVP_aes_256_gcm},
    {"TLS13-CHACHA20-POLY1305-SHA256", wolfSSL_EVP_chacha20_poly1305},
};

enum { SUITE_COUNT = sizeof(suites) / sizeof(suites[0]) };

/* One packet, sealed, and what is needed to open it. */
struct trial {
    ngtcp2_crypto_aead_ctx seal, open;
    uint8_t plain[PLAIN_SIZE], sealed[SEALED_SIZE], opened[SEALED_SIZE];
    uint8_t header[HEADER_SIZE], nonce[AEAD_NONCE_SIZE];
};

const char *suite_name(size_t index)
{
    return index < SUITE_COUNT ? suites[index].name : NULL;
}

static bool trial_opens_size(struct trial *t, size_t size)
{
    memset(t->opened, 0, sizeof(t->opened));
    return packet_aead_open(t->opened, NULL, &t->open, t->sealed, size, t->nonce, AEAD_NONCE_SIZE,
                            t->header, HEADER_SIZE) == 0;
}

static bool trial_opens(struct trial *t)
{
    return trial_opens_size(t, SEALED_SIZE) && memcmp(t->opened, t->plain, PLAIN_SIZE) == 0;
}

static bool trial_opens_forged(struct trial *t, uint8_t *at)
{
    bool opened;

    *at ^= 1;
    opened = trial_opens_size(t, SEALED_SIZE);
    *at ^= 1;
    return opened;
}

static bool trial_passes(struct trial *t)
{
    if (packet_aead_seal(t->sealed, NULL, &t->seal, t->plain, PLAIN_SIZE, t->nonce, AEAD_NONCE_SIZE,
                         t->header, HEADER_SIZE) != 0) {
        return false;
    }
    if (!trial_opens(t)) {
        return false;
    }
    for (size_t i = 0; i < AEAD_TAG_SIZE; i++) {
        if (trial_opens_forged(t, &t->sealed[PLAIN_SIZE + i])) {
            return false;
        }
    }
    if (trial_opens_forged(t, &t->sealed[100]) || trial_opens_forged(t, &t->header[3]) ||
        trial_opens_forged(t, &t->nonce[11]) || trial_opens_size(t, SEALED_SIZE - 1) ||
        trial_opens_size(t, AEAD_TAG_SIZE) || trial_opens_size(t, AEAD_TAG_SIZE - 1)) {
        return false;
    }
    return trial_opens(t);
}

bool suite_refuses_forgeries(size_t index)
{
    static const uint8_t key[KEY_MAX] = {1, 2, 3}, iv[IV_SIZE] = {0};
    struct trial t = {.plain = {4}, .header = {5}, .nonce = {6}};
    bool passes = false;

    if (index >= SUITE_COUNT) {
        return false;
    }
    /* Contexts as ngtcp2's glue makes them. */
    t.seal.native_handle = wolfSSL_quic_crypt_new(suites[index].cipher(), key, iv, 1);
    t.open.native_handle = wolfSSL_quic_crypt_new(suites[index].cipher(), key, iv, 0);
    if (t.seal.native_handle != NULL && t.open.native_handle != NULL) {
        passes = trial_passes(&t);
    }
    wolfSSL_EVP_CIPHER_CTX_free(t.seal.native_handle);
    wolfSSL_EVP_CIPHER_CTX_free(t.open.native_handle);
    return passes;
}

void suite_list(char list[SUITE_LIST_SIZE])
{
    size_t used = 0;

    list[0] = 0;
    for (size_t i = 0; i < SUITE_COUNT; i++) {
        if (suite_refuses_forgeries(i)) {
            int n = snprintf(list + used, SUITE_LIST_SIZE - used, "%s%s", used > 0 ? ":" : "",
                             suites[i].name);
            used += (size_t)n;
        }
    }
}
