/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Introductions: control messages to and from the punch broker. */
#include "relayd/core/core_internal.h"

#include <string.h>

static struct punch_side side_of(const struct relay_core *core, const struct relay_client *client,
                                 const ProtobufCBinaryData *token, uint32_t nat_kind)
{
    struct punch_side side = {
        .nat_kind = nat_kind,
        .observed = client->remote,
        .rtt_us = link_hub_rtt_ns(core->hub, client->handle) / NS_PER_US,
    };

    memcpy(side.key, client->key, KEY_SIZE);
    if (token->len == PUNCH_TOKEN_SIZE) {
        memcpy(side.token, token->data, PUNCH_TOKEN_SIZE);
    }
    return side;
}

void punch_on_request(struct relay_core *core, struct relay_client *client,
                      const Ziglan__Control *message, struct mono now)
{
    const Ziglan__PunchRequest *body = message->punch_request;
    struct punch_request request = {.request_id = message->request_id,
                                    .has_session = body->has_session};
    const struct relay_client *target;
    enum verdict verdict;

    if (body->target.len != KEY_SIZE || body->token.len != PUNCH_TOKEN_SIZE) {
        control_refuse(core, client, message->request_id, VERDICT_BAD_REQUEST, NULL);
        return;
    }
    target = relay_client_of_key(core, body->target.data);
    /* A target that is away and one that may not be reached answer alike: nothing about it may
     * leave before its yes. */
    if (target == NULL || !forward_allowed(core, client, target)) {
        control_refuse(core, client, message->request_id, VERDICT_REFUSED, NULL);
        return;
    }
    request.requester = side_of(core, client, &body->token, body->nat_kind);
    memcpy(request.target, body->target.data, KEY_SIZE);
    verdict = punch_request(core->punch, &request, now);
    if (verdict != VERDICT_OK) {
        control_refuse(core, client, message->request_id, verdict, NULL);
    }
    punch_flush(core);
}

void punch_on_answer(struct relay_core *core, struct relay_client *client,
                     const Ziglan__Control *message, struct mono now)
{
    const Ziglan__PunchAnswer *body = message->punch_answer;
    struct punch_side side = side_of(core, client, &body->token, body->nat_kind);
    enum verdict verdict;

    if (body->accept && body->token.len != PUNCH_TOKEN_SIZE) {
        control_refuse(core, client, message->request_id, VERDICT_BAD_REQUEST, NULL);
        return;
    }
    verdict = punch_answer(core->punch, body->punch_id, &side, body->accept, now);
    if (verdict != VERDICT_OK) {
        control_refuse(core, client, message->request_id, verdict, NULL);
    }
    punch_flush(core);
}

void punch_on_result(struct relay_core *core, struct relay_client *client,
                     const Ziglan__Control *message, struct mono now)
{
    punch_result(core->punch, message->punch_result->punch_id, client->key,
                 message->punch_result->direct, now);
    punch_flush(core);
}

static void offer_send(struct relay_core *core, struct relay_client *client,
                       const struct punch_output *out)
{
    Ziglan__PunchRequest body = ZIGLAN__PUNCH_REQUEST__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.target = control_bytes(out->to, KEY_SIZE);
    body.requester = control_bytes(out->peer, KEY_SIZE);
    body.token = control_bytes(out->token, PUNCH_TOKEN_SIZE);
    body.nat_kind = out->nat_kind;
    body.has_session = out->has_session;
    body.punch_id = out->punch_id;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_REQUEST;
    message.punch_request = &body;
    control_send(core, client, &message);
}

/* The peer's {IP, Port, Token, NATT}; it borrows out. */
static void message_fill(Ziglan__PunchMessage *message, const struct punch_output *out)
{
    message->ip = control_ip(&out->endpoint);
    message->port = out->endpoint.port;
    message->token = control_bytes(out->token, PUNCH_TOKEN_SIZE);
    message->nat_kind = out->nat_kind;
}

static void go_send(struct relay_core *core, struct relay_client *client,
                    const struct punch_output *out)
{
    Ziglan__PunchMessage peer = ZIGLAN__PUNCH_MESSAGE__INIT;
    Ziglan__PunchGo body = ZIGLAN__PUNCH_GO__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    message_fill(&peer, out);
    body.punch_id = out->punch_id;
    body.peer = control_bytes(out->peer, KEY_SIZE);
    body.message = &peer;
    body.probe_key = control_bytes(out->probe_key, PUNCH_PROBE_KEY_SIZE);
    body.fire_in_us = out->fire_in_us < UINT32_MAX ? (uint32_t)out->fire_in_us : UINT32_MAX;
    body.listen = out->listen;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_GO;
    message.punch_go = &body;
    control_send(core, client, &message);
}

static void update_send(struct relay_core *core, struct relay_client *client,
                        const struct punch_output *out)
{
    Ziglan__PunchMessage peer = ZIGLAN__PUNCH_MESSAGE__INIT;
    Ziglan__PunchUpdate body = ZIGLAN__PUNCH_UPDATE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    message_fill(&peer, out);
    body.punch_id = out->punch_id;
    body.peer = control_bytes(out->peer, KEY_SIZE);
    body.message = &peer;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_UPDATE;
    message.punch_update = &body;
    control_send(core, client, &message);
}

void punch_flush(struct relay_core *core)
{
    struct punch_output out;

    while (punch_output(core->punch, &out)) {
        struct relay_client *client = relay_client_of_key(core, out.to);
        if (client == NULL) {
            continue; /* it went away in between; its punches end with it */
        }
        switch (out.type) {
        case PUNCH_OUTPUT_OFFER:
            offer_send(core, client, &out);
            break;
        case PUNCH_OUTPUT_GO:
            go_send(core, client, &out);
            break;
        case PUNCH_OUTPUT_UPDATE:
            update_send(core, client, &out);
            break;
        case PUNCH_OUTPUT_REFUSED:
            control_refuse(core, client, out.request_id, out.verdict, NULL);
            break;
        }
    }
}
