/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens to the paths of one peer, and in which order. */
#include "client/peer/pathfinder.h"

#include "client/peer/guesswork.h"
#include "client/peer/initiation.h"
#include "client/peer/introduction.h"
#include "client/peer/lanes.h"
#include "client/peer/pinging.h"
#include "client/peer/way_choice.h"
#include "client/stun2/relay_upkeep.h"

enum {
    RELAY_PING_MS = 15000,     /* the relayed round trip is measured so often while in use */
    RELAY_PING_BUSY_MS = 2000, /* with packets going: who only receives must notice, too, that
                                  the relay forgot its session (it was restarted) */
    RELAY_LEFT_PINGS = 3,      /* after the first one by the new way, ... */
    RELAY_LEFT_PING_MS = 100,  /* ... so long after it, and then with twice the time between */
    BUSY_MS = 10000,           /* packets went so recently */
};

void pathfinder_on_stale(struct conversation *a, struct mono now)
{
    if (path_table_relayed(&a->paths) == NULL) {
        return;
    }
    way_choice_doubt_all(a, now, now);
    conversation_wake(a, now);
}

void pathfinder_on_lan(struct conversation *a, const struct lan_place *place, struct mono now)
{
    static const struct endpoint any = {0};

    if (path_table_direct(&a->paths) != NULL) {
        return;
    }
    for (size_t i = 0; a->sessions.current != NULL && i < place->count; i++) {
        if (path_table_find(&a->paths, &place->at[i]) == NULL &&
            allowance_take_learned(&a->allowance, now)) {
            (void)path_table_add(&a->paths, &any, &place->at[i], false, a->shared->frame_size_full,
                                 now);
        }
    }
    if (a->sessions.current == NULL) {
        initiation_wake(a, now);
    }
    conversation_wake(a, now);
}

void pathfinder_on_relays(struct conversation *a, struct mono now)
{
    conversation_find_relays(a, now);
    way_choice_make(a, now);
}

void pathfinder_on_relay_open(struct conversation *a, const struct relay_session *relay,
                              struct mono now)
{
    struct path *path = path_table_find_relay(&a->paths, relay);

    if (path != NULL) {
        path_relay_on_open(path, now);
    }
}

void pathfinder_on_relay_late(struct conversation *a, const struct relay_session *relay,
                              struct host_io *io, struct mono now)
{
    struct path *lost = path_table_find_relay(&a->paths, relay);

    if (lost != NULL) {
        path_relay_forgive(lost);
    }
    if (lost == NULL || path_table_direct(&a->paths) != NULL ||
        path_table_relayed(&a->paths) == lost) {
        return;
    }
    if (a->initiating.active) {
        initiation_again(a, now);
        conversation_wake(a, now);
    }
    /* The peer may only receive, from that relay: it and the relays between learn of this way. */
    if (mono_before(now, a->active_until)) {
        pinging_send_relayed(a, io, now);
        a->relayed.leaving = RELAY_LEFT_PINGS;
        conversation_wake(a, now);
    }
}

/* ---- frames ---- */

void pathfinder_on_session(struct conversation *a, bool initiator, struct host_io *io,
                           struct mono now)
{
    introduction_tell_candidates(a, io, now);
    if (path_table_direct(&a->paths) != NULL) {
        return;
    }
    /* Both may ask; the initiator asks first, so that usually one request does it. */
    punching_want(&a->punching, initiator ? now : mono_add_ms(now, PATHFINDER_RESPONDER_MS));
    pinging_send_relayed(a, io, now);
}

void pathfinder_on_revival(struct conversation *a, bool initiator, struct mono now)
{
    pathfinder_on_stale(a, now);
    if (path_table_direct(&a->paths) == NULL) {
        punching_revive(&a->punching, initiator ? now : mono_add_ms(now, PATHFINDER_RESPONDER_MS));
        conversation_why(a, WHY_NONE, NULL);
    }
}

/* The path through a relay by which a frame came. A relay of no ziglan becomes one now; one whose
 * ziglan does not have the peer as a member does not, unless the user named the peer: that ziglan
 * has no say about it. */
static struct path *learn_relay(struct conversation *a, struct relay_session *relay,
                                struct mono now)
{
    struct path *path = path_table_find_relay(&a->paths, relay);
    bool may = a->peer->contact != NULL || ziglan_list_of_relay(a->shared->ziglans, relay) == NULL;

