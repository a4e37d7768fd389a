/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The three ciphers of TLS 1.3 by wolfCrypt, keyed by ngtcp2's wolfSSL glue. */
#include "proto/link/tls/packet_aead.h"

#include <wolfssl/options.h>

#include <wolfssl/openssl/evp.h>
#include <wolfssl/openssl/ssl.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/chacha20_poly1305.h>

int packet_aead_seal(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                     const ngtcp2_crypto_aead_ctx *ctx, const uint8_t *plain, size_t size,
                     const uint8_t *nonce, size_t nonce_size, const uint8_t *header,
                     size_t header_size)
{
    WOLFSSL_EVP_CIPHER_CTX *evp = ctx->native_handle;
    int rc = -1;

    (void)aead;
    if (nonce_size != AEAD_NONCE_SIZE || size > AEAD_PLAIN_SIZE_MAX) {
        return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    switch (wolfSSL_EVP_CIPHER_CTX_nid(evp)) {
    case NID_aes_128_gcm:
    case NID_aes_256_gcm:
        rc = wc_AesGcmEncrypt(&evp->cipher.aes, dest, plain, (word32)size, nonce, AEAD_NONCE_SIZE,
                              dest + size, AEAD_TAG_SIZE, header, (word32)header_size);
        break;
    case NID_chacha20_poly1305:
        rc = wc_ChaCha20Poly1305_Encrypt(evp->key, nonce, header, (word32)header_size, plain,
                                         (word32)size, dest, dest + size);
        break;
    default:
        break;
    }
    return rc == 0 ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

int packet_aead_open(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                     const ngtcp2_crypto_aead_ctx *ctx, const uint8_t *sealed, size_t sealed_size,
                     const uint8_t *nonce, size_t nonce_size, const uint8_t *header,
                     size_t header_size)
{
    WOLFSSL_EVP_CIPHER_CTX *evp = ctx->native_handle;
    const uint8_t *tag;
    size_t size;
    int rc = -1;

    (void)aead;
    if (nonce_size != AEAD_NONCE_SIZE || sealed_size < AEAD_TAG_SIZE ||
        sealed_size > AEAD_PLAIN_SIZE_MAX) {
        return NGTCP2_ERR_DECRYPT;
    }
    size = sealed_size - AEAD_TAG_SIZE;
    tag = sealed + size;
    switch (wolfSSL_EVP_CIPHER_CTX_nid(evp)) {
    case NID_aes_128_gcm:
    case NID_aes_256_gcm:
        rc = wc_AesGcmDecrypt(&evp->cipher.aes, dest, sealed, (word32)size, nonce, AEAD_NONCE_SIZE,
                              tag, AEAD_TAG_SIZE, header, (word32)header_size);
        break;
    case NID_chacha20_poly1305:
        rc = wc_ChaCha20Poly1305_Decrypt(evp->key, nonce, header, (word32)header_size, sealed,
                                         (word32)size, tag, dest);
        break;
    default:
        break;
    }
    return rc == 0 ? 0 : NGTCP2_ERR_DECRYPT;
}
