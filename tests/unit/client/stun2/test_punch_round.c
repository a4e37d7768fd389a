/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A punch round: to which addresses packets go, when, and how many; and when the next one begins
 * after a failure. */
#include "client/stun2/punch_round.h"

#include "tests/support/endpoints.h"
#include "tests/support/fixture.h"
#include "tests/support/instants.h"

enum { PACKET_SIZE = 64 };

/* Run the round until until_ms by its own deadlines. Returns how many packets left; by_port, which
 * may be NULL, counts them by the candidate's port. */
static size_t run_round(struct punch_round *round, uint64_t until_ms, size_t *by_port)
{
    struct endpoint to;
    size_t count = 0;

    while (mono_due(punch_round_deadline(round), test_at_ms(until_ms))) {
        struct mono now = punch_round_deadline(round);
        while (punch_round_next(round, &to, now)) {
            count++;
            if (by_port != NULL) {
                by_port[to.port]++;
            }
        }
    }
    return count;
}

static void bursts_leave_at_their_instants(void **state)
{
    static const uint16_t want_ms[] = {0, 20, 60, 140, 300, 620, 1240};
    struct endpoint a = test_endpoint(1, 1000), b = test_endpoint(2, 2000), to;
    struct punch_round round;

    (void)state;
    punch_round_init(&round, test_at_ms(0), PACKET_SIZE, 0);
    assert_true(punch_round_add(&round, &a, true, false));
    assert_true(punch_round_add(&round, &b, true, false));
    assert_true(punch_round_add(&round, &a, false, false)); /* it is in the round already */
    assert_int_equal(round.count, 2);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(punch_round_deadline(&round).ns, test_at_ms(want_ms[i]).ns);
        if (want_ms[i] > 0) {
            assert_false(punch_round_next(&round, &to, test_at_ms(want_ms[i] - 1U)));
        }
        assert_true(punch_round_next(&round, &to, test_at_ms(want_ms[i])));
        assert_true(endpoint_equal(&to, &a));
        assert_true(punch_round_next(&round, &to, test_at_ms(want_ms[i])));
        assert_true(endpoint_equal(&to, &b));
        assert_false(punch_round_next(&round, &to, test_at_ms(want_ms[i])));
    }
    assert_int_equal(punch_round_deadline(&round).ns, MONO_NEVER.ns);
    assert_int_equal(punch_round_end(&round).ns, test_at_ms(3000).ns);
}

static void first_pings_to_an_observed_address_end_before_the_peers_nat(void **state)
{
    static const struct {
        uint16_t ms;
        bool near;
    } bursts[] = {{0, true}, {20, true}, {60, true}, {140, false}, {300, false}};
    struct endpoint observed = test_endpoint(1, 1000), told = test_endpoint(2, 2000), to;
    struct punch_round round;

    (void)state;
    punch_round_init(&round, test_at_ms(0), PACKET_SIZE, 100);
    assert_true(punch_round_add(&round, &observed, true, false));
    assert_true(punch_round_add(&round, &told, false, false));
    for (size_t i = 0; i < TEST_COUNT(bursts); i++) {
        while (punch_round_next(&round, &to, test_at_ms(bursts[i].ms))) {
            bool near = bursts[i].near && endpoint_equal(&to, &observed);

            assert_int_equal(round.hops, near ? PUNCH_NEAR_HOPS : 0);
        }
    }
    /* Who answered is there already. */
    punch_round_init(&round, test_at_ms(0), PACKET_SIZE, 100);
    assert_true(punch_round_add(&round, &observed, true, false));
    assert_true(punch_round_next(&round, &to, test_at_ms(0)));
    punch_round_on_receipt(&round, &observed, test_at_ms(5));
    assert_true(punch_round_next(&round, &to, test_at_ms(5)));
    assert_int_equal(round.hops, 0);
}

/* No NAT is before it, so nothing can be spoilt there. */
static void pings_to_an_address_that_is_the_peers_own_travel_all_the_way(void **state)
{
    struct endpoint a = test_endpoint(1, 1000), to;

    (void)state;
    for (int first = 0; first < 2; first++) {
        struct punch_round round;

        punch_round_init(&round, test_at_ms(0), PACKET_SIZE, 1000);
        assert_true(punch_round_add(&round, &a, first == 0, false));
        assert_true(punch_round_add(&round, &a, first != 0, false));
        assert_true(punch_round_next(&round, &to, test_at_ms(0)));
        assert_int_equal(round.hops, 0);
    }
}

