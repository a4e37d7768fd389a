/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks a frame, finds its receiver, and hands it to the link; Gone if there is no receiver. */
#include "relayd/service/forward.h"

#include "proto/base/rbuf.h"
#include "proto/wire/relayed.h"

#include <string.h>

enum gone_reason { GONE_NO_SESSION = 0, GONE_NOT_ALLOWED = 1, GONE_OVER_VOLUME = 2 };

bool forward_allowed(const struct relay_base *base, const struct relay_client *from,
                     const struct relay_client *to)
{
    bool members =
        from->state == RELAY_CLIENT_STATE_MEMBER && to->state == RELAY_CLIENT_STATE_MEMBER;

    return members ||
           (base->cfg.open_relay && relay_client_is_active(from) && relay_client_is_active(to));
}

/* Tell the sender that its frame went nowhere, once a second for each key. A stranger's frames get
 * this far on an open relay only, so elsewhere it cannot find out who is here. */
static void gone_send(struct relay_base *base, struct relay_client *client,
                      const uint8_t dst[KEY_SIZE], enum gone_reason reason, struct mono now)
{
    Ziglan__Gone body = ZIGLAN__GONE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    if (!limits_gone_take(&client->limits, dst, now)) {
        base->counters.gone_suppressed++;
        return;
    }
    body.dst = control_bytes(dst, KEY_SIZE);
    body.reason = (uint32_t)reason;
    message.body_case = ZIGLAN__CONTROL__BODY_GONE;
    message.gone = &body;
    base->counters.gone_sent++;
    reply_send(&base->reply, client, &message);
}

/* The frame in a datagram, and the key that it is for. NULL, which is counted, if the datagram is
 * not one of a host to a host. */
static const uint8_t *frame_take(struct relay_base *base, const struct link_event *event,
                                 const uint8_t **dst, size_t *frame_size)
{
    struct rbuf r = rbuf_over(event->data, event->size);
    uint8_t kind = rbuf_u8(&r);
    const uint8_t *frame;

    if (kind != SESSION_DGRAM_TO) {
        base->counters.drop_kind++;
        return NULL;
    }
    *dst = rbuf_take(&r, KEY_SIZE);
    *frame_size = rbuf_left(&r);
    frame = rbuf_take(&r, *frame_size);
    if (!rbuf_done(&r) || !relayed_frame_allowed(frame, *frame_size)) {
        base->counters.drop_malformed++;
        return NULL;
    }
    return frame;
}

/* The session of dst. NULL, which is counted, if there is none that this sender may reach. */
static struct relay_client *receiver_find(struct relay_base *base, struct relay_client *from,
                                          const uint8_t dst[KEY_SIZE], struct mono now)
{
    struct relay_client *to;

    if (from->state != RELAY_CLIENT_STATE_MEMBER && !base->cfg.open_relay) {
        base->counters.drop_not_allowed++;
        return NULL;
    }
    if (memcmp(dst, from->key, KEY_SIZE) == 0) {
        base->counters.drop_to_itself++;
        return NULL;
    }
    to = session_table_of_key(&base->sessions, dst);
    if (to == NULL) {
        base->counters.drop_no_session++;
        gone_send(base, from, dst, GONE_NO_SESSION, now);
        return NULL;
    }
    if (!forward_allowed(base, from, to)) {
        base->counters.drop_not_allowed++;
        gone_send(base, from, dst, GONE_NOT_ALLOWED, now);
        return NULL;
    }
    return to;
}

/* True if so many bytes may be forwarded for this sender, by what it and what all may use. Counted
 * if not, and the sender is told where it lasts for days. */
static bool allowance_take(struct relay_base *base, struct relay_client *from,
                           const uint8_t dst[KEY_SIZE], size_t size, struct mono now)
{
    bool member = from->state == RELAY_CLIENT_STATE_MEMBER;

    if (!member && !limits_forward_take(&base->limits, from->key, &from->remote, size, now)) {
        return false;
    }
    switch (allotment_take(&base->allotment, member, size, now)) {
    case ALLOTMENT_OK:
        return true;
    case ALLOTMENT_BANDWIDTH:
        base->counters.drop_bandwidth++;
        return false;
    case ALLOTMENT_VOLUME:
        base->counters.drop_volume++;
        gone_send(base, from, dst, GONE_OVER_VOLUME, now);
        return false;
    }
    return false;
}

/* True if the receiver's queue has room for so many bytes of this sender; counted if not. */
static bool room_take(struct relay_base *base, const struct relay_client *from,
                      struct relay_client *to, size_t size, struct mono now)
{
    if (!fair_take(&to->fair, relay_client_number(from), size,
                   link_hub_datagrams_waiting(base->hub, to->handle), LINK_SESSION_QUEUE_BYTES,
                   now)) {
        base->counters.drop_share++;
        return false;
    }
    return true;
}

void forward_on_datagram(struct relay_base *base, const struct link_event *event, struct mono now)
{
    struct relay_client *from = session_table_at(&base->sessions, event->handle);
    struct relay_client *to;
    const uint8_t *dst = NULL;
    const uint8_t *frame;
    size_t frame_size = 0;
    uint8_t head[SESSION_DGRAM_HEADER_SIZE];

    if (from == NULL || !relay_client_is_active(from)) {
        base->counters.drop_no_session++;
        return;
    }
    frame = frame_take(base, event, &dst, &frame_size);
    if (frame == NULL) {
        return;
    }
    to = receiver_find(base, from, dst, now);
    if (to == NULL || !room_take(base, from, to, frame_size, now) ||
        !allowance_take(base, from, dst, frame_size, now)) {
        return;
    }
    /* The source is the key that this session proved; nothing the sender wrote goes into it. */
    head[0] = SESSION_DGRAM_FROM;
    memcpy(head + 1, from->key, KEY_SIZE);
    if (!link_hub_datagram(base->hub, to->handle, head, sizeof(head), frame, frame_size)) {
        base->counters.drop_queue++;
        return;
    }
    base->counters.forwarded_frames++;
    base->counters.forwarded_bytes += frame_size;
}
