/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading hostile bytes (proto/base/rbuf.h). */
#include "tests/support/fixture.h"

#include "proto/base/rbuf.h"

static void integers_are_big_endian_and_the_end_is_known(void **state)
{
    static const uint8_t data[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 'x'};
    struct rbuf r = rbuf_over(data, sizeof(data));

    (void)state;
    assert_int_equal(rbuf_u8(&r), 1);
    assert_int_equal(rbuf_u16(&r), 0x0203);
    assert_int_equal(rbuf_u32(&r), 0x04050607);
    assert_true(rbuf_u64(&r) == UINT64_C(0x08090a0b0c0d0e0f));
    assert_int_equal(rbuf_left(&r), 1);
    assert_false(rbuf_done(&r));
    assert_ptr_equal(rbuf_take(&r, 1), &data[15]);
    assert_true(rbuf_done(&r));
}

/* Every read at the end fails for good, takes nothing, and gives zero. */
static void after_a_short_read_everything_is_zero(void **state)
{
    uint8_t to[4] = {9, 9, 9, 9};
    uint8_t *data = fixture_copy((const uint8_t *)"\xff\xff\xff", 3);

    (void)state;
    for (size_t have = 0; have < 4; have++) {
        struct rbuf r = rbuf_over(data + 3 - have, have);

        assert_int_equal(rbuf_u32(&r), 0);
        assert_true(r.failed);
        assert_int_equal(rbuf_u8(&r), 0);
        assert_int_equal(rbuf_u16(&r), 0);
        assert_true(rbuf_u64(&r) == 0);
        assert_true(rbuf_varint(&r) == 0);
        assert_null(rbuf_take(&r, 0));
        memset(to, 9, sizeof(to));
        rbuf_copy(&r, to, sizeof(to));
        assert_memory_equal(to, "\0\0\0\0", sizeof(to));
        assert_false(rbuf_done(&r));
    }
    free(data);
}

static void zeros_must_be_zeros(void **state)
{
    static const uint8_t data[] = {0, 0, 1};
    struct rbuf r = rbuf_over(data, sizeof(data));

    (void)state;
    rbuf_zeros(&r, 2);
    assert_false(r.failed);
    rbuf_zeros(&r, 1);
    assert_true(r.failed);
}

/* RFC 9000, appendix A.1. */
static void varints_are_those_of_quic(void **state)
{
    static const struct {
        const char *hex;
        uint64_t value;
    } table[] = {
        {"c2197c5eff14e88c", UINT64_C(151288809941952652)},
        {"9d7f3e7d", 494878333},
        {"7bbd", 15293},
        {"25", 37},
        {"4025", 37},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(table); i++) {
        uint8_t bytes[8];
        size_t size = fixture_hex(bytes, sizeof(bytes), table[i].hex);
        struct rbuf r = rbuf_over(bytes, size);

        assert_true(rbuf_varint(&r) == table[i].value);
        assert_true(rbuf_done(&r));
        r = rbuf_over(bytes, size - 1);
        assert_true(rbuf_varint(&r) == 0 && r.failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_big_endian_and_the_end_is_known),
        cmocka_unit_test(after_a_short_read_everything_is_zero),
        cmocka_unit_test(zeros_must_be_zeros),
        cmocka_unit_test(varints_are_those_of_quic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
