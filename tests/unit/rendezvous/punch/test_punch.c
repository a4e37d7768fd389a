/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The punch broker: consent, the order of tokens, bounds, and how punches end. */
#include "rendezvous/punch/punch.h"

#include "tests/support/endpoints.h"
#include "tests/support/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct broker {
    struct test_env ports;
    struct punch *punch;
    struct mono now;
};

static void broker_init(struct broker *b)
{
    test_env_init(&b->ports, 0);
    b->now = (struct mono){NS_PER_S};
    assert_int_equal(punch_new(&b->punch, &b->ports.env), ERR_OK);
}

/* Node number n: its key, token and address are made of the number. */
static struct punch_side side_of(uint16_t n)
{
    struct punch_side side = {.nat_kind = 3, .rtt_us = 1000};

    memset(side.key, 0x11, KEY_SIZE);
    side.key[0] = (uint8_t)(n >> 8);
    side.key[1] = (uint8_t)n;
    memset(side.token, (uint8_t)n, PUNCH_TOKEN_SIZE);
    side.observed = test_endpoint((uint8_t)(1 + n % 250), (uint16_t)(1000 + n));
    return side;
}

static enum verdict ask_from(struct broker *b, uint16_t requester, uint16_t target, bool elsewhere)
{
    struct punch_request request = {
        .requester = side_of(requester), .request_id = 42, .elsewhere = elsewhere};
    struct punch_side other = side_of(target);

    memcpy(request.target, other.key, KEY_SIZE);
    return punch_request(b->punch, &request, b->now);
}

static enum verdict ask(struct broker *b, uint16_t requester, uint16_t target)
{
    return ask_from(b, requester, target, false);
}

static enum verdict answer(struct broker *b, uint64_t id, uint16_t target, bool accept)
{
    struct punch_side side = side_of(target);

    return punch_answer(b->punch, id, &side, accept, b->now);
}

static struct punch_output next(struct broker *b, enum punch_output_type type, uint16_t to,
                                uint16_t peer)
{
    struct punch_side want_to = side_of(to), want_peer = side_of(peer);
    struct punch_output out;

    assert_true(punch_output(b->punch, &out));
    assert_int_equal(out.type, type);
    assert_memory_equal(out.to, want_to.key, KEY_SIZE);
    assert_memory_equal(out.peer, want_peer.key, KEY_SIZE);
    return out;
}

static void nothing_more(struct broker *b)
{
    struct punch_output out;

    assert_false(punch_output(b->punch, &out));
}

static void later(struct broker *b, uint64_t ms)
{
    b->now = mono_add_ms(b->now, ms);
    punch_expire(b->punch, b->now);
}

/* Make a live punch of two nodes and take its outputs. */
static uint64_t make_live(struct broker *b, uint16_t requester, uint16_t target)
{
    assert_int_equal(ask(b, requester, target), VERDICT_OK);
    uint64_t id = next(b, PUNCH_OUTPUT_OFFER, target, requester).punch_id;
    assert_int_equal(answer(b, id, target, true), VERDICT_OK);
    (void)next(b, PUNCH_OUTPUT_GO, requester, target);
    (void)next(b, PUNCH_OUTPUT_GO, target, requester);
    return id;
}

static bool is_zero(const void *data, size_t size)
{
    static const uint8_t zeros[64];

    return memcmp(data, zeros, size) == 0;
}

static void a_yes_gives_both_the_other_and_a_common_key(void **state)
{
    struct punch_request request = {.requester = side_of(1), .request_id = 42, .has_session = true};
    struct punch_side a = side_of(1), c = side_of(2);
    struct broker b;

    (void)state;
    broker_init(&b);
    request.requester.rtt_us = 80000;
    c.rtt_us = 20000;
    c.nat_kind = 5;
    memcpy(request.target, c.key, KEY_SIZE);
    assert_int_equal(punch_request(b.punch, &request, b.now), VERDICT_OK);
    struct punch_output offer = next(&b, PUNCH_OUTPUT_OFFER, 2, 1);
    nothing_more(&b);
    assert_true(offer.has_session);
    assert_int_equal(offer.nat_kind, 3);
    assert_memory_equal(offer.token, a.token, PUNCH_TOKEN_SIZE);
    assert_true(
        is_zero(&offer.endpoint, sizeof(offer.endpoint))); /* nor A's address before the yes */
    assert_true(offer.punch_id != 0);

    assert_int_equal(punch_answer(b.punch, offer.punch_id, &c, true, b.now), VERDICT_OK);
    struct punch_output to_a = next(&b, PUNCH_OUTPUT_GO, 1, 2);
    struct punch_output to_c = next(&b, PUNCH_OUTPUT_GO, 2, 1);
    nothing_more(&b);
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
            side[s] = side_of(1);
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
    struct punch_side four = side_of(1), six = side_of(1);
    assert_true(endpoint_parse(&six.observed, "[2001:db8::1]:1", 0));
    assert_true(punch_side_listens(&six, &four));
}

