/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Guessed ports: what each part sends, to whom, how much of it at most, and when it ends. How often
 * guesses succeed is asked by tests/sim/guess. */
#include "client/stun2/guess.h"

#include "tests/support/endpoints.h"
#include "tests/support/env.h"
#include "tests/support/fixture.h"
#include "tests/support/instants.h"

enum { OWN_PORT = 40000, RELAY_PORT = 4433, PEER = 7, HERE = 9, RELAY = 1 };

struct play {
    struct test_env ports;
    struct guess guess;
    uint64_t ms;
    uint16_t next_port;
    uint16_t mapped; /* which the relay sees next */
    uint16_t step;
    bool relay_silent;
    uint32_t pings, samples;
    uint32_t busiest; /* pings in one second */
    uint32_t this_second, second;
    uint16_t last_ports[64]; /* of the latest pings */
    size_t last_count;
    bool seen[UINT16_MAX + 1];
    bool twice;
    uint64_t near_at,
        far_at; /* the last ping of few hops, and the first of which they are not few */
    struct intunnel_aim told;
    bool has_told;
};

static struct play *play_new(enum intunnel_part own, enum intunnel_part peer)
{
    struct play *p = calloc(1, sizeof(*p));
    struct guess_setup setup = {
        .own = own, .peer = peer, .first = true, .ports = {.step = 3}, .relays_count = 2};

    assert_non_null(p);
    test_env_init(&p->ports, 1);
    setup.env = &p->ports.env;
    setup.peer_at = test_endpoint(PEER, 5000);
    setup.relays[0] = test_endpoint(RELAY, RELAY_PORT);
    setup.relays[1] = test_endpoint(RELAY + 1, RELAY_PORT);
    p->next_port = OWN_PORT;
    p->mapped = 30000;
    guess_init(&p->guess, &setup, test_at_ms(0));
    return p;
}

static void on_ping(struct play *p, const struct guess_send *send)
{
    assert_true(endpoint_same_ip(&send->to, &p->guess.setup.peer_at)); /* nobody else */
    p->pings++;
    p->near_at = send->hops > 0 ? p->ms : p->near_at;
    p->far_at = send->hops == 0 && p->far_at == 0 ? p->ms : p->far_at;
    if (p->ms / 1000 != p->second) {
        p->second = (uint32_t)(p->ms / 1000);
        p->this_second = 0;
    }
    p->this_second++;
    p->busiest = p->this_second > p->busiest ? p->this_second : p->busiest;
    p->twice = p->twice || p->seen[send->to.port];
    p->seen[send->to.port] = true;
    if (p->last_count < TEST_COUNT(p->last_ports)) {
        p->last_ports[p->last_count++] = send->to.port;
    }
}

static void on_sample(struct play *p, const struct guess_send *send)
{
    struct endpoint mapped = test_endpoint(HERE, p->mapped);

    p->samples++;
    if (!p->relay_silent) {
        assert_true(guess_on_sample(&p->guess, send->socket, &send->to, send->id, &mapped,
                                    test_at_ms(p->ms)));
        p->mapped = (uint16_t)(p->mapped + p->step);
    }
}

/* Time goes on; sockets are opened, relays answer at once. */
static void run(struct play *p, uint64_t ms)
{
    for (uint64_t end = p->ms + ms; p->ms < end; p->ms++) {
        struct mono now = test_at_ms(p->ms);
        struct guess_send send;
        struct intunnel_aim aim;

        guess_expire(&p->guess, now);
        while (guess_wants(&p->guess) > 0) {
            assert_true(guess_on_socket(&p->guess, p->next_port++, now));
        }
        while (guess_next(&p->guess, &send, now)) {
            if (send.sample) {
                on_sample(p, &send);
            } else {
                on_ping(p, &send);
                p->mapped = (uint16_t)(p->mapped + p->step);
            }
        }
        if (guess_tell(&p->guess, &aim, now)) {
            p->told = aim;
            p->has_told = true;
        }
    }
}

static bool hear(struct play *p, struct intunnel_aim aim, unsigned from)
{
    uint16_t port = aim.at.port;

    aim.at = test_endpoint(from, port);
    return guess_on_aim(&p->guess, &aim, test_at_ms(p->ms));
}

/* ---- who is aimed at ---- */

