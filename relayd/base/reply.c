/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packing a message and handing it to the link. */
#include "relayd/base/reply.h"

#include <stddef.h>
#include <string.h>

void reply_send(struct reply *reply, const struct relay_client *client,
                const Ziglan__Control *message)
{
    size_t size = 0;
    int rc;

    if (!relay_client_is_active(client)) {
        return;
    }
    rc = control_pack(reply->packed, sizeof(reply->packed), &size, message);
    if (rc != ERR_OK) {
        const char *problem = control_problem(message);
        env_trace(reply->env, TRACE_LEVEL_WARN, "control.unpackable", "body=%s field=%s",
                  control_name(message), problem != NULL ? problem : "size");
        return;
    }
    rc = link_hub_control(reply->hub, client->handle, reply->packed, size);
    if (rc != ERR_OK) {
        /* The link closes a connection whose peer reads too slowly; CLOSED follows. */
        env_trace(reply->env, TRACE_LEVEL_DEBUG, "control.not_sent", "body=%s why=%s",
                  control_name(message), err_name(rc));
    }
}

void reply_go_away(struct reply *reply, const struct relay_client *client,
                   const struct go_away *why)
{
    Ziglan__GoAway body = ZIGLAN__GO_AWAY__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.reason = (uint32_t)why->reason;
    body.reconnect_in_ms = why->reconnect_in_ms;
    body.text = control_text(why->text);
    body.lanes_ms = why->lanes_ms;
    message.body_case = ZIGLAN__CONTROL__BODY_GO_AWAY;
    message.go_away = &body;
    reply_send(reply, client, &message);
}

static void error_count(struct relay_counters *counters, enum verdict verdict)
{
    static const size_t places[VERDICT_COUNT] = {
        [VERDICT_BAD_REQUEST] = offsetof(struct relay_counters, error_bad_request),
        [VERDICT_NOT_MEMBER] = offsetof(struct relay_counters, error_not_member),
        [VERDICT_INVITE_INVALID] = offsetof(struct relay_counters, error_invite_invalid),
        [VERDICT_NAME_TAKEN] = offsetof(struct relay_counters, error_name_taken),
        [VERDICT_NOT_FOUND] = offsetof(struct relay_counters, error_not_found),
        [VERDICT_LIMIT] = offsetof(struct relay_counters, error_limit),
        [VERDICT_MEASURE_FIRST] = offsetof(struct relay_counters, error_measure_first),
        [VERDICT_REFUSED] = offsetof(struct relay_counters, error_refused),
        [VERDICT_UNSUPPORTED] = offsetof(struct relay_counters, error_unsupported),
        [VERDICT_REVOKED] = offsetof(struct relay_counters, error_revoked),
        [VERDICT_UNAVAILABLE] = offsetof(struct relay_counters, error_unavailable),
        [VERDICT_CLOCK] = offsetof(struct relay_counters, error_clock),
        [VERDICT_ENDED] = offsetof(struct relay_counters, error_ended),
    };

    if (verdict > VERDICT_OK && verdict < VERDICT_COUNT) {
        (*(uint64_t *)(void *)((char *)counters + places[verdict]))++;
    }
}

void reply_refuse(struct reply *reply, const struct relay_client *client, uint32_t request_id,
                  enum verdict verdict, const char *text)
{
    Ziglan__Error body = ZIGLAN__ERROR__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    char copy[CONTROL_TEXT_SIZE_MAX + 1];

    error_count(reply->counters, verdict);
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
    reply_send(reply, client, &message);
}

void reply_result(struct reply *reply, const struct relay_client *client, uint32_t request_id,
                  enum verdict verdict)
{
    Ziglan__Done body = ZIGLAN__DONE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    if (verdict != VERDICT_OK) {
        reply_refuse(reply, client, request_id, verdict, NULL);
    } else if (request_id != 0) {
        message.request_id = request_id;
        message.body_case = ZIGLAN__CONTROL__BODY_DONE;
        message.done = &body;
        reply_send(reply, client, &message);
    }
}