static void a_no_and_silence_look_the_same(void **state)
{
    struct broker b;

    (void)state;
    broker_init(&b);
    assert_int_equal(ask(&b, 1, 2), VERDICT_OK);
    uint64_t id = next(&b, PUNCH_OUTPUT_OFFER, 2, 1).punch_id;
    assert_int_equal(answer(&b, id, 2, false), VERDICT_OK);
    struct punch_output no = next(&b, PUNCH_OUTPUT_REFUSED, 1, 2);
    assert_int_equal(ask(&b, 1, 2), VERDICT_OK);
    (void)next(&b, PUNCH_OUTPUT_OFFER, 2, 1);
    later(&b, 9999);
    nothing_more(&b);
    later(&b, 1);
    struct punch_output silence = next(&b, PUNCH_OUTPUT_REFUSED, 1, 2);
    nothing_more(&b);
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
    assert_int_equal(ask(&b, 1, 2), VERDICT_OK);
    uint64_t id = next(&b, PUNCH_OUTPUT_OFFER, 2, 1).punch_id;
    assert_int_equal(answer(&b, id, 3, true), VERDICT_NOT_FOUND);
    assert_int_equal(answer(&b, id, 1, true), VERDICT_NOT_FOUND);
    assert_int_equal(answer(&b, id + 1, 2, true), VERDICT_NOT_FOUND);
    nothing_more(&b);
    assert_int_equal(answer(&b, id, 2, true), VERDICT_OK);
    (void)next(&b, PUNCH_OUTPUT_GO, 1, 2);
    (void)next(&b, PUNCH_OUTPUT_GO, 2, 1);
    assert_int_equal(answer(&b, id, 2, true), VERDICT_NOT_FOUND);
    assert_int_equal(answer(&b, id, 2, false), VERDICT_NOT_FOUND);
    nothing_more(&b);
    punch_free(b.punch);
}

static void two_who_ask_for_each_other_have_both_said_yes(void **state)
{
    struct broker b;

    (void)state;
    broker_init(&b);
    assert_int_equal(ask(&b, 1, 2), VERDICT_OK);
    (void)next(&b, PUNCH_OUTPUT_OFFER, 2, 1);
    assert_int_equal(ask(&b, 1, 2), VERDICT_LIMIT); /* one in flight */
    assert_int_equal(ask(&b, 2, 1), VERDICT_OK);
    struct punch_output one = next(&b, PUNCH_OUTPUT_GO, 1, 2);
    struct punch_output two = next(&b, PUNCH_OUTPUT_GO, 2, 1);
    nothing_more(&b);
    assert_true(one.listen != two.listen);
    assert_int_equal(punch_stats(b.punch)->limit_pair, 1);
    punch_free(b.punch);
}

