/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A way is lost, and the two are not introduced anew: the application waits, and costs nothing. */
#include "client/libstun2/agent_parts.h"
#include "client/libstun2/relay_messages.h"

#include "tests/support/app_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { LOST_MS = 25000, REFUSED_MS = 12000 };

/* The two have met, and the other one is gone. */
static void pair_lose(struct app_pair *pair)
{
    app_pair_init(pair, &app_pair_restricted, &app_pair_restricted, 3);
    app_pair_meet(pair);
    pair->other.blocked = true;
    relay_net_run(pair->net, LOST_MS);
    assert_non_null(app_guest_event(&pair->one, STUN2_EVENT_LOST));
}

/* The relay says that the other one asks for a punch. */
static void say_request(struct app_pair *pair)
{
    const uint8_t token[PUNCH_TOKEN_SIZE] = {6};
    Ziglan__PunchRequest request = ZIGLAN__PUNCH_REQUEST__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint8_t bytes[CONTROL_SIZE_MAX];
    size_t size;

    request.target = control_bytes(stun2_key(pair->one.agent), KEY_SIZE);
    request.requester = control_bytes(stun2_key(pair->other.agent), KEY_SIZE);
    request.token = control_bytes(token, sizeof(token));
    request.nat_kind = STUN2_NAT_FULL_CONE;
    request.punch_id = 77;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_REQUEST;
    message.punch_request = &request;
    assert_int_equal(control_pack(bytes, sizeof(bytes), &size, &message), ERR_OK);
    relay_messages_take(pair->one.agent, TAILQ_FIRST(&pair->one.agent->base.relays.list), bytes,
                        size, pair->net->now);
    app_guest_settle(&pair->one);
}

/* An offer of the peer is an attempt, too. While its PunchGo is awaited, no other one is due. */
static void an_offer_that_leads_nowhere_keeps_nobody_busy(void **state)
{
    struct app_pair pair;
    const struct app_punch *punch;
    struct mono then;

    (void)state;
    pair_lose(&pair);
    punch = &pair.one.agent->punches.table.list[0];
    relay_net_run(pair.net, REFUSED_MS); /* the relay was asked, in vain */
    assert_int_equal(punch->step, PUNCH_STEP_LOST);
    assert_int_equal(punch->wait_until.ns, MONO_NEVER.ns);
    then = mono_add_ms(punch->retry.at, 1);
    relay_net_run(pair.net, mono_ms_between(pair.net->now, punch->retry.at) - 1);
    say_request(&pair);
    assert_true(mono_before(then, punch->wait_until));
    punches_expire(&pair.one.agent->punches, then);
    assert_true(mono_before(then, punches_deadline(&pair.one.agent->punches)));
    /* And when nothing came of it, the next one is due. */
    relay_net_run(pair.net, APP_ANSWER_MS + 2);
    assert_int_equal(punch->step, PUNCH_STEP_LOST);
    assert_int_equal(punch->wait_until.ns, MONO_NEVER.ns);
    assert_true(mono_before(punch->retry.at, MONO_NEVER));
    app_pair_fini(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_that_leads_nowhere_keeps_nobody_busy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
