/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Control messages as inputs of the broker, and its outputs as control messages. */
#include "relayd/service/punch.h"

#include "relayd/service/forward.h"
#include "relayd/service/forward_foreign.h"
#include "relayd/service/punch_relayed.h"

#include <stdio.h>
#include <string.h>

int punch_service_init(struct punch_service *service, struct relay_base *base,
                       struct pool_service *pools, struct forward_relay *relays)
{
    service->base = base;
    service->relays = relays;
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

/* Send a message to a side, here or at its relay. */
static void side_send(struct punch_service *service, const struct punch_output *out,
                      const Ziglan__Control *message, struct mono now)
{
    struct relay_base *base = service->base;
    const struct relay_client *client = session_table_of_key(&base->sessions, out->to);

    if (client != NULL) {
        reply_send(&base->reply, client, message);
    } else {
        punch_relayed_tell(service->relays, out, message, now);
    }
}

static void go_send(struct punch_service *service, const struct punch_output *out, struct mono now)
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
    side_send(service, out, &message, now);
}

static void update_send(struct punch_service *service, const struct punch_output *out,
                        struct mono now)
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
    side_send(service, out, &message, now);
}

static void result_send(struct punch_service *service, const struct punch_output *out,
                        struct mono now)
{
    Ziglan__PunchResult body = ZIGLAN__PUNCH_RESULT__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.punch_id = out->punch_id;
    body.direct = out->direct;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_RESULT;
    message.punch_result = &body;
    side_send(service, out, &message, now);
}

/* A no: to a host here if it asked for an answer, to a relay always. */
static void refused_send(struct punch_service *service, const struct punch_output *out,
                         struct mono now)
{
    struct relay_base *base = service->base;
    const struct relay_client *client = session_table_of_key(&base->sessions, out->to);
    Ziglan__Error body = ZIGLAN__ERROR__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    /* The number of another relay's request is not one of a session here. */
    if (client != NULL && !out->elsewhere) {
        reply_refuse(&base->reply, client, out->request_id, out->verdict, NULL);
        return;
    }
    body.code = (uint32_t)out->verdict;
    message.body_case = ZIGLAN__CONTROL__BODY_ERROR;
    message.error = &body;
    punch_relayed_tell(service->relays, out, &message, now);
}

/* Send what the broker wants to be sent. To be called after each call that may have given it
 * something to send. */
