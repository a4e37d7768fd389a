/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What hostile relays, peers and strangers can make an application of libstun2 do: little. */
#include "client/libstun2/agent_parts.h"
#include "client/libstun2/relay_messages.h"

#include "proto/crypto/punch_probe.h"
#include "tests/support/app_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct nat_kind open_kind = {.translates = true,
                                          .mapping = NAT_ENDPOINT_INDEPENDENT,
                                          .filtering = NAT_ENDPOINT_INDEPENDENT,
                                          .port_preserving = true,
                                          .lifetime_s = 600};

static void scene_init(struct app_pair *scene, uint64_t seed)
{
    app_pair_init(scene, &open_kind, &open_kind, seed);
}

/* Both are open to each other. */
static void scene_meet(struct app_pair *scene)
{
    app_pair_meet(scene);
    app_guest_forget(&scene->one);
    app_guest_forget(&scene->other);
}

static struct relay_session *relay_of(const struct app_guest *app)
{
    return TAILQ_FIRST(&app->agent->base.relays.list);
}

/* The relay says this. */
static void say(struct app_pair *scene, const Ziglan__Control *message)
{
    uint8_t bytes[CONTROL_SIZE_MAX];
    size_t size;

    assert_int_equal(control_pack(bytes, sizeof(bytes), &size, message), ERR_OK);
    relay_messages_take(scene->one.agent, relay_of(&scene->one), bytes, size, scene->net->now);
    app_guest_settle(&scene->one);
}

static void say_go(struct app_pair *scene, const uint8_t *key, uint64_t punch_id,
                   const struct endpoint *at)
{
    const uint8_t probe_key[PUNCH_PROBE_KEY_SIZE] = {5}, token[PUNCH_TOKEN_SIZE] = {6};
    Ziglan__PunchMessage peer = ZIGLAN__PUNCH_MESSAGE__INIT;
    Ziglan__PunchGo go = ZIGLAN__PUNCH_GO__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    peer.ip = control_ip(at);
    peer.port = at->port;
    peer.token = control_bytes(token, sizeof(token));
    go.punch_id = punch_id;
    go.peer = control_bytes(key, KEY_SIZE);
    go.message = &peer;
    go.probe_key = control_bytes(probe_key, sizeof(probe_key));
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_GO;
    message.punch_go = &go;
    say(scene, &message);
}

static void say_update(struct app_pair *scene, const struct endpoint *at)
{
    const struct app_punch *punch = &scene->one.agent->punches.table.list[0];
    const uint8_t token[PUNCH_TOKEN_SIZE] = {6};
    Ziglan__PunchMessage peer = ZIGLAN__PUNCH_MESSAGE__INIT;
    Ziglan__PunchUpdate update = ZIGLAN__PUNCH_UPDATE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    peer.ip = control_ip(at);
    peer.port = at->port;
    peer.token = control_bytes(token, sizeof(token));
    update.punch_id = punch->terms.id;
    update.peer = control_bytes(punch->key, KEY_SIZE);
    update.message = &peer;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_UPDATE;
    message.punch_update = &update;
    say(scene, &message);
}

static void say_request(struct app_pair *scene, uint8_t who, const char *app)
{
    const uint8_t requester[KEY_SIZE] = {1, who}, token[PUNCH_TOKEN_SIZE] = {6};
    Ziglan__PunchRequest request = ZIGLAN__PUNCH_REQUEST__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    request.target = control_bytes(stun2_key(scene->one.agent), KEY_SIZE);
    request.requester = control_bytes(requester, KEY_SIZE);
    request.token = control_bytes(token, sizeof(token));
    request.nat_kind = STUN2_NAT_P_RC;
    request.punch_id = who;
    request.app = control_text(app);
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_REQUEST;
    message.punch_request = &request;
    say(scene, &message);
}

/* A datagram from somebody comes to the application. Returns what stun2_receive says. */
static int arrives(struct app_pair *scene, const struct endpoint *from, const uint8_t *data,
                   size_t size)
{
    struct stun2_datagram in = {
        .local = scene->one.local[0], .remote = {.port = from->port}, .data = data, .size = size};
    int taken;

    memcpy(in.remote.ip, from->ip, sizeof(in.remote.ip));
    taken = stun2_receive(scene->one.agent, &in, app_guest_now(&scene->one));
    app_guest_settle(&scene->one);
    return taken;
}

static struct endpoint somewhere(uint8_t last, uint16_t port)
{
    const uint8_t ip[4] = {198, 51, 100, last};

    return endpoint_v4(ip, port);
}

