/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A way is lost, and the two are not introduced anew: the application waits, and costs nothing. */
#include "client/libstun2/agent_parts.h"
#include "client/libstun2/relay_messages.h"

#include "tests/support/app_guest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { LOST_MS = 25000, REFUSED_MS = 12000 };

struct scene {
    struct relay_net *net;
    struct app_guest app, peer;
};

static const struct nat_kind open_kind = {.translates = true,
                                          .mapping = NAT_ENDPOINT_INDEPENDENT,
                                          .filtering = NAT_ENDPOINT_INDEPENDENT,
                                          .lifetime_s = 600};

/* The two have met, and the peer is gone. */
static void scene_lose(struct scene *scene)
{
    struct app_guest *both[] = {&scene->app, &scene->peer};
    uint64_t punch;

    scene->net = app_net_new(1, 3);
    for (uint8_t i = 0; i < 2; i++) {
        app_guest_init(both[i], scene->net, (uint8_t)(i + 1), &open_kind);
        app_guest_relay(both[i], 0);
        both[i]->says_yes = true;
        assert_int_equal(
            stun2_set_nat_kind(both[i]->agent, STUN2_NAT_FULL_CONE, app_guest_now(both[i])),
            STUN2_OK);
    }
    relay_net_run(scene->net, 500);
    assert_int_equal(stun2_punch(scene->app.agent, scene->app.relay, stun2_key(scene->peer.agent),
                                 &punch, app_guest_now(&scene->app)),
                     STUN2_OK);
    app_guest_settle(&scene->app);
    relay_net_run(scene->net, 1000);
    assert_non_null(app_guest_event(&scene->app, STUN2_EVENT_OPEN));
    scene->peer.blocked = true;
    relay_net_run(scene->net, LOST_MS);
    assert_non_null(app_guest_event(&scene->app, STUN2_EVENT_LOST));
}

static void scene_fini(struct scene *scene)
{
    app_guest_fini(&scene->app);
    app_guest_fini(&scene->peer);
    app_net_free(scene->net);
}

/* The relay says that the peer asks for a punch. */
static void say_request(struct scene *scene)
{
    const uint8_t token[PUNCH_TOKEN_SIZE] = {6};
    Ziglan__PunchRequest request = ZIGLAN__PUNCH_REQUEST__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint8_t bytes[CONTROL_SIZE_MAX];
    size_t size;

    request.target = control_bytes(stun2_key(scene->app.agent), KEY_SIZE);
    request.requester = control_bytes(stun2_key(scene->peer.agent), KEY_SIZE);
    request.token = control_bytes(token, sizeof(token));
    request.nat_kind = STUN2_NAT_FULL_CONE;
    request.punch_id = 77;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_REQUEST;
    message.punch_request = &request;
    assert_int_equal(control_pack(bytes, sizeof(bytes), &size, &message), ERR_OK);
    relay_messages_take(scene->app.agent, TAILQ_FIRST(&scene->app.agent->base.relays.list), bytes,
                        size, scene->net->now);
    app_guest_settle(&scene->app);
}

/* An offer of the peer is an attempt, too. While its PunchGo is awaited, no other one is due. */
static void an_offer_that_leads_nowhere_keeps_nobody_busy(void **state)
{
    struct scene scene;
    const struct app_punch *punch;
    struct mono then;

    (void)state;
    scene_lose(&scene);
    punch = &scene.app.agent->punches.table.list[0];
    relay_net_run(scene.net, REFUSED_MS); /* the relay was asked, in vain */
    assert_int_equal(punch->step, PUNCH_STEP_LOST);
    assert_int_equal(punch->wait_until.ns, MONO_NEVER.ns);
    then = mono_add_ms(punch->retry.at, 1);
    relay_net_run(scene.net, mono_ms_between(scene.net->now, punch->retry.at) - 1);
    say_request(&scene);
    assert_true(mono_before(then, punch->wait_until));
    punches_expire(&scene.app.agent->punches, then);
    assert_true(mono_before(then, punches_deadline(&scene.app.agent->punches)));
    /* And when nothing came of it, the next one is due. */
    relay_net_run(scene.net, APP_ANSWER_MS + 2);
    assert_int_equal(punch->step, PUNCH_STEP_LOST);
    assert_int_equal(punch->wait_until.ns, MONO_NEVER.ns);
    assert_true(mono_before(punch->retry.at, MONO_NEVER));
    scene_fini(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_that_leads_nowhere_keeps_nobody_busy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