static void bad_requests_change_nothing(void **state)
{
    struct punch_request request = {.requester = side_of(1)};
    struct punch_side other = side_of(2);
    struct broker b;

    (void)state;
    broker_init(&b);
    assert_int_equal(ask(&b, 1, 1), VERDICT_BAD_REQUEST);
    memcpy(request.target, other.key, KEY_SIZE);
    request.requester.nat_kind = 0;
    assert_int_equal(punch_request(b.punch, &request, b.now), VERDICT_MEASURE_FIRST);
    request.has_session = true;
    assert_true(endpoint_parse(&request.requester.observed, "127.0.0.1:4433", 0));
    assert_int_equal(punch_request(b.punch, &request, b.now), VERDICT_BAD_REQUEST);
    assert_true(endpoint_parse(&request.requester.observed, "[fdd9:f800::1]:4433", 0));
    assert_int_equal(punch_request(b.punch, &request, b.now), VERDICT_BAD_REQUEST);
    nothing_more(&b);
    assert_int_equal(punch_stats(b.punch)->unmeasured, 1);
    assert_int_equal(punch_stats(b.punch)->bad_address, 2);
    request.requester = side_of(1);
    request.requester.nat_kind = 0;
    assert_int_equal(punch_request(b.punch, &request, b.now), VERDICT_OK);
    struct punch_output offer = next(&b, PUNCH_OUTPUT_OFFER, 2, 1);
    assert_true(endpoint_parse(&other.observed, "224.0.0.1:1", 0));
    assert_int_equal(punch_answer(b.punch, offer.punch_id, &other, true, b.now),
                     VERDICT_BAD_REQUEST);
    (void)next(&b, PUNCH_OUTPUT_REFUSED, 1, 2);
    nothing_more(&b);
    punch_free(b.punch);
}

static void five_requests_a_second_and_key(void **state)
{
    struct broker b;

    (void)state;
    broker_init(&b);
    for (uint16_t i = 0; i < 5; i++) {
        assert_int_equal(ask(&b, 1, (uint16_t)(100 + i)), VERDICT_OK);
    }
    assert_int_equal(ask(&b, 1, 200), VERDICT_LIMIT);
    assert_int_equal(ask(&b, 2, 200), VERDICT_OK);
    later(&b, 200);
    assert_int_equal(ask(&b, 1, 200 + 1), VERDICT_OK);
    assert_int_equal(ask(&b, 1, 200 + 2), VERDICT_LIMIT);
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
        accepted = (uint16_t)(accepted +
                              (ask(&b, (uint16_t)(2 * i), (uint16_t)(2 * i + 1)) == VERDICT_OK));
        while (punch_output(b.punch, &out)) {
        }
    }
    assert_int_equal(accepted, PUNCH_COUNT_MAX);
    assert_int_equal(ask(&b, 60000, 60001), VERDICT_LIMIT);
    assert_int_equal(punch_stats(b.punch)->limit_all, 1);
    later(&b, 10000);
    assert_int_equal(punch_stats(b.punch)->offered, 0);
    assert_int_equal(punch_stats(b.punch)->timed_out, PUNCH_COUNT_MAX);
    for (accepted = 0; punch_output(b.punch, &out); accepted++) {
        assert_int_equal(out.type, PUNCH_OUTPUT_REFUSED);
    }
    assert_int_equal(accepted, PUNCH_COUNT_MAX);
    assert_int_equal(ask(&b, 60000, 60001), VERDICT_OK);
    punch_free(b.punch);
}

static void who_is_elsewhere_leaves_half_of_the_places(void **state)
{
    struct broker b;
    uint16_t taken = 0;

    (void)state;
    broker_init(&b);
    for (uint16_t i = 0; i < PUNCH_PER_KEY_MAX; i++) {
        taken = (uint16_t)(taken + (ask_from(&b, (uint16_t)(100 + i), 1, true) == VERDICT_OK));
    }
    assert_int_equal(taken, PUNCH_PER_KEY_MAX / 2);
    assert_int_equal(ask(&b, 9000, 1), VERDICT_OK);
    for (uint16_t i = 0; i < PUNCH_COUNT_MAX; i++) {
        taken = (uint16_t)(taken + (ask_from(&b, (uint16_t)(10000 + 2 * i),
                                             (uint16_t)(10001 + 2 * i), true) == VERDICT_OK));
    }
    assert_int_equal(taken, PUNCH_COUNT_MAX / 2 - 1);
    assert_int_equal(ask(&b, 60000, 60001), VERDICT_OK);
    punch_free(b.punch);
}

