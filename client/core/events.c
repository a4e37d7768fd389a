/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each event of the hub, and each message of a relay, goes to the room that it concerns. */
#include "client/core/events.h"

#include "client/core/dataplane.h"
#include "client/core/homing.h"
#include "client/core/lifetimes.h"
#include "client/core/membership.h"
#include "client/core/telling.h"
#include "client/core/twins.h"
#include "client/peer/handshake.h"
#include "client/peer/initiation.h"
#include "client/peer/introduction.h"
#include "client/peer/lanes.h"
#include "client/peer/locating.h"
#include "client/peer/pathfinder.h"
#include "client/stun2/relay_upkeep.h"
#include "client/stun2/seeking.h"
#include "client/ziglan/ziglan_messages.h"
#include "proto/crypto/key_form.h"
#include "proto/wire/control.h"
#include "proto/wire/verdict.h"

#include <string.h>

/* The relay that an event is about. */
struct sender {
    struct relay_session *relay;
    struct ziglan *ziglan; /* NULL: it is of none */
};

/* The peer with this key, if the relay may speak about it: an entry point about members of its own
 * ziglan; and any relay that is a path to a peer, about that. An entry point is a path to strangers
 * of its ziglan only where the user named them. Else NULL. */
static struct peer *peer_of(const struct host_core *core, const struct sender *from,
                            const uint8_t *key, size_t size)
{
    struct peer *peer =
        from->ziglan == NULL ? NULL : peer_find_in(&core->peers, from->ziglan, key, size);

    if (peer != NULL) {
        return peer;
    }
    peer = size == KEY_SIZE ? peer_find(&core->peers, key) : NULL;
    if (peer != NULL && peer->contact == NULL && from->ziglan != NULL) {
        return NULL;
    }
    return peer != NULL && peer->conversation != NULL &&
                   path_table_find_relay(&peer->conversation->paths, from->relay) != NULL
               ? peer
               : NULL;
}

/* ---- control messages ---- */

/* A relay serves us from now on: handshakes that had no way to the peer have one, and punches that
 * were due can be asked for. */
static void on_serves(struct host_core *core, struct relay_session *relay, struct mono now)
{
    lanes_claim(&core->peers, relay, now);
    for (size_t i = 0; i < core->peers.count; i++) {
        struct conversation *a =
            core->peers.list[i] == NULL ? NULL : core->peers.list[i]->conversation;

        if (a == NULL) {
            continue;
        }
        initiation_wake(a, now);
        if (path_table_direct(&a->paths) == NULL) {
            conversation_wake(a, now);
        }
    }
}

/* The peer that a relay was asked for by this request, or NULL. */
static struct peer *located_peer(const struct host_core *core, uint32_t request_id)
{
    return (request_id & ~(uint32_t)LOCATING_ID_MASK) != LOCATING_REQUEST_FLAG
               ? NULL
               : peer_at(&core->peers, request_id & LOCATING_ID_MASK);
}

static void on_located(struct host_core *core, const struct sender *from, uint32_t request_id,
                       const Ziglan__Located *located, struct mono now)
{
    struct peer *peer = located_peer(core, request_id);

    if (seeking_is_request(request_id)) {
        seeking_on_located(&core->relays, from->relay, located, now);
    } else if (peer != NULL && locating_on_located(peer, from->relay, located) &&
               peer->conversation->initiating.active) {
        initiation_again(peer->conversation, now);
        conversation_wake(peer->conversation, now);
    }
}

