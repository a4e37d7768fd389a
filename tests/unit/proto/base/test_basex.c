/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Base58 and base36 (proto/base/basex.h): vectors of draft-msporny-base58 and of multibase. */
#include "tests/support/fixture.h"
#include "tests/support/rng.h"

#include "proto/base/basex.h"

static const struct {
    const char *alphabet, *plain, *text;
    size_t size;
} vectors[] = {
    {BASEX_58, "Hello World!", "2NEpo7TZRRrLZSi2U", 12},
    {BASEX_58, "The quick brown fox jumps over the lazy dog.",
     "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z", 44},
    {BASEX_58, "\x00\x00\x28\x7f\xb4\xcd", "11233QC4", 6},
    {BASEX_36, "yes mani !", "2lcpzo5yikidynfl", 10},
    {BASEX_36, "\x00yes mani !", "02lcpzo5yikidynfl", 11},
    {BASEX_58, "", "", 0},
};

static void published_vectors_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        char text[BASEX_SIZE_MAX * 2];
        uint8_t back[64];
        size_t size = sizeof(back);
        const char *alphabet = vectors[i].alphabet;

        basex_encode(text, alphabet, (const uint8_t *)vectors[i].plain, vectors[i].size);
        assert_string_equal(text, vectors[i].text);
        assert_int_equal(basex_decode(back, &size, alphabet, text, strlen(text)), ERR_OK);
        assert_int_equal(size, vectors[i].size);
        assert_memory_equal(back, vectors[i].plain, size);
    }
}

static void any_bytes_come_back(void **state)
{
    struct rng rng = {58};

    (void)state;
    for (int turn = 0; turn < 500; turn++) {
        const char *alphabet = turn % 2 == 0 ? BASEX_58 : BASEX_36;
        char text[BASEX_SIZE_MAX * 2];
        uint8_t data[BASEX_SIZE_MAX];
        uint8_t back[BASEX_SIZE_MAX];
        size_t size = rng_below(&rng, (uint32_t)sizeof(data) + 1);
        size_t got = sizeof(back);

        rng_fill(&rng, data, size);
        memset(data, 0, size < 3 ? size : rng_below(&rng, 3));
        basex_encode(text, alphabet, data, size);
        assert_int_equal(basex_decode(back, &got, alphabet, text, strlen(text)), ERR_OK);
        assert_int_equal(got, size);
        assert_memory_equal(back, data, size);
    }
}

static void what_is_no_digit_or_too_long_is_refused(void **state)
{
    static const char *const wrong[] = {"0", "2NEpo7TZRRrLZSi2U ", "l", "+", "\x80"};
    uint8_t out[12];
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        size = sizeof(out);
        assert_int_equal(basex_decode(out, &size, BASEX_58, wrong[i], strlen(wrong[i])), ERR_DROP);
    }
    size = 11; /* "Hello World!" has twelve bytes */
    assert_int_equal(basex_decode(out, &size, BASEX_58, "2NEpo7TZRRrLZSi2U", 17), ERR_DROP);
    size = 2;
    assert_int_equal(basex_decode(out, &size, BASEX_58, "111", 3), ERR_DROP);
    size = sizeof(out);
    assert_int_equal(basex_decode(out, &size, BASEX_58, "2\0002", 3), ERR_DROP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors_both_ways),
        cmocka_unit_test(any_bytes_come_back),
        cmocka_unit_test(what_is_no_digit_or_too_long_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
