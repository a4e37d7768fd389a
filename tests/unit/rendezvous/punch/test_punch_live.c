/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Punches that live, in the broker: who is told what, and how they end. */
#include "tests/support/endpoints.h"
#include "tests/support/punch_broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void live_ones_make_room_the_longest_silent_first(void **state)
{
    struct endpoint moved = test_endpoint(77, 7777);
    struct punch_side self = broker_side(1);
    struct broker b;

    (void)state;
    broker_init(&b);
    for (uint16_t i = 0; i < PUNCH_PER_KEY_MAX; i++) {
        (void)broker_live(&b, 1, (uint16_t)(100 + i));
        broker_later(&b, 250);
    }
    assert_int_equal(punch_stats(b.punch)->live, PUNCH_PER_KEY_MAX);
    (void)broker_live(&b, 1, 1000); /* 100 is thrown out */
    assert_int_equal(punch_stats(b.punch)->live, PUNCH_PER_KEY_MAX);
    punch_on_moved(b.punch, self.key, &moved, b.now);
    struct punch_side first = broker_side(100);
    struct punch_output out;
    uint16_t updates = 0;
    for (; punch_output(b.punch, &out); updates++) {
        assert_int_equal(out.type, PUNCH_OUTPUT_UPDATE);
        assert_memory_not_equal(out.to, first.key, KEY_SIZE);
    }
    assert_int_equal(updates, PUNCH_PER_KEY_MAX);
    /* Offers take all places of a target: then nobody else may ask for it. */
    for (uint16_t i = 0; i < PUNCH_PER_KEY_MAX; i++) {
        assert_int_equal(broker_ask(&b, (uint16_t)(3000 + i), 2000), VERDICT_OK);
    }
    assert_int_equal(broker_ask(&b, 4000, 2000), VERDICT_LIMIT);
    assert_int_equal(punch_stats(b.punch)->limit_key, 1);
    /* When the offers are over, all its places are free again. */
    broker_later(&b, PUNCH_OFFER_MS_MAX);
    for (uint16_t i = 0; i < PUNCH_PER_KEY_MAX; i++) {
        assert_int_equal(broker_ask(&b, (uint16_t)(5000 + i), 2000), VERDICT_OK);
    }
    assert_int_equal(broker_ask(&b, 4000, 2000), VERDICT_LIMIT);
    punch_free(b.punch);
}

static void a_moved_mapping_is_told_to_partners_only(void **state)
{
    struct endpoint moved = test_endpoint(77, 7777), bad;
    struct punch_side self = broker_side(1);
    struct broker b;

    (void)state;
    broker_init(&b);
    uint64_t id = broker_live(&b, 1, 2);
    (void)broker_live(&b, 3, 1);
    (void)broker_live(&b, 2, 3);
    punch_on_moved(b.punch, self.key, &self.observed, b.now); /* not moved at all */
    broker_is_quiet(&b);
    punch_on_moved(b.punch, self.key, &moved, b.now);
    struct punch_output out = broker_next(&b, PUNCH_OUTPUT_UPDATE, 2, 1);
    assert_int_equal(out.punch_id, id);
    assert_true(endpoint_equal(&out.endpoint, &moved));
    assert_memory_equal(out.token, self.token, PUNCH_TOKEN_SIZE);
    (void)broker_next(&b, PUNCH_OUTPUT_UPDATE, 3, 1);
    broker_is_quiet(&b);
    assert_true(endpoint_parse(&bad, "127.0.0.1:1", 0));
    punch_on_moved(b.punch, self.key, &bad, b.now);
    broker_is_quiet(&b);
    /* While unanswered nothing is told, but GO carries the new address. */
    assert_int_equal(broker_ask(&b, 4, 5), VERDICT_OK);
    id = broker_next(&b, PUNCH_OUTPUT_OFFER, 5, 4).punch_id;
    struct punch_side four = broker_side(4), five = broker_side(5);
    punch_on_moved(b.punch, four.key, &moved, b.now);
    punch_on_moved(b.punch, five.key, &moved, b.now);
    broker_is_quiet(&b);
    assert_int_equal(broker_answer(&b, id, 5, true), VERDICT_OK);
    out = broker_next(&b, PUNCH_OUTPUT_GO, 4, 5);
    assert_true(endpoint_equal(&out.endpoint, &five.observed));
    out = broker_next(&b, PUNCH_OUTPUT_GO, 5, 4);
    assert_true(endpoint_equal(&out.endpoint, &moved));
    punch_free(b.punch);
}