static void live_ones_make_room_the_longest_silent_first(void **state)
{
    struct endpoint moved = test_endpoint(77, 7777);
    struct punch_side self = side_of(1);
    struct broker b;

    (void)state;
    broker_init(&b);
    for (uint16_t i = 0; i < PUNCH_PER_KEY_MAX; i++) {
        (void)make_live(&b, 1, (uint16_t)(100 + i));
        later(&b, 250);
    }
    assert_int_equal(punch_stats(b.punch)->live, PUNCH_PER_KEY_MAX);
    (void)make_live(&b, 1, 1000); /* 100 is thrown out */
    assert_int_equal(punch_stats(b.punch)->live, PUNCH_PER_KEY_MAX);
    punch_on_moved(b.punch, self.key, &moved, b.now);
    struct punch_side first = side_of(100);
    struct punch_output out;
    uint16_t updates = 0;
    for (; punch_output(b.punch, &out); updates++) {
        assert_int_equal(out.type, PUNCH_OUTPUT_UPDATE);
        assert_memory_not_equal(out.to, first.key, KEY_SIZE);
    }
    assert_int_equal(updates, PUNCH_PER_KEY_MAX);
    /* Offers take all places of a target: then nobody else may ask for it. */
    for (uint16_t i = 0; i < PUNCH_PER_KEY_MAX; i++) {
        assert_int_equal(ask(&b, (uint16_t)(3000 + i), 2000), VERDICT_OK);
    }
    assert_int_equal(ask(&b, 4000, 2000), VERDICT_LIMIT);
    assert_int_equal(punch_stats(b.punch)->limit_key, 1);
    /* When the offers are over, all its places are free again. */
    later(&b, PUNCH_OFFER_MS_MAX);
    for (uint16_t i = 0; i < PUNCH_PER_KEY_MAX; i++) {
        assert_int_equal(ask(&b, (uint16_t)(5000 + i), 2000), VERDICT_OK);
    }
    assert_int_equal(ask(&b, 4000, 2000), VERDICT_LIMIT);
    punch_free(b.punch);
}

static void a_moved_mapping_is_told_to_partners_only(void **state)
{
    struct endpoint moved = test_endpoint(77, 7777), bad;
    struct punch_side self = side_of(1);
    struct broker b;

    (void)state;
    broker_init(&b);
    uint64_t id = make_live(&b, 1, 2);
    (void)make_live(&b, 3, 1);
    (void)make_live(&b, 2, 3);
    punch_on_moved(b.punch, self.key, &self.observed, b.now); /* not moved at all */
    nothing_more(&b);
    punch_on_moved(b.punch, self.key, &moved, b.now);
    struct punch_output out = next(&b, PUNCH_OUTPUT_UPDATE, 2, 1);
    assert_int_equal(out.punch_id, id);
    assert_true(endpoint_equal(&out.endpoint, &moved));
    assert_memory_equal(out.token, self.token, PUNCH_TOKEN_SIZE);
    (void)next(&b, PUNCH_OUTPUT_UPDATE, 3, 1);
    nothing_more(&b);
    assert_true(endpoint_parse(&bad, "127.0.0.1:1", 0));
    punch_on_moved(b.punch, self.key, &bad, b.now);
    nothing_more(&b);
    /* While unanswered nothing is told, but GO carries the new address. */
    assert_int_equal(ask(&b, 4, 5), VERDICT_OK);
    id = next(&b, PUNCH_OUTPUT_OFFER, 5, 4).punch_id;
    struct punch_side four = side_of(4), five = side_of(5);
    punch_on_moved(b.punch, four.key, &moved, b.now);
    punch_on_moved(b.punch, five.key, &moved, b.now);
    nothing_more(&b);
    assert_int_equal(answer(&b, id, 5, true), VERDICT_OK);
    out = next(&b, PUNCH_OUTPUT_GO, 4, 5);
    assert_true(endpoint_equal(&out.endpoint, &five.observed));
    out = next(&b, PUNCH_OUTPUT_GO, 5, 4);
    assert_true(endpoint_equal(&out.endpoint, &moved));
    punch_free(b.punch);
}

static void a_live_punch_ends_after_ten_idle_minutes(void **state)
{
    struct endpoint moved = test_endpoint(77, 7777);
    struct punch_side self = side_of(1), stranger = side_of(9);
    struct broker b;

    (void)state;
    broker_init(&b);
    uint64_t id = make_live(&b, 1, 2);
    later(&b, 599999);
    assert_false(punch_result(b.punch, id, stranger.key, true, b.now)); /* it is not a side */
    for (int i = 0; i < 3; i++) { /* counted once each, however often it is told */
        assert_true(punch_result(b.punch, id, self.key, true, b.now));
        assert_true(punch_result(b.punch, id, self.key, false, b.now));
    }
    (void)next(&b, PUNCH_OUTPUT_RESULT, 2, 1);
    (void)next(&b, PUNCH_OUTPUT_RESULT, 2, 1);
    later(&b, 599999);
    punch_on_moved(b.punch, self.key, &moved, b.now);
    (void)next(&b, PUNCH_OUTPUT_UPDATE, 2, 1);
    later(&b, 600000);
    assert_int_equal(punch_stats(b.punch)->live, 0);
    assert_int_equal(punch_stats(b.punch)->direct, 1);
    assert_int_equal(punch_stats(b.punch)->failed, 1);
    punch_on_moved(b.punch, self.key, &self.observed, b.now);
    nothing_more(&b);
    punch_free(b.punch);
}

