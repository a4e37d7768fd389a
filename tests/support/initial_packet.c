/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HKDF written out, since each key needs only one block of it. */
#include "tests/support/initial_packet.h"

#include "proto/base/bytes.h"

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/aes.h>

#include <sodium.h>
#include <string.h>

enum { HEADER_SIZE = 22, NUMBER_SIZE = 4, TAG_SIZE = 16, HASH_SIZE = 32 };

static void hmac(uint8_t out[HASH_SIZE], const uint8_t *key, size_t key_size, const uint8_t *data,
                 size_t size)
{
    crypto_auth_hmacsha256_state state;

    CHECK(crypto_auth_hmacsha256_init(&state, key, key_size) == 0 &&
          crypto_auth_hmacsha256_update(&state, data, size) == 0 &&
          crypto_auth_hmacsha256_final(&state, out) == 0);
}

/* HKDF-Expand-Label (RFC 8446, section 7.1) of at most 32 bytes; out always has 32. */
static void expand(uint8_t out[HASH_SIZE], const uint8_t secret[HASH_SIZE], const char *label,
                   uint8_t size)
{
    uint8_t info[64] = {0, size, (uint8_t)(6 + strlen(label)), 't', 'l', 's', '1', '3', ' '};
    size_t at = 9 + strlen(label);

    memcpy(info + 9, label, strlen(label));
    info[at] = 0;
    info[at + 1] = 1; /* the first block */
    hmac(out, secret, HASH_SIZE, info, at + 2);
}

void initial_packet_make(uint8_t out[INITIAL_PACKET_SIZE], const uint8_t dcid[INITIAL_DCID_SIZE],
                         const uint8_t *frames, size_t frames_size)
{
    static const uint8_t salt[] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                   0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
    static const uint8_t first[] = {0xc3, 0, 0, 0, 1, INITIAL_DCID_SIZE};
    static const uint8_t last[] = {0, 0, 0x44, 0x9e, 0, 0, 0, 2}; /* ids, token, length, number */
    uint8_t plain[INITIAL_PACKET_SIZE - HEADER_SIZE - TAG_SIZE] = {0};
    uint8_t initial[HASH_SIZE], client[HASH_SIZE], key[HASH_SIZE], iv[HASH_SIZE], hp[HASH_SIZE];
    uint8_t mask[AES_BLOCK_SIZE];
    size_t number_at = HEADER_SIZE - NUMBER_SIZE;
    Aes aes;

    CHECK(frames_size <= sizeof(plain));
    memcpy(plain, frames, frames_size);
    memcpy(out, first, sizeof(first));
    memcpy(out + sizeof(first), dcid, INITIAL_DCID_SIZE);
    memcpy(out + sizeof(first) + INITIAL_DCID_SIZE, last, sizeof(last));
    hmac(initial, salt, sizeof(salt), dcid, INITIAL_DCID_SIZE);
    expand(client, initial, "client in", HASH_SIZE);
    expand(key, client, "quic key", 16);
    expand(iv, client, "quic iv", 12);
    expand(hp, client, "quic hp", 16);
    iv[11] ^= 2;
    CHECK(wc_AesInit(&aes, NULL, INVALID_DEVID) == 0 && wc_AesGcmSetKey(&aes, key, 16) == 0 &&
          wc_AesGcmEncrypt(&aes, out + HEADER_SIZE, plain, sizeof(plain), iv, 12,
                           out + HEADER_SIZE + sizeof(plain), TAG_SIZE, out, HEADER_SIZE) == 0);
    wc_AesFree(&aes);
    CHECK(wc_AesInit(&aes, NULL, INVALID_DEVID) == 0 &&
          wc_AesSetKey(&aes, hp, 16, NULL, AES_ENCRYPTION) == 0 &&
          wc_AesEncryptDirect(&aes, mask, out + HEADER_SIZE) == 0);
    wc_AesFree(&aes);
    out[0] ^= mask[0] & 0x0f;
    for (size_t i = 0; i < NUMBER_SIZE; i++) {
        out[number_at + i] ^= mask[1 + i];
    }
}