    return path == NULL && may ? path_table_add_relay(&a->paths, relay, CONVERSATION_RANK_LAST, now)
                               : path;
}

/* The peer was not restarted; it only has another session to its relay, perhaps another address. */
static void on_same_life(struct conversation *a, struct mono now)
{
    a->relayed.doubted = false;
    if (path_table_direct(&a->paths) == NULL) {
        punching_want(&a->punching, mono_add_ms(now, PATHFINDER_RESPONDER_MS));
        conversation_wake(a, now);
    }
}

static void on_relay_frame(struct conversation *a, const struct origin *origin, struct mono now)
{
    struct path *path = learn_relay(a, origin->relay, now);

    if (path != NULL) {
        path_on_received(path, now);
    }
    if (path != a->paths.present && !path_is_direct(a->paths.present)) {
        way_choice_make(a, now); /* the peer may have left the one in use */
    }
}

static void on_lane_frame(struct conversation *a, const struct origin *origin, bool data,
                          struct mono now)
{
    struct path *path = path_table_find_lane(&a->paths, origin->lane);

    if (path == NULL) {
        return;
    }
    relay_upkeep_on_lane_frame(path->relay, now);
    if (data) {
        path_on_received(path, now);
    }
}

static void on_direct_frame(struct conversation *a, const struct origin *origin, bool data,
                            struct mono now)
{
    struct path *path;

    guesswork_on_frame(a, origin, now);
    path = path_table_find(&a->paths, &origin->remote);
    if (path == NULL && pinging_learn_path(a, origin, now) != NULL) {
        /* The peer's mapping may have moved: it is worth a ping, and nothing else changes. */
        conversation_wake(a, now);
    } else if (path != NULL && data) {
        path_on_received(path, now);
    }
}

/* The peer may have left the way in use: it is asked for a sign of life. */
static void question_present(struct conversation *a, struct mono now)
{
    path_question(a->paths.present, now);
    conversation_wake(a, mono_add_ms(now, PATH_SILENCE_MS));
}

void pathfinder_on_frame(struct conversation *a, const struct origin *origin, bool data,
                         struct mono now)
{
    a->relayed.asked_at = MONO_NEVER;
    if (a->relayed.doubted) {
        on_same_life(a, now);
    }
    if (origin->relay != NULL) {
        on_relay_frame(a, origin, now);
        if (data && path_is_bare(a->paths.present)) {
            question_present(a, now);
        }
    } else if (origin->lane != 0) {
        on_lane_frame(a, origin, data, now);
        if (data && path_is_direct(a->paths.present)) {
            question_present(a, now);
        }
    } else {
        on_direct_frame(a, origin, data, now);
    }
}

static void on_pong(struct conversation *a, const struct origin *origin, const struct ping *pong,
                    struct mono now)
{
    bool relayed = origin->relay != NULL || origin->lane != 0;

    if (ping_request_answer(&a->shared->pings, a->peer, pong->transaction, relayed, now)) {
        conversation_wake(a, now);
    }
    struct path *answered = pinging_on_pong(a, origin, pong, now);

    if (answered == NULL) {
        return;
    }
    way_choice_on_answer(a, answered, now);
    if (relayed) {
        conversation_why_over(a);
    }
    if (origin->relay == NULL) {
        way_choice_make(a, now);
        conversation_wake(a, now);
    }
}

void pathfinder_on_ping_frame(struct conversation *a, const struct origin *origin,
                              const uint8_t *plain, size_t size, struct host_io *io,
                              struct mono now)
{
    struct ping ping;

    if (ping_decode(&ping, plain, size) != ERR_OK) {
        a->shared->dataplane->counters.plaintext_dropped++;
    } else if (ping.kind == PING_KIND_PONG) {
        on_pong(a, origin, &ping, now);
    } else if (pinging_on_ping(a, origin, &ping, io, now) != NULL) {
        conversation_wake(a, now);
    }
}

/* A path that is held although nobody knew its way counts as changed: it is not asked, as that
 * would be a packet that comes unasked (pathfinder_hold). */
static enum way_change look(struct path *path, const struct way_finder *ways)
{
    enum way_change change = way_look(&path->way, ways, &path->local, &path->remote);

    return change == WAY_DOUBTFUL && path->held ? WAY_CHANGED : change;
}

