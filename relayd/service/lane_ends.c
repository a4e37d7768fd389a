/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages to owners, and the one place where lanes are closed. */
#include "relayd/service/lane_ends.h"

#include "relayd/service/forward.h"

bool lane_ends_far_allowed(const struct relay_base *base, const struct relay_client *here,
                           const uint8_t far[KEY_SIZE])
{
    return relay_client_is_active(here) &&
           (here->state == RELAY_CLIENT_STATE_MEMBER || base->cfg.open_relay) &&
           !block_table_has(base->blocks, here->key, far);
}

bool lane_ends_allowed(const struct relay_base *base, const struct lane_end *end)
{
    const struct relay_client *one = end->owner;
    const struct relay_client *other = end->other->owner;

    if (lane_end_is_relays(end)) {
        return lane_ends_far_allowed(base, other, end->lane->far);
    }
    if (lane_end_is_relays(end->other)) {
        return lane_ends_far_allowed(base, one, end->lane->far);
    }
    return forward_allowed(base, one, other) && forward_allowed(base, other, one);
}

void lane_ends_tell_opened(struct relay_base *base, const struct lane_end *end, uint32_t request_id)
{
    Ziglan__LaneOpened body = ZIGLAN__LANE_OPENED__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.dst = control_bytes(lane_end_peer(end), KEY_SIZE);
    body.label = end->label;
    body.secret = control_bytes(end->secret, LANE_SECRET_SIZE);
    message.request_id = request_id;
    message.body_case = ZIGLAN__CONTROL__BODY_LANE_OPENED;
    message.lane_opened = &body;
    reply_send(&base->reply, end->owner, &message);
}

void lane_ends_tell_incoming(struct relay_base *base, const struct lane_end *end)
{
    Ziglan__LaneIncoming body = ZIGLAN__LANE_INCOMING__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.src = control_bytes(lane_end_peer(end), KEY_SIZE);
    body.label = end->label;
    body.secret = control_bytes(end->secret, LANE_SECRET_SIZE);
    message.body_case = ZIGLAN__CONTROL__BODY_LANE_INCOMING;
    message.lane_incoming = &body;
    reply_send(&base->reply, end->owner, &message);
}

void lane_ends_tell_closed(struct relay_base *base, const struct relay_client *client,
                           uint64_t label)
{
    Ziglan__LaneClosed body = ZIGLAN__LANE_CLOSED__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.label = label;
    message.body_case = ZIGLAN__CONTROL__BODY_LANE_CLOSED;
    message.lane_closed = &body;
    reply_send(&base->reply, client, &message);
}

void lane_ends_close(const struct lane_ends *ends, struct lane_end *end, bool both)
{
    struct relay_base *base = ends->base;
    const struct lane_end *other = end->other;

    env_trace(&base->env, TRACE_LEVEL_DEBUG, "lane.closed",
              "frames=%llu bytes=%llu back=%llu bytes_back=%llu", (unsigned long long)end->frames,
              (unsigned long long)end->bytes, (unsigned long long)other->frames,
              (unsigned long long)other->bytes);
    lane_ends_tell_closed(base, other->owner, other->label);
    if (both) {
        lane_ends_tell_closed(base, end->owner, end->label);
    }
    base->counters.lanes_closed++;
    lane_workers_closed(ends->workers, end);
    lane_table_close(ends->table, end);
}
