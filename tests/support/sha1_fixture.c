/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-1 and HMAC as the standards write them down; slow, and for the tests only. */
#include "tests/support/sha1_fixture.h"

#include <string.h>

static uint32_t sha1_fixture_rotate(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static void sha1_fixture_block(uint32_t h[5], const uint8_t *at)
{
    uint32_t w[80], v[5];

    for (int i = 0; i < 16; i++) {
        w[i] = (uint32_t)at[4 * i] << 24 | (uint32_t)at[4 * i + 1] << 16 |
               (uint32_t)at[4 * i + 2] << 8 | at[4 * i + 3];
    }
    for (int i = 16; i < 80; i++) {
        w[i] = sha1_fixture_rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    }
    memcpy(v, h, sizeof(v));
    for (int i = 0; i < 80; i++) {
        uint32_t f = i < 20   ? ((v[1] & v[2]) | (~v[1] & v[3])) + 0x5a827999
                     : i < 40 ? (v[1] ^ v[2] ^ v[3]) + 0x6ed9eba1
                     : i < 60 ? ((v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3])) + 0x8f1bbcdc
                              : (v[1] ^ v[2] ^ v[3]) + 0xca62c1d6;
        uint32_t t = sha1_fixture_rotate(v[0], 5) + f + v[4] + w[i];

        v[4] = v[3];
        v[3] = v[2];
        v[2] = sha1_fixture_rotate(v[1], 30);
        v[1] = v[0];
        v[0] = t;
    }
    for (int i = 0; i < 5; i++) {
        h[i] += v[i];
    }
}

void sha1_fixture(uint8_t out[SHA1_FIXTURE_SIZE], const uint8_t *data, size_t size)
{
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint8_t padded[SHA1_FIXTURE_MESSAGE_MAX + 72] = {0};
    size_t total = (size + 9 + 63) / 64 * 64;

    memcpy(padded, data, size);
    padded[size] = 0x80;
    for (unsigned i = 0; i < 8; i++) {
        padded[total - 1 - i] = (uint8_t)((uint64_t)size * 8 >> (8 * i));
    }
    for (size_t at = 0; at < total; at += SHA1_FIXTURE_BLOCK) {
        sha1_fixture_block(h, padded + at);
    }
    for (unsigned i = 0; i < 20; i++) {
        out[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
    }
}

void sha1_fixture_hmac(uint8_t *out, const uint8_t *key, size_t key_size, const uint8_t *data,
                       size_t size)
{
    uint8_t buf[SHA1_FIXTURE_MESSAGE_MAX];
    uint8_t inner[SHA1_FIXTURE_SIZE];

    memset(buf, 0, SHA1_FIXTURE_BLOCK);
    memcpy(buf, key, key_size);
    for (int i = 0; i < SHA1_FIXTURE_BLOCK; i++) {
        buf[i] ^= 0x36;
    }
    memcpy(buf + SHA1_FIXTURE_BLOCK, data, size);
    sha1_fixture(inner, buf, SHA1_FIXTURE_BLOCK + size);
    for (int i = 0; i < SHA1_FIXTURE_BLOCK; i++) {
        buf[i] ^= 0x36 ^ 0x5c;
    }
    memcpy(buf + SHA1_FIXTURE_BLOCK, inner, sizeof(inner));
    sha1_fixture(out, buf, SHA1_FIXTURE_BLOCK + sizeof(inner));
}
