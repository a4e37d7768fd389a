/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a port that the router lets in is let in: what a relay is asked, and what counts. */
#include "tests/support/fixture.h"

#include "client/stun2/mapping_check.h"
#include "tests/support/env.h"

enum { PORT = 6000, PACKET_MAX = 1024 };

static const uint8_t relay_ip[4] = {192, 0, 2, 1}, lender_ip[4] = {198, 51, 100, 1};
static const uint8_t own_ip[4] = {203, 0, 113, 7};

struct setting {
    struct test_env ports;
    struct mapping_check check;
    struct endpoint relay, lender, seen;
    struct outbox out;
    struct stun_message request; /* the last one, and where it lies: */
    uint8_t packet[PACKET_MAX];
    struct mono now;
};

static void setting_init(struct setting *s)
{
    *s = (struct setting){.now = {NS_PER_S}};
    test_env_init(&s->ports, 5);
    s->relay = endpoint_v4(relay_ip, 4433);
    s->lender = endpoint_v4(lender_ip, 4433);
    s->seen = endpoint_v4(own_ip, 51234);
    assert_int_equal(outbox_init(&s->out, 65536, 64), ERR_OK);
    mapping_check_set(&s->check, &s->ports.env, PORT, s->now);
}

/* Ask what is due. False if nothing was sent. */
static bool ask(struct setting *s, const struct endpoint *relay)
{
    const struct endpoint local = {.port = 4500};
    size_t before = s->out.items_count;

    assert_true(mapping_check_due(&s->check, s->now));
    mapping_check_ask(&s->check, &local, relay, &s->out, s->now);
    if (s->out.items_count == before) {
        return false;
    }
    const struct outbox_item *item = &s->out.items[before];

    assert_true(item->size <= sizeof(s->packet));
    assert_true(endpoint_equal(&item->remote, &s->relay));
    memcpy(s->packet, s->out.bytes + item->offset, item->size);
    assert_int_equal(stun_parse(&s->request, s->packet, item->size), ERR_OK);
    assert_int_equal(s->request.lend_size, LEND_REQUEST_SIZE);
    assert_int_equal(lend_request_port(s->packet + s->request.lend_at), PORT);
    return true;
}

static bool hear(struct setting *s, const struct endpoint *from, uint8_t *data, size_t size)
{
    const struct dgram in = {.remote = *from, .data = data, .size = size};

    return mapping_check_on_stun(&s->check, &in, s->now);
}

/* The relay's answer to the last request. */
static void answered(struct setting *s, const struct lend_answer *answer)
{
    uint8_t value[LEND_ANSWER_SIZE_MAX], out[STUN_LEND_ANSWER_SIZE_MAX];
    size_t value_size, size;

    lend_answer_encode(value, &value_size, answer);
    assert_int_equal(
        stun_lend_answer(out, &size, &s->request, &s->seen, &s->relay, value, value_size), ERR_OK);
    assert_true(hear(s, &s->relay, out, size));
}

/* Something with the id of the last request comes from this address. */
static bool lent(struct setting *s, const struct endpoint *from)
{
    uint8_t out[STUN_REQUEST_SIZE];

    stun_indication(out, s->request.transaction + STUN_TRANSACTION_SIZE - STUN_ID_SIZE);
    return hear(s, from, out, sizeof(out));
}

/* Up to where the relay says that it sends. */
static void sends(struct setting *s, uint16_t port)
{
    const struct lend_answer cookie = {.state = LEND_STATE_COOKIE, .cookie = {7, 7}};
    const struct lend_answer sent = {.state = LEND_STATE_SENT, .port = port};
    uint8_t given[LEND_COOKIE_SIZE];

    assert_true(ask(s, &s->relay));
    answered(s, &cookie);
    assert_true(ask(s, &s->relay));
    assert_int_equal(
        lend_request_decode(given, s->packet + s->request.lend_at, s->request.lend_size), ERR_OK);
    assert_memory_equal(given, cookie.cookie, sizeof(given));
    answered(s, &sent);
}

