/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The message PunchRelayed, in both directions. */
#include "relayd/service/punch_relayed.h"

#include "relayd/service/attaching.h"
#include "rendezvous/punch/punch.h"

#include <string.h>

enum {
    ASKED_MS = PUNCH_OFFER_MS_MAX + 2000, /* a no may come so late, and be late on its way */
    ON_WAY_MS = 2000,                     /* a request may be so long on its way */
};

/* A request of a host here that went to the target's relay: only this can be refused. */
static struct mark_name asked_mark(const uint8_t host[KEY_SIZE], const uint8_t target[KEY_SIZE],
                                   uint32_t request_id)
{
    struct mark_name name = {.kind = FORWARD_MARK_PUNCH, .number = request_id};

    memcpy(name.one, host, KEY_SIZE);
    memcpy(name.other, target, KEY_SIZE);
    return name;
}

static struct mark_name on_way_mark(const uint8_t host[KEY_SIZE], const uint8_t target[KEY_SIZE])
{
    struct mark_name name = {.kind = FORWARD_MARK_PUNCH_ON_WAY};

    memcpy(name.one, host, KEY_SIZE);
    memcpy(name.other, target, KEY_SIZE);
    return name;
}

bool punch_relayed_crosses(const struct forward_relay *relays, const uint8_t host[KEY_SIZE],
                           const uint8_t far[KEY_SIZE], struct mono now)
{
    const struct mark_name mark = on_way_mark(host, far);
    struct mono until;

    return memcmp(host, far, KEY_SIZE) < 0 && marks_find(relays->marks, &mark, &until) &&
           !mono_due(until, now);
}

/* The host's moves are to be told to the target's relay. */
static void remember(struct forward_relay *relays, const struct relay_client *client,
                     const Ziglan__PunchRequest *request, struct mono now)
{
    struct way_punch punch = {.nat_kind = (uint8_t)request->nat_kind,
                              .until = mono_add_ms(now, ASKED_MS)};

    memcpy(punch.far, request->target.data, KEY_SIZE);
    memcpy(punch.token, request->token.data, PUNCH_TOKEN_SIZE);
    ways_punch_put(relays->ways, client->key, &punch);
}

enum verdict punch_relayed_ask(struct forward_relay *relays, struct relay_client *client,
                               const Ziglan__Control *message, struct mono now)
{
    struct relay_base *base = relays->base;
    Ziglan__PunchRequest *request = message->punch_request;
    Ziglan__Address observed = ZIGLAN__ADDRESS__INIT;
    Ziglan__PunchRelayed body = ZIGLAN__PUNCH_RELAYED__INIT;
    Ziglan__Control asked = ZIGLAN__CONTROL__INIT;
    struct mark_name mark;
    uint8_t attachment[PRESENCE_SIGNED_SIZE_MAX], relay[KEY_SIZE];
    size_t attachment_size = attaching_record(relays->presence, client->key, attachment);

    if ((client->state != RELAY_CLIENT_STATE_MEMBER && !base->cfg.open_relay) ||
        attachment_size == 0 ||
        !forward_relay_where(relays, client, request->target.data, relay, now)) {
        return VERDICT_REFUSED;
    }
    observed.ip = control_ip(&client->remote);
    observed.port = client->remote.port;
    body.src = control_bytes(client->key, KEY_SIZE);
    body.dst = request->target;
    body.observed = &observed;
    body.rtt_us = (uint32_t)(link_hub_rtt_ns(base->hub, client->handle) / NS_PER_US);
    body.request_id = message->request_id;
    body.attachment = control_bytes(attachment, attachment_size);
    body.message_case = ZIGLAN__PUNCH_RELAYED__MESSAGE_REQUEST;
    body.request = request;
    asked.body_case = ZIGLAN__CONTROL__BODY_PUNCH_RELAYED;
    asked.punch_relayed = &body;
    if (neighbour_send_to(&base->neighbours, relay, &asked, now) != ERR_OK) {
        return VERDICT_REFUSED;
    }
    mark = asked_mark(client->key, request->target.data, message->request_id);
    marks_set(relays->marks, &mark, mono_add_ms(now, ASKED_MS));
    mark = on_way_mark(client->key, request->target.data);
    marks_set(relays->marks, &mark, mono_add_ms(now, ON_WAY_MS));
    remember(relays, client, request, now);
    return VERDICT_OK;
}