/* A punch probe as the peer of the first punch would send it. */
static void peer_writes(const struct app_pair *scene, uint64_t transaction,
                        uint8_t out[PUNCH_PROBE_SIZE])
{
    const struct app_punch *punch = &scene->one.agent->punches.table.list[0];
    const struct punch_probe m = {.side = punch->terms.side == PUNCH_PROBE_SIDE_LISTEN
                                              ? PUNCH_PROBE_SIDE_DIAL
                                              : PUNCH_PROBE_SIDE_LISTEN,
                                  .punch_id = punch->terms.id,
                                  .transaction = transaction};

    punch_probe_encode(&m, punch->terms.probe_key, out);
}

static void a_forged_punch_probe_is_not_answered(void **state)
{
    const struct endpoint from = somewhere(7, 7000);
    struct app_pair scene;
    uint8_t frame[PUNCH_PROBE_SIZE];
    size_t sent;

    (void)state;
    scene_init(&scene, 1);
    scene_meet(&scene);
    sent = scene.one.sent;
    for (size_t i = 0; i < sizeof(frame); i++) {
        peer_writes(&scene, 1000 + i, frame);
        frame[i] ^= 0x10;
        assert_int_equal(arrives(&scene, &from, frame, sizeof(frame)), 0);
    }
    for (size_t size = 0; size < sizeof(frame); size++) {
        assert_int_equal(arrives(&scene, &from, frame, size), 0);
    }
    assert_int_equal(scene.one.sent, sent);
    app_pair_fini(&scene);
}

static void a_repeated_punch_probe_is_answered_once(void **state)
{
    const struct endpoint from = somewhere(7, 7000);
    struct app_pair scene;
    uint8_t frame[PUNCH_PROBE_SIZE];
    size_t sent;

    (void)state;
    scene_init(&scene, 2);
    scene_meet(&scene);
    sent = scene.one.sent;
    peer_writes(&scene, 4711, frame);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(arrives(&scene, &from, frame, sizeof(frame)), 1);
    }
    assert_int_equal(scene.one.sent, sent + 2); /* the answer, and one to see who is there */
    app_pair_fini(&scene);
}

static void a_peer_at_many_addresses_is_looked_for_at_few(void **state)
{
    struct app_pair scene;
    uint8_t frame[PUNCH_PROBE_SIZE];
    size_t sent;

    (void)state;
    scene_init(&scene, 3);
    scene_meet(&scene);
    sent = scene.one.sent;
    for (uint16_t i = 0; i < 1000; i++) {
        const struct endpoint from = somewhere(8, (uint16_t)(1000 + i));

        peer_writes(&scene, 10000U + i, frame);
        assert_int_equal(arrives(&scene, &from, frame, sizeof(frame)), 1);
    }
    /* Answers are no larger than what they answer; beside them there are eight. */
    assert_int_equal(scene.one.sent, sent + 1000 + 8);
    assert_null(app_guest_event(&scene.one, STUN2_EVENT_MOVED));
    app_pair_fini(&scene);
}

static void an_introduction_that_nobody_wanted_is_ignored(void **state)
{
    const uint8_t key[KEY_SIZE] = {3};
    const struct endpoint at = somewhere(9, 9000);
    struct app_pair scene;
    size_t sent;

    (void)state;
    scene_init(&scene, 4);
    sent = scene.one.sent;
    say_go(&scene, key, 12, &at);
    relay_net_run(scene.net, 5000);
    scene_meet(&scene);
    say_go(&scene, stun2_key(scene.other.agent), 13, &at); /* nor one anew, when it was not asked */
    relay_net_run(scene.net, 100);
    assert_int_not_equal(scene.one.agent->punches.table.list[0].terms.id, 13);
    assert_true(scene.one.sent < sent + 100);
    app_pair_fini(&scene);
}

/* Both sides asked for it: who ignored it would not know the other's punch probes any more. */
static void an_introduction_that_was_asked_for_counts_although_the_way_is_back(void **state)
{
    const struct endpoint at = somewhere(9, 9000);
    struct app_pair scene;
    struct app_punch *punch;

    (void)state;
    scene_init(&scene, 9);
    scene_meet(&scene);
    punch = &scene.one.agent->punches.table.list[0];
    punch->step = PUNCH_STEP_LOST;
    punch->wait_until = mono_add_ms(scene.net->now, APP_ANSWER_MS);
    scene.other.agent->punches.table.list[0].keeping.check_at = scene.net->now; /* it asks */
    relay_net_run(scene.net, 1000);
    assert_int_equal(punch->step, PUNCH_STEP_OPEN);
    say_go(&scene, stun2_key(scene.other.agent), 99, &at);
    assert_int_equal(punch->terms.id, 99);
    relay_net_run(scene.net, APP_ANSWER_MS);
    assert_null(app_guest_event(&scene.one, STUN2_EVENT_FAILED));
    app_pair_fini(&scene);
}