static void a_late_start_sends_no_burst(void **state)
{
    struct endpoint a = test_endpoint(1, 1000), to;
    struct punch_round round;

    (void)state;
    punch_round_init(&round, test_at_ms(0), PACKET_SIZE, 0);
    assert_true(punch_round_add(&round, &a, true, false));
    assert_true(punch_round_next(&round, &to, test_at_ms(500)));
    assert_false(punch_round_next(&round, &to, test_at_ms(500)));
    assert_int_equal(punch_round_deadline(&round).ns, test_at_ms(620).ns);
}

static void forbidden_targets_are_refused(void **state)
{
    static const struct {
        const char *text;
        bool shared_lan, want;
    } table[] = {
        {"203.0.113.5:1000", false, true},   {"203.0.113.5:0", false, false},
        {"127.0.0.1:53", false, false},      {"127.0.0.1:53", true, false},
        {"192.168.1.2:1000", false, false},  {"192.168.1.2:1000", true, true},
        {"224.0.0.1:1000", true, false},     {"[fdd9:f800::1]:1000", true, false},
        {"[2001:db8::1]:1000", false, true}, {"0.0.0.0:1000", true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct punch_round round;
        struct endpoint e;
        assert_true(endpoint_parse(&e, table[i].text, 0));
        punch_round_init(&round, test_at_ms(0), PACKET_SIZE, 0);
        if (punch_round_add(&round, &e, true, table[i].shared_lan) != table[i].want) {
            fail_msg("%s", table[i].text);
        }
    }
}

static void sixteen_candidates_and_no_more(void **state)
{
    struct punch_round round;

    (void)state;
    punch_round_init(&round, test_at_ms(0), PACKET_SIZE, 0);
    for (uint16_t i = 1; i <= 17; i++) {
        struct endpoint e = test_endpoint((uint8_t)i, i);
        assert_int_equal(punch_round_add(&round, &e, true, false), i <= 16);
    }
    /* 16 x 7 packets of 64 bytes fit into the budget of 8 KiB ... */
    assert_int_equal(run_round(&round, 5000, NULL), 112);
    assert_int_equal(round.bytes_sent, 112 * PACKET_SIZE);
    /* ... larger ones do not. */
    punch_round_init(&round, test_at_ms(0), 1000, 0);
    for (uint16_t i = 1; i <= 16; i++) {
        struct endpoint e = test_endpoint((uint8_t)i, i);
        assert_true(punch_round_add(&round, &e, true, false));
    }
    assert_int_equal(run_round(&round, 5000, NULL), 8);
    assert_int_equal(punch_round_deadline(&round).ns, MONO_NEVER.ns);
}

static void an_unobserved_ip_gets_two_packets_over_all_its_ports(void **state)
{
    size_t by_port[32] = {0};
    struct punch_round round;
    struct endpoint observed = test_endpoint(200, 20);

    (void)state;
    punch_round_init(&round, test_at_ms(0), PACKET_SIZE, 0);
    for (uint16_t port = 1; port <= 10; port++) {
        struct endpoint e = test_endpoint(1, port);
        assert_true(punch_round_add(&round, &e, false, false));
    }
    assert_true(punch_round_add(&round, &observed, true, false));
    assert_int_equal(run_round(&round, 5000, by_port), 2 + 7);
    assert_int_equal(by_port[20], 7);
    /* Another port of an observed IP is as good as the observed one. */
    punch_round_init(&round, test_at_ms(0), PACKET_SIZE, 0);
    struct endpoint other = test_endpoint(200, 21);
    assert_true(punch_round_add(&round, &observed, true, false));
    assert_true(punch_round_add(&round, &other, false, false));
    memset(by_port, 0, sizeof(by_port));
    assert_int_equal(run_round(&round, 5000, by_port), 14);
    assert_int_equal(by_port[21], 7);
}

static void a_receipt_ends_the_bursts_and_owes_three_packets(void **state)
{
    struct endpoint a = test_endpoint(1, 1), b = test_endpoint(2, 2), to;
    size_t by_port[32] = {0};
    struct punch_round round;

    (void)state;
    punch_round_init(&round, test_at_ms(0), PACKET_SIZE, 0);
    assert_true(punch_round_add(&round, &a, true, false));
    assert_true(punch_round_add(&round, &b, true, false));
    assert_true(punch_round_next(&round, &to, test_at_ms(0)));
    punch_round_on_receipt(&round, &b, test_at_ms(1));
    punch_round_on_receipt(&round, &b, test_at_ms(2)); /* the second receipt owes nothing more */
    assert_int_equal(punch_round_deadline(&round).ns, test_at_ms(1).ns);
    assert_int_equal(run_round(&round, 5000, by_port), 3);
    assert_int_equal(by_port[2], 3);
    assert_int_equal(punch_round_deadline(&round).ns, MONO_NEVER.ns);
}

static void a_receipt_from_an_unknown_address_is_answered(void **state)
{
    struct endpoint a = test_endpoint(1, 1), mapped = test_endpoint(9, 9);
    size_t by_port[32] = {0};
    struct punch_round round;

    (void)state;
    punch_round_init(&round, test_at_ms(0), PACKET_SIZE, 0);
    assert_true(punch_round_add(&round, &a, true, false));
    punch_round_on_receipt(&round, &mapped, test_at_ms(0));
    assert_int_equal(run_round(&round, 5000, by_port), 3);
    assert_int_equal(by_port[9], 3);
}

static void failures_wait_longer_each_time(void **state)
{
    static const uint64_t want_ms[] = {10000, 100000, 300000, 1800000, 1800000};
    struct punch_retry retry;

    (void)state;
    punch_retry_reset(&retry, test_at_ms(0));
    assert_true(mono_due(retry.at, test_at_ms(0)));
    for (size_t i = 0; i < 5; i++) {
        punch_retry_started(&retry);
        assert_int_equal(retry.at.ns, MONO_NEVER.ns);
        punch_retry_failed(&retry, test_at_ms(7));
        assert_int_equal(retry.at.ns, test_at_ms(7 + want_ms[i]).ns);
    }
    punch_retry_reset(&retry, test_at_ms(9));
    punch_retry_failed(&retry, test_at_ms(9));
    assert_int_equal(retry.at.ns, test_at_ms(9 + 10000).ns);
    punch_retry_succeeded(&retry);
    assert_int_equal(retry.at.ns, MONO_NEVER.ns);
    punch_retry_failed(&retry, test_at_ms(0));
    assert_int_equal(retry.at.ns, test_at_ms(10000).ns);
}

static void a_round_of_a_punch_sends_eight_kib_at_most(void **state)
{
    enum { LARGE = 1000 };
    struct punch_round round;
    struct mono at = {NS_PER_S};
    struct endpoint to;
    size_t sent = 0;

    (void)state;
    punch_round_init(&round, at, LARGE, 0);
    for (unsigned i = 0; i < PUNCH_CANDIDATE_MAX; i++) {
        struct endpoint candidate = test_endpoint(i, 5000);

        assert_true(punch_round_add(&round, &candidate, true, false));
    }
    for (int ms = 0; ms < PUNCH_ROUND_MS; ms += 10) {
        while (punch_round_next(&round, &to, mono_add_ms(at, (uint64_t)ms))) {
            sent += LARGE;
        }
    }
    assert_int_equal(sent, PUNCH_ROUND_BYTES_MAX / LARGE * LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bursts_leave_at_their_instants),
        cmocka_unit_test(first_pings_to_an_observed_address_end_before_the_peers_nat),
        cmocka_unit_test(pings_to_an_address_that_is_the_peers_own_travel_all_the_way),
        cmocka_unit_test(a_late_start_sends_no_burst),
        cmocka_unit_test(forbidden_targets_are_refused),
        cmocka_unit_test(sixteen_candidates_and_no_more),
        cmocka_unit_test(an_unobserved_ip_gets_two_packets_over_all_its_ports),
        cmocka_unit_test(a_receipt_ends_the_bursts_and_owes_three_packets),
        cmocka_unit_test(a_receipt_from_an_unknown_address_is_answered),
        cmocka_unit_test(failures_wait_longer_each_time),
        cmocka_unit_test(a_round_of_a_punch_sends_eight_kib_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
