/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One message, and its limit. */
#include "relayd/service/gone.h"

static void send(struct relay_base *base, struct relay_client *client, Ziglan__Gone *body,
                 struct mono now)
{
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    if (!limits_gone_take(&client->limits, body->dst.data, now)) {
        base->counters.gone_suppressed++;
        return;
    }
    message.body_case = ZIGLAN__CONTROL__BODY_GONE;
    message.gone = body;
    base->counters.gone_sent++;
    reply_send(&base->reply, client, &message);
}

void gone_send(struct relay_base *base, struct relay_client *client, const uint8_t dst[KEY_SIZE],
               enum gone_reason reason, struct mono now)
{
    Ziglan__Gone body = ZIGLAN__GONE__INIT;

    body.dst = control_bytes(dst, KEY_SIZE);
    body.reason = (uint32_t)reason;
    send(base, client, &body, now);
}

void gone_send_relay(struct relay_base *base, struct relay_client *client,
                     const uint8_t dst[KEY_SIZE], enum gone_reason reason,
                     const uint8_t relay[KEY_SIZE], struct mono now)
{
    Ziglan__Gone body = ZIGLAN__GONE__INIT;

    body.dst = control_bytes(dst, KEY_SIZE);
    body.reason = (uint32_t)reason;
    body.relay = control_bytes(relay, KEY_SIZE);
    send(base, client, &body, now);
}