static void a_relay_cannot_aim_at_the_own_lan(void **state)
{
    const uint8_t lan_ip[4] = {192, 168, 1, 1}, loopback_ip[4] = {127, 0, 0, 1};
    const struct endpoint targets[] = {endpoint_v4(lan_ip, 53), endpoint_v4(loopback_ip, 53)};
    const uint8_t key[STUN2_KEY_SIZE] = {3};
    struct app_pair scene;
    uint64_t punch;

    (void)state;
    scene_init(&scene, 5);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(
            stun2_punch(scene.one.agent, scene.one.relay, key, &punch, app_guest_now(&scene.one)),
            STUN2_OK);
        say_go(&scene, key, 12 + i, &targets[i]);
        scene.one.blocked = true; /* so that the relay's refusal does not come */
        relay_net_run(scene.net, 4500);
        scene.one.blocked = false;
        assert_int_equal(app_guest_event(&scene.one, STUN2_EVENT_FAILED)->code,
                         STUN2_FAILURE_NO_WAY);
        assert_int_equal(scene.one.agent->punches.table.allowance.silent.level,
                         ALLOWANCE_SILENT_BURST); /* and none there */
    }
    app_pair_fini(&scene);
}

static void a_relay_that_names_ever_new_addresses_makes_few_packets(void **state)
{
    struct app_pair scene;
    size_t sent;

    (void)state;
    scene_init(&scene, 6);
    scene_meet(&scene);
    sent = scene.one.sent;
    for (uint16_t i = 0; i < 5000; i++) {
        const struct endpoint at = somewhere((uint8_t)i, (uint16_t)(10000 + i));

        say_update(&scene, &at);
        relay_net_run(scene.net, 1);
    }
    assert_true(scene.one.agent->punches.table.list[0].allowance.silent.level <= 1);
    print_message("%zu packets\n", scene.one.sent - sent);
    /* 256 and 4 a second, a word to the peer by the relay for each, looks whether the peer is there
     * still, as soon as the last was answered, and what the session needs. */
    assert_true(scene.one.sent - sent < 1500);
    assert_null(app_guest_event(&scene.one, STUN2_EVENT_MOVED));
    assert_null(app_guest_event(&scene.one, STUN2_EVENT_LOST));
    app_pair_fini(&scene);
}

static void offers_wait_in_a_small_room(void **state)
{
    struct app_pair scene;

    (void)state;
    scene_init(&scene, 7);
    for (uint8_t i = 0; i < 200; i++) {
        say_request(&scene, i, "");
    }
    assert_int_equal(app_guest_count(&scene.one, STUN2_EVENT_ASKED), PUNCH_TABLE_OFFERS_MAX);
    for (uint8_t i = 0; i < 200; i++) {
        say_request(&scene, i, "chat"); /* a pool in which the application is not */
    }
    assert_int_equal(app_guest_count(&scene.one, STUN2_EVENT_ASKED), PUNCH_TABLE_OFFERS_MAX);
    relay_net_run(scene.net, 11000);
    assert_int_equal(app_guest_count(&scene.one, STUN2_EVENT_FAILED), PUNCH_TABLE_OFFERS_MAX);
    app_pair_fini(&scene);
}

static void refusals_of_questions_that_were_not_asked_mean_nothing(void **state)
{
    Ziglan__Error error = ZIGLAN__ERROR__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    struct app_pair scene;

    (void)state;
    scene_init(&scene, 8);
    scene_meet(&scene);
    message.body_case = ZIGLAN__CONTROL__BODY_ERROR;
    message.error = &error;
    error.code = 8;
    for (uint32_t id = 0; id < 1000; id++) {
        message.request_id = id;
        say(&scene, &message);
    }
    assert_int_equal(scene.one.events_count, 0);
    app_pair_fini(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forged_punch_probe_is_not_answered),
        cmocka_unit_test(a_repeated_punch_probe_is_answered_once),
        cmocka_unit_test(a_peer_at_many_addresses_is_looked_for_at_few),
        cmocka_unit_test(an_introduction_that_nobody_wanted_is_ignored),
        cmocka_unit_test(an_introduction_that_was_asked_for_counts_although_the_way_is_back),
        cmocka_unit_test(a_relay_cannot_aim_at_the_own_lan),
        cmocka_unit_test(a_relay_that_names_ever_new_addresses_makes_few_packets),
        cmocka_unit_test(offers_wait_in_a_small_room),
        cmocka_unit_test(refusals_of_questions_that_were_not_asked_mean_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
