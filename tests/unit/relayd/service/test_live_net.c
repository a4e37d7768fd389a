/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A relay sends to sockets of a host after a silence, and to nobody else. */
#include "relayd/service/live.h"

#include "tests/support/relay_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { IP_HEADERS = 28 };

/* A socket somewhere, and what came to it. */
struct listener {
    struct relay_net_guest guest;
    struct live_answer told; /* the last one */
    size_t answers, fires, bytes;
    struct mono fired_at;
    const struct relay_net *net;
};

static const uint8_t round_id[LIVE_ROUND_SIZE] = {5, 6, 7};

static void hear(void *context, struct dgram *in)
{
    struct listener *l = context;
    struct stun_message m;

    assert_int_equal(stun_parse(&m, in->data, in->size), ERR_OK);
    l->bytes += in->size + IP_HEADERS;
    if (stun_is_indication(&m, round_id)) {
        l->fired_at = l->fires == 0 ? l->net->now : l->fired_at;
        l->fires++;
        return;
    }
    assert_true(m.live_at != 0);
    assert_int_equal(live_answer_decode(&l->told, in->data + m.live_at, m.live_size), ERR_OK);
    l->answers++;
}

static void listener_add(struct relay_net *net, struct listener *l, uint8_t last, uint16_t port)
{
    const uint8_t ip[4] = {203, 0, 113, last};

    *l = (struct listener){.net = net};
    l->guest =
        (struct relay_net_guest){.context = l, .address = endpoint_v4(ip, port), .receive = hear};
    relay_net_guest_add(net, &l->guest);
}

static struct relay_net *net_of(uint64_t seed)
{
    struct relay_net *net = relay_net_new(1, seed);

    relay_net_start(net);
    relay_net_run(net, 1000);
    return net;
}

/* Returns how many bytes went, with headers. */
static size_t send_as(struct relay_net *net, const struct endpoint *from,
                      const struct live_request *request, size_t cut)
{
    const uint8_t id[STUN_ID_SIZE] = {1, 77};
    uint8_t value[LIVE_REQUEST_SIZE_MAX], packet[STUN_SIZE_MAX];
    size_t size;

    live_request_encode(value, &size, request);
    size = stun_live_request(packet, id, value, size - cut);
    wire_send(&net->wire, from, &net->nodes[0].address, packet, size, net->now);
    return size + IP_HEADERS;
}

static size_t say(struct relay_net *net, const struct listener *l, struct live_request request,
                  const uint8_t *cookie)
{
    memcpy(request.round, round_id, sizeof(round_id));
    if (cookie != NULL) {
        memcpy(request.cookie, cookie, LIVE_COOKIE_SIZE);
    }
    size_t bytes = send_as(net, &l->guest.address, &request, 0);

    relay_net_run(net, 50);
    return bytes;
}

static const struct relay_counters *counters_of(const struct relay_net *net)
{
    return &net->nodes[0].core->base.counters;
}

static void a_socket_is_sent_to_after_its_silence_and_paid_for_it(void **state)
{
    const struct live_request ask = {.kind = LIVE_KIND_ASK};
    const struct live_request enter = {.kind = LIVE_KIND_ENTER, .index = 3, .delay_ms = 20000};
    struct relay_net *net = net_of(1);
    struct listener control, l;
    size_t paid;

    (void)state;
    listener_add(net, &control, 5, 5000);
    listener_add(net, &l, 5, 6000);
    (void)say(net, &control, ask, NULL);
    assert_int_equal(control.told.state, LIVE_STATE_COOKIE);
    struct mono entered_at = net->now;
    paid = say(net, &l, enter, control.told.cookie);
    assert_int_equal(l.told.state, LIVE_STATE_OPEN);
    assert_true(l.told.known.words[0] == 8 && l.told.known.words[1] == 0);
    relay_net_run(net, 19000);
    assert_int_equal(l.fires, 0);
    relay_net_run(net, 2000);
    assert_int_equal(l.fires, LIVE_COPIES);
    assert_in_range(mono_ms_between(entered_at, l.fired_at), 20000, 20100);
    assert_true(l.bytes <= paid);
    relay_net_run(net, 60000);
    assert_int_equal(l.fires, LIVE_COPIES);
    relay_net_free(net);
}