/* The envelope of a message for out->to. False if there is none for such a message. */
static bool envelope_fill(Ziglan__PunchRelayed *body, const struct punch_output *out,
                          const Ziglan__Control *message)
{
    body->src = control_bytes(out->peer, KEY_SIZE);
    body->dst = control_bytes(out->to, KEY_SIZE);
    body->request_id = out->request_id;
    if (message->body_case == ZIGLAN__CONTROL__BODY_PUNCH_GO) {
        body->message_case = ZIGLAN__PUNCH_RELAYED__MESSAGE_GO;
        body->go = message->punch_go;
    } else if (message->body_case == ZIGLAN__CONTROL__BODY_PUNCH_UPDATE) {
        body->message_case = ZIGLAN__PUNCH_RELAYED__MESSAGE_UPDATE;
        body->update = message->punch_update;
    } else if (message->body_case == ZIGLAN__CONTROL__BODY_ERROR) {
        body->message_case = ZIGLAN__PUNCH_RELAYED__MESSAGE_REFUSED;
        body->refused = message->error;
    } else if (message->body_case == ZIGLAN__CONTROL__BODY_PUNCH_RESULT) {
        body->message_case = ZIGLAN__PUNCH_RELAYED__MESSAGE_RESULT;
        body->result = message->punch_result;
    } else {
        return false;
    }
    return true;
}

void punch_relayed_tell(struct forward_relay *relays, const struct punch_output *out,
                        const Ziglan__Control *message, struct mono now)
{
    struct relay_client *here = session_table_of_key(&relays->base->sessions, out->peer);
    Ziglan__PunchRelayed body = ZIGLAN__PUNCH_RELAYED__INIT;
    Ziglan__Control told = ZIGLAN__CONTROL__INIT;
    uint8_t relay[KEY_SIZE];

    if (here == NULL || !envelope_fill(&body, out, message) ||
        !forward_relay_where(relays, here, out->to, relay, now)) {
        return; /* one of the two went away */
    }
    told.body_case = ZIGLAN__CONTROL__BODY_PUNCH_RELAYED;
    told.punch_relayed = &body;
    /* Hosts repeat what they want, so what is lost costs time. */
    (void)!neighbour_send_to(&relays->base->neighbours, relay, &told, now);
}

void punch_relayed_refuse(struct forward_relay *relays, const struct relay_client *neighbour,
                          const struct punch_output *out)
{
    Ziglan__Error error = ZIGLAN__ERROR__INIT;
    Ziglan__PunchRelayed body = ZIGLAN__PUNCH_RELAYED__INIT;
    Ziglan__Control told = ZIGLAN__CONTROL__INIT;

    error.code = (uint32_t)out->verdict;
    body.src = control_bytes(out->peer, KEY_SIZE);
    body.dst = control_bytes(out->to, KEY_SIZE);
    body.request_id = out->request_id;
    body.message_case = ZIGLAN__PUNCH_RELAYED__MESSAGE_REFUSED;
    body.refused = &error;
    told.body_case = ZIGLAN__CONTROL__BODY_PUNCH_RELAYED;
    told.punch_relayed = &body;
    reply_send(&relays->base->reply, neighbour, &told);
}

void punch_relayed_learn(struct forward_relay *relays, const struct relay_client *neighbour,
                         const Ziglan__PunchRelayed *body, struct mono now)
{
    struct way_relays way;

    if (!ways_find(relays->ways, body->dst.data, body->src.data, &way, now)) {
        ways_found(relays->ways, body->dst.data, body->src.data, neighbour->key, now);
    }
}

/* The target's relay says no. That it was asked this is checked: the number alone could be that of
 * any request of the host, as a Join. */
static void refusal_pass(struct forward_relay *relays, const struct relay_client *to,
                         const Ziglan__PunchRelayed *body, struct mono now)
{
    const struct mark_name mark = asked_mark(to->key, body->src.data, body->request_id);
    const struct mark_name on_way = on_way_mark(to->key, body->src.data);
    struct mono until;

    if (!marks_find(relays->marks, &mark, &until) || mono_due(until, now)) {
        relays->base->counters.punch_relayed_unasked++;
        return;
    }
    marks_clear(relays->marks, &mark);
    marks_clear(relays->marks, &on_way);
    reply_refuse(&relays->base->reply, to, body->request_id,
                 body->refused->code == VERDICT_LIMIT ? VERDICT_LIMIT : VERDICT_REFUSED, NULL);
}

bool punch_relayed_heeds(struct forward_relay *relays, const struct relay_client *neighbour,
                         const Ziglan__PunchRelayed *body, struct mono now)
{
    const struct relay_base *base = relays->base;
    const struct relay_client *to = session_table_of_key(&base->sessions, body->dst.data);

    return to != NULL && to->neighbour == NULL &&
           !block_table_has(base->blocks, to->key, body->src.data) &&
           forward_relay_ends_at(relays, to->key, body->src.data, neighbour->key, now);
}