static void what_came_of_a_punch_is_told_to_the_other_once(void **state)
{
    struct punch_side one = side_of(1), two = side_of(2);
    struct broker b;

    (void)state;
    broker_init(&b);
    uint64_t id = make_live(&b, 1, 2);
    for (int i = 0; i < 2; i++) { /* both sides say both words, twice */
        assert_true(punch_result(b.punch, id, one.key, false, b.now));
        assert_true(punch_result(b.punch, id, two.key, false, b.now));
        assert_true(punch_result(b.punch, id, two.key, true, b.now));
    }
    struct punch_output out = next(&b, PUNCH_OUTPUT_RESULT, 2, 1);
    assert_int_equal(out.punch_id, id);
    assert_false(out.direct);
    assert_false(next(&b, PUNCH_OUTPUT_RESULT, 1, 2).direct);
    assert_true(next(&b, PUNCH_OUTPUT_RESULT, 1, 2).direct);
    nothing_more(&b);
    assert_false(punch_result(b.punch, id + 1, one.key, true, b.now));
    assert_int_equal(punch_stats(b.punch)->direct, 1);
    assert_int_equal(punch_stats(b.punch)->failed, 1);
    punch_free(b.punch);
}

static void a_side_elsewhere_moves_in_its_own_punch_only(void **state)
{
    struct endpoint moved = test_endpoint(77, 7777), bad;
    struct punch_side one = side_of(1), two = side_of(2), three = side_of(3);
    struct broker b;

    (void)state;
    broker_init(&b);
    assert_true(endpoint_parse(&bad, "127.0.0.1:1", 0));
    assert_int_equal(ask(&b, 1, 2), VERDICT_OK);
    uint64_t id = next(&b, PUNCH_OUTPUT_OFFER, 2, 1).punch_id;
    (void)make_live(&b, 1, 3);
    /* Nobody has agreed yet: GO has the new address; and that of the target is its answer's. */
    assert_true(punch_on_far_moved(b.punch, one.key, two.key, &moved, b.now));
    assert_true(punch_on_far_moved(b.punch, two.key, one.key, &moved, b.now));
    nothing_more(&b);
    assert_int_equal(answer(&b, id, 2, true), VERDICT_OK);
    (void)next(&b, PUNCH_OUTPUT_GO, 1, 2);
    struct punch_output out = next(&b, PUNCH_OUTPUT_GO, 2, 1);
    assert_true(endpoint_equal(&out.endpoint, &moved));
    moved.port++;
    assert_true(punch_on_far_moved(b.punch, one.key, two.key, &moved, b.now));
    out = next(&b, PUNCH_OUTPUT_UPDATE, 2, 1);
    assert_true(endpoint_equal(&out.endpoint, &moved));
    assert_true(punch_on_far_moved(b.punch, one.key, two.key, &bad, b.now));
    assert_false(punch_on_far_moved(b.punch, two.key, three.key, &moved, b.now));
    nothing_more(&b); /* the punch with 3 has not heard of it */
    punch_free(b.punch);
}

static void who_is_gone_takes_its_punches_along(void **state)
{
    struct punch_side one = side_of(1), two = side_of(2);
    struct broker b;

    (void)state;
    broker_init(&b);
    (void)make_live(&b, 1, 3);
    assert_int_equal(ask(&b, 1, 2), VERDICT_OK);
    (void)next(&b, PUNCH_OUTPUT_OFFER, 2, 1);
    assert_int_equal(ask(&b, 4, 1), VERDICT_OK);
    (void)next(&b, PUNCH_OUTPUT_OFFER, 1, 4);
    punch_on_gone(b.punch, two.key);
    (void)next(&b, PUNCH_OUTPUT_REFUSED, 1, 2);
    nothing_more(&b);
    punch_on_gone(b.punch, one.key);
    (void)next(&b, PUNCH_OUTPUT_REFUSED, 4, 1);
    nothing_more(&b);
    assert_int_equal(punch_stats(b.punch)->live, 0);
    assert_int_equal(punch_stats(b.punch)->offered, 0);
    assert_int_equal(punch_deadline(b.punch).ns, MONO_NEVER.ns);
    punch_free(b.punch);
}

