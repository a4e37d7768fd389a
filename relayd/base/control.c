/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the session of a message, unpacking it, and the rate of one session's messages. */
#include "relayd/base/control.h"

/* The answer goes out once a second only; it helps whoever looks for a client in a loop. */
static void rate_refuse(struct relay_base *base, struct relay_client *client, uint32_t request_id,
                        struct mono now)
{
    base->counters.control_rate++;
    if (limits_refusal_take(&client->limits, now)) {
        reply_refuse(&base->reply, client, request_id, VERDICT_LIMIT,
                     "too many messages at once; what waits is tried again in a moment");
    }
}

struct relay_client *control_session(const struct relay_base *base, struct handle handle)
{
    struct relay_client *client = session_table_at(&base->sessions, handle);
    const struct neighbour *stays = client != NULL && client->gave_way
                                        ? neighbour_of_key(&base->neighbours, client->key)
                                        : NULL;

    return stays != NULL ? stays->client : client;
}

const Ziglan__Control *control_take(struct relay_base *base, const struct link_event *event,
                                    struct relay_client **client, struct mono now)
{
    struct relay_client *from = control_session(base, event->handle);
    Ziglan__Control *message = NULL;

    if (from == NULL || !relay_client_is_active(from)) {
        return NULL;
    }
    if (control_unpack(&message, &base->arena, event->data, event->size) != ERR_OK) {
        base->counters.control_bad++;
        return NULL;
    }
    if (!handle_equal(from->handle, event->handle) &&
        message->body_case == ZIGLAN__CONTROL__BODY_GO_AWAY) {
        return NULL; /* it means the session by which it came */
    }
    if (!limits_control_take(&from->limits, from->neighbour != NULL, now)) {
        rate_refuse(base, from, message->request_id, now);
        return NULL;
    }
    *client = from;
    return message;
}
