/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The punch broker until a punch lives: consent, the order of tokens, bounds. */
#include "tests/support/endpoints.h"
#include "tests/support/punch_broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static bool is_zero(const void *data, size_t size)
{
    static const uint8_t zeros[64];

    return memcmp(data, zeros, size) == 0;
}

static void a_yes_gives_both_the_other_and_a_common_key(void **state)
{
    struct punch_request request = {
        .requester = broker_side(1), .request_id = 42, .has_session = true};
    struct punch_side a = broker_side(1), c = broker_side(2);
    struct broker b;

    (void)state;
    broker_init(&b);
    request.requester.rtt_us = 80000;
    c.rtt_us = 20000;
    c.nat_kind = 5;
    memcpy(request.target, c.key, KEY_SIZE);
    assert_int_equal(punch_request(b.punch, &request, b.now), VERDICT_OK);
    struct punch_output offer = broker_next(&b, PUNCH_OUTPUT_OFFER, 2, 1);
    broker_is_quiet(&b);
    assert_true(offer.has_session);
    assert_int_equal(offer.nat_kind, 3);
    assert_memory_equal(offer.token, a.token, PUNCH_TOKEN_SIZE);
    assert_true(
        is_zero(&offer.endpoint, sizeof(offer.endpoint))); /* nor A's address before the yes */
    assert_true(offer.punch_id != 0);

    assert_int_equal(punch_answer(b.punch, offer.punch_id, &c, true, b.now), VERDICT_OK);
    struct punch_output to_a = broker_next(&b, PUNCH_OUTPUT_GO, 1, 2);
    struct punch_output to_c = broker_next(&b, PUNCH_OUTPUT_GO, 2, 1);
    broker_is_quiet(&b);
    assert_true(endpoint_equal(&to_a.endpoint, &c.observed));
    assert_true(endpoint_equal(&to_c.endpoint, &a.observed));
    assert_memory_equal(to_a.token, c.token, PUNCH_TOKEN_SIZE);
    assert_memory_equal(to_c.token, a.token, PUNCH_TOKEN_SIZE);
    assert_int_equal(to_a.nat_kind, 5);
    assert_int_equal(to_c.nat_kind, 3);
    assert_memory_equal(to_a.probe_key, to_c.probe_key, PUNCH_PROBE_KEY_SIZE);
    assert_false(is_zero(to_a.probe_key, PUNCH_PROBE_KEY_SIZE));
    assert_int_equal(to_a.fire_in_us, 0); /* the farther one fires at once */
    assert_int_equal(to_c.fire_in_us, 30000);
    assert_false(to_a.listen);
    assert_true(to_c.listen); /* token 02.. is larger than 01.. */
    assert_int_equal(punch_stats(b.punch)->live, 1);
    assert_int_equal(punch_stats(b.punch)->offered, 0);
    punch_free(b.punch);
}

