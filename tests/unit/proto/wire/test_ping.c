/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pings and pongs (proto/wire/ping.h; docs/protocol.md, section 12, has their vectors). */
#include "tests/support/fixture.h"

#include "proto/wire/ping.h"

enum { PING_SIZE = 48 };

static struct ping a_ping(enum ping_kind kind)
{
    struct ping ping = {
        .kind = kind, .transaction = UINT64_C(0x0102030405060708), .frame_size = 1400};

    if (kind == PING_KIND_PONG) {
        static const uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 7};

        ping.observed = endpoint_v6(ip, 4007);
    }
    return ping;
}

/* Decode an exact copy, so that the sanitizer sees one byte too many. */
static int ping_judge(struct ping *out, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = fixture_copy(bytes, size);
    int rc = ping_decode(out, copy, size);

    free(copy);
    return rc;
}

static void pings_and_pongs_round_trip(void **state)
{
    static const enum ping_kind kinds[] = {PING_KIND_PING, PING_KIND_PONG};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct ping ping = a_ping(kinds[i]), back;
        size_t size = kinds[i] == PING_KIND_PING ? PING_SIZE : PING_PLAIN_SIZE;
        uint8_t bytes[PING_SIZE];

        ping_encode(&ping, bytes, size);
        assert_int_equal(ping_judge(&back, bytes, size), ERR_OK);
        assert_int_equal(back.kind, ping.kind);
        assert_true(back.transaction == ping.transaction);
        assert_int_equal(back.frame_size, ping.frame_size);
        assert_true(endpoint_equal(&back.observed, &ping.observed));
    }
}

static void pings_against_the_rules_are_refused(void **state)
{
    struct ping ping = a_ping(PING_KIND_PONG), out = {.transaction = 99};
    uint8_t bytes[PING_SIZE] = {0};

    (void)state;
    ping_encode(&ping, bytes, PING_PLAIN_SIZE);
    for (size_t size = 0; size < PING_PLAIN_SIZE; size++) {
        assert_int_equal(ping_judge(&out, bytes, size), ERR_DROP);
    }
    /* A pong has no padding, or it could be made larger than its ping. */
    assert_int_equal(ping_judge(&out, bytes, PING_PLAIN_SIZE + 1), ERR_DROP);
    for (unsigned kind = 0; kind < 256; kind++) {
        bytes[0] = (uint8_t)kind;
        if (kind != PING_KIND_PING && kind != PING_KIND_PONG) {
            assert_int_equal(ping_judge(&out, bytes, PING_PLAIN_SIZE), ERR_DROP);
        }
    }
    ping = a_ping(PING_KIND_PING);
    ping_encode(&ping, bytes, sizeof(bytes));
    for (size_t at = 0; at < sizeof(bytes); at++) {
        bool zero = (at >= 1 && at < 4) || at >= PING_PLAIN_SIZE;

        bytes[at] ^= 0x80;
        if (zero) { /* reserved bytes and padding are checked */
            assert_int_equal(ping_judge(&out, bytes, sizeof(bytes)), ERR_DROP);
        }
        bytes[at] ^= 0x80;
    }
    assert_true(out.transaction == 99); /* never touched */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pings_and_pongs_round_trip),
        cmocka_unit_test(pings_against_the_rules_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
