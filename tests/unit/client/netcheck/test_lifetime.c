/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For how long NATs of each kind remember mappings, and what goes wrong meanwhile. */
#include "client/netcheck/lifetime.h"

#include "tests/support/lifetime_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct nat_kind linux_like = {.translates = true,
                                           .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                           .port_preserving = true,
                                           .lifetime_s = 120,
                                           .quiet_lifetime_s = 30,
                                           .inbound_refreshes = true};

enum { LOSSLESS_BYTES = 40000 };

static void assert_near(const struct lifetime_span *span, uint32_t lifetime_s)
{
    assert_in_range(lifetime_span_ms(span), lifetime_s * 1000 - 3000, lifetime_s * 1000 + 3000);
}

static void both_kinds_of_linux_are_told_apart(void **state)
{
    struct lifetime_found found;
    struct lifetime_net host;

    (void)state;
    lifetime_net_init(&host, &linux_like, 1);
    uint64_t ms = lifetime_net_measure(&host, &found);

    assert_false(found.unable);
    assert_near(&found.quiet, 30);
    assert_near(&found.kept, 120);
    assert_int_equal(found.answered, LIFETIME_ANSWERED_AS_QUIET);
    assert_int_equal(found.inbound, LIFETIME_INBOUND_YES);
    assert_in_range(ms, 120 * 1000, 124 * 1000); /* 120 s is usual */
    /* What it costs, and it gets no more than it sends. */
    assert_in_range(host.sent_bytes, 1, LOSSLESS_BYTES);
    assert_in_range(host.got_bytes, 1, host.sent_bytes);
    assert_true(host.nat.mappings_most <= LIFETIME_SOCKETS);
    lifetime_net_fini(&host);
}

static void an_answer_or_none_may_make_a_mapping_last(void **state)
{
    struct nat_kind kind = linux_like;
    struct lifetime_found found;
    struct lifetime_net host;

    (void)state;
    kind.answered_is_kept = true;
    kind.inbound_refreshes = false;
    kind.lifetime_s = 60;
    lifetime_net_init(&host, &kind, 2);
    (void)lifetime_net_measure(&host, &found);
    assert_int_equal(found.answered, LIFETIME_ANSWERED_AS_KEPT);
    assert_int_equal(found.inbound, LIFETIME_INBOUND_NO);
    lifetime_net_fini(&host);
    kind.quiet_lifetime_s = 0;
    lifetime_net_init(&host, &kind, 3);
    (void)lifetime_net_measure(&host, &found);
    assert_near(&found.quiet, 60);
    assert_int_equal(found.answered, LIFETIME_ANSWERED_AS_BOTH);
    lifetime_net_fini(&host);
}

static void without_a_nat_nothing_is_forgotten(void **state)
{
    const struct nat_kind none = {.translates = false, .lifetime_s = 100000};
    struct lifetime_found found;
    struct lifetime_net host;

    (void)state;
    lifetime_net_init(&host, &none, 4);
    assert_true(lifetime_net_measure(&host, &found) < LIFETIME_AGE_MS_MAX + 10000);
    assert_int_equal(found.kept.dead_ms, 0);
    assert_int_equal(found.quiet.dead_ms, 0);
    assert_true(found.kept.alive_ms >= 300 * 1000);
    assert_true(found.quiet.alive_ms >= 300 * 1000);
    assert_int_equal(found.inbound, LIFETIME_INBOUND_UNKNOWN);
    assert_in_range(host.sent_bytes, 1, LOSSLESS_BYTES);
    lifetime_net_fini(&host);
}

/* Its sockets are not heard any more, which says nothing of the NAT. */
static void a_relay_that_begins_anew_shortens_no_lifetime(void **state)
{
    struct live_service *live;
    struct lifetime_found found;
    struct lifetime_net host;

    (void)state;
    lifetime_net_init(&host, &linux_like, 5);
    lifetime_net_begin(&host);
    assert_false(lifetime_net_run(&host, 40000));
    live = &host.net->nodes[0].core->stun.live;
    memset(live->rounds, 0, sizeof(live->rounds));
    live->cookies.key[0]++;
    assert_true(lifetime_net_run(&host, 20000));
    lifetime_read(&host.lifetime, &found);
    assert_true(found.unable);
    lifetime_net_fini(&host);
}