static void nobody_is_pinged_but_where_a_relay_sees_the_peer(void **state)
{
    static const struct {
        enum intunnel_part own;
        struct intunnel_aim aim;
    } rows[] = {
        {INTUNNEL_PART_FIXED, {.part = INTUNNEL_PART_RANDOM, .low = 1024, .high = 65535}},
        {INTUNNEL_PART_FIXED, {.part = INTUNNEL_PART_STEPS, .step = 1, .low = 7000, .high = 7015}},
        {INTUNNEL_PART_RANDOM, {.part = INTUNNEL_PART_FIXED, .at = {.port = 7000}}},
        {INTUNNEL_PART_STEPS, {.part = INTUNNEL_PART_FIXED, .at = {.port = 7000}}},
        {INTUNNEL_PART_STEPS,
         {.part = INTUNNEL_PART_STEPS, .turn = 1, .step = 2, .at = {.port = 7000}}},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct play *p = play_new(rows[i].own, rows[i].aim.part);

        run(p, 500);
        assert_false(hear(p, rows[i].aim, PEER + 1)); /* a stranger's address */
        run(p, 10000);
        assert_int_equal(p->pings, 0);
        assert_int_equal(p->guess.end, GUESS_END_NO_ANSWER);
        free(p);
        p = play_new(rows[i].own, rows[i].aim.part); /* and that it is why */
        run(p, 500);
        assert_true(hear(p, rows[i].aim, PEER));
        run(p, 3000);
        assert_true(p->pings > 0);
        free(p);
    }
}

/* ---- bounds ---- */

static void fixed_pings_fewer_than_two_hundred_ports_a_second_and_no_port_twice(void **state)
{
    struct play *p = play_new(INTUNNEL_PART_FIXED, INTUNNEL_PART_RANDOM);

    (void)state;
    run(p, 100);
    assert_int_equal(p->told.part, INTUNNEL_PART_FIXED);
    assert_int_equal(p->told.at.port, 30000);
    assert_true(hear(
        p, (struct intunnel_aim){.part = INTUNNEL_PART_RANDOM, .low = 20000, .high = 60000}, PEER));
    run(p, GUESS_MS_MAX);
    assert_int_equal(p->pings, GUESS_PINGS_MAX);
    assert_in_range(p->busiest, 180, 190);
    assert_false(p->twice);
    for (size_t port = 0; port <= UINT16_MAX; port++) {
        assert_true(!p->seen[port] || (port >= 20000 && port <= 60000));
    }
    assert_int_equal(p->guess.state, GUESS_STATE_OVER);
    assert_int_equal(p->guess.end, GUESS_END_IN_VAIN);
    assert_true(p->samples <= 2);
    free(p);
}

static void random_opens_as_many_sockets_as_its_range_bears(void **state)
{
    static const struct {
        uint16_t low, high;
        size_t sockets;
    } rows[] = {{1024, 65535, 256}, {30000, 31023, 255}, {30000, 30255, 63}, {30000, 30010, 32}};

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct play *p = play_new(INTUNNEL_PART_RANDOM, INTUNNEL_PART_FIXED);

        p->guess.setup.ports = (struct guess_ports){.low = rows[i].low, .high = rows[i].high};
        run(p, 200);
        assert_int_equal(p->guess.sockets.count, GUESS_SAMPLES_MAX);
        assert_true(hear(
            p, (struct intunnel_aim){.part = INTUNNEL_PART_FIXED, .at = {.port = 7000}}, PEER));
        run(p, GUESS_MS_MAX);
        assert_int_equal(p->guess.sockets.count, rows[i].sockets);
        assert_int_equal(p->pings, 3 * rows[i].sockets);
        assert_int_equal(p->told.part, INTUNNEL_PART_RANDOM);
        assert_true(p->told.low <= rows[i].low && p->told.high >= rows[i].high);
        assert_true(p->busiest <= 190);
        free(p);
    }
}

/* Before, a router of the peer that takes them for its own would spoil what is being tried. Of a
 * range that is small enough few pings are needed. */
