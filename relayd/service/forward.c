/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks a frame, finds its receiver, and hands it to the link, or to forward_relay.h. */
#include "relayd/service/forward.h"

#include "proto/base/rbuf.h"
#include "proto/wire/relayed.h"

#include <string.h>

bool forward_allowed(const struct relay_base *base, const struct relay_client *from,
                     const struct relay_client *to)
{
    bool members =
        from->state == RELAY_CLIENT_STATE_MEMBER && to->state == RELAY_CLIENT_STATE_MEMBER;

    return (members ||
            (base->cfg.open_relay && relay_client_is_active(from) && relay_client_is_active(to))) &&
           !block_table_has(base->blocks, to->key, from->key);
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

/* True if the sender may send frames at all, and to this key; counted if not. Who may not hears the
 * same of every key. */
static bool sender_allowed(struct relay_base *base, struct relay_client *from,
                           const uint8_t dst[KEY_SIZE], struct mono now)
{
    if (from->state != RELAY_CLIENT_STATE_MEMBER && !base->cfg.open_relay) {
        base->counters.drop_not_allowed++;
        gone_send(base, from, dst, GONE_NOT_ALLOWED, now);
        return false;
    }
    if (memcmp(dst, from->key, KEY_SIZE) == 0) {
        base->counters.drop_to_itself++;
        return false;
    }
    return true;
}

bool forward_charge(struct relay_base *base, struct relay_client *from, const uint8_t dst[KEY_SIZE],
                    size_t size, struct mono now)
{
    bool member = from->state == RELAY_CLIENT_STATE_MEMBER;

    enum limits_verdict own =
        member ? LIMITS_OK
               : limits_forward_take(&base->limits, from->key, &from->remote, size, now);

    if (own != LIMITS_OK) {
        gone_send(base, from, dst, own == LIMITS_DAY ? GONE_OVER_DAY : GONE_OVER_RATE, now);
        return false;
    }
    switch (allotment_take(&base->allotment, member, size, now)) {
    case ALLOTMENT_OK:
        return true;
    case ALLOTMENT_BANDWIDTH:
        base->counters.drop_bandwidth++;
        gone_send(base, from, dst, GONE_OVER_BANDWIDTH, now);
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
    bool member = from->state == RELAY_CLIENT_STATE_MEMBER;
    const struct fair_sender sender = {
        .number = member ? relay_client_number(from) : limits_address_number(&from->remote),
        .stranger = !member,
    };

    if (!fair_take(&to->fair, sender, size, link_hub_datagrams_waiting(base->hub, to->handle),
                   LINK_SESSION_QUEUE_BYTES, now)) {
        base->counters.drop_share++;
        return false;
    }
    return true;
}

/* A frame for a session here. */
static void deliver(struct relay_base *base, struct relay_client *from, struct relay_client *to,
                    const uint8_t *frame, size_t size, struct mono now)
{
    uint8_t head[SESSION_DGRAM_HEADER_SIZE];

    if (!forward_allowed(base, from, to)) {
        if (block_table_has(base->blocks, to->key, from->key)) {
            base->counters.drop_blocked++;
        } else {
            base->counters.drop_not_allowed++;
        }
        gone_send(base, from, to->key, GONE_NOT_ALLOWED, now);
        return;
    }
    if (!room_take(base, from, to, size, now) || !forward_charge(base, from, to->key, size, now)) {
        return;
    }
    /* The source is the key that this session proved; nothing the sender wrote goes into it. */
    head[0] = SESSION_DGRAM_FROM;
    memcpy(head + 1, from->key, KEY_SIZE);
    if (!link_hub_datagram(base->hub, to->handle, head, sizeof(head), frame, size)) {
        base->counters.drop_queue++;
        return;
    }
    base->counters.forwarded_frames++;
    base->counters.forwarded_bytes += size;
    from->use.rx_bytes += size;
    to->use.tx_bytes += size;
}

void forward_on_datagram(struct forward_relay *relays, const struct link_event *event,
                         struct mono now)
{
    struct relay_base *base = relays->base;
    struct relay_client *from = session_table_at(&base->sessions, event->handle);
    struct relay_client *to;
    const uint8_t *dst = NULL;
    const uint8_t *frame;
    size_t frame_size = 0;

    if (from == NULL || !relay_client_is_active(from)) {
        base->counters.drop_no_session++;
        return;
    }
    frame = frame_take(base, event, &dst, &frame_size);
    if (frame == NULL || !sender_allowed(base, from, dst, now)) {
        return;
    }
    to = session_table_of_key(&base->sessions, dst);
    if (to != NULL) {
        deliver(base, from, to, frame, frame_size, now);
    } else if (forward_charge(base, from, dst, frame_size, now)) {
        from->use.rx_bytes += frame_size;
        forward_relay_take(relays, from, dst, frame, frame_size, now);
    }
}