/* A node may have been restarted: it is asked again, and its own request goes on from where it is
 * seen now. What was agreed before is over. */
static void a_new_session_is_offered_again_what_waits(void **state)
{
    struct broker b;
    struct punch_side one = side_of(1);
    struct endpoint moved = test_endpoint(99, 9999);
    struct endpoint bad = test_endpoint(99, 0);

    (void)state;
    broker_init(&b);
    (void)make_live(&b, 1, 2);
    assert_int_equal(ask(&b, 3, 1), VERDICT_OK);
    uint64_t offered = next(&b, PUNCH_OUTPUT_OFFER, 1, 3).punch_id;
    assert_int_equal(ask(&b, 1, 4), VERDICT_OK);
    uint64_t asked = next(&b, PUNCH_OUTPUT_OFFER, 4, 1).punch_id;
    punch_on_replaced(b.punch, one.key, &moved);
    assert_int_equal(next(&b, PUNCH_OUTPUT_OFFER, 1, 3).punch_id, offered);
    nothing_more(&b);
    assert_int_equal(punch_stats(b.punch)->live, 0);
    assert_int_equal(answer(&b, asked, 4, true), VERDICT_OK);
    (void)next(&b, PUNCH_OUTPUT_GO, 1, 4);
    struct punch_output go = next(&b, PUNCH_OUTPUT_GO, 4, 1);
    assert_true(endpoint_equal(&go.endpoint, &moved));
    assert_int_equal(ask(&b, 1, 5), VERDICT_OK);
    (void)next(&b, PUNCH_OUTPUT_OFFER, 5, 1);
    punch_on_replaced(b.punch, one.key, &bad); /* it cannot be named to anybody */
    (void)next(&b, PUNCH_OUTPUT_OFFER, 1, 3);
    nothing_more(&b);
    assert_int_equal(punch_stats(b.punch)->offered, 1);
    punch_free(b.punch);
}

/* Numbers of requests are a session's own: in the new one the same may ask for something else. */
static void a_new_session_gets_no_answer_to_requests_of_the_former(void **state)
{
    struct broker b;
    struct punch_side one = side_of(1);

    (void)state;
    broker_init(&b);
    assert_int_equal(ask(&b, 1, 4), VERDICT_OK);
    uint64_t asked = next(&b, PUNCH_OUTPUT_OFFER, 4, 1).punch_id;
    punch_on_replaced(b.punch, one.key, &one.observed);
    assert_int_equal(answer(&b, asked, 4, false), VERDICT_OK);
    assert_int_equal(next(&b, PUNCH_OUTPUT_REFUSED, 1, 4).request_id, 0);
    punch_free(b.punch);
}

static void a_new_request_supersedes_a_live_punch(void **state)
{
    struct broker b;

    (void)state;
    broker_init(&b);
    uint64_t first = make_live(&b, 1, 2);
    uint64_t second = make_live(&b, 2, 1);
    assert_true(first != second);
    assert_int_equal(punch_stats(b.punch)->live, 1);
    punch_free(b.punch);
    punch_free(NULL);
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
        cmocka_unit_test(live_ones_make_room_the_longest_silent_first),
        cmocka_unit_test(a_moved_mapping_is_told_to_partners_only),
        cmocka_unit_test(a_live_punch_ends_after_ten_idle_minutes),
        cmocka_unit_test(what_came_of_a_punch_is_told_to_the_other_once),
        cmocka_unit_test(a_side_elsewhere_moves_in_its_own_punch_only),
        cmocka_unit_test(who_is_gone_takes_its_punches_along),
        cmocka_unit_test(a_new_session_is_offered_again_what_waits),
        cmocka_unit_test(a_new_session_gets_no_answer_to_requests_of_the_former),
        cmocka_unit_test(a_new_request_supersedes_a_live_punch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
