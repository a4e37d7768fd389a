/* SPDX-License-Identifier: GPL-3.0-or-later */
/* STUN on the relay's port. */
#include "proto/wire/stun.h"
#include "relayd/service/stun.h"

#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

static void stun_send(struct world *w, const struct endpoint *from, uint8_t id)
{
    uint8_t request[STUN_REQUEST_SIZE];
    uint8_t transaction[STUN_ID_SIZE] = {id};

    stun_request(request, transaction);
    wire_send(&w->wire, from, &w->relay.address, request, sizeof(request), w->now);
}

static void stun_tells_the_address(void **state)
{
    struct world *w = world_new(NULL);
    const uint8_t ip[4] = {203, 0, 113, 9};
    const struct endpoint from = endpoint_v4(ip, 7777);
    const uint8_t id[STUN_ID_SIZE] = {3};
    struct stun_message answer;

    (void)state;
    stun_send(w, &from, 3);
    world_run(w, 50);
    assert_int_equal(w->loose_count, 1);
    assert_int_equal(stun_parse(&answer, w->loose[0]->data, w->loose[0]->size), ERR_OK);
    assert_true(stun_is_answer(&answer, id));
    assert_true(endpoint_equal(&answer.mapped, &from));
    assert_true(endpoint_equal(&answer.origin, &w->relay.address));
    assert_true(endpoint_is_none(&answer.other));
    assert_int_equal(world_counters(w).stun_answered, 1);
    world_free(w);
}

static void an_old_request_for_a_change_is_counted_and_not_answered(void **state)
{
    const uint8_t request[28] = {
        [1] = 0x01, [3] = 0x08, [4] = 'n', [5] = 'o', [21] = 0x03, [23] = 4, [27] = 6};
    struct world *w = world_new(NULL);
    const uint8_t ip[4] = {203, 0, 113, 9};
    const struct endpoint from = endpoint_v4(ip, 7777);

    (void)state;
    wire_send(&w->wire, &from, &w->relay.address, request, sizeof(request), w->now);
    world_run(w, 50);
    assert_int_equal(w->loose_count, 0);
    assert_int_equal(world_counters(w).stun_unanswered, 1);
    assert_int_equal(world_counters(w).stun_malformed, 0);
    world_free(w);
}

static void stun_is_limited_per_address_and_prefix(void **state)
{
    struct world *w = world_new(NULL);
    const uint8_t ip4[4] = {203, 0, 113, 9};
    uint8_t ip6[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 1, 0x10};

    (void)state;
    for (int i = 0; i < 15; i++) { /* other ports are the same address */
        struct endpoint from = endpoint_v4(ip4, (uint16_t)(7000 + i));
        stun_send(w, &from, (uint8_t)i);
    }
    world_run(w, 50);
    assert_int_equal(world_counters(w).stun_answered, 10);
    assert_int_equal(world_counters(w).stun_limited_address, 5);
    for (int i = 0; i < 15; i++) { /* other addresses of one IPv6 /56 are one source */
        struct endpoint from;
        ip6[7] = (uint8_t)(0x10 + i % 3);
        ip6[15] = (uint8_t)i;
        from = endpoint_v6(ip6, 7000);
        stun_send(w, &from, (uint8_t)i);
    }
    world_run(w, 50);
    assert_int_equal(world_counters(w).stun_answered, 20);
    assert_int_equal(world_counters(w).stun_limited_address, 10);
    world_run(w, 1000); /* and a second later it answers again */
    for (int i = 0; i < 3; i++) {
        struct endpoint from = endpoint_v4(ip4, 7000);
        stun_send(w, &from, (uint8_t)i);
    }
    world_run(w, 50);
    assert_int_equal(world_counters(w).stun_answered, 23);
    world_free(w);
}

static void stun_is_limited_in_all(void **state)
{
    struct relay_config cfg = {.stun_per_s = 50};
    struct world *w = world_new(&cfg);

    (void)state;
    for (int i = 0; i < 80; i++) {
        uint8_t ip[4] = {203, 0, 113, (uint8_t)i};
        struct endpoint from = endpoint_v4(ip, 7000);
        stun_send(w, &from, (uint8_t)i);
    }
    world_run(w, 10);
    assert_int_equal(world_counters(w).stun_answered, 50);
    assert_int_equal(world_counters(w).stun_limited_all, 30);
    world_run(w, 10);
    assert_int_equal(w->loose_count, 50);
    world_free(w);
}

static void stun_answers_that_nobody_sends_are_bounded(void **state)
{
    struct world *w = world_new(NULL);
    uint8_t request[STUN_REQUEST_SIZE];
    const uint8_t id[STUN_ID_SIZE] = {1};

    (void)state;
    stun_request(request, id);
    for (unsigned i = 0; i < STUN_QUEUE_MAX + 50; i++) {
        const uint8_t ip[4] = {203, 0, (uint8_t)(i >> 8), (uint8_t)i};
        struct dgram in = {.local = w->relay.address,
                           .remote = endpoint_v4(ip, 7000),
                           .data = request,
                           .size = sizeof(request)};

        relay_core_receive(w->relay.core, &in, w->now);
    }
    relay_core_transmit(w->relay.core, &w->box, w->now);
    assert_int_equal(w->box.items_count, STUN_QUEUE_MAX);
    outbox_clear(&w->box);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stun_tells_the_address),
        cmocka_unit_test(an_old_request_for_a_change_is_counted_and_not_answered),
        cmocka_unit_test(stun_is_limited_per_address_and_prefix),
        cmocka_unit_test(stun_is_limited_in_all),
        cmocka_unit_test(stun_answers_that_nobody_sends_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