static void random_goes_all_the_way_when_the_peer_would_have_hit(void **state)
{
    static const struct {
        uint16_t low, high;
        uint64_t gap_ms;
    } rows[] = {{1024, 65535, 4600}, {30000, 31023, 1000 + 5 * 6 * 54 / 10}};

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct play *p = play_new(INTUNNEL_PART_RANDOM, INTUNNEL_PART_FIXED);

        p->guess.setup.ports = (struct guess_ports){.low = rows[i].low, .high = rows[i].high};
        run(p, 200);
        assert_true(hear(
            p, (struct intunnel_aim){.part = INTUNNEL_PART_FIXED, .at = {.port = 7000}}, PEER));
        run(p, GUESS_MS_MAX);
        assert_in_range(p->far_at - p->near_at, rows[i].gap_ms - 20, rows[i].gap_ms + 20);
        free(p);
    }
}

static void what_succeeded_keeps_one_socket_and_says_so_a_few_times(void **state)
{
    struct play *p = play_new(INTUNNEL_PART_RANDOM, INTUNNEL_PART_FIXED);
    struct endpoint from = test_endpoint(PEER, 7000);
    uint32_t before;

    (void)state;
    p->guess.setup.ports = (struct guess_ports){.low = 1024, .high = 65535};
    run(p, 200);
    assert_true(
        hear(p, (struct intunnel_aim){.part = INTUNNEL_PART_FIXED, .at = {.port = 7000}}, PEER));
    run(p, 1000);
    before = p->pings;
    guess_on_receipt(&p->guess, 1, &from, test_at_ms(p->ms)); /* none of its sockets */
    assert_int_equal(p->guess.state, GUESS_STATE_RUNNING);
    guess_on_receipt(&p->guess, OWN_PORT + 100, &from, test_at_ms(p->ms));
    for (uint16_t i = 0; i < GUESS_SOCKETS_MAX; i++) {
        assert_int_equal(guess_keeps(&p->guess, (uint16_t)(OWN_PORT + i)), i == 100);
    }
    assert_int_equal(guess_wants(&p->guess), 0);
    run(p, 3000);
    assert_int_equal(p->pings - before, GUESS_ECHOES);
    assert_int_equal(p->guess.end, GUESS_END_WON);
    free(p);
}

/* ---- steps ---- */

static void steps_tell_the_ports_between_two_samples(void **state)
{
    struct play *p = play_new(INTUNNEL_PART_STEPS, INTUNNEL_PART_FIXED);

    (void)state;
    p->step = 3;
    run(p, 200);
    assert_int_equal(p->samples, 0); /* it does not know yet where to ping */
    assert_true(
        hear(p, (struct intunnel_aim){.part = INTUNNEL_PART_FIXED, .at = {.port = 7000}}, PEER));
    run(p, 20);
    assert_int_equal(p->pings, 1);
    assert_int_equal(p->last_ports[0], 7000);
    assert_int_equal(p->told.part, INTUNNEL_PART_STEPS);
    assert_int_equal(p->told.step, 3);
    /* 30000 was seen, 30003 is the ping's, 30006 was seen; packets may change their order. */
    assert_true(p->told.low <= 30003 && p->told.high >= 30003);
    assert_true((p->told.high - p->told.low) / 3 < GUESS_BURST_PORTS_MAX);
    assert_int_equal((30003 - p->told.low) % 3, 0);
    run(p, GUESS_MS_MAX);
    assert_int_equal(p->pings, GUESS_TURNS_MAX); /* and as many turns */
    assert_int_equal(p->guess.sockets.count, 3 * GUESS_TURNS_MAX);
    assert_int_equal(p->guess.end, GUESS_END_IN_VAIN);
    free(p);
}

/* Whatever others took before, a ping of one side and one of the other meet: each is sent from the
 * port to which the other is. */
static void two_that_go_by_steps_meet_whatever_others_took(void **state)
{
    const struct endpoint to = test_endpoint(PEER, 0);

    (void)state;
    for (uint16_t a = 0; a <= 7; a++) {
        for (uint16_t b = 0; a + 2 * b <= 15; b++) {
            struct guess_burst one, other;
            unsigned met = 0;

            guess_burst_set(&one, 1, &to, 2000, 1, 1, 1, 16, test_at_ms(0));   /* at the other */
            guess_burst_set(&other, 1, &to, 1000, 1, 1, 2, 16, test_at_ms(0)); /* at the one */
            for (uint16_t j = 0; j < 16; j++) {
                for (uint16_t i = 0; i < 16; i++) {
                    met += one.ports[j] == 2001 + i + b && other.ports[i] == 1001 + j + a ? 1 : 0;
                }
            }
            assert_int_equal(met, 1);
        }
    }
}

