/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames from session to session: dst in, authenticated src out. */
#include "proto/base/rbuf.h"
#include "relayd/core/core_internal.h"

#include <string.h>

enum gone_reason { GONE_NO_SESSION = 0, GONE_NOT_ALLOWED = 1 };

bool forward_allowed(const struct relay_core *core, const struct relay_client *from,
                     const struct relay_client *to)
{
    bool members =
        from->state == RELAY_CLIENT_STATE_MEMBER && to->state == RELAY_CLIENT_STATE_MEMBER;

    return members || (core->cfg.open_relay && from->state != RELAY_CLIENT_STATE_CLOSING &&
                       to->state != RELAY_CLIENT_STATE_CLOSING);
}

/* A sender learns that its frame went nowhere, at most once a second and key. Whether a stranger's
 * target exists is not told: strangers never get here unless the relay is open. */
static void gone_send(struct relay_core *core, struct relay_client *client,
                      const uint8_t dst[KEY_SIZE], enum gone_reason reason, struct mono now)
{
    Ziglan__Gone body = ZIGLAN__GONE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    if (!limits_gone_take(client, dst, now)) {
        core->counters.gone_suppressed++;
        return;
    }
    body.dst = control_bytes(dst, KEY_SIZE);
    body.reason = (uint32_t)reason;
    message.body_case = ZIGLAN__CONTROL__BODY_GONE;
    message.gone = &body;
    core->counters.gone_sent++;
    control_send(core, client, &message);
}

/* The frame behind the header, or NULL (counted) if the datagram is none of ours. */
static const uint8_t *frame_take(struct relay_core *core, const struct link_event *event,
                                 const uint8_t **dst, size_t *frame_size)
{
    struct rbuf r = rbuf_over(event->data, event->size);
    uint8_t kind = rbuf_u8(&r);
    const uint8_t *frame;

    if (kind != SESSION_DGRAM_TO) {
        core->counters.drop_kind++;
        return NULL;
    }
    *dst = rbuf_take(&r, KEY_SIZE);
    *frame_size = rbuf_left(&r);
    frame = rbuf_take(&r, *frame_size);
    if (!rbuf_done(&r) || *frame_size < RELAYED_FRAME_SIZE_MIN || *frame_size > FRAME_SIZE_MAX ||
        frame[0] < FRAME_HOST_FIRST || frame[0] > FRAME_HOST_LAST) {
        core->counters.drop_malformed++;
        return NULL;
    }
    return frame;
}

static uint64_t source_of(const struct relay_client *from)
{
    return (uint64_t)from->handle.generation << 32 | from->handle.index;
}

void forward_on_datagram(struct relay_core *core, const struct link_event *event, struct mono now)
{
    struct relay_client *from = relay_client_at(core, event->handle);
    struct relay_client *to;
    const uint8_t *dst = NULL;
    const uint8_t *frame;
    size_t frame_size = 0;
    uint8_t head[SESSION_DGRAM_HEADER_SIZE];

    if (from == NULL || from->state == RELAY_CLIENT_STATE_CLOSING) {
        core->counters.drop_no_session++;
        return;
    }
    frame = frame_take(core, event, &dst, &frame_size);
    if (frame == NULL) {
        return;
    }
    if (from->state != RELAY_CLIENT_STATE_MEMBER && !core->cfg.open_relay) {
        core->counters.drop_not_allowed++;
        return;
    }
    if (memcmp(dst, from->key, KEY_SIZE) == 0) {
        core->counters.drop_to_itself++;
        return;
    }
    to = relay_client_of_key(core, dst);
    if (to == NULL) {
        core->counters.drop_no_session++;
        gone_send(core, from, dst, GONE_NO_SESSION, now);
        return;
    }
    if (!forward_allowed(core, from, to)) {
        core->counters.drop_not_allowed++;
        gone_send(core, from, dst, GONE_NOT_ALLOWED, now);
        return;
    }
    if (from->state != RELAY_CLIENT_STATE_MEMBER && !limits_forward_take(from, frame_size, now)) {
        core->counters.drop_rate++;
        return;
    }
    if (!fair_take(&to->fair, source_of(from), frame_size,
                   link_hub_datagrams_waiting(core->hub, to->handle), LINK_SESSION_QUEUE_BYTES,
                   now)) {
        core->counters.drop_share++;
        return;
    }
    /* The source is the key that this session proved; nothing the sender wrote goes into it. */
    head[0] = SESSION_DGRAM_FROM;
    memcpy(head + 1, from->key, KEY_SIZE);
    if (!link_hub_datagram(core->hub, to->handle, head, sizeof(head), frame, frame_size)) {
        core->counters.drop_queue++;
        return;
    }
    core->counters.forwarded_frames++;
    core->counters.forwarded_bytes += frame_size;
}
