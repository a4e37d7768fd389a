/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Base32 (proto/base/base32.h) with the vectors of RFC 4648, section 10. */
#include "tests/support/fixture.h"
#include "tests/support/rng.h"

#include "proto/base/base32.h"

static void rfc_4648_vectors_both_ways(void **state)
{
    static const char *const vectors[][2] = {
        {"", ""},
        {"f", "my"},
        {"fo", "mzxq"},
        {"foo", "mzxw6"},
        {"foob", "mzxw6yq"},
        {"fooba", "mzxw6ytb"},
        {"foobar", "mzxw6ytboi"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        const char *plain = vectors[i][0];
        size_t size = strlen(plain);
        char text[32];
        uint8_t back[16];

        base32_encode(text, (const uint8_t *)plain, size);
        assert_string_equal(text, vectors[i][1]);
        assert_int_equal(strlen(text), BASE32_TEXT_SIZE(size));
        assert_int_equal(base32_decode(back, size, text, strlen(text)), ERR_OK);
        assert_memory_equal(back, plain, size);
    }
}

static void bad_texts_are_refused_and_zeroed(void **state)
{
    static const struct {
        const char *name, *text;
    } cases[] = {
        {"spare bits", "mz"},      {"other character", "m0"}, {"too short", "m"},
        {"too long", "myy"},       {"padding", "my======"},   {"blank", "m "},
        {"a digit outside", "m1"}, {"digit 8", "m8"},         {"above ASCII", "m\xe1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t out[1] = {0xff};

        if (base32_decode(out, 1, cases[i].text, strlen(cases[i].text)) != ERR_DROP ||
            out[0] != 0) {
            fail_msg("%s", cases[i].name);
        }
    }
}

static void random_bytes_round_trip_in_both_cases(void **state)
{
    struct rng rng = {8};

    (void)state;
    for (int i = 0; i < 2000; i++) {
        uint8_t data[40], back[40];
        char text[80];
        size_t size = rng_u64(&rng) % sizeof(data);

        rng_fill(&rng, data, size);
        base32_encode(text, data, size);
        for (size_t j = 0; text[j] != '\0'; j += 2) {
            text[j] = text[j] >= 'a' ? (char)(text[j] - 32) : text[j];
        }
        assert_int_equal(base32_decode(back, size, text, strlen(text)), ERR_OK);
        assert_memory_equal(back, data, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_4648_vectors_both_ways),
        cmocka_unit_test(bad_texts_are_refused_and_zeroed),
        cmocka_unit_test(random_bytes_round_trip_in_both_cases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