static void a_host_that_slept_believes_nothing(void **state)
{
    struct lifetime_found found;
    struct lifetime_net host;

    (void)state;
    lifetime_net_init(&host, &linux_like, 6);
    lifetime_net_begin(&host);
    assert_false(lifetime_net_run(&host, 10000));
    host.running = false;
    relay_net_run(host.net, 60000);
    host.running = true;
    assert_true(lifetime_net_run(&host, 1000));
    lifetime_read(&host.lifetime, &found);
    assert_true(found.unable);
    lifetime_net_fini(&host);
}

static void lose_all(struct lifetime_net *host, uint64_t ms)
{
    host->loss_per_mille = 1000;
    assert_false(lifetime_net_run(host, ms));
    host->loss_per_mille = 0;
}

static void run_to_the_end(struct lifetime_net *host, struct lifetime_found *found)
{
    while (!lifetime_net_run(host, 1000)) {
    }
    lifetime_read(&host->lifetime, found);
}

static void a_lost_packet_is_no_lost_mapping(void **state)
{
    struct lifetime_found found;
    struct lifetime_net host;

    (void)state;
    lifetime_net_init(&host, &linux_like, 7);
    lifetime_net_begin(&host);
    assert_false(lifetime_net_run(&host, 17500)); /* the third of KEPT is sent to at 17.65 s */
    lose_all(&host, 400);
    run_to_the_end(&host, &found);
    assert_int_equal(host.lifetime.sockets[LADDER_KEPT + 2].state, LIFETIME_SOCKET_LOST);
    assert_near(&found.kept, 120);
    lifetime_net_fini(&host);
}

/* What is sent to the sockets that divide the last step gets lost, to all at once: those that
 * decide are sent to again. */
static void a_fine_socket_that_is_alone_is_asked_twice(void **state)
{
    struct nat_kind kind = linux_like;
    struct lifetime_found found;
    struct lifetime_net host;
    uint64_t ms;

    (void)state;
    kind.lifetime_s = 29;
    kind.quiet_lifetime_s = 0;
    lifetime_net_init(&host, &kind, 9);
    ms = lifetime_net_measure(&host, &found);
    assert_near(&found.kept, 29);
    lifetime_net_begin(&host);
    while (host.lifetime.kept != LIFETIME_PHASE_FINE) {
        assert_false(lifetime_net_run(&host, 20));
    }
    lose_all(&host, 250);
    run_to_the_end(&host, &found);
    assert_near(&found.kept, 29);
    assert_near(&found.quiet, 29);
    assert_true(mono_ms_between(host.began_at, host.net->now) < ms + 1500);
    lifetime_net_fini(&host);
}

static void a_relay_sends_nothing_once_all_is_known(void **state)
{
    struct nat_kind kind = linux_like;
    struct lifetime_found found;
    struct lifetime_net host;

    (void)state;
    kind.lifetime_s = 20;
    lifetime_net_init(&host, &kind, 10);
    (void)lifetime_net_measure(&host, &found);
    relay_net_run(host.net, 1000);
    uint64_t before = host.got_packets;

    relay_net_run(host.net, 400 * 1000);
    assert_int_equal(host.got_packets, before);
    lifetime_net_fini(&host);
}

/* Half of all gets lost. */
static void what_it_costs_is_bounded_whatever_gets_lost(void **state)
{
    struct lifetime_found found;
    struct lifetime_net host;

    (void)state;
    for (uint64_t seed = 20; seed < 30; seed++) {
        lifetime_net_init(&host, &linux_like, seed);
        host.loss_per_mille = 500;
        (void)lifetime_net_measure(&host, &found);
        assert_in_range(host.sent_bytes, 1, LIFETIME_BYTES_MAX);
        lifetime_net_fini(&host);
    }
}

/* A relay's answer to the first request of CONTROL. */
static void answer(struct lifetime *l, const struct lifetime_config *cfg, struct outbox *box,
                   const struct live_answer *told, struct mono now)
{
    struct endpoint mapped = cfg->relay;
    struct stun_message request;
    uint8_t value[LIVE_ANSWER_SIZE], out[STUN_LEND_ANSWER_SIZE_MAX];
    size_t size;

    assert_true(box->items_count > 0);
    assert_int_equal(stun_parse(&request, box->bytes, box->items[0].size), ERR_OK);
    if (told != NULL) {
        live_answer_encode(value, told);
        assert_int_equal(
            stun_live_answer(out, &size, &request, &mapped, &mapped, value, sizeof(value)), ERR_OK);
    } else {
        assert_int_equal(stun_answer(out, &size, &request, &mapped, &mapped, NULL), ERR_OK);
    }
    struct dgram in = {
        .local.port = cfg->ports[0], .remote = cfg->relay, .data = out, .size = size};

    outbox_clear(box);
    lifetime_receive(l, &in, now);
}

