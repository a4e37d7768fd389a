/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tests of data structures and codecs share: a seeded generator, an env on it, and copies
 * of exactly the right length, so that the sanitizer sees one byte too many.
 */
#pragma once

/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/base/env.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** splitmix64: the next number of the sequence that *state stands in. */
static inline uint64_t fixture_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline void fixture_fill(void *state, void *buf, size_t size)
{
    uint8_t *at = buf;

    for (size_t i = 0; i < size; i++) {
        at[i] = (uint8_t)fixture_random(state);
    }
}

/** An env whose randomness comes from *state. */
static inline struct env fixture_env(uint64_t *state)
{
    return (struct env){.context = state, .random = fixture_fill};
}

/** A heap copy of exactly size bytes; the caller frees it. */
static inline uint8_t *fixture_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    assert_non_null(copy);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    return copy;
}

/** Bytes of a hexadecimal text with blanks; returns their number. */
static inline size_t fixture_hex(uint8_t *out, size_t capacity, const char *text)
{
    size_t size = 0;
    unsigned value;
    int used;

    while (sscanf(text, " %2x%n", &value, &used) == 1) { /* tidy-ok: banned our own constants */
        assert_true(size < capacity);
        out[size++] = (uint8_t)value;
        text += used;
    }
    return size;
}
