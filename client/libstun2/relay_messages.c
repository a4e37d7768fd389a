/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each message goes to the part of the agent that it concerns. */
#include "client/libstun2/relay_messages.h"

#include "client/stun2/seeking.h"
#include "proto/wire/control.h"

#include <stdio.h>
#include <string.h>

void relay_messages_closed(struct stun2 *agent, const struct relay_session *relay, const char *text)
{
    struct stun2_event *event = app_events_add(&agent->base.events, STUN2_EVENT_RELAY_CLOSED);

    event->relay = relay->number;
    memcpy(event->key, relay->relay_key, KEY_SIZE);
    app_text(event->text, sizeof(event->text), text);
    pool_seats_on_closed(&agent->pools, relay->number);
}

static void on_observed(struct stun2 *agent, struct relay_session *from,
                        const Ziglan__ObservedAddress *observed, struct mono now)
{
    struct endpoint here;
    struct stun2_event *event;

    if (observed->address == NULL) {
        return;
    }
    here = endpoint_of_bytes(observed->address->ip.data, observed->address->ip.len,
                             (uint16_t)observed->address->port);
    if (endpoint_equal(&here, &from->observed)) {
        return;
    }
    app_lifetime_doubt(&agent->lifetime, !endpoint_same_ip(&here, &from->observed));
    relay_session_on_observed(from, &here, now);
    event = app_events_add(&agent->base.events, STUN2_EVENT_ADDRESS);
    event->relay = from->number;
    event->address = app_address(&here);
    punches_on_observed(&agent->punches, from, now);
}

static void on_go_away(struct stun2 *agent, struct relay_session *from,
                       const Ziglan__GoAway *go_away, struct mono now)
{
    char text[STUN2_TEXT_SIZE];

    relay_session_on_go_away(from, go_away, now);
    (void)snprintf(text, sizeof(text), "the relay ended the session: %s",
                   goaway_name(go_away->reason));
    relay_messages_closed(agent, from, text);
}

static void on_error(struct stun2 *agent, const struct relay_session *from, uint32_t request_id,
                     const Ziglan__Error *error, struct mono now)
{
    if (seeking_is_request(request_id)) {
        seeking_on_refused(&agent->base.relays, request_id, error->code);
    } else if (!pool_seats_on_error(&agent->pools, from, request_id, error) &&
               !finds_on_error(&agent->finds, from, request_id, error)) {
        (void)punches_on_error(&agent->punches, from, request_id, error, now);
    }
}

/* What is only of the session itself. False: it was something else. */
static bool on_session_message(struct stun2 *agent, struct relay_session *from,
                               const Ziglan__Control *message, struct mono now)
{
    switch (message->body_case) {
    case ZIGLAN__CONTROL__BODY_OBSERVED_ADDRESS:
        on_observed(agent, from, message->observed_address, now);
        return true;
    case ZIGLAN__CONTROL__BODY_PONG:
        relay_facts_on_pong(&from->facts, message->pong, link_hub_rtt_ns(from->hub, from->active),
                            now);
        return true;
    case ZIGLAN__CONTROL__BODY_GO_AWAY:
        on_go_away(agent, from, message->go_away, now);
        return true;
    case ZIGLAN__CONTROL__BODY_NODES:
        seeking_on_nodes(&agent->base.relays, from, message->nodes, now);
        return true;
    case ZIGLAN__CONTROL__BODY_LOCATED:
        seeking_on_located(&agent->base.relays, from, message->located, now);
        return true;
    default:
        return false;
    }
}

static void on_message(struct stun2 *agent, struct relay_session *from,
                       const Ziglan__Control *message, struct mono now)
{
    switch (message->body_case) {
    case ZIGLAN__CONTROL__BODY_ERROR:
        on_error(agent, from, message->request_id, message->error, now);
        break;
    case ZIGLAN__CONTROL__BODY_PUNCH_REQUEST:
        punches_on_request(&agent->punches, from, message->punch_request, now);
        break;
    case ZIGLAN__CONTROL__BODY_PUNCH_GO:
        punches_on_go(&agent->punches, from, message->punch_go, now);
        break;
    case ZIGLAN__CONTROL__BODY_PUNCH_UPDATE:
        punches_on_update(&agent->punches, from, message->punch_update, now);
        break;
    case ZIGLAN__CONTROL__BODY_POOL_JOINED:
        pool_seats_on_joined(&agent->pools, from, message->request_id, message->pool_joined);
        break;
    case ZIGLAN__CONTROL__BODY_POOL_LEAVE:
        pool_seats_on_leave(&agent->pools, from, message->pool_leave);
        break;
    case ZIGLAN__CONTROL__BODY_FIND_RESULT:
        finds_on_result(&agent->finds, from, message->request_id, message->find_result);
        break;
    default: /* what only servers are told, and what later versions add */
        break;
    }
}

void relay_messages_take(struct stun2 *agent, struct relay_session *from, const uint8_t *data,
                         size_t size, struct mono now)
{
    Ziglan__Control *message;

    if (control_unpack(&message, agent->arena, data, size) == ERR_OK &&
        !on_session_message(agent, from, message, now)) {
        on_message(agent, from, message, now);
    }
}
