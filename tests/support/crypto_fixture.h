/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tests of proto/crypto share: seeded randomness, identities, exact-size copies (so that
 * the sanitizer sees every byte read too far), hex and vector files of `name = value` lines.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/base/env.h"
#include "proto/crypto/identity.h"

#ifndef TESTS_DIR
#define TESTS_DIR "tests"
#endif

#define FIXTURE __attribute__((unused)) static

/** A test's name is its function's name, read as a sentence. */
#define TEST_COUNT(tests) (sizeof(tests) / sizeof((tests)[0]))

struct fixture_random {
    uint64_t drawn;
};

/** Deterministic, different at each call. */
FIXTURE void fixture_random_fill(void *context, void *buf, size_t size)
{
    struct fixture_random *random = context;
    uint8_t seed[randombytes_SEEDBYTES] = "seed of the crypto tests";

    random->drawn++;
    memcpy(seed + 24, &random->drawn, sizeof(random->drawn));
    randombytes_buf_deterministic(buf, size, seed);
}

FIXTURE uint64_t fixture_wall_ms(void *context)
{
    (void)context;
    return 1700000000000;
}

FIXTURE struct env fixture_env(struct fixture_random *random)
{
    return (struct env){
        .context = random, .random = fixture_random_fill, .wall_ms = fixture_wall_ms};
}

FIXTURE uint64_t fixture_u64(struct fixture_random *random)
{
    uint64_t value;

    fixture_random_fill(random, &value, sizeof(value));
    return value;
}

/** The identity whose seed is 32 times `letter`. */
FIXTURE struct identity fixture_identity(char letter)
{
    struct identity identity;
    uint8_t seed[IDENTITY_SEED_SIZE];

    memset(seed, letter, sizeof(seed));
    identity_from_seed(&identity, seed);
    return identity;
}

/** A heap copy of exactly size bytes, the caller's to free. */
FIXTURE uint8_t *fixture_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    assert_non_null(copy);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    return copy;
}

FIXTURE size_t fixture_hex(uint8_t *out, size_t capacity, const char *hex)
{
    size_t size = 0;

    assert_int_equal(sodium_hex2bin(out, capacity, hex, strlen(hex), NULL, &size, NULL), 0);
    return size;
}

FIXTURE void fixture_assert_hex(const uint8_t *data, size_t size, const char *hex)
{
    char text[1024];

    assert_true(size * 2 < sizeof(text));
    sodium_bin2hex(text, sizeof(text), data, size);
    assert_string_equal(text, hex);
}

FIXTURE FILE *fixture_open(const char *name)
{
    char path[1024];
    FILE *file;

    snprintf(path, sizeof(path), "%s/vectors/%s", TESTS_DIR, name);
    file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("cannot open %s", path);
    }
    return file;
}

/** Read the next `name = value` line; false at the end of the file. Others are skipped. */
FIXTURE bool fixture_line(FILE *file, char name[64], char value[1024])
{
    char line[1200];

    while (fgets(line, sizeof(line), file) != NULL) {
        char *equals = strstr(line, " = ");

        if (line[0] == '#' || equals == NULL) {
            continue;
        }
        line[strcspn(line, "\n")] = '\0';
        snprintf(name, 64, "%.*s", (int)(equals - line), line);
        snprintf(value, 1024, "%.1023s", equals + 3);
        return true;
    }
    return false;
}

FIXTURE int fixture_setup(void **state)
{
    (void)state;
    return identity_library_init();
}