static void the_larger_token_listens(void **state)
{
    static const struct {
        const char *name;
        uint8_t token[2], ip[2], key[2];
        bool first_listens;
    } table[] = {
        {"larger token", {2, 1}, {1, 2}, {1, 2}, true},
        {"smaller token", {1, 2}, {2, 1}, {2, 1}, false},
        {"first byte decides", {200, 100}, {1, 2}, {1, 2}, true},
        {"equal tokens, larger ip", {5, 5}, {9, 8}, {1, 2}, true},
        {"equal tokens, smaller ip", {5, 5}, {8, 9}, {2, 1}, false},
        {"same NAT, larger key", {5, 5}, {9, 9}, {7, 6}, true},
        {"same NAT, smaller key", {5, 5}, {9, 9}, {6, 7}, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct punch_side side[2];
        for (size_t s = 0; s < 2; s++) {
            side[s] = broker_side(1);
            side[s].token[0] = table[i].token[s];
            side[s].observed = test_endpoint(table[i].ip[s], (uint16_t)(5000 - s));
            side[s].key[0] = table[i].key[s];
        }
        if (punch_side_listens(&side[0], &side[1]) != table[i].first_listens ||
            punch_side_listens(&side[1], &side[0]) == table[i].first_listens) {
            fail_msg("%s", table[i].name);
        }
    }
    /* Any IPv6 of the internet (2001:...) is larger than a mapped IPv4 (0000:...). */
    struct punch_side four = broker_side(1), six = broker_side(1);
    assert_true(endpoint_parse(&six.observed, "[2001:db8::1]:1", 0));
    assert_true(punch_side_listens(&six, &four));
}

static void a_no_and_silence_look_the_same(void **state)
{
    struct broker b;

    (void)state;
    broker_init(&b);
    assert_int_equal(broker_ask(&b, 1, 2), VERDICT_OK);
    uint64_t id = broker_next(&b, PUNCH_OUTPUT_OFFER, 2, 1).punch_id;
    assert_int_equal(broker_answer(&b, id, 2, false), VERDICT_OK);
    struct punch_output no = broker_next(&b, PUNCH_OUTPUT_REFUSED, 1, 2);
    assert_int_equal(broker_ask(&b, 1, 2), VERDICT_OK);
    (void)broker_next(&b, PUNCH_OUTPUT_OFFER, 2, 1);
    broker_later(&b, 9999);
    broker_is_quiet(&b);
    broker_later(&b, 1);
    struct punch_output silence = broker_next(&b, PUNCH_OUTPUT_REFUSED, 1, 2);
    broker_is_quiet(&b);
    no.punch_id = silence.punch_id;
    assert_memory_equal(&no, &silence, sizeof(no));
    assert_int_equal(silence.verdict, VERDICT_REFUSED);
    assert_int_equal(silence.request_id, 42);
    assert_true(is_zero(&silence.endpoint, sizeof(silence.endpoint)));
    assert_int_equal(punch_deadline(b.punch).ns, MONO_NEVER.ns);
    punch_free(b.punch);
}

static void only_the_target_may_answer_and_only_once(void **state)
{
    struct broker b;

    (void)state;
    broker_init(&b);
    assert_int_equal(broker_ask(&b, 1, 2), VERDICT_OK);
    uint64_t id = broker_next(&b, PUNCH_OUTPUT_OFFER, 2, 1).punch_id;
    assert_int_equal(broker_answer(&b, id, 3, true), VERDICT_NOT_FOUND);
    assert_int_equal(broker_answer(&b, id, 1, true), VERDICT_NOT_FOUND);
    assert_int_equal(broker_answer(&b, id + 1, 2, true), VERDICT_NOT_FOUND);
    broker_is_quiet(&b);
    assert_int_equal(broker_answer(&b, id, 2, true), VERDICT_OK);
    (void)broker_next(&b, PUNCH_OUTPUT_GO, 1, 2);
    (void)broker_next(&b, PUNCH_OUTPUT_GO, 2, 1);
    assert_int_equal(broker_answer(&b, id, 2, true), VERDICT_NOT_FOUND);
    assert_int_equal(broker_answer(&b, id, 2, false), VERDICT_NOT_FOUND);
    broker_is_quiet(&b);
    punch_free(b.punch);
}

static void two_who_ask_for_each_other_have_both_said_yes(void **state)
{
    struct broker b;

    (void)state;
    broker_init(&b);
    assert_int_equal(broker_ask(&b, 1, 2), VERDICT_OK);
    (void)broker_next(&b, PUNCH_OUTPUT_OFFER, 2, 1);
    assert_int_equal(broker_ask(&b, 1, 2), VERDICT_LIMIT); /* one in flight */
    assert_int_equal(broker_ask(&b, 2, 1), VERDICT_OK);
    struct punch_output one = broker_next(&b, PUNCH_OUTPUT_GO, 1, 2);
    struct punch_output two = broker_next(&b, PUNCH_OUTPUT_GO, 2, 1);
    broker_is_quiet(&b);
    assert_true(one.listen != two.listen);
    assert_int_equal(punch_stats(b.punch)->limit_pair, 1);
    punch_free(b.punch);
}

static void bad_requests_change_nothing(void **state)
{
    struct punch_request request = {.requester = broker_side(1)};
    struct punch_side other = broker_side(2);
    struct broker b;

    (void)state;
    broker_init(&b);
    assert_int_equal(broker_ask(&b, 1, 1), VERDICT_BAD_REQUEST);
    memcpy(request.target, other.key, KEY_SIZE);
    request.requester.nat_kind = 0;
    assert_int_equal(punch_request(b.punch, &request, b.now), VERDICT_MEASURE_FIRST);
    request.has_session = true;
    assert_true(endpoint_parse(&request.requester.observed, "127.0.0.1:4433", 0));
    assert_int_equal(punch_request(b.punch, &request, b.now), VERDICT_BAD_REQUEST);
    assert_true(endpoint_parse(&request.requester.observed, "[fdd9:f800::1]:4433", 0));
    assert_int_equal(punch_request(b.punch, &request, b.now), VERDICT_BAD_REQUEST);
    broker_is_quiet(&b);
    assert_int_equal(punch_stats(b.punch)->unmeasured, 1);
    assert_int_equal(punch_stats(b.punch)->bad_address, 2);
    request.requester = broker_side(1);
    request.requester.nat_kind = 0;
    assert_int_equal(punch_request(b.punch, &request, b.now), VERDICT_OK);
    struct punch_output offer = broker_next(&b, PUNCH_OUTPUT_OFFER, 2, 1);
    assert_true(endpoint_parse(&other.observed, "224.0.0.1:1", 0));
    assert_int_equal(punch_answer(b.punch, offer.punch_id, &other, true, b.now),
                     VERDICT_BAD_REQUEST);
    (void)broker_next(&b, PUNCH_OUTPUT_REFUSED, 1, 2);
    broker_is_quiet(&b);
    punch_free(b.punch);
}

static void five_requests_a_second_and_key(void **state)
{
    struct broker b;

    (void)state;
    broker_init(&b);
    for (uint16_t i = 0; i < 5; i++) {
        assert_int_equal(broker_ask(&b, 1, (uint16_t)(100 + i)), VERDICT_OK);
    }
    assert_int_equal(broker_ask(&b, 1, 200), VERDICT_LIMIT);
    assert_int_equal(broker_ask(&b, 2, 200), VERDICT_OK);
    broker_later(&b, 200);
    assert_int_equal(broker_ask(&b, 1, 200 + 1), VERDICT_OK);
    assert_int_equal(broker_ask(&b, 1, 200 + 2), VERDICT_LIMIT);
    assert_int_equal(punch_stats(b.punch)->limit_rate, 2);
    punch_free(b.punch);
}

static void a_full_broker_refuses_until_offers_are_over(void **state)
{
    struct punch_output out;
    struct broker b;
    uint16_t accepted = 0;

    (void)state;
    broker_init(&b);
    /* Pairs of nodes that have nothing to do with each other, in offers that nobody answers. */
    for (uint16_t i = 0; i < PUNCH_COUNT_MAX; i++) {
        accepted = (uint16_t)(accepted + (broker_ask(&b, (uint16_t)(2 * i),
                                                     (uint16_t)(2 * i + 1)) == VERDICT_OK));
        while (punch_output(b.punch, &out)) {
        }
    }
    assert_int_equal(accepted, PUNCH_COUNT_MAX);
    assert_int_equal(broker_ask(&b, 60000, 60001), VERDICT_LIMIT);
    assert_int_equal(punch_stats(b.punch)->limit_all, 1);
    broker_later(&b, 10000);
    assert_int_equal(punch_stats(b.punch)->offered, 0);
    assert_int_equal(punch_stats(b.punch)->timed_out, PUNCH_COUNT_MAX);
    for (accepted = 0; punch_output(b.punch, &out); accepted++) {
        assert_int_equal(out.type, PUNCH_OUTPUT_REFUSED);
    }
    assert_int_equal(accepted, PUNCH_COUNT_MAX);
    assert_int_equal(broker_ask(&b, 60000, 60001), VERDICT_OK);
    punch_free(b.punch);
}

static void who_is_elsewhere_leaves_half_of_the_places(void **state)
{
    struct broker b;
    uint16_t taken = 0;

    (void)state;
    broker_init(&b);
    for (uint16_t i = 0; i < PUNCH_PER_KEY_MAX; i++) {
        taken =
            (uint16_t)(taken + (broker_ask_from(&b, (uint16_t)(100 + i), 1, true) == VERDICT_OK));
    }
    assert_int_equal(taken, PUNCH_PER_KEY_MAX / 2);
    assert_int_equal(broker_ask(&b, 9000, 1), VERDICT_OK);
    for (uint16_t i = 0; i < PUNCH_COUNT_MAX; i++) {
        taken =
            (uint16_t)(taken + (broker_ask_from(&b, (uint16_t)(10000 + 2 * i),
                                                (uint16_t)(10001 + 2 * i), true) == VERDICT_OK));
    }
    assert_int_equal(taken, PUNCH_COUNT_MAX / 2 - 1);
    assert_int_equal(broker_ask(&b, 60000, 60001), VERDICT_OK);
    punch_free(b.punch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_yes_gives_both_the_other_and_a_common_key),
        cmocka_unit_test(the_larger_token_listens),
        cmocka_unit_test(a_no_and_silence_look_the_same),
        cmocka_unit_test(only_the_target_may_answer_and_only_once),
        cmocka_unit_test(two_who_ask_for_each_other_have_both_said_yes),
        cmocka_unit_test(bad_requests_change_nothing),
        cmocka_unit_test(five_requests_a_second_and_key),
        cmocka_unit_test(a_full_broker_refuses_until_offers_are_over),
        cmocka_unit_test(who_is_elsewhere_leaves_half_of_the_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