/* The broker's GO: from now on it hears of the moves of the host. */
static void agreed(struct forward_relay *relays, const Ziglan__PunchRelayed *body, struct mono now)
{
    struct way_punch punch;

    if (ways_punch_find(relays->ways, body->dst.data, body->src.data, &punch, now)) {
        punch.id = body->go->punch_id;
        punch.until = mono_add_ms(now, PUNCH_IDLE_MS_MAX);
        ways_punch_put(relays->ways, body->dst.data, &punch);
    }
}

void punch_relayed_pass(struct forward_relay *relays, const Ziglan__PunchRelayed *body,
                        struct mono now)
{
    const struct relay_client *to = session_table_of_key(&relays->base->sessions, body->dst.data);
    const struct mark_name on_way = on_way_mark(body->dst.data, body->src.data);
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    if (body->message_case == ZIGLAN__PUNCH_RELAYED__MESSAGE_REFUSED) {
        refusal_pass(relays, to, body, now);
        return;
    }
    marks_clear(relays->marks, &on_way);
    if (body->message_case == ZIGLAN__PUNCH_RELAYED__MESSAGE_GO &&
        memcmp(body->go->peer.data, body->src.data, KEY_SIZE) == 0) {
        agreed(relays, body, now);
        message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_GO;
        message.punch_go = body->go;
    } else if (body->message_case == ZIGLAN__PUNCH_RELAYED__MESSAGE_UPDATE &&
               memcmp(body->update->peer.data, body->src.data, KEY_SIZE) == 0) {
        message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_UPDATE;
        message.punch_update = body->update;
    } else if (body->message_case == ZIGLAN__PUNCH_RELAYED__MESSAGE_RESULT) {
        message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_RESULT;
        message.punch_result = body->result;
    } else {
        return; /* about somebody else */
    }
    reply_send(&relays->base->reply, to, &message);
}

/* ---- what becomes of a host here in punches that others' brokers hold ---- */

/* Tell the target's relay something of the host; `message` as for punch_relayed_tell. */
static void broker_tell(struct forward_relay *relays, const struct relay_client *client,
                        const struct way_punch *punch, const Ziglan__Control *message,
                        struct mono now)
{
    struct punch_output out = {.punch_id = punch->id};

    memcpy(out.to, punch->far, KEY_SIZE);
    memcpy(out.peer, client->key, KEY_SIZE);
    punch_relayed_tell(relays, &out, message, now);
}

void punch_relayed_moved(struct forward_relay *relays, const struct relay_client *client,
                         struct mono now)
{
    struct way_punch punches[WAYS_PUNCHES_MAX];
    size_t count = ways_punches(relays->ways, client->key, punches, now);

    for (size_t i = 0; i < count; i++) {
        Ziglan__PunchMessage here = ZIGLAN__PUNCH_MESSAGE__INIT;
        Ziglan__PunchUpdate body = ZIGLAN__PUNCH_UPDATE__INIT;
        Ziglan__Control message = ZIGLAN__CONTROL__INIT;

        here.ip = control_ip(&client->remote);
        here.port = client->remote.port;
        here.token = control_bytes(punches[i].token, PUNCH_TOKEN_SIZE);
        here.nat_kind = punches[i].nat_kind;
        body.punch_id = punches[i].id;
        body.peer = control_bytes(client->key, KEY_SIZE);
        body.message = &here;
        message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_UPDATE;
        message.punch_update = &body;
        broker_tell(relays, client, &punches[i], &message, now);
    }
}

void punch_relayed_result(struct forward_relay *relays, const struct relay_client *client,
                          const Ziglan__PunchResult *result, struct mono now)
{
    struct way_punch punches[WAYS_PUNCHES_MAX];
    size_t count = ways_punches(relays->ways, client->key, punches, now);

    for (size_t i = 0; i < count; i++) {
        Ziglan__PunchResult body = *result;
        Ziglan__Control message = ZIGLAN__CONTROL__INIT;

        if (punches[i].id != 0 && punches[i].id == result->punch_id) {
            punches[i].until = mono_add_ms(now, PUNCH_IDLE_MS_MAX);
            ways_punch_put(relays->ways, client->key, &punches[i]);
            message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_RESULT;
            message.punch_result = &body;
            broker_tell(relays, client, &punches[i], &message, now);
        }
    }
}

void punch_relayed_replaced(struct forward_relay *relays, const struct relay_client *client,
                            struct mono now)
{
    struct way_punch punches[WAYS_PUNCHES_MAX];
    size_t count = ways_punches(relays->ways, client->key, punches, now);

    for (size_t i = 0; i < count; i++) {
        punches[i].until = now;
        ways_punch_put(relays->ways, client->key, &punches[i]);
    }
}