static void a_quiet_socket_hears_nothing_before_and_is_told_of_to_another(void **state)
{
    const struct live_request ask = {.kind = LIVE_KIND_ASK};
    const struct live_request quiet = {.kind = LIVE_KIND_QUIET, .index = 0, .delay_ms = LIVE_HELD};
    const struct live_request now = {.kind = LIVE_KIND_SET, .set = {{1, 0}}, .delay_ms = 0};
    const struct live_request later = {.kind = LIVE_KIND_SET, .set = {{1, 0}}, .delay_ms = 30000};
    struct relay_net *net = net_of(2);
    struct listener control, l;

    (void)state;
    listener_add(net, &control, 5, 5000);
    listener_add(net, &l, 5, 6000);
    (void)say(net, &control, ask, NULL);
    (void)say(net, &l, quiet, control.told.cookie);
    (void)say(net, &control, ask, NULL); /* the round is known by now */
    assert_int_equal(control.told.state, LIVE_STATE_OPEN);
    assert_true(control.told.known.words[0] == 1);
    relay_net_run(net, 60000);
    assert_int_equal(l.answers + l.fires, 0);
    (void)say(net, &control, now, NULL);
    relay_net_run(net, 1000);
    assert_int_equal(l.fires, LIVE_COPIES);
    (void)say(net, &l, quiet, NULL);
    (void)say(net, &control, later, NULL);
    relay_net_run(net, 29000);
    assert_int_equal(l.fires, LIVE_COPIES);
    relay_net_run(net, 2000);
    assert_int_equal(l.fires, 2 * LIVE_COPIES);
    assert_int_equal(control.fires, 0);
    relay_net_free(net);
}

/* The last sockets that there may be; what is told of them stands beyond the first 64 bits. */
static void a_host_that_knows_enough_is_not_sent_to_any_more(void **state)
{
    const struct live_request ask = {.kind = LIVE_KIND_ASK};
    const struct live_request first = {.kind = LIVE_KIND_ENTER, .index = 79, .delay_ms = 20000};
    const struct live_request second = {.kind = LIVE_KIND_ENTER, .index = 64, .delay_ms = 20000};
    const struct live_request hold = {
        .kind = LIVE_KIND_SET, .set = {{UINT64_MAX, 0x8000}}, .delay_ms = LIVE_HELD};
    const struct live_request now = {.kind = LIVE_KIND_SET, .set = {{0, 0x8000}}, .delay_ms = 0};
    struct relay_net *net = net_of(7);
    struct listener control, one, other;

    (void)state;
    listener_add(net, &control, 5, 5000);
    listener_add(net, &one, 5, 6000);
    listener_add(net, &other, 5, 7000);
    (void)say(net, &control, ask, NULL);
    (void)say(net, &one, first, control.told.cookie);
    (void)say(net, &other, second, NULL);
    (void)say(net, &control, hold, NULL);
    assert_int_equal(control.told.state, LIVE_STATE_OPEN);
    assert_true(control.told.known.words[0] == 0 && control.told.known.words[1] == 0x8001);
    relay_net_run(net, 60000);
    assert_int_equal(one.fires, 0);
    assert_int_equal(other.fires, LIVE_COPIES);
    (void)say(net, &control, now, NULL);
    relay_net_run(net, 1000);
    assert_int_equal(one.fires, LIVE_COPIES);
    relay_net_free(net);
}

static void nobody_is_sent_to_for_whom_another_asks(void **state)
{
    const struct live_request request = {.kind = LIVE_KIND_ENTER, .index = 1, .delay_ms = 0};
    const struct live_request ask = {.kind = LIVE_KIND_ASK};
    const struct live_request set = {.kind = LIVE_KIND_SET, .set = {{3, 0}}, .delay_ms = 0};
    struct relay_net *net = net_of(3);
    uint8_t cookie[LIVE_COOKIE_SIZE];
    struct listener victim, l;

    (void)state;
    listener_add(net, &victim, 66, 5000);
    listener_add(net, &l, 5, 5000);
    (void)say(net, &l, ask, NULL);
    memcpy(cookie, l.told.cookie, sizeof(cookie));
    (void)say(net, &l, request, cookie); /* now the round is open, for this address */
    assert_int_equal(counters_of(net)->live_begun, 1);
    for (int i = 0; i < 100; i++) {
        (void)say(net, &victim, request, i % 2 == 0 ? cookie : NULL);
        (void)say(net, &victim, set, NULL);
    }
    relay_net_run(net, 2000);
    assert_int_equal(victim.fires, 0);
    assert_int_equal(counters_of(net)->live_begun, 1);
    assert_true(counters_of(net)->live_wrong_cookie > 0);
    assert_true(victim.answers <= 110); /* as for any STUN: ten a second */
    relay_net_free(net);
}

