/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing messages into memory that may be too small (proto/base/wbuf.h). */
#include "tests/support/fixture.h"

#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

static void write_all(struct wbuf *w)
{
    wbuf_u8(w, 1);
    wbuf_u16(w, 0x0203);
    wbuf_u32(w, 0x04050607);
    wbuf_u64(w, UINT64_C(0x08090a0b0c0d0e0f));
    size_t mark = wbuf_open_u16(w);
    wbuf_put(w, "abc", 3);
    wbuf_close_u16(w, mark);
    wbuf_zeros(w, 2);
    wbuf_varint(w, 15293);
}

static void what_fits_is_there_byte_by_byte(void **state)
{
    uint8_t out[24];
    struct wbuf w = wbuf_over(out, sizeof(out));

    (void)state;
    memset(out, 0x5a, sizeof(out));
    write_all(&w);
    assert_true(wbuf_ok(&w));
    assert_int_equal(wbuf_size(&w), sizeof(out));
    fixture_assert_hex(out, sizeof(out), "0102030405060708090a0b0c0d0e0f000361626300007bbd");
}

/* However little room there is, nothing is written beyond it, and the failure is known. */
static void what_does_not_fit_fails_and_stays_inside(void **state)
{
    (void)state;
    for (size_t room = 0; room < 24; room++) {
        uint8_t *out = malloc(room + 1); /* the sanitizer sees one byte too many */
        struct wbuf w = wbuf_over(out + 1, room);

        out[0] = 7;
        write_all(&w);
        assert_false(wbuf_ok(&w));
        assert_true(wbuf_size(&w) <= room);
        assert_int_equal(out[0], 7);
        free(out);
    }
}

static void a_length_of_16_bits_has_its_end(void **state)
{
    static uint8_t out[UINT16_MAX + 10];
    struct wbuf w = wbuf_over(out, sizeof(out));
    size_t mark = wbuf_open_u16(&w);

    (void)state;
    wbuf_zeros(&w, UINT16_MAX);
    wbuf_close_u16(&w, mark);
    assert_true(wbuf_ok(&w));
    assert_memory_equal(out, "\xff\xff", 2);
    w = wbuf_over(out, sizeof(out));
    mark = wbuf_open_u16(&w);
    wbuf_zeros(&w, UINT16_MAX + 1);
    wbuf_close_u16(&w, mark);
    assert_false(wbuf_ok(&w));
}

static void varints_are_as_short_as_can_be(void **state)
{
    static const struct {
        uint64_t value;
        size_t size;
    } table[] = {{0, 1},     {63, 1},         {64, 2},         {16383, 2},
                 {16384, 4}, {1073741823, 4}, {1073741824, 8}, {UINT64_C(4611686018427387903), 8}};

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(table); i++) {
        uint8_t out[8];
        struct wbuf w = wbuf_over(out, sizeof(out));

        wbuf_varint(&w, table[i].value);
        assert_true(wbuf_ok(&w));
        assert_int_equal(wbuf_size(&w), table[i].size);
        struct rbuf r = rbuf_over(out, table[i].size);
        assert_true(rbuf_varint(&r) == table[i].value && rbuf_done(&r));
    }
    uint8_t out[16];
    struct wbuf w = wbuf_over(out, sizeof(out));

    wbuf_varint(&w, UINT64_C(1) << 62);
    assert_true(!wbuf_ok(&w) && wbuf_size(&w) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_there_byte_by_byte),
        cmocka_unit_test(what_does_not_fit_fails_and_stays_inside),
        cmocka_unit_test(a_length_of_16_bits_has_its_end),
        cmocka_unit_test(varints_are_as_short_as_can_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