static void flush(struct punch_service *service, struct mono now)
{
    struct relay_base *base = service->base;
    struct punch_output out;

    while (punch_output(service->broker, &out)) {
        const struct relay_client *client;

        switch (out.type) {
        case PUNCH_OUTPUT_OFFER:
            client = session_table_of_key(&base->sessions, out.to);
            if (client != NULL) { /* else it went away in between; its punches end with it */
                offer_send(&base->reply, client, &out);
            }
            break;
        case PUNCH_OUTPUT_GO:
            go_send(service, &out, now);
            break;
        case PUNCH_OUTPUT_UPDATE:
            update_send(service, &out, now);
            break;
        case PUNCH_OUTPUT_RESULT:
            result_send(service, &out, now);
            break;
        case PUNCH_OUTPUT_REFUSED:
            refused_send(service, &out, now);
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
        if (!pool_service_pick(service->pools, client, message->request_id, body->app,
                               request->target)) {
            return false;
        }
        if (block_table_has(base->blocks, request->target, client->key)) {
            reply_refuse(&base->reply, client, message->request_id, VERDICT_REFUSED, NULL);
            return false;
        }
        return true;
    }
    memcpy(request->target, body->target.data, KEY_SIZE);
    if (punch_waits_for(service->broker, request->target, client->key)) {
        return true; /* this is its yes, also to one that is at another relay */
    }
    target = session_table_of_key(&base->sessions, body->target.data);
    /* One answer for a target without a session and for one that must not be reached: nothing about
     * a target may leave before it agreed. */
    if (target == NULL || !forward_allowed(base, client, target)) {
        reply_refuse(&base->reply, client, message->request_id, VERDICT_REFUSED, NULL);
        return false;
    }
    return true;
}

/* True if the target is named, and may be at another relay. */
static bool is_elsewhere(const struct punch_service *service, const struct relay_client *client,
                         const Ziglan__PunchRequest *body)
{
    return body->target.len == KEY_SIZE && body->token.len == PUNCH_TOKEN_SIZE &&
           session_table_of_key(&service->base->sessions, body->target.data) == NULL &&
           !punch_waits_for(service->broker, body->target.data, client->key);
}

/* The request goes on; but to know the kind of a NAT helps to find a way through it. */
static void measure_want(struct punch_service *service, const struct relay_client *client,
                         const Ziglan__Control *message, struct mono now)
{
    struct mark_name mark = {.kind = FORWARD_MARK_MEASURE};

    memcpy(mark.one, client->key, KEY_SIZE);
    if (marks_take(service->relays->marks, &mark, PUNCH_MEASURE_MS, now)) {
        reply_refuse(&service->base->reply, client, message->request_id, VERDICT_MEASURE_FIRST,
                     "measure the kind of your NAT: ziglan netcheck; this request goes on "
                     "without it");
    }
}

void punch_service_on_request(struct punch_service *service, struct relay_client *client,
                              const Ziglan__Control *message, struct mono now)
{
    struct relay_base *base = service->base;
    const Ziglan__PunchRequest *body = message->punch_request;
    struct punch_request request = {.request_id = message->request_id,
                                    .has_session = body->has_session};
    enum verdict verdict;

    if (body->nat_kind == 0 && body->has_session) {
        measure_want(service, client, message, now);
    }
    if (is_elsewhere(service, client, body)) {
        verdict = punch_relayed_ask(service->relays, client, message, now);
        if (verdict != VERDICT_OK) {
            reply_refuse(&base->reply, client, message->request_id, verdict, NULL);
        }
        return;
    }
    if (!target_find(service, client, message, &request)) {
        return;
    }
    request.requester = side_of(base, client, &body->token, body->nat_kind);
    verdict = punch_request(service->broker, &request, now);
    if (verdict != VERDICT_OK) {
        reply_refuse(&base->reply, client, message->request_id, verdict, NULL);
    }
    flush(service, now);
}

/* The host of a neighbour that asks, as that one knows it. False: it is not believed, or the target
 * is not here for it. */
static bool foreign_request(struct punch_service *service, const struct relay_client *neighbour,
                            const Ziglan__PunchRelayed *body, struct punch_request *request,
                            struct mono now)
{
    struct relay_base *base = service->base;
    const struct relay_client *target = session_table_of_key(&base->sessions, body->dst.data);
    struct punch_side *side = &request->requester;

    if (body->observed == NULL ||
        !forward_foreign_believes(service->relays, neighbour, body->src.data, &body->attachment,
                                  now) ||
        target == NULL || target->neighbour != NULL || !relay_client_is_active(target) ||
        (target->state != RELAY_CLIENT_STATE_MEMBER && !base->cfg.open_relay) ||
        block_table_has(base->blocks, target->key, body->src.data)) {
        return false;
    }
    side->observed = endpoint_of_bytes(body->observed->ip.data, body->observed->ip.len,
                                       (uint16_t)body->observed->port);
    memcpy(side->key, body->src.data, KEY_SIZE);
    memcpy(side->token, body->request->token.data, PUNCH_TOKEN_SIZE);
    memcpy(request->target, target->key, KEY_SIZE);
    side->nat_kind = body->request->nat_kind;
    side->rtt_us = body->rtt_us + link_hub_rtt_ns(base->hub, neighbour->handle) / NS_PER_US;
    request->has_session = body->request->has_session;
    request->request_id = body->request_id;
    request->elsewhere = true;
    return true;
}

/* What a neighbour says of a host of its own in a punch: it is for the broker here, or for a host
 * that asked the broker there. */
static void on_far_side(struct punch_service *service, const struct relay_client *neighbour,
                        const Ziglan__PunchRelayed *body, struct mono now)
{
    struct punch *broker = service->broker;
    bool update = body->message_case == ZIGLAN__PUNCH_RELAYED__MESSAGE_UPDATE;
    bool result = body->message_case == ZIGLAN__PUNCH_RELAYED__MESSAGE_RESULT;
    bool taken = false;

    if (!punch_relayed_heeds(service->relays, neighbour, body, now)) {
        return;
    }
    if ((update || result) && !foreign_limits_word(&service->relays->limits, neighbour->key, now)) {
        service->base->counters.punch_relayed_rate++;
        return;
    }
    if (update && memcmp(body->update->peer.data, body->src.data, KEY_SIZE) == 0) {
        const Ziglan__PunchMessage *peer = body->update->message;
        struct endpoint at = endpoint_of_bytes(peer->ip.data, peer->ip.len, (uint16_t)peer->port);

        taken = punch_on_far_moved(broker, body->src.data, body->dst.data, &at, now);
    } else if (result) {
        taken =
            punch_result(broker, body->result->punch_id, body->src.data, body->result->direct, now);
    }
    if (!taken) {
        punch_relayed_pass(service->relays, body, now);
    }
    flush(service, now);
}

void punch_service_on_relayed(struct punch_service *service, const struct relay_client *neighbour,
                              const Ziglan__Control *message, struct mono now)
{
    const Ziglan__PunchRelayed *body = message->punch_relayed;
    struct punch_request request = {.request_id = 0};
    struct punch_output refused = {.type = PUNCH_OUTPUT_REFUSED, .verdict = VERDICT_REFUSED};

    if (body->message_case != ZIGLAN__PUNCH_RELAYED__MESSAGE_REQUEST) {
        on_far_side(service, neighbour, body, now);
        return;
    }
    if (!foreign_limits_word(&service->relays->limits, neighbour->key, now)) {
        service->base->counters.punch_relayed_rate++;
        refused.verdict = VERDICT_LIMIT;
    } else if (!foreign_request(service, neighbour, body, &request, now)) {
        service->base->counters.punch_relayed_refused++;
    } else if (punch_relayed_crosses(service->relays, body->dst.data, body->src.data, now)) {
        refused.verdict = VERDICT_OK; /* the punch that the target asked for is the one */
    } else {
        punch_relayed_learn(service->relays, neighbour, body, now);
        refused.verdict = punch_request(service->broker, &request, now);
    }
    if (refused.verdict != VERDICT_OK) {
        memcpy(refused.to, body->src.data, KEY_SIZE);
        memcpy(refused.peer, body->dst.data, KEY_SIZE);
        refused.request_id = body->request_id;
        punch_relayed_refuse(service->relays, neighbour, &refused);
    }
    flush(service, now);
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
    flush(service, now);
}

void punch_service_on_result(struct punch_service *service, const struct relay_client *client,
                             const Ziglan__Control *message, struct mono now)
{
    const Ziglan__PunchResult *body = message->punch_result;

    if (!punch_result(service->broker, body->punch_id, client->key, body->direct, now)) {
        punch_relayed_result(service->relays, client, body, now);
    }
    flush(service, now);
}

void punch_service_moved(struct punch_service *service, const struct relay_client *client,
                         struct mono now)
{
    punch_on_moved(service->broker, client->key, &client->remote, now);
    punch_relayed_moved(service->relays, client, now);
    flush(service, now);
}

void punch_service_replaced(struct punch_service *service, const struct relay_client *client,
                            struct mono now)
{
    punch_on_replaced(service->broker, client->key, &client->remote);
    punch_relayed_replaced(service->relays, client, now);
    flush(service, now);
}

void punch_service_gone(struct punch_service *service, const uint8_t key[KEY_SIZE], struct mono now)
{
    punch_on_gone(service->broker, key);
    flush(service, now);
}

void punch_service_expire(struct punch_service *service, struct mono now)
{
    punch_expire(service->broker, now);
    flush(service, now);
}

struct mono punch_service_deadline(const struct punch_service *service)
{
    return punch_deadline(service->broker);
}