static void a_thousand_rounds_of_one_address_are_refused(void **state)
{
    struct live_request enter = {.kind = LIVE_KIND_ENTER, .delay_ms = LIVE_HELD};
    const struct live_request ask = {.kind = LIVE_KIND_ASK};
    struct relay_net *net = net_of(4);
    struct listener l;
    uint8_t cookie[LIVE_COOKIE_SIZE];

    (void)state;
    listener_add(net, &l, 5, 5000);
    (void)say(net, &l, ask, NULL);
    memcpy(cookie, l.told.cookie, sizeof(cookie));
    for (unsigned i = 0; i < 1000; i++) {
        memcpy(enter.cookie, cookie, sizeof(cookie));
        enter.round[0] = (uint8_t)i;
        enter.round[1] = (uint8_t)(i >> 8);
        (void)send_as(net, &l.guest.address, &enter, 0);
        relay_net_run(net, 20);
    }
    assert_int_equal(l.told.state, LIVE_STATE_BUSY);
    assert_in_range(counters_of(net)->live_begun, LIVE_BURST, LIVE_BURST + 1);
    assert_true(counters_of(net)->live_limited_address > 100);
    relay_net_free(net);
}

static void all_rounds_together_are_bounded(void **state)
{
    struct live_service *live;
    struct relay_net *net = net_of(5);
    const struct live_request ask = {.kind = LIVE_KIND_ASK};
    const struct live_request enter = {.kind = LIVE_KIND_ENTER, .delay_ms = LIVE_HELD};
    struct listener l;

    (void)state;
    listener_add(net, &l, 5, 5000);
    live = &net->nodes[0].core->stun.live;
    for (size_t i = 0; i < LIVE_ROUNDS_MAX; i++) {
        live->rounds[i].used = true;
        live->rounds[i].began_at = net->now;
    }
    (void)say(net, &l, ask, NULL);
    (void)say(net, &l, enter, l.told.cookie);
    assert_int_equal(l.told.state, LIVE_STATE_BUSY);
    assert_int_equal(counters_of(net)->live_limited_all, 1);
    relay_net_run(net, LIVE_ROUND_MS);
    (void)say(net, &l, ask, NULL);
    (void)say(net, &l, enter, l.told.cookie);
    assert_int_equal(l.told.state, LIVE_STATE_OPEN);
    relay_net_free(net);
}

static void a_round_has_a_last_request_and_malformed_ones_are_counted(void **state)
{
    const struct live_request ask = {.kind = LIVE_KIND_ASK};
    struct live_request enter = {.kind = LIVE_KIND_ENTER, .delay_ms = 1000};
    struct relay_net *net = net_of(6);
    struct listener l;

    (void)state;
    listener_add(net, &l, 5, 5000);
    (void)say(net, &l, ask, NULL);
    memcpy(enter.round, round_id, sizeof(round_id));
    memcpy(enter.cookie, l.told.cookie, LIVE_COOKIE_SIZE);
    (void)send_as(net, &l.guest.address, &enter, 4); /* it does not pay */
    relay_net_run(net, 3000);
    assert_int_equal(counters_of(net)->live_malformed, 1);
    assert_int_equal(l.fires, 0);
    enter.delay_ms = LIVE_HELD;
    for (unsigned i = 0; i < LIVE_REQUESTS_MAX + 300; i++) {
        (void)send_as(net, &l.guest.address, &enter, 0);
    }
    relay_net_run(net, 1000);
    assert_int_equal(net->nodes[0].core->stun.live.rounds[0].requests, LIVE_REQUESTS_MAX);
    assert_true(counters_of(net)->stun_limited_address > 200);
    assert_int_equal(counters_of(net)->live_begun, 1); /* and no second one of the same id */
    relay_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_is_sent_to_after_its_silence_and_paid_for_it),
        cmocka_unit_test(a_quiet_socket_hears_nothing_before_and_is_told_of_to_another),
        cmocka_unit_test(a_host_that_knows_enough_is_not_sent_to_any_more),
        cmocka_unit_test(nobody_is_sent_to_for_whom_another_asks),
        cmocka_unit_test(a_thousand_rounds_of_one_address_are_refused),
        cmocka_unit_test(all_rounds_together_are_bounded),
        cmocka_unit_test(a_round_has_a_last_request_and_malformed_ones_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
