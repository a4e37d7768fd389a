/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which relay is asked, and which path a message of a relay concerns. */
#include "client/peer/lanes.h"

#include "client/path/lane_path.h"

static bool ask(const struct conversation *a, struct relay_session *relay)
{
    Ziglan__LaneOpen open = ZIGLAN__LANE_OPEN__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    open.dst = control_bytes(a->peer->key, KEY_SIZE);
    message.request_id = LANES_REQUEST_FLAG | a->peer->id;
    message.body_case = ZIGLAN__CONTROL__BODY_LANE_OPEN;
    message.lane_open = &open;
    return relay_session_send(relay, &message);
}

void lanes_on_relayed(struct conversation *a, struct relay_session *relay, struct mono now)
{
    if (a->shared->lanes && lane_demand_on_frame(&a->lane_demand, now) && relay->serves &&
        path_table_lane_of(&a->paths, relay) == NULL && ask(a, relay)) {
        lane_demand_on_asked(&a->lane_demand, now);
    }
}

bool lanes_is_request(uint32_t request_id)
{
    return (request_id & ~(uint32_t)LANES_ID_MASK) == LANES_REQUEST_FLAG;
}

void lanes_on_opened(struct peer *peer, struct relay_session *relay, uint64_t label,
                     const uint8_t secret[LANE_SECRET_SIZE], bool incoming, struct mono now)
{
    struct conversation *a = peer == NULL ? NULL : peer->conversation;
    struct lane lane;

    if (a == NULL || !a->shared->lanes || a->sessions.current == NULL || label == 0 ||
        peer->blocked || path_table_find_relay(&a->paths, relay) == NULL ||
        (!incoming && !a->lane_demand.asked && path_table_lane_of(&a->paths, relay) == NULL)) {
        return;
    }
    a->lane_demand.asked = a->lane_demand.asked && incoming;
    if (path_table_find_lane(&a->paths, label) != NULL) {
        return; /* both asked */
    }
    lane_init(&lane, label, secret, now);
    if (path_table_add_lane(&a->paths, relay, &lane, a->shared->frame_size_full, now) != NULL) {
        conversation_wake(a, now);
    }
}

/* ---- their end ---- */

static void remove_lane(struct conversation *a, struct path *path, struct mono now)
{
    path_table_remove(&a->paths, path);
    path_table_choose(&a->paths);
    lane_demand_on_closed(&a->lane_demand, now);
}

void lanes_on_closed(const struct peer_table *peers, const struct relay_session *relay,
                     uint64_t label, struct mono now)
{
    for (size_t i = 0; i < peers->count; i++) {
        struct conversation *a = peers->list[i] == NULL ? NULL : peers->list[i]->conversation;
        struct path *path = a == NULL ? NULL : path_table_find_lane(&a->paths, label);

        if (path != NULL && path->relay == relay) {
            remove_lane(a, path, now);
            return;
        }
    }
}

void lanes_forget(const struct peer_table *peers, const struct relay_session *relay,
                  struct mono now)
{
    for (size_t i = 0; i < peers->count; i++) {
        struct conversation *a = peers->list[i] == NULL ? NULL : peers->list[i]->conversation;
        struct path *path = a == NULL ? NULL : path_table_lane_of(&a->paths, relay);

        if (path != NULL) {
            remove_lane(a, path, now);
        }
    }
}

void lanes_on_network(struct conversation *a, struct mono now)
{
    for (size_t i = 0; i < a->paths.count; i++) {
        struct path *path = a->paths.list[i];

        if (path->kind == PATH_KIND_LANE) {
            lane_rebind(&path->lane, now);
            path_question(path, now);
        }
    }
}

void lanes_on_refused(const struct peer_table *peers, const struct relay_session *relay,
                      uint32_t request_id, bool busy, struct mono now)
{
    const struct peer *peer = peer_at(peers, request_id & LANES_ID_MASK);
    struct conversation *a = peer == NULL ? NULL : peer->conversation;
    struct path *path = a == NULL ? NULL : path_table_lane_of(&a->paths, relay);

    if (path != NULL && !(busy && path->state == PATH_STATE_USABLE)) {
        remove_lane(a, path, now);
    }
}

/* Ask whether a lane is the same as before; the relay may be at another address now. */
static bool claim(struct conversation *a, struct path *path, struct mono now)
{
    if (!ask(a, path->relay)) {
        return false;
    }
    a->lane_demand.asked = true;
    if (!endpoint_equal(&path->remote, &path->relay->remote)) {
        path->remote = path->relay->remote;
        lane_rebind(&path->lane, now);
        conversation_wake(a, now);
    }
    return true;
}

void lanes_claim(const struct peer_table *peers, struct relay_session *relay, struct mono now)
{
    if (!relay->serves || !relay->keeps_lanes) {
        return;
    }
    relay->keeps_lanes = false;
    for (size_t i = 0; i < peers->count; i++) {
        struct conversation *a = peers->list[i] == NULL ? NULL : peers->list[i]->conversation;
        struct path *path = a == NULL ? NULL : path_table_lane_of(&a->paths, relay);

        if (path != NULL && !claim(a, path, now)) {
            remove_lane(a, path, now);
        }
    }
}

/* ---- datagrams ---- */

static struct path *lane_of(const struct peer_table *peers, const struct lane_message *m,
                            struct conversation **owner)
{
    const struct peer *peer = peer_at(peers, lane_owner(m));

    *owner = peer == NULL ? NULL : peer->conversation;
    return *owner == NULL ? NULL : path_table_find_lane(&(*owner)->paths, m->label);
}

static bool on_challenge(const struct peer_table *peers, const uint8_t *data, size_t size,
                         struct mono now)
{
    struct lane_message m;
    struct conversation *a;
    struct path *path;

    if (lane_challenge_decode(&m, data, size) != ERR_OK) {
        return false;
    }
    path = lane_of(peers, &m, &a);
    if (path == NULL || !lane_on_challenge(&path->lane, &m, now)) {
        return false;
    }
    conversation_wake(a, now);
    return true;
}

static bool on_bound(const struct peer_table *peers, const uint8_t *data, size_t size,
                     struct mono now)
{
    struct lane_message m;
    struct conversation *a;
    struct path *path;

    if (lane_bound_decode(&m, data, size) != ERR_OK) {
        return false;
    }
    path = lane_of(peers, &m, &a);
    bool first = path != NULL && !path->lane.bound;

    if (path == NULL || !lane_on_bound(&path->lane, &m, data)) {
        return false;
    }
    if (first) {
        lane_path_begin(path, now);
    } else {
        path_question(path, now); /* it moved: is the other way good, too? */
    }
    conversation_wake(a, now);
    return true;
}

bool lanes_receive(const struct peer_table *peers, const uint8_t *data, size_t size,
                   struct mono now)
{
    return data[0] == FRAME_TYPE_LANE_CHALLENGE ? on_challenge(peers, data, size, now)
                                                : on_bound(peers, data, size, now);
}
