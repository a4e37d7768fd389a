/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Control messages as inputs of the broker, and its outputs as control messages. */
#include "relayd/service/punch.h"

#include "relayd/service/forward.h"

#include <stdio.h>
#include <string.h>

int punch_service_init(struct punch_service *service, struct relay_base *base,
                       struct pool_service *pools)
{
    service->base = base;
    service->pools = pools;
    return punch_new(&service->broker, &base->env);
}

void punch_service_fini(struct punch_service *service)
{
    punch_free(service->broker);
}

static void offer_send(struct reply *reply, const struct relay_client *client,
                       const struct punch_output *out)
{
    Ziglan__PunchRequest body = ZIGLAN__PUNCH_REQUEST__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.target = control_bytes(out->to, KEY_SIZE);
    body.requester = control_bytes(out->peer, KEY_SIZE);
    body.token = control_bytes(out->token, PUNCH_TOKEN_SIZE);
    body.nat_kind = out->nat_kind;
    body.has_session = out->has_session;
    body.app = control_text(out->app);
    body.punch_id = out->punch_id;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_REQUEST;
    message.punch_request = &body;
    reply_send(reply, client, &message);
}

/* The peer's address, token and kind of NAT; the message borrows out. */
static void message_fill(Ziglan__PunchMessage *message, const struct punch_output *out)
{
    message->ip = control_ip(&out->endpoint);
    message->port = out->endpoint.port;
    message->token = control_bytes(out->token, PUNCH_TOKEN_SIZE);
    message->nat_kind = out->nat_kind;
}

static void go_send(struct reply *reply, const struct relay_client *client,
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
    reply_send(reply, client, &message);
}

static void update_send(struct reply *reply, const struct relay_client *client,
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
    reply_send(reply, client, &message);
}

/* Send what the broker wants to be sent. To be called after each call that may have given it
 * something to send. */
static void flush(struct punch_service *service)
{
    struct relay_base *base = service->base;
    struct punch_output out;

    while (punch_output(service->broker, &out)) {
        const struct relay_client *client = session_table_of_key(&base->sessions, out.to);
        if (client == NULL) {
            continue; /* it went away in between; its punches end with it */
        }
        switch (out.type) {
        case PUNCH_OUTPUT_OFFER:
            offer_send(&base->reply, client, &out);
            break;
        case PUNCH_OUTPUT_GO:
            go_send(&base->reply, client, &out);
            break;
        case PUNCH_OUTPUT_UPDATE:
            update_send(&base->reply, client, &out);
            break;
        case PUNCH_OUTPUT_REFUSED:
            reply_refuse(&base->reply, client, out.request_id, out.verdict, NULL);
            break;
        }
    }
}

static struct punch_side side_of(const struct relay_base *base, const struct relay_client *client,
                                 const ProtobufCBinaryData *token, uint32_t nat_kind)
{
    struct punch_side side = {
        .nat_kind = nat_kind,
        .observed = client->remote,
        .rtt_us = link_hub_rtt_ns(base->hub, client->handle) / NS_PER_US,
    };

    memcpy(side.key, client->key, KEY_SIZE);
    if (token->len == PUNCH_TOKEN_SIZE) {
        memcpy(side.token, token->data, PUNCH_TOKEN_SIZE);
    }
    return side;
}

/* Whom the client wants to meet: a key, or any other application of a pool, whose joining was its
 * consent. False: it was refused. */
static bool target_find(struct punch_service *service, const struct relay_client *client,
                        const Ziglan__Control *message, struct punch_request *request)
{
    struct relay_base *base = service->base;
    const Ziglan__PunchRequest *body = message->punch_request;
    bool by_pool = body->target.len == 0 && body->app[0] != '\0';
    const struct relay_client *target;

    if ((!by_pool && body->target.len != KEY_SIZE) || body->token.len != PUNCH_TOKEN_SIZE) {
        reply_refuse(&base->reply, client, message->request_id, VERDICT_BAD_REQUEST, NULL);
        return false;
    }
    if (by_pool) {
        request->has_session = false; /* it does not know with whom */
        (void)snprintf(request->app, sizeof(request->app), "%s", body->app);
        return pool_service_pick(service->pools, client, message->request_id, body->app,
                                 request->target);
    }
    target = session_table_of_key(&base->sessions, body->target.data);
    /* One answer for a target without a session and for one that must not be reached: nothing about
     * a target may leave before it agreed. */
    if (target == NULL || !forward_allowed(base, client, target)) {
        reply_refuse(&base->reply, client, message->request_id, VERDICT_REFUSED, NULL);
        return false;
    }
    memcpy(request->target, body->target.data, KEY_SIZE);
    return true;
}

void punch_service_on_request(struct punch_service *service, const struct relay_client *client,
                              const Ziglan__Control *message, struct mono now)
{
    struct relay_base *base = service->base;
    const Ziglan__PunchRequest *body = message->punch_request;
    struct punch_request request = {.request_id = message->request_id,
                                    .has_session = body->has_session};
    enum verdict verdict;

    if (!target_find(service, client, message, &request)) {
        return;
    }
    request.requester = side_of(base, client, &body->token, body->nat_kind);
    verdict = punch_request(service->broker, &request, now);
    if (verdict != VERDICT_OK) {
        reply_refuse(&base->reply, client, message->request_id, verdict, NULL);
    }
    flush(service);
}

void punch_service_on_answer(struct punch_service *service, const struct relay_client *client,
                             const Ziglan__Control *message, struct mono now)
{
    struct relay_base *base = service->base;
    const Ziglan__PunchAnswer *body = message->punch_answer;
    struct punch_side side = side_of(base, client, &body->token, body->nat_kind);
    enum verdict verdict;

    if (body->accept && body->token.len != PUNCH_TOKEN_SIZE) {
        reply_refuse(&base->reply, client, message->request_id, VERDICT_BAD_REQUEST, NULL);
        return;
    }
    verdict = punch_answer(service->broker, body->punch_id, &side, body->accept, now);
    if (verdict != VERDICT_OK) {
        reply_refuse(&base->reply, client, message->request_id, verdict, NULL);
    }
    flush(service);
}

void punch_service_on_result(struct punch_service *service, const struct relay_client *client,
                             const Ziglan__Control *message, struct mono now)
{
    punch_result(service->broker, message->punch_result->punch_id, client->key,
                 message->punch_result->direct, now);
    flush(service);
}

void punch_service_moved(struct punch_service *service, const struct relay_client *client,
                         struct mono now)
{
    punch_on_moved(service->broker, client->key, &client->remote, now);
    flush(service);
}

void punch_service_replaced(struct punch_service *service, const struct relay_client *client)
{
    punch_on_replaced(service->broker, client->key, &client->remote);
    flush(service);
}

void punch_service_gone(struct punch_service *service, const uint8_t key[KEY_SIZE])
{
    punch_on_gone(service->broker, key);
    flush(service);
}

void punch_service_expire(struct punch_service *service, struct mono now)
{
    punch_expire(service->broker, now);
    flush(service);
}

struct mono punch_service_deadline(const struct punch_service *service)
{
    return punch_deadline(service->broker);
}
