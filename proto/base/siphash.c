/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SipHash-2-4 step by step as the paper describes it. */
#include "proto/base/siphash.h"

struct sip {
    uint64_t v0, v1, v2, v3;
};

/* The paper reads words in little-endian order, whatever the machine. */
static uint64_t le_read(const uint8_t *at, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++) {
        value |= (uint64_t)at[i] << (8 * i);
    }
    return value;
}

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static void rounds(struct sip *s, int count)
{
    for (int i = 0; i < count; i++) {
        s->v0 += s->v1;
        s->v1 = rotate(s->v1, 13) ^ s->v0;
        s->v0 = rotate(s->v0, 32);
        s->v2 += s->v3;
        s->v3 = rotate(s->v3, 16) ^ s->v2;
        s->v0 += s->v3;
        s->v3 = rotate(s->v3, 21) ^ s->v0;
        s->v2 += s->v1;
        s->v1 = rotate(s->v1, 17) ^ s->v2;
        s->v2 = rotate(s->v2, 32);
    }
}

static void absorb(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    rounds(s, 2);
    s->v0 ^= word;
}

uint64_t siphash24(const uint8_t key[SIPHASH_KEY_SIZE], const void *data, size_t size)
{
    const uint8_t *at = data;
    uint64_t k0 = le_read(key, 8);
    uint64_t k1 = le_read(key + 8, 8);
    struct sip s = {
        .v0 = k0 ^ UINT64_C(0x736f6d6570736575), /* the constants of the paper, section 2.1 */
        .v1 = k1 ^ UINT64_C(0x646f72616e646f6d),
        .v2 = k0 ^ UINT64_C(0x6c7967656e657261),
        .v3 = k1 ^ UINT64_C(0x7465646279746573),
    };
    size_t left = size;

    for (; left >= 8; left -= 8) {
        absorb(&s, le_read(at, 8));
        at += 8;
    }
    absorb(&s, (uint64_t)(size & 0xff) << 56 | le_read(at, left));
    s.v2 ^= 0xff;
    rounds(&s, 4);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