static void on_error(struct host_core *core, const struct sender *from, uint32_t request_id,
                     const Ziglan__Error *error, struct mono now)
{
    struct peer *sought = located_peer(core, request_id);

    if (lanes_is_request(request_id)) { /* frames go on in the session */
        lanes_on_refused(&core->peers, from->relay, request_id, error->code == VERDICT_LIMIT, now);
        return;
    }
    if (request_id != ZIGLAN_REQUEST_JOIN) { /* of that the ziglan tells */
        relay_log_error(&from->relay->log, error, now);
    }
    if (sought != NULL) {
        locating_on_refused(sought, from->relay, error->code);
        return;
    }
    if (seeking_is_request(request_id)) {
        seeking_on_refused(&core->relays, request_id, error->code);
        return;
    }
    if ((request_id & INTRODUCTION_REQUEST_FLAG) == 0) {
        if (from->ziglan != NULL) {
            ziglan_on_error(from->ziglan, from->relay, request_id, error, now);
        }
        return;
    }
    if (error->code == VERDICT_MEASURE_FIRST) { /* the punch goes on */
        core->nat_wanted = true;
        return;
    }
    struct peer *peer = peer_at(&core->peers, request_id & ~(uint32_t)INTRODUCTION_REQUEST_FLAG);
    if (peer != NULL && peer->conversation != NULL &&
        peer_of(core, from, peer->key, KEY_SIZE) != NULL) {
        introduction_on_refused(peer->conversation, error->text, now);
    }
}

static enum why_code why_of_gone(const Ziglan__Gone *gone)
{
    static const enum why_code codes[] = {WHY_PEER_OFFLINE,  WHY_NOT_ALLOWED, WHY_OVER_VOLUME,
                                          WHY_VIA_UNREACHED, WHY_VIA_REFUSES, WHY_OVER_DAY};
    const struct why why = {
        .code =
            gone->reason < sizeof(codes) / sizeof(codes[0]) ? codes[gone->reason] : WHY_NOT_ALLOWED,
    };

    return why_is_via(&why) && gone->relay.len == 0 ? WHY_NOT_ALLOWED : why.code;
}

/* What a relay says that is not the one in use means nothing: the peer is elsewhere. So may be one
 * that the user named; the look-up tells (locating.h). */
static void on_gone(struct host_core *core, const struct sender *from, const Ziglan__Gone *gone,
                    struct mono now)
{
    struct peer *peer = peer_of(core, from, gone->dst.data, gone->dst.len);
    struct why why = {.code = why_of_gone(gone)};
    const struct path *used = peer == NULL || peer->conversation == NULL
                                  ? NULL
                                  : path_table_present(&peer->conversation->paths);

    if (used == NULL || used->relay != from->relay) {
        return;
    }
    if (gone_is_too_fast(gone->reason)) {
        relay_log_too_fast(&from->relay->log, (enum gone_reason)gone->reason, now);
        return;
    }
    if (why_is_via(&why)) {
        (void)key_short(gone->relay.data, why.detail);
    } else if (peer->contact != NULL && peer->conversation->sessions.current == NULL) {
        return;
    }
    conversation_why(peer->conversation, why.code, why.detail);
}

/* Conversations that waited for this after a move may ask the relay to introduce them again. */
static void on_observed(struct host_core *core, struct relay_session *relay,
                        const Ziglan__ObservedAddress *observed, struct mono now)
{
    const Ziglan__Address *address = observed->address;
    struct endpoint here;

    if (address == NULL) {
        return;
    }
    here = endpoint_of_bytes(address->ip.data, address->ip.len, (uint16_t)address->port);
    relay_session_on_observed(relay, &here, now);
    lifetimes_look(core, now);
    for (size_t i = 0; i < core->peers.count; i++) {
        if (core->peers.list[i] != NULL && core->peers.list[i]->conversation != NULL) {
            conversation_wake(core->peers.list[i]->conversation, now);
        }
    }
}

static void on_go_away(struct host_core *core, const struct sender *from,
                       const Ziglan__GoAway *go_away, struct mono now)
{
    homing_on_go_away(core, from->relay, (enum goaway)go_away->reason, now);
    if (from->ziglan != NULL) {
        ziglan_on_go_away(from->ziglan, from->relay, go_away, now);
    } else if (go_away->reason == GOAWAY_NOT_ADMITTED) { /* it is not open to strangers now */
        relay_session_close(from->relay, RELAY_SESSION_GO_AWAY_MS, now);
    } else {
        relay_session_on_go_away(from->relay, go_away, now);
    }
}