/* Each turn takes sockets. A peer has so many turns, however often it says that it is elsewhere. */
static void ever_another_aim_brings_no_further_turn(void **state)
{
    struct play *p = play_new(INTUNNEL_PART_STEPS, INTUNNEL_PART_FIXED);

    (void)state;
    p->step = 3;
    run(p, 200);
    for (uint16_t i = 0; i < 200; i++) {
        const struct intunnel_aim aim = {.part = INTUNNEL_PART_FIXED,
                                         .at = {.port = (uint16_t)(7000 + i)}};

        assert_true(hear(p, aim, PEER));
        run(p, 5);
        assert_true(p->guess.sockets.wanted <= (size_t)3 * GUESS_TURNS_MAX);
    }
    run(p, GUESS_MS_MAX);
    assert_int_equal(p->pings, GUESS_TURNS_MAX);
    assert_int_equal(p->last_ports[p->last_count - 1], 7199); /* it was there last */
    free(p);
}

/* ---- ends ---- */

static void each_reason_to_end_ends_it(void **state)
{
    struct play *p = play_new(INTUNNEL_PART_FIXED, INTUNNEL_PART_RANDOM);

    (void)state;
    p->step = 1; /* the second relay sees another port */
    run(p, 100);
    assert_int_equal(p->guess.end, GUESS_END_NOT_FIXED);
    free(p);
    p = play_new(INTUNNEL_PART_FIXED, INTUNNEL_PART_RANDOM);
    p->relay_silent = true;
    run(p, 2100);
    assert_int_equal(p->guess.end, GUESS_END_NO_RELAY);
    assert_true(p->samples <= 6);
    free(p);
    p = play_new(INTUNNEL_PART_FIXED, INTUNNEL_PART_RANDOM);
    run(p, 4100);
    assert_int_equal(p->guess.end, GUESS_END_NO_ANSWER);
    free(p);
    for (int busy = 0; busy < 2; busy++) {
        const struct intunnel_aim no = {.part = busy == 1 ? INTUNNEL_PART_BUSY
                                                          : INTUNNEL_PART_UNWILLING};

        p = play_new(INTUNNEL_PART_FIXED, INTUNNEL_PART_RANDOM);
        run(p, 100);
        assert_true(guess_on_aim(&p->guess, &no, test_at_ms(p->ms)));
        assert_int_equal(p->guess.end, busy == 1 ? GUESS_END_BUSY : GUESS_END_UNWILLING);
        assert_int_equal(guess_deadline(&p->guess).ns, MONO_NEVER.ns);
        assert_false(guess_keeps(&p->guess, OWN_PORT));
        free(p);
    }
}

/* An aim that is told again, as all are, begins nothing anew. */
static void the_same_aim_twice_counts_once(void **state)
{
    struct play *p = play_new(INTUNNEL_PART_FIXED, INTUNNEL_PART_STEPS);
    const struct intunnel_aim aim = {
        .part = INTUNNEL_PART_STEPS, .turn = 1, .step = 1, .low = 7000, .high = 7003};

    (void)state;
    run(p, 100);
    for (int i = 0; i < 5; i++) {
        assert_true(hear(p, aim, PEER));
        run(p, 1000);
    }
    assert_int_equal(p->pings, 4 * GUESS_BURST_ROUNDS);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_pinged_but_where_a_relay_sees_the_peer),
        cmocka_unit_test(fixed_pings_fewer_than_two_hundred_ports_a_second_and_no_port_twice),
        cmocka_unit_test(random_opens_as_many_sockets_as_its_range_bears),
        cmocka_unit_test(random_goes_all_the_way_when_the_peer_would_have_hit),
        cmocka_unit_test(what_succeeded_keeps_one_socket_and_says_so_a_few_times),
        cmocka_unit_test(steps_tell_the_ports_between_two_samples),
        cmocka_unit_test(two_that_go_by_steps_meet_whatever_others_took),
        cmocka_unit_test(ever_another_aim_brings_no_further_turn),
        cmocka_unit_test(each_reason_to_end_ends_it),
        cmocka_unit_test(the_same_aim_twice_counts_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