static void a_live_punch_ends_after_ten_idle_minutes(void **state)
{
    struct endpoint moved = test_endpoint(77, 7777);
    struct punch_side self = broker_side(1), stranger = broker_side(9);
    struct broker b;

    (void)state;
    broker_init(&b);
    uint64_t id = broker_live(&b, 1, 2);
    broker_later(&b, 599999);
    assert_false(punch_result(b.punch, id, stranger.key, true, b.now)); /* it is not a side */
    for (int i = 0; i < 3; i++) { /* counted once each, however often it is told */
        assert_true(punch_result(b.punch, id, self.key, true, b.now));
        assert_true(punch_result(b.punch, id, self.key, false, b.now));
    }
    (void)broker_next(&b, PUNCH_OUTPUT_RESULT, 2, 1);
    (void)broker_next(&b, PUNCH_OUTPUT_RESULT, 2, 1);
    broker_later(&b, 599999);
    punch_on_moved(b.punch, self.key, &moved, b.now);
    (void)broker_next(&b, PUNCH_OUTPUT_UPDATE, 2, 1);
    broker_later(&b, 600000);
    assert_int_equal(punch_stats(b.punch)->live, 0);
    assert_int_equal(punch_stats(b.punch)->direct, 1);
    assert_int_equal(punch_stats(b.punch)->failed, 1);
    punch_on_moved(b.punch, self.key, &self.observed, b.now);
    broker_is_quiet(&b);
    punch_free(b.punch);
}

static void what_came_of_a_punch_is_told_to_the_other_once(void **state)
{
    struct punch_side one = broker_side(1), two = broker_side(2);
    struct broker b;

    (void)state;
    broker_init(&b);
    uint64_t id = broker_live(&b, 1, 2);
    for (int i = 0; i < 2; i++) { /* both sides say both words, twice */
        assert_true(punch_result(b.punch, id, one.key, false, b.now));
        assert_true(punch_result(b.punch, id, two.key, false, b.now));
        assert_true(punch_result(b.punch, id, two.key, true, b.now));
    }
    struct punch_output out = broker_next(&b, PUNCH_OUTPUT_RESULT, 2, 1);
    assert_int_equal(out.punch_id, id);
    assert_false(out.direct);
    assert_false(broker_next(&b, PUNCH_OUTPUT_RESULT, 1, 2).direct);
    assert_true(broker_next(&b, PUNCH_OUTPUT_RESULT, 1, 2).direct);
    broker_is_quiet(&b);
    assert_false(punch_result(b.punch, id + 1, one.key, true, b.now));
    assert_int_equal(punch_stats(b.punch)->direct, 1);
    assert_int_equal(punch_stats(b.punch)->failed, 1);
    punch_free(b.punch);
}

static void a_side_elsewhere_moves_in_its_own_punch_only(void **state)
{
    struct endpoint moved = test_endpoint(77, 7777), bad;
    struct punch_side one = broker_side(1), two = broker_side(2), three = broker_side(3);
    struct broker b;

    (void)state;
    broker_init(&b);
    assert_true(endpoint_parse(&bad, "127.0.0.1:1", 0));
    assert_int_equal(broker_ask(&b, 1, 2), VERDICT_OK);
    uint64_t id = broker_next(&b, PUNCH_OUTPUT_OFFER, 2, 1).punch_id;
    (void)broker_live(&b, 1, 3);
    /* Nobody has agreed yet: GO has the new address; and that of the target is its answer's. */
    assert_true(punch_on_far_moved(b.punch, one.key, two.key, &moved, b.now));
    assert_true(punch_on_far_moved(b.punch, two.key, one.key, &moved, b.now));
    broker_is_quiet(&b);
    assert_int_equal(broker_answer(&b, id, 2, true), VERDICT_OK);
    (void)broker_next(&b, PUNCH_OUTPUT_GO, 1, 2);
    struct punch_output out = broker_next(&b, PUNCH_OUTPUT_GO, 2, 1);
    assert_true(endpoint_equal(&out.endpoint, &moved));
    moved.port++;
    assert_true(punch_on_far_moved(b.punch, one.key, two.key, &moved, b.now));
    out = broker_next(&b, PUNCH_OUTPUT_UPDATE, 2, 1);
    assert_true(endpoint_equal(&out.endpoint, &moved));
    assert_true(punch_on_far_moved(b.punch, one.key, two.key, &bad, b.now));
    assert_false(punch_on_far_moved(b.punch, two.key, three.key, &moved, b.now));
    broker_is_quiet(&b); /* the punch with 3 has not heard of it */
    punch_free(b.punch);
}