/* What any relay says, of a ziglan or of none. */
static void on_relay_message(struct host_core *core, const struct sender *from,
                             const Ziglan__Control *message, struct mono now)
{
    switch (message->body_case) {
    case ZIGLAN__CONTROL__BODY_OBSERVED_ADDRESS:
        on_observed(core, from->relay, message->observed_address, now);
        break;
    case ZIGLAN__CONTROL__BODY_PONG:
        relay_facts_on_pong(&from->relay->facts, message->pong,
                            link_hub_rtt_ns(from->relay->hub, from->relay->active), now);
        break;
    case ZIGLAN__CONTROL__BODY_ERROR:
        on_error(core, from, message->request_id, message->error, now);
        break;
    case ZIGLAN__CONTROL__BODY_LOCATED:
        on_located(core, from, message->request_id, message->located, now);
        break;
    case ZIGLAN__CONTROL__BODY_NODES:
        seeking_on_nodes(&core->relays, from->relay, message->nodes, now);
        guides_on_nodes(&core->guides, from->relay, message->request_id, message->nodes, now);
        homing_on_nodes(core, from->relay, message->request_id, message->nodes, now);
        break;
    case ZIGLAN__CONTROL__BODY_GONE:
        on_gone(core, from, message->gone, now);
        break;
    case ZIGLAN__CONTROL__BODY_LANE_OPENED:
        lanes_on_opened(
            peer_of(core, from, message->lane_opened->dst.data, message->lane_opened->dst.len),
            from->relay, message->lane_opened->label, message->lane_opened->secret.data, false,
            now);
        break;
    case ZIGLAN__CONTROL__BODY_LANE_INCOMING:
        lanes_on_opened(
            peer_of(core, from, message->lane_incoming->src.data, message->lane_incoming->src.len),
            from->relay, message->lane_incoming->label, message->lane_incoming->secret.data, true,
            now);
        break;
    case ZIGLAN__CONTROL__BODY_LANE_CLOSED:
        lanes_on_closed(&core->peers, from->relay, message->lane_closed->label, now);
        break;
    case ZIGLAN__CONTROL__BODY_GO_AWAY:
        on_go_away(core, from, message->go_away, now);
        break;
    case ZIGLAN__CONTROL__BODY_PUNCH_REQUEST:
        introduction_on_request(core->env, from->relay,
                                peer_of(core, from, message->punch_request->requester.data,
                                        message->punch_request->requester.len),
                                message->punch_request->punch_id, now);
        break;
    case ZIGLAN__CONTROL__BODY_PUNCH_GO:
        introduction_on_go(
            peer_of(core, from, message->punch_go->peer.data, message->punch_go->peer.len),
            message->punch_go, now);
        break;
    case ZIGLAN__CONTROL__BODY_PUNCH_UPDATE:
        introduction_on_update(
            peer_of(core, from, message->punch_update->peer.data, message->punch_update->peer.len),
            message->punch_update, now);
        break;
    default: /* what only servers are told, and what later versions add */
        break;
    }
}

/* What an entry point says about its ziglan. True if it was that. Members are told by the one that
 * is watched: its place in the stream of changes is not another's. */
