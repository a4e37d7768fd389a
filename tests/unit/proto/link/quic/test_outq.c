/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes are lent once and in order, and freed when they are acknowledged, in any steps. */
#include "proto/link/quic/outq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PUTS = 20, PUT_SIZE = 7, PIECES = 3 };

static void put(struct outq *q, uint8_t value)
{
    uint8_t bytes[PUT_SIZE];

    memset(bytes, value, sizeof(bytes));
    assert_int_equal(outq_put(q, bytes, 2, bytes + 2, PUT_SIZE - 2), ERR_OK);
}

static void bytes_are_lent_once_and_kept_until_acknowledged(void **state)
{
    nghttp3_vec pieces[PIECES];
    struct outq q;
    uint8_t next = 0;
    size_t count;

    (void)state;
    outq_init(&q);
    assert_int_equal(outq_put(&q, NULL, 0, NULL, 0), ERR_OK); /* nothing is no piece */
    assert_int_equal(outq_lend(&q, pieces, PIECES), 0);
    for (uint8_t i = 0; i < PUTS; i++) {
        put(&q, i);
    }
    do {
        count = outq_lend(&q, pieces, PIECES);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(pieces[i].len, PUT_SIZE);
            assert_int_equal(pieces[i].base[0], next);
            assert_int_equal(pieces[i].base[PUT_SIZE - 1], next);
            next++;
        }
    } while (count > 0);
    assert_int_equal(next, PUTS);
    assert_int_equal(q.size, PUTS * PUT_SIZE);
    outq_ack(&q, PUT_SIZE - 1);
    assert_int_equal(q.size, PUTS * PUT_SIZE);
    outq_ack(&q, PUT_SIZE + 1);
    assert_int_equal(q.size, (PUTS - 2) * PUT_SIZE);
    put(&q, PUTS);
    outq_ack(&q, (uint64_t)PUTS * PUT_SIZE); /* more than was lent: the new one stays */
    assert_int_equal(q.size, PUT_SIZE);
    assert_int_equal(outq_lend(&q, pieces, PIECES), 1);
    assert_int_equal(pieces[0].base[0], PUTS);
    outq_fini(&q);
    assert_int_equal(q.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_lent_once_and_kept_until_acknowledged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
