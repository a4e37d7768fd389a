/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The instants are those of a test that counts from 1 s. */
#include "tests/support/punch_broker.h"

#include "tests/support/endpoints.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void broker_init(struct broker *b)
{
    test_env_init(&b->ports, 0);
    b->now = (struct mono){NS_PER_S};
    assert_int_equal(punch_new(&b->punch, &b->ports.env), ERR_OK);
}

struct punch_side broker_side(uint16_t n)
{
    struct punch_side side = {.nat_kind = 3, .rtt_us = 1000};

    memset(side.key, 0x11, KEY_SIZE);
    side.key[0] = (uint8_t)(n >> 8);
    side.key[1] = (uint8_t)n;
    memset(side.token, (uint8_t)n, PUNCH_TOKEN_SIZE);
    side.observed = test_endpoint((uint8_t)(1 + n % 250), (uint16_t)(1000 + n));
    return side;
}

enum verdict broker_ask_from(struct broker *b, uint16_t requester, uint16_t target, bool elsewhere)
{
    struct punch_request request = {
        .requester = broker_side(requester), .request_id = 42, .elsewhere = elsewhere};
    struct punch_side other = broker_side(target);

    memcpy(request.target, other.key, KEY_SIZE);
    return punch_request(b->punch, &request, b->now);
}

enum verdict broker_ask(struct broker *b, uint16_t requester, uint16_t target)
{
    return broker_ask_from(b, requester, target, false);
}

enum verdict broker_answer(struct broker *b, uint64_t id, uint16_t target, bool accept)
{
    struct punch_side side = broker_side(target);

    return punch_answer(b->punch, id, &side, accept, b->now);
}

struct punch_output broker_next(struct broker *b, enum punch_output_type type, uint16_t to,
                                uint16_t peer)
{
    struct punch_side want_to = broker_side(to), want_peer = broker_side(peer);
    struct punch_output out;

    assert_true(punch_output(b->punch, &out));
    assert_int_equal(out.type, type);
    assert_memory_equal(out.to, want_to.key, KEY_SIZE);
    assert_memory_equal(out.peer, want_peer.key, KEY_SIZE);
    return out;
}

void broker_is_quiet(struct broker *b)
{
    struct punch_output out;

    assert_false(punch_output(b->punch, &out));
}

void broker_later(struct broker *b, uint64_t ms)
{
    b->now = mono_add_ms(b->now, ms);
    punch_expire(b->punch, b->now);
}

uint64_t broker_live(struct broker *b, uint16_t requester, uint16_t target)
{
    assert_int_equal(broker_ask(b, requester, target), VERDICT_OK);
    uint64_t id = broker_next(b, PUNCH_OUTPUT_OFFER, target, requester).punch_id;
    assert_int_equal(broker_answer(b, id, target, true), VERDICT_OK);
    (void)broker_next(b, PUNCH_OUTPUT_GO, requester, target);
    (void)broker_next(b, PUNCH_OUTPUT_GO, target, requester);
    return id;
}
