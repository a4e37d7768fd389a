/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words of hosts are sent, and the net runs until they have arrived. */
#include "tests/support/far_punches.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void far_block(struct net_host *host, const uint8_t *key, bool on)
{
    Ziglan__Block body = ZIGLAN__BLOCK__INIT;
    Ziglan__Unblock end = ZIGLAN__UNBLOCK__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.key = end.key = control_bytes(key, KEY_SIZE);
    message.body_case = on ? ZIGLAN__CONTROL__BODY_BLOCK : ZIGLAN__CONTROL__BODY_UNBLOCK;
    if (on) {
        message.block = &body;
    } else {
        message.unblock = &end;
    }
    net_host_send(host, &message);
    relay_net_run(host->net, 100);
}

void far_punch_want(struct net_host *host, const uint8_t *target)
{
    static const uint8_t token[PUNCH_TOKEN_SIZE] = {4};
    Ziglan__PunchRequest body = ZIGLAN__PUNCH_REQUEST__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.target = control_bytes(target, KEY_SIZE);
    body.token = control_bytes(token, sizeof(token));
    body.has_session = true;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_REQUEST;
    message.punch_request = &body;
    net_host_send(host, &message);
}

void far_punch_ask(struct net_host *host, const uint8_t *target)
{
    far_punch_want(host, target);
    relay_net_run(host->net, 500);
}

void far_punch_say(struct net_host *host, bool accept)
{
    static const uint8_t token[PUNCH_TOKEN_SIZE] = {5};
    Ziglan__PunchAnswer body = ZIGLAN__PUNCH_ANSWER__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.punch_id = host->punch.id;
    body.accept = accept;
    body.token = control_bytes(token, sizeof(token));
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_ANSWER;
    message.punch_answer = &body;
    net_host_send(host, &message);
    relay_net_run(host->net, 500);
}

void far_punch_relay(struct far_hosts *town, size_t from, size_t to, Ziglan__PunchRelayed *body)
{
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_RELAYED;
    message.punch_relayed = body;
    assert_int_equal(neighbour_send_to(relay_net_neighbours(town->net, from),
                                       relay_net_key(town->net, to), &message, town->net->now),
                     ERR_OK);
}
