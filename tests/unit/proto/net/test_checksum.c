/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The internet checksum (proto/net/checksum.h) against a reference that adds word by word. */
#include "tests/support/fixture.h"
#include "tests/support/naive_sum.h"
#include "tests/support/rng.h"

#include "proto/base/bytes.h"
#include "proto/net/checksum.h"

static void the_example_of_rfc_1071(void **state)
{
    static const uint8_t data[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

    (void)state;
    assert_int_equal(checksum_fold(checksum_add(0, data, sizeof(data))), 0xddf2);
    assert_int_equal(checksum_finish(checksum_add(0, data, sizeof(data))), 0x220d);
    assert_int_equal(checksum_finish(0), 0xffff);
}

static void any_size_and_alignment_agrees_with_the_reference(void **state)
{
    static uint8_t data[4096];
    struct rng rng = {9};

    (void)state;
    for (int round = 0; round < 4000; round++) {
        size_t offset = rng_u64(&rng) % 9;
        size_t size = round < 1200 ? (size_t)round / 9 : rng_u64(&rng) % 4000;

        rng_fill(&rng, data, sizeof(data) / 8 * (round % 64 == 0 ? 8 : 1));
        if (round % 5 == 0) {
            memset(data, round % 2 == 0 ? 0xff : 0, size + offset); /* the two zeros */
        }
        uint8_t *copy = fixture_copy(data, size + offset);
        uint32_t start = (uint32_t)rng_u64(&rng) & 0x1ffff;
        uint64_t want = naive_sum(0, copy + offset, size) + (start >> 16) + (start & 0xffff);

        want = (want & 0xffff) + (want >> 16);
        want = (want & 0xffff) + (want >> 16);
        assert_int_equal(checksum_fold(checksum_add(start, copy + offset, size)), want);
        free(copy);
    }
}

static void a_message_may_be_summed_in_even_pieces(void **state)
{
    uint8_t data[1000];
    struct rng rng = {10};

    (void)state;
    for (int round = 0; round < 500; round++) {
        size_t size = 500 + rng_u64(&rng) % 500;
        size_t done = 0;
        uint32_t sum = 0;

        rng_fill(&rng, data, size);
        while (done < size) {
            size_t piece = rng_u64(&rng) % 100 * 2;

            piece = piece > size - done ? size - done : piece;
            sum = checksum_add(sum, data + done, piece);
            done += piece;
        }
        assert_int_equal(checksum_fold(sum), naive_sum(0, data, size));
    }
}

static void pseudo_headers_are_sums_of_their_bytes(void **state)
{
    struct rng rng = {11};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint8_t h[40];
        uint8_t p4[12];

        rng_fill(&rng, h, sizeof(h));
        h[36] = h[37] = h[38] = 0; /* RFC 8200, 8.1 */
        assert_int_equal(checksum_fold(checksum_pseudo(h, 32, h[39], be32_read(h + 32))),
                         naive_sum(0, h, 40));
        memcpy(p4, h, sizeof(p4));
        p4[8] = 0;
        assert_int_equal(checksum_fold(checksum_pseudo(p4, 8, p4[9], be16_read(p4 + 10))),
                         naive_sum(0, p4, 12));
    }
}

static void updates_equal_a_new_computation_and_keep_errors(void **state)
{
    struct rng rng = {12};

    (void)state;
    for (int i = 0; i < 20000; i++) {
        uint8_t before[40], after[40]; /* the checksum stands at 20 */
        size_t at = i % 2 == 0 ? 0 : 22;

        rng_fill(&rng, before, sizeof(before));
        be16_write(before + 20, 0);
        uint16_t right = checksum_finish(checksum_add(0, before, sizeof(before)));
        uint16_t given = i % 3 == 0 ? (uint16_t)rng_u64(&rng) : right;

        memcpy(after, before, sizeof(after));
        rng_fill(&rng, after + at, 16);
        be16_write(before + 20, given);
        be16_write(after + 20, checksum_update(given, checksum_add(0, before + at, 16),
                                               checksum_add(0, after + at, 16)));
        /* What a receiver sees is the sum of everything: 0xffff if the checksum is right, and as
         * wrong after the change as it was before. */
        assert_int_equal(naive_sum(0, before, 40) % 0xffff, naive_sum(0, after, 40) % 0xffff);
        assert_true(given != right || naive_sum(0, after, 40) == 0xffff);
    }
    /* RFC 1624, section 4: with equation 2 this would give 0xffff. */
    assert_int_equal(checksum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_rfc_1071),
        cmocka_unit_test(any_size_and_alignment_agrees_with_the_reference),
        cmocka_unit_test(a_message_may_be_summed_in_even_pieces),
        cmocka_unit_test(pseudo_headers_are_sums_of_their_bytes),
        cmocka_unit_test(updates_equal_a_new_computation_and_keep_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