static void a_port_counts_when_something_came_from_elsewhere(void **state)
{
    struct setting s;

    (void)state;
    setting_init(&s);
    sends(&s, PORT);
    assert_null(mapping_check_proven(&s.check));
    assert_true(lent(&s, &s.lender));
    assert_non_null(mapping_check_proven(&s.check));
    assert_int_equal(mapping_check_proven(&s.check)->port, PORT);
    assert_true(endpoint_same_ip(mapping_check_proven(&s.check), &s.seen));
    /* It counts on while it is asked for again, and no more when nothing comes. */
    s.now = mapping_check_deadline(&s.check);
    sends(&s, PORT);
    assert_non_null(mapping_check_proven(&s.check));
    s.now = mapping_check_deadline(&s.check);
    assert_false(ask(&s, &s.relay));
    assert_null(mapping_check_proven(&s.check));
    outbox_fini(&s.out);
}

static void what_the_relay_itself_sends_or_a_stranger_proves_nothing(void **state)
{
    struct setting s;

    (void)state;
    setting_init(&s);
    sends(&s, PORT);
    assert_false(lent(&s, &s.relay)); /* we had sent there: its NAT lets it in anyway */
    s.request.transaction[STUN_TRANSACTION_SIZE - 1] ^= 1;
    assert_false(lent(&s, &s.lender));
    assert_null(mapping_check_proven(&s.check));
    outbox_fini(&s.out);
}

/* It sends to the port that it sees, where the NAT may let it in without any mapping. */
static void a_relay_that_does_not_know_the_port_proves_nothing(void **state)
{
    struct setting s;

    (void)state;
    setting_init(&s);
    sends(&s, 0);
    assert_false(lent(&s, &s.lender));
    assert_null(mapping_check_proven(&s.check));
    outbox_fini(&s.out);
}

static void a_relay_that_is_silent_is_asked_a_few_times_and_then_ever_less_often(void **state)
{
    struct setting s;
    unsigned asked = 0;

    (void)state;
    setting_init(&s);
    for (uint64_t waited_ms = 0; waited_ms < 6 * 3600000;) {
        struct mono at = mapping_check_deadline(&s.check);

        waited_ms += mono_ms_between(s.now, at);
        s.now = mono_before(s.now, at) ? at : s.now;
        asked += ask(&s, &s.relay) ? 1 : 0;
        s.out.items_count = 0;
        s.out.bytes_used = 0;
    }
    assert_true(asked >= 8 * MAPPING_CHECK_TRIES && asked <= 14 * MAPPING_CHECK_TRIES);
    outbox_fini(&s.out);
}

static void without_a_relay_it_waits_for_one(void **state)
{
    struct setting s;

    (void)state;
    setting_init(&s);
    assert_false(ask(&s, NULL));
    assert_false(mono_before(mapping_check_deadline(&s.check), MONO_NEVER));
    mapping_check_on_relay(&s.check, s.now);
    sends(&s, PORT);
    assert_true(lent(&s, &s.lender));
    s.now = mapping_check_deadline(&s.check);
    mapping_check_on_relay(&s.check, s.now); /* it asks by itself */
    assert_false(ask(&s, NULL));
    assert_non_null(mapping_check_proven(&s.check)); /* nothing speaks against it */
    outbox_fini(&s.out);
}

static void another_network_or_port_must_be_proven_anew(void **state)
{
    struct setting s;

    (void)state;
    setting_init(&s);
    sends(&s, PORT);
    assert_true(lent(&s, &s.lender));
    mapping_check_doubt(&s.check, s.now);
    assert_null(mapping_check_proven(&s.check));
    sends(&s, PORT);
    assert_true(lent(&s, &s.lender));
    mapping_check_set(&s.check, &s.ports.env, 0, s.now);
    assert_null(mapping_check_proven(&s.check));
    assert_false(mono_before(mapping_check_deadline(&s.check), MONO_NEVER));
    mapping_check_doubt(&s.check, s.now); /* there is nothing to prove */
    assert_false(mapping_check_due(&s.check, s.now));
    outbox_fini(&s.out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_counts_when_something_came_from_elsewhere),
        cmocka_unit_test(what_the_relay_itself_sends_or_a_stranger_proves_nothing),
        cmocka_unit_test(a_relay_that_does_not_know_the_port_proves_nothing),
        cmocka_unit_test(a_relay_that_is_silent_is_asked_a_few_times_and_then_ever_less_often),
        cmocka_unit_test(without_a_relay_it_waits_for_one),
        cmocka_unit_test(another_network_or_port_must_be_proven_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