/* Look at the ways of all direct paths. True if one was tried again because its way changed. */
static bool retry_changed(struct conversation *a, const struct way_finder *ways, struct mono now)
{
    bool retried = false;

    for (size_t i = 0; i < a->paths.count; i++) {
        struct path *path = a->paths.list[i];

        if (!path_is_direct(path)) {
            continue;
        }
        switch (look(path, ways)) {
        case WAY_SAME:
            break;
        case WAY_DOUBTFUL:
            if (path == a->paths.present) {
                path_question(path, now);
            }
            break;
        case WAY_CHANGED:
        case WAY_GONE:
            path_retry(path, now);
            if (ways != NULL) { /* from any address of ours now */
                way_learn(&path->way, ways, &path->local, &path->remote);
            }
            retried = true;
            break;
        }
    }
    return retried;
}

void pathfinder_hold(struct conversation *a, const struct way_finder *ways)
{
    bool held = false;

    for (size_t i = 0; i < a->paths.count; i++) {
        struct path *path = a->paths.list[i];

        if (path_is_direct(path) && path->observed && !path->held &&
            (!path->way.known || way_differs(&path->way, ways, &path->local, &path->remote))) {
            path->held = true;
            held = true;
        }
    }
    if (held) {
        path_table_choose(&a->paths);
    }
}

static void release(struct conversation *a)
{
    bool held = false;

    for (size_t i = 0; i < a->paths.count; i++) {
        held = held || a->paths.list[i]->held;
        a->paths.list[i]->held = false;
    }
    if (held) {
        path_table_choose(&a->paths);
    }
}

void pathfinder_on_network(struct conversation *a, const struct network_change *change,
                           struct mono now)
{
    bool retried = retry_changed(a, change->ways, now);

    lanes_on_network(a, now);
    release(a);

    if (path_is_direct(a->paths.present) && a->paths.present->state == PATH_STATE_TRYING) {
        a->paths.present = NULL;
    }
    conversation_wake(a, now);
    if (path_table_direct(&a->paths) != NULL) {
        return;
    }
    if (retried || change->moved) {
        allowance_init(&a->allowance, &a->shared->silent, now);
        a->candidates.told = 0;
        a->guess.again_at = now;
        punching_begin_anew(&a->punching, now);
    } else if (!change->more || punching_is_firing(&a->punching)) {
        return;
    }
    if (a->sessions.current != NULL) {
        introduction_fire_moved(a, now);
    }
}

void pathfinder_learn_ways(struct conversation *a, const struct way_finder *ways)
{
    for (size_t i = 0; i < a->paths.count; i++) {
        struct path *path = a->paths.list[i];

        if (path_is_direct(path)) {
            way_learn(&path->way, ways, &path->local, &path->remote);
        }
    }
}

/* ---- timers ---- */

/* The direct path in use is doubted. Until it or another way answers, what is sent goes by two
 * (send_beside), and what answers first is used from then on (way_choice_on_answer). */
static void ask_other_ways(struct conversation *a, const struct path *used, struct host_io *io,
                           struct mono now)
{
    for (size_t i = 0; i < a->paths.count; i++) {
        struct path *path = a->paths.list[i];

        if (path != used && path_is_bare(path) && path->state == PATH_STATE_USABLE &&
            !path->held) {
            (void)pinging_send(a, path, 0, io, now);
        }
    }
    pinging_send_relayed(a, io, now);
}

static struct mono expire_path(struct conversation *a, struct path *path, bool active,
                               struct host_io *io, struct mono now)
{
    path_keep(path, &a->shared->relays->keepalive);
    bool awaits = path->at.unanswered_at.ns != MONO_NEVER.ns;
    struct path_due due = path_expire(path, active, now);