static void who_is_gone_takes_its_punches_along(void **state)
{
    struct punch_side one = broker_side(1), two = broker_side(2);
    struct broker b;

    (void)state;
    broker_init(&b);
    (void)broker_live(&b, 1, 3);
    assert_int_equal(broker_ask(&b, 1, 2), VERDICT_OK);
    (void)broker_next(&b, PUNCH_OUTPUT_OFFER, 2, 1);
    assert_int_equal(broker_ask(&b, 4, 1), VERDICT_OK);
    (void)broker_next(&b, PUNCH_OUTPUT_OFFER, 1, 4);
    punch_on_gone(b.punch, two.key);
    (void)broker_next(&b, PUNCH_OUTPUT_REFUSED, 1, 2);
    broker_is_quiet(&b);
    punch_on_gone(b.punch, one.key);
    (void)broker_next(&b, PUNCH_OUTPUT_REFUSED, 4, 1);
    broker_is_quiet(&b);
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
    struct punch_side one = broker_side(1);
    struct endpoint moved = test_endpoint(99, 9999);
    struct endpoint bad = test_endpoint(99, 0);

    (void)state;
    broker_init(&b);
    (void)broker_live(&b, 1, 2);
    assert_int_equal(broker_ask(&b, 3, 1), VERDICT_OK);
    uint64_t offered = broker_next(&b, PUNCH_OUTPUT_OFFER, 1, 3).punch_id;
    assert_int_equal(broker_ask(&b, 1, 4), VERDICT_OK);
    uint64_t asked = broker_next(&b, PUNCH_OUTPUT_OFFER, 4, 1).punch_id;
    punch_on_replaced(b.punch, one.key, &moved);
    assert_int_equal(broker_next(&b, PUNCH_OUTPUT_OFFER, 1, 3).punch_id, offered);
    broker_is_quiet(&b);
    assert_int_equal(punch_stats(b.punch)->live, 0);
    assert_int_equal(broker_answer(&b, asked, 4, true), VERDICT_OK);
    (void)broker_next(&b, PUNCH_OUTPUT_GO, 1, 4);
    struct punch_output go = broker_next(&b, PUNCH_OUTPUT_GO, 4, 1);
    assert_true(endpoint_equal(&go.endpoint, &moved));
    assert_int_equal(broker_ask(&b, 1, 5), VERDICT_OK);
    (void)broker_next(&b, PUNCH_OUTPUT_OFFER, 5, 1);
    punch_on_replaced(b.punch, one.key, &bad); /* it cannot be named to anybody */
    (void)broker_next(&b, PUNCH_OUTPUT_OFFER, 1, 3);
    broker_is_quiet(&b);
    assert_int_equal(punch_stats(b.punch)->offered, 1);
    punch_free(b.punch);
}

/* Numbers of requests are a session's own: in the new one the same may ask for something else. */
static void a_new_session_gets_no_answer_to_requests_of_the_former(void **state)
{
    struct broker b;
    struct punch_side one = broker_side(1);

    (void)state;
    broker_init(&b);
    assert_int_equal(broker_ask(&b, 1, 4), VERDICT_OK);
    uint64_t asked = broker_next(&b, PUNCH_OUTPUT_OFFER, 4, 1).punch_id;
    punch_on_replaced(b.punch, one.key, &one.observed);
    assert_int_equal(broker_answer(&b, asked, 4, false), VERDICT_OK);
    assert_int_equal(broker_next(&b, PUNCH_OUTPUT_REFUSED, 1, 4).request_id, 0);
    punch_free(b.punch);
}

static void a_new_request_supersedes_a_live_punch(void **state)
{
    struct broker b;

    (void)state;
    broker_init(&b);
    uint64_t first = broker_live(&b, 1, 2);
    uint64_t second = broker_live(&b, 2, 1);
    assert_true(first != second);
    assert_int_equal(punch_stats(b.punch)->live, 1);
    punch_free(b.punch);
    punch_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
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