static void a_relay_that_cannot_is_known_at_once_and_a_silent_one_soon(void **state)
{
    const struct live_answer busy = {.state = LIVE_STATE_BUSY};
    const struct live_answer *const answers[] = {NULL, &busy};
    struct test_env ports;
    struct lifetime_config cfg = {.relay = {.ip = {[10] = 255, 255, 192, 0, 2, 1}, .port = 4433}};
    struct lifetime_found found;
    struct outbox box;
    struct mono now = {NS_PER_S};
    static struct lifetime l;

    (void)state;
    test_env_init(&ports, 1);
    assert_int_equal(outbox_init(&box, 65536, 128), ERR_OK);
    for (size_t i = 0; i < LIFETIME_SOCKETS; i++) {
        cfg.ports[i] = (uint16_t)(1000 + i);
    }
    for (size_t i = 0; i < 2; i++) {
        lifetime_init(&l, &cfg, &ports.env, now);
        lifetime_transmit(&l, &box, now);
        answer(&l, &cfg, &box, answers[i], now);
        assert_true(lifetime_is_done(&l));
        lifetime_read(&l, &found);
        assert_true(found.unable);
    }
    lifetime_init(&l, &cfg, &ports.env, now);
    for (int i = 0; i < 10 && !lifetime_is_done(&l); i++) {
        now = mono_min(lifetime_deadline(&l), mono_add_ms(now, 500));
        lifetime_transmit(&l, &box, now);
    }
    assert_true(lifetime_is_done(&l));
    assert_true(mono_before(now, (struct mono){4 * NS_PER_S}));
    assert_int_equal(box.items_count, 5);
    outbox_fini(&box);
}

/* Random bytes, and messages with ids that nobody used. */
static void answers_that_nobody_asked_for_change_nothing(void **state)
{
    const struct nat_kind open = {.translates = true, .lifetime_s = 120};
    struct lifetime_net host;
    static struct lifetime before;
    struct rng rng = rng_stream(8, "hostile");

    (void)state;
    lifetime_net_init(&host, &open, 8);
    lifetime_net_begin(&host);
    assert_false(lifetime_net_run(&host, 3000));
    for (int i = 0; i < 2000; i++) {
        const uint8_t ip[4] = {192, 0, 2, 77};
        uint8_t data[STUN_REQUEST_SIZE], id[STUN_ID_SIZE];
        struct dgram in = {.local.port = host.cfg.ports[rng_below(&rng, LIFETIME_SOCKETS)],
                           .remote = i % 2 == 0 ? host.cfg.relay : endpoint_v4(ip, 4433),
                           .data = data,
                           .size = sizeof(data)};

        memcpy(id, host.lifetime.round, sizeof(id));
        id[0] = (uint8_t)(id[0] + (i % 2 == 0 ? 1 : 0)); /* the right one from elsewhere */
        stun_indication(data, id);
        data[rng_below(&rng, 20)] ^= (uint8_t)(i % 4 == 0 ? 1 : 0);
        before = host.lifetime;
        lifetime_receive(&host.lifetime, &in, host.net->now);
        host.lifetime.heard = before.heard;
        assert_memory_equal(&before, &host.lifetime, sizeof(before));
    }
    lifetime_net_fini(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_kinds_of_linux_are_told_apart),
        cmocka_unit_test(an_answer_or_none_may_make_a_mapping_last),
        cmocka_unit_test(without_a_nat_nothing_is_forgotten),
        cmocka_unit_test(a_relay_that_begins_anew_shortens_no_lifetime),
        cmocka_unit_test(a_host_that_slept_believes_nothing),
        cmocka_unit_test(a_lost_packet_is_no_lost_mapping),
        cmocka_unit_test(a_fine_socket_that_is_alone_is_asked_twice),
        cmocka_unit_test(a_relay_sends_nothing_once_all_is_known),
        cmocka_unit_test(what_it_costs_is_bounded_whatever_gets_lost),
        cmocka_unit_test(a_relay_that_cannot_is_known_at_once_and_a_silent_one_soon),
        cmocka_unit_test(answers_that_nobody_asked_for_change_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
