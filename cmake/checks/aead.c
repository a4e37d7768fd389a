/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Run by deploy/setup: prints the AEADs that refuse forged packets, one name a line.
 *
 * ngtcp2's glue decrypts QUIC packets through wolfSSL_quic_aead_decrypt. In wolfSSL before 5.9.1
 * that path never compared the tag of ChaCha20-Poly1305 (CVE-2026-5479), so a good round trip says
 * nothing; a forged tag, a forged body and a forged header do.
 */
#include <wolfssl/options.h> /* before all others of wolfSSL: what it was built with */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wolfssl/openssl/evp.h>
#include <wolfssl/quic.h>
#include <wolfssl/ssl.h>

enum { PLAIN_SIZE = 600, TAG_SIZE = 16, HEADER_SIZE = 9 };

struct aead {
    const char *name;
    const WOLFSSL_EVP_CIPHER *(*cipher)(void);
};

static const struct aead aeads[] = {
    {"aes128gcm", wolfSSL_EVP_aes_128_gcm},
    {"aes256gcm", wolfSSL_EVP_aes_256_gcm},
    {"chacha20poly1305", wolfSSL_EVP_chacha20_poly1305},
};

struct packet {
    unsigned char header[HEADER_SIZE];
    unsigned char sealed[PLAIN_SIZE + TAG_SIZE];
};

static const unsigned char key[32] = {7, 1};
static const unsigned char nonce[12] = {9, 2};

static bool opens(WOLFSSL_EVP_CIPHER_CTX *ctx, const struct packet *p, unsigned char *plain)
{
    return wolfSSL_quic_aead_decrypt(plain, ctx, p->sealed, sizeof(p->sealed), nonce, p->header,
                                     sizeof(p->header)) == WOLFSSL_SUCCESS;
}

static bool refuses_forged(const WOLFSSL_EVP_CIPHER *cipher)
{
    unsigned char plain[PLAIN_SIZE] = {4, 5, 6};
    unsigned char back[PLAIN_SIZE + TAG_SIZE];
    struct packet good = {{3}, {0}};
    WOLFSSL_EVP_CIPHER_CTX *seal = wolfSSL_quic_crypt_new(cipher, key, nonce, 1);
    WOLFSSL_EVP_CIPHER_CTX *open = wolfSSL_quic_crypt_new(cipher, key, nonce, 0);
    bool ok = false;

    if (seal == NULL || open == NULL) {
        goto out;
    }
    if (wolfSSL_quic_aead_encrypt(good.sealed, seal, plain, sizeof(plain), nonce, good.header,
                                  sizeof(good.header)) != WOLFSSL_SUCCESS) {
        goto out;
    }
    if (!opens(open, &good, back) || memcmp(back, plain, sizeof(plain)) != 0) {
        goto out;
    }
    ok = true;
    for (size_t i = 0; i < sizeof(good); i += 7) {
        struct packet forged = good;
        ((unsigned char *)&forged)[i] ^= 0x10;
        if (opens(open, &forged, back)) {
            ok = false;
        }
    }
    for (size_t i = PLAIN_SIZE; i < PLAIN_SIZE + TAG_SIZE; i++) {
        struct packet forged = good;
        forged.sealed[i] ^= 1;
        if (opens(open, &forged, back)) {
            ok = false;
        }
    }
out:
    wolfSSL_EVP_CIPHER_CTX_free(seal);
    wolfSSL_EVP_CIPHER_CTX_free(open);
    return ok;
}

int main(void)
{
    wolfSSL_Init();
    for (size_t i = 0; i < sizeof(aeads) / sizeof(aeads[0]); i++) {
        const WOLFSSL_EVP_CIPHER *cipher = aeads[i].cipher();
        if (cipher != NULL && refuses_forged(cipher)) {
            puts(aeads[i].name);
        }
    }
    return 0;
}
