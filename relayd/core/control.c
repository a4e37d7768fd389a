/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Control messages of a session: rate, unpacking, dispatch, answers. */
#include "relayd/core/core_internal.h"

#include <string.h>

enum { REFUSAL_EVERY_MS = 1000 }; /* answers "too many requests" to one session */

void control_send(struct relay_core *core, struct relay_client *client,
                  const Ziglan__Control *message)
{
    size_t size = 0;
    int rc;

    if (client->state == RELAY_CLIENT_STATE_CLOSING) {
        return;
    }
    rc = control_pack(core->packed, sizeof(core->packed), &size, message);
    if (rc != ERR_OK) {
        const char *problem = control_problem(message);
        env_trace(&core->env, TRACE_LEVEL_WARN, "control.unpackable", "body=%s field=%s",
                  control_name(message), problem != NULL ? problem : "size");
        return;
    }
    rc = link_hub_control(core->hub, client->handle, core->packed, size);
    if (rc != ERR_OK) {
        /* The link closes a session that reads too slowly; CLOSED follows. */
        env_trace(&core->env, TRACE_LEVEL_DEBUG, "control.not_sent", "body=%s why=%s",
                  control_name(message), err_name(rc));
    }
}

void control_refuse(struct relay_core *core, struct relay_client *client, uint32_t request_id,
                    enum verdict verdict, const char *text)
{
    Ziglan__Error body = ZIGLAN__ERROR__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    char copy[CONTROL_TEXT_SIZE_MAX + 1];

    if (request_id == 0) {
        return;
    }
    (void)strncpy(copy, text != NULL ? text : verdict_text(verdict), sizeof(copy) - 1);
    copy[sizeof(copy) - 1] = '\0';
    body.code = (uint32_t)verdict;
    body.text = copy;
    message.request_id = request_id;
    message.body_case = ZIGLAN__CONTROL__BODY_ERROR;
    message.error = &body;
    control_send(core, client, &message);
}

void control_observed_send(struct relay_core *core, struct relay_client *client)
{
    Ziglan__Address address = ZIGLAN__ADDRESS__INIT;
    Ziglan__ObservedAddress body = ZIGLAN__OBSERVED_ADDRESS__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    address.ip = control_ip(&client->remote);
    address.port = client->remote.port;
    body.address = &address;
    message.body_case = ZIGLAN__CONTROL__BODY_OBSERVED_ADDRESS;
    message.observed_address = &body;
    control_send(core, client, &message);
}

static void ping_answer(struct relay_core *core, struct relay_client *client,
                        const Ziglan__Control *request)
{
    Ziglan__Pong body = ZIGLAN__PONG__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.token = request->ping->token;
    body.load =
        (uint32_t)((uint64_t)session_index_count(core->index) * 1000 / core->cfg.session_max);
    message.request_id = request->request_id;
    message.body_case = ZIGLAN__CONTROL__BODY_PONG;
    message.pong = &body;
    control_send(core, client, &message);
}

/* What only members may ask. */
static void member_dispatch(struct relay_core *core, struct relay_client *client,
                            const Ziglan__Control *message, struct mono now)
{
    switch (message->body_case) {
    case ZIGLAN__CONTROL__BODY_LOOKUP:
        ziglan_on_lookup(core, client, message);
        break;
    case ZIGLAN__CONTROL__BODY_WATCH:
        watch_on_watch(core, client, message, now);
        break;
    case ZIGLAN__CONTROL__BODY_LEAVE:
        ziglan_on_leave(core, client, message, now);
        break;
    default:
        /* Administrators' keys are not part of this version: invites and revocations are made
         * on the server itself. */
        control_refuse(core, client, message->request_id, VERDICT_REFUSED,
                       "only on the server itself: relayd invite, relayd revoke");
        break;
    }
}

static void dispatch(struct relay_core *core, struct relay_client *client,
                     const Ziglan__Control *message, struct mono now)
{
    switch (message->body_case) {
    case ZIGLAN__CONTROL__BODY_PING:
        ping_answer(core, client, message);
        break;
    case ZIGLAN__CONTROL__BODY_JOIN:
        join_on_join(core, client, message, now);
        break;
    case ZIGLAN__CONTROL__BODY_PUNCH_REQUEST:
        punch_on_request(core, client, message, now);
        break;
    case ZIGLAN__CONTROL__BODY_PUNCH_ANSWER:
        punch_on_answer(core, client, message, now);
        break;
    case ZIGLAN__CONTROL__BODY_PUNCH_RESULT:
        punch_on_result(core, client, message, now);
        break;
    case ZIGLAN__CONTROL__BODY_LOOKUP:
    case ZIGLAN__CONTROL__BODY_WATCH:
    case ZIGLAN__CONTROL__BODY_LEAVE:
    case ZIGLAN__CONTROL__BODY_INVITE:
    case ZIGLAN__CONTROL__BODY_REVOKE:
        if (client->state == RELAY_CLIENT_STATE_MEMBER) {
            member_dispatch(core, client, message, now);
        } else {
            core->counters.control_not_member++;
            control_refuse(core, client, message->request_id, VERDICT_NOT_MEMBER, NULL);
        }
        break;
    default: /* what only a server says, and what this version does not know */
        core->counters.control_unsupported++;
        control_refuse(core, client, message->request_id, VERDICT_UNSUPPORTED, NULL);
        break;
    }
}

/* Too many messages: say so once in a while, so that a client in a loop can be found. */
static void rate_refuse(struct relay_core *core, struct relay_client *client, uint32_t request_id,
                        struct mono now)
{
    core->counters.control_rate++;
    if (!client->refused_once || mono_due(mono_add_ms(client->refused_at, REFUSAL_EVERY_MS), now)) {
        client->refused_once = true;
        client->refused_at = now;
        control_refuse(core, client, request_id, VERDICT_LIMIT, NULL);
    }
}

void control_on_message(struct relay_core *core, const struct link_event *event, struct mono now)
{
    struct relay_client *client = relay_client_at(core, event->handle);
    Ziglan__Control *message = NULL;

    if (client == NULL || client->state == RELAY_CLIENT_STATE_CLOSING) {
        return;
    }
    if (control_unpack(&message, &core->arena, event->data, event->size) != ERR_OK) {
        core->counters.control_bad++;
        return;
    }
    if (!limits_control_take(client, now)) {
        rate_refuse(core, client, message->request_id, now);
        return;
    }
    if (message->body_case != ZIGLAN__CONTROL__BODY_JOIN) {
        joins_flush(core, now); /* the order of messages is kept */
    }
    dispatch(core, client, message, now);
}