static bool on_ziglan_message(struct host_core *core, const struct sender *from,
                              const Ziglan__Control *message, struct mono now)
{
    bool watched = from->relay == from->ziglan->entry_point;

    switch (message->body_case) {
    case ZIGLAN__CONTROL__BODY_JOINED:
        ziglan_on_joined(from->ziglan, from->relay, message->joined, now);
        homing_on_change(core, now);
        on_serves(core, from->relay, now);
        return true;
    case ZIGLAN__CONTROL__BODY_CHANGES:
        if (watched) {
            membership_on_changes(core, from->ziglan, message->changes, now);
        }
        return true;
    case ZIGLAN__CONTROL__BODY_FOUND:
        if (watched && message->found->member != NULL) {
            membership_on_member(core, from->ziglan, message->found->member, now);
        }
        return true;
    case ZIGLAN__CONTROL__BODY_RELAY_HOSTS:
        if (watched) {
            ziglan_on_hosts(from->ziglan, message->relay_hosts->hosts, now);
        }
        return true;
    default:
        return false;
    }
}

static void on_control(struct host_core *core, const struct sender *from,
                       const struct link_event *event, struct mono now)
{
    Ziglan__Control *message;

    if (control_unpack(&message, core->arena, event->data, event->size) != ERR_OK) {
        core->dataplane.counters.foreign_dropped++;
        return;
    }
    if (from->ziglan == NULL || !on_ziglan_message(core, from, message, now)) {
        on_relay_message(core, from, message, now);
    }
}

/* ---- frames ---- */

void events_on_frame(struct host_core *core, const struct origin *origin, const uint8_t *frame,
                     size_t size, struct host_io *io, struct mono now)
{
    core->dataplane.counters.frames_in++;
    switch (frame[0]) {
    case FRAME_TYPE_DATA:
    case FRAME_TYPE_PING:
        dataplane_receive(core, origin, frame, size, io, now);
        break;
    default:
        handshake_receive(&core->handshakes, origin, frame, size, io, now);
        break;
    }
}

void events_on_lane(struct host_core *core, const struct dgram *in, struct host_io *io,
                    struct mono now)
{
    struct origin origin = {.local = in->local, .remote = in->remote};

    if (lane_data_decode(&origin.lane, in->data, in->size) == ERR_OK && origin.lane != 0) {
        events_on_frame(core, &origin, in->data + LANE_HEADER_SIZE, in->size - LANE_HEADER_SIZE, io,
                        now);
    } else if (!lanes_receive(&core->peers, in->data, in->size, now)) {
        core->dataplane.counters.foreign_dropped++;
    }
}

static void on_datagram(struct host_core *core, struct relay_session *relay,
                        const struct link_event *event, struct host_io *io, struct mono now)
{
    struct origin origin = {.relay = relay};

    if (event->size <= SESSION_DGRAM_HEADER_SIZE || event->data[0] != SESSION_DGRAM_FROM) {
        core->dataplane.counters.foreign_dropped++;
        return;
    }
    relay_upkeep_on_frame(relay);
    origin.source_key = event->data + 1;
    events_on_frame(core, &origin, event->data + SESSION_DGRAM_HEADER_SIZE,
                    event->size - SESSION_DGRAM_HEADER_SIZE, io, now);
}

/* ---- sessions ---- */

/* The ziglan sees the delegation first: its bytes are borrowed until the hub closes something. A
 * relay of no ziglan serves whoever has a session: it is open to strangers, or would end it. */
static void on_open(struct host_core *core, const struct sender *from,
                    const struct link_event *event, struct mono now)
{
    const ProtobufCBinaryData *delegation = &event->hello->delegation;

    if (from->ziglan != NULL) {
        ziglan_on_delegation(from->ziglan, delegation->data, delegation->len);
    }
    if (!twins_settle(core, from->relay, event->peer->key, now)) {
        return;
    }
    bool lanes_last = relay_session_keeps_lanes(from->relay) &&
                      memcmp(from->relay->relay_key, event->peer->key, KEY_SIZE) == 0;

    relay_session_on_open(from->relay, event, now);
    if (!lanes_last) {
        from->relay->keeps_lanes = false;
        lanes_forget(&core->peers, from->relay, now);
    }
    seeking_on_open(&core->relays, from->relay, event->hello, now);
    guides_on_open(&core->guides, from->relay, now);
    if (!homing_on_open(core, from->relay, now)) {
        return;
    }
    telling_begin(from->relay, now);
    mapping_check_on_relay(&core->mapping, now);
    membership_relay_opened(core, from->relay, now);
    if (from->ziglan != NULL) {
        ziglan_on_open(from->ziglan, from->relay, event->peer->server_time_ms, now);
    } else if (relay_session_is_used(from->relay)) {
        from->relay->serves = true;
        on_serves(core, from->relay, now);
    }
}