    if (path->kind == PATH_KIND_LANE && path->state == PATH_STATE_USABLE) {
        lane_demand_on_used(&a->lane_demand);
    }
    if (due.became_usable) {
        a->paths.small_only = a->paths.small_only && !path_is_direct(path);
        way_choice_make(a, now);
        return now;
    }
    if (due.became_suspect) {
        way_choice_on_suspect(a, path, now);
        return now;
    }
    if (due.given_up) {
        a->paths.small_only =
            a->paths.small_only || (path_is_direct(path) && path->state == PATH_STATE_REACHABLE);
        path_table_remove(&a->paths, path);
        way_choice_make(a, now);
        return now;
    }
    for (size_t i = 0; i < due.count; i++) {
        pinging_send_hops(a, path, due.sizes[i], due.hops, io, now);
    }
    if (due.became_doubted && path == a->paths.present) {
        ask_other_ways(a, path, io, now);
    }
    if (path->kind == PATH_KIND_LANE && awaits && path->at.live_ping_at.ns == now.ns) {
        /* Is it the lane alone, or the relay? Whoever waited for the lane first would lose twice
         * the time. */
        relay_upkeep_on_lane_silent(path->relay, path->at.unanswered_at, now);
    }
    return due.again;
}

/* A lane is bound first, then it is a path like a direct one. */
static struct mono expire_lane(struct conversation *a, struct path *path, bool active,
                               struct host_io *io, struct mono now)
{
    uint8_t bind[LANE_BIND_SIZE];

    if (lane_failed(&path->lane, now)) {
        char peer[KEY_SHORT_SIZE];

        env_trace(a->shared->env, TRACE_LEVEL_INFO, "lane.unanswered", "peer=%s",
                  key_short(a->peer->key, peer));
        path_table_remove(&a->paths, path);
        way_choice_make(a, now);
        return now;
    }
    if (lane_bind_due(&path->lane, a->peer->id, bind, now)) {
        outbox_put(io->net, &path->local, &path->remote, bind, sizeof(bind));
    }
    struct mono again = path->lane.bind_at;
    active = active && path == a->paths.present; /* the session keeps its mapping */
    return path->lane.bound ? mono_min(again, expire_path(a, path, active, io, now)) : again;
}

static struct mono expire_paths(struct conversation *a, bool active, struct host_io *io,
                                struct mono now)
{
    struct mono again = MONO_NEVER;

    for (size_t i = 0; i < a->paths.count; i++) {
        size_t before = a->paths.count;

        if (path_is_direct(a->paths.list[i]) && !a->paths.list[i]->held) {
            again = mono_min(again, expire_path(a, a->paths.list[i], active, io, now));
        } else if (a->paths.list[i]->kind == PATH_KIND_LANE) {
            again = mono_min(again, expire_lane(a, a->paths.list[i], active, io, now));
        }
        if (a->paths.count < before) {
            i--; /* the last path moved here */
        }
    }
    return again;
}

/* When the way through a relay is asked about next. After another relay was left it is asked
 * several times, ever more rarely: a peer that waited for less time than this host did when the
 * first one came goes on as before (path_choose.c), or it was lost. */
static struct mono relay_ping_at(const struct conversation *a, struct mono now)
{
    bool busy = mono_ms_between(now, a->active_until) > CONVERSATION_ACTIVE_MS - BUSY_MS;
    uint64_t interval_ms = busy ? RELAY_PING_BUSY_MS : RELAY_PING_MS;

    if (a->relayed.leaving > 0) {
        interval_ms = (uint64_t)RELAY_LEFT_PING_MS << (RELAY_LEFT_PINGS - a->relayed.leaving);
    }
    return mono_add_ms(a->relayed.pinged_at, interval_ms);
}

/* While packets go through a relay, the way through it is asked about now and then. */
static struct mono expire_relayed(struct conversation *a, struct host_io *io, struct mono now)
{
    if (mono_due(relay_ping_at(a, now), now)) {
        pinging_send_relayed(a, io, now);
        a->relayed.leaving = a->relayed.leaving > 0 ? a->relayed.leaving - 1 : 0;
    }
    return mono_min(relay_ping_at(a, now), introduction_ask_at(a));
}

struct mono pathfinder_expire(struct conversation *a, struct host_io *io, struct mono now)
{
    bool active = a->sessions.current != NULL && mono_before(now, a->active_until);

    if (path_table_relayed(&a->paths) == NULL) {
        conversation_find_relays(a, now); /* there may have been no memory for a path */
    }
    introduction_expire(a, active, io, now);
    struct mono again = expire_paths(a, active, io, now);
    if (active && path_table_direct(&a->paths) == NULL) {
        again = mono_min(again, expire_relayed(a, io, now));
    }
    again = mono_min(again, mono_min(punching_deadline(&a->punching), guesswork_deadline(a)));
    return mono_due(again, now) ? mono_add_ms(now, 1) : again;
}
