/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Protection of QUIC packets: a vector of RFC 9001, and the same bytes as wolfSSL's own functions
 * give. */
#include "proto/link/tls/packet_aead.h"

#include <wolfssl/options.h>

#include <wolfssl/openssl/evp.h>
#include <wolfssl/quic.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PLAIN_SIZE = 1500 };

typedef const WOLFSSL_EVP_CIPHER *cipher_of(void);

static cipher_of *const ciphers[] = {wolfSSL_EVP_aes_128_gcm, wolfSSL_EVP_aes_256_gcm,
                                     wolfSSL_EVP_chacha20_poly1305};

static ngtcp2_crypto_aead_ctx context(cipher_of *cipher, const uint8_t key[32], int seal)
{
    static const uint8_t iv[16] = {0};
    ngtcp2_crypto_aead_ctx ctx = {.native_handle = wolfSSL_quic_crypt_new(cipher(), key, iv, seal)};

    assert_non_null(ctx.native_handle);
    return ctx;
}

static void vector_of_rfc_9001(void **state)
{
    static const uint8_t key[32] = {0xc6, 0xd9, 0x8f, 0xf3, 0x44, 0x1c, 0x3f, 0xe1,
                                    0xb2, 0x18, 0x20, 0x94, 0xf6, 0x9c, 0xaa, 0x2e,
                                    0xd4, 0xb7, 0x16, 0xb6, 0x54, 0x88, 0x96, 0x0a,
                                    0x7a, 0x98, 0x49, 0x79, 0xfb, 0x23, 0xe1, 0xc8};
    static const uint8_t nonce[12] = {0xe0, 0x45, 0x9b, 0x34, 0x74, 0xbd,
                                      0xd0, 0xe4, 0x6d, 0x41, 0x7e, 0xb0};
    static const uint8_t header[4] = {0x42, 0x00, 0xbf, 0xf4}, ping[1] = {0x01};
    static const uint8_t sealed[17] = {0x65, 0x5e, 0x5c, 0xd5, 0x5c, 0x41, 0xf6, 0x90, 0x80,
                                       0x57, 0x5d, 0x79, 0x99, 0xc2, 0x5a, 0x5b, 0xfb};
    uint8_t out[17];
    ngtcp2_crypto_aead_ctx ctx = context(wolfSSL_EVP_chacha20_poly1305, key, 1);

    (void)state; /* appendix A.5 */
    assert_int_equal(packet_aead_seal(out, NULL, &ctx, ping, 1, nonce, 12, header, 4), 0);
    assert_memory_equal(out, sealed, sizeof(sealed));
    wolfSSL_EVP_CIPHER_CTX_free(ctx.native_handle);
}

static void same_bytes_as_by_the_library(void **state)
{
    static uint8_t plain[PLAIN_SIZE], ours[PLAIN_SIZE + 16], theirs[PLAIN_SIZE + 16];
    uint8_t key[32], nonce[16] = {0}, header[21] = {7};

    (void)state;
    for (size_t i = 0; i < sizeof(plain); i++) {
        plain[i] = (uint8_t)(i * 7);
    }
    for (size_t c = 0; c < sizeof(ciphers) / sizeof(ciphers[0]); c++) {
        memset(key, (int)c + 1, sizeof(key));
        ngtcp2_crypto_aead_ctx seal = context(ciphers[c], key, 1);
        ngtcp2_crypto_aead_ctx open = context(ciphers[c], key, 0);
        ngtcp2_crypto_aead_ctx reference = context(ciphers[c], key, 1);

        for (size_t size = 1; size <= PLAIN_SIZE; size += size < 70 ? 1 : 143) {
            nonce[11] = (uint8_t)size;
            memcpy(ours, plain, size); /* in place, as ngtcp2 does */
            assert_int_equal(
                packet_aead_seal(ours, NULL, &seal, ours, size, nonce, 12, header, 1 + size % 21),
                0);
            assert_int_equal(wolfSSL_quic_aead_encrypt(theirs, reference.native_handle, plain, size,
                                                       nonce, header, 1 + size % 21),
                             WOLFSSL_SUCCESS);
            assert_memory_equal(ours, theirs, size + AEAD_TAG_SIZE);
            assert_int_equal(packet_aead_open(theirs, NULL, &open, ours, size + AEAD_TAG_SIZE,
                                              nonce, 12, header, 1 + size % 21),
                             0);
            assert_memory_equal(theirs, plain, size);
            ours[size] ^= 0x80;
            assert_int_equal(packet_aead_open(theirs, NULL, &open, ours, size + AEAD_TAG_SIZE,
                                              nonce, 12, header, 1 + size % 21),
                             NGTCP2_ERR_DECRYPT);
        }
        wolfSSL_EVP_CIPHER_CTX_free(seal.native_handle);
        wolfSSL_EVP_CIPHER_CTX_free(open.native_handle);
        wolfSSL_EVP_CIPHER_CTX_free(reference.native_handle);
    }
}

static void odd_sizes_are_refused(void **state)
{
    static uint8_t bytes[AEAD_PLAIN_SIZE_MAX + 20];
    static const uint8_t key[32] = {1}, nonce[12] = {2}, header[4] = {3};

    (void)state;
    for (size_t c = 0; c < sizeof(ciphers) / sizeof(ciphers[0]); c++) {
        ngtcp2_crypto_aead_ctx ctx = context(ciphers[c], key, 0);

        for (size_t size = 0; size <= AEAD_TAG_SIZE; size++) {
            assert_int_equal(packet_aead_open(bytes, NULL, &ctx, bytes, size, nonce, 12, header, 4),
                             NGTCP2_ERR_DECRYPT);
        }
        assert_int_equal(
            packet_aead_open(bytes, NULL, &ctx, bytes, sizeof(bytes), nonce, 12, header, 4),
            NGTCP2_ERR_DECRYPT);
        assert_int_equal(packet_aead_open(bytes, NULL, &ctx, bytes, 100, nonce, 11, header, 4),
                         NGTCP2_ERR_DECRYPT);
        assert_int_equal(packet_aead_seal(bytes, NULL, &ctx, bytes, 100, nonce, 11, header, 4),
                         NGTCP2_ERR_CALLBACK_FAILURE);
        wolfSSL_EVP_CIPHER_CTX_free(ctx.native_handle);
    }
    ngtcp2_crypto_aead_ctx other = context(wolfSSL_EVP_aes_128_ctr, key, 1);
    assert_int_equal(packet_aead_seal(bytes, NULL, &other, bytes, 100, nonce, 12, header, 4),
                     NGTCP2_ERR_CALLBACK_FAILURE);
    assert_int_equal(packet_aead_open(bytes, NULL, &other, bytes, 100, nonce, 12, header, 4),
                     NGTCP2_ERR_DECRYPT);
    wolfSSL_EVP_CIPHER_CTX_free(other.native_handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vector_of_rfc_9001),
        cmocka_unit_test(same_bytes_as_by_the_library),
        cmocka_unit_test(odd_sizes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
