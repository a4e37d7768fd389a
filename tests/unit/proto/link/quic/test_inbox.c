/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pieces come out of an inbox as they went in, also while it grows. */
#include "proto/link/quic/inbox.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void pieces_come_out_in_order(void **state)
{
    enum { COUNT = 300 };
    static uint8_t bytes[COUNT];
    struct inbox inbox = {.bytes = NULL};
    struct inbox_piece piece;

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        bytes[i] = (uint8_t)i;
    }
    for (int round = 0; round < 2; round++) {
        assert_true(inbox_empty(&inbox));
        for (size_t size = 0; size < COUNT; size++) {
            assert_int_equal(inbox_put(&inbox, size % 3 == 0, bytes, size), ERR_OK);
        }
        for (size_t size = 1; size < COUNT; size++) { /* what is empty is left out */
            assert_true(inbox_next(&inbox, &piece));
            assert_int_equal(piece.size, size);
            assert_int_equal(piece.is_datagram, size % 3 == 0);
            assert_memory_equal(piece.bytes, bytes, size);
        }
        assert_false(inbox_next(&inbox, &piece));
        assert_true(inbox_empty(&inbox));
        inbox_clear(&inbox);
    }
    inbox_fini(&inbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_come_out_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