static void on_closed(struct host_core *core, const struct sender *from,
                      const struct link_event *event, struct mono now)
{
    enum link_reason reason = event->reason;
    bool was_active = relay_session_on_closed(from->relay, event, now);

    if (was_active) {
        lanes_forget(&core->peers, from->relay, now);
        homing_on_change(core, now);
    }
    if (from->ziglan != NULL) {
        ziglan_on_closed(from->ziglan, from->relay, was_active, reason, now);
    }
}

/* The session is only for a goodbye: no frames, no members. */
static void on_farewell(struct host_core *core, struct farewell *farewell,
                        const struct link_event *event, struct mono now)
{
    Ziglan__Control *message;

    switch (event->type) {
    case LINK_EVENT_OPEN:
        relay_session_on_open(farewell->session, event, now);
        seeking_on_open(&core->relays, farewell->session, event->hello, now);
        farewell_on_open(farewell, now);
        break;
    case LINK_EVENT_CONTROL:
        if (control_unpack(&message, core->arena, event->data, event->size) == ERR_OK) {
            farewell_on_message(&core->ziglans.farewells, farewell, message, now);
        }
        break;
    case LINK_EVENT_STALLED:
        relay_session_on_stalled(farewell->session, event->handle, now);
        break;
    case LINK_EVENT_REVIVED:
        relay_session_on_revived(farewell->session, event->handle, now);
        break;
    case LINK_EVENT_CLOSED:
        (void)relay_session_on_closed(farewell->session, event, now);
        break;
    case LINK_EVENT_DATAGRAM:
    case LINK_EVENT_REQUEST:
    case LINK_EVENT_MOVED:
        break;
    }
}

static void on_event(struct host_core *core, const struct link_event *event, struct host_io *io,
                     struct mono now)
{
    struct sender from = {.relay = relay_set_of(&core->relays, event->handle)};

    if (from.relay == NULL) {
        if (event->type == LINK_EVENT_OPEN) { /* of a dial that was given up */
            link_hub_close(core->relays.hub, event->handle, 0, "not wanted any more", now);
        }
        return;
    }
    struct farewell *farewell = farewell_of_relay(&core->ziglans.farewells, from.relay);
    if (farewell != NULL) {
        on_farewell(core, farewell, event, now);
        return;
    }
    if (event->type == LINK_EVENT_DATAGRAM) {
        on_datagram(core, from.relay, event, io, now);
        return;
    }
    from.ziglan = ziglan_list_of_relay(&core->ziglans, from.relay);
    switch (event->type) {
    case LINK_EVENT_OPEN:
        on_open(core, &from, event, now);
        break;
    case LINK_EVENT_CONTROL:
        on_control(core, &from, event, now);
        break;
    case LINK_EVENT_STALLED:
        relay_session_on_stalled(from.relay, event->handle, now);
        homing_on_change(core, now);
        break;
    case LINK_EVENT_REVIVED:
        relay_session_on_revived(from.relay, event->handle, now);
        break;
    case LINK_EVENT_CLOSED:
        on_closed(core, &from, event, now);
        break;
    case LINK_EVENT_DATAGRAM:
    case LINK_EVENT_REQUEST:
    case LINK_EVENT_MOVED:
        break;
    }
}

void events_drain(struct host_core *core, struct host_io *io, struct mono now)
{
    struct link_event event;

    while (link_hub_event(core->relays.hub, &event)) {
        on_event(core, &event, io, now);
    }
}
