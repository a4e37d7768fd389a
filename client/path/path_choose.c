/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one place where paths are compared. */
#include "client/path/path_choose.h"

/* The usable direct one with the smallest round trip, of all but one, which may be NULL. */
static struct path *choose_direct_but(struct path *const *list, size_t count,
                                      const struct path *except)
{
    struct path *best = NULL;

    for (size_t i = 0; i < count; i++) {
        if (list[i]->kind == PATH_KIND_DIRECT && list[i]->state == PATH_STATE_USABLE &&
            !list[i]->held && list[i] != except &&
            (best == NULL || list[i]->rtt_ns < best->rtt_ns)) {
            best = list[i];
        }
    }
    return best;
}

static struct path *choose_direct(struct path *const *list, size_t count, struct path *present)
{
    struct path *best = choose_direct_but(list, count, NULL);

    if (best != NULL && path_is_direct(present) && present->state == PATH_STATE_USABLE &&
        !present->held && best->rtt_ns * 5 > present->rtt_ns * 4) {
        return present;
    }
    return best;
}

/* What the peer and this host last said through a relay, by the session or the lane. */
struct talk {
    bool heard;
    struct mono received_at;
    struct mono unanswered_at; /* sent first after that; NEVER: nothing was */
};

static struct talk talk_of(const struct path *path)
{
    return (struct talk){path->heard, path->at.received_at, path->at.unanswered_at};
}

static struct talk talk_through(const struct path *path)
{
    struct talk session = talk_of(path);
    struct talk lane = path->by_lane == NULL ? session : talk_of(path->by_lane);
    struct talk *later = &session, *earlier = &lane;

    if (!session.heard || (lane.heard && mono_before(session.received_at, lane.received_at))) {
        later = &lane;
        earlier = &session;
    }
    if (!mono_before(earlier->unanswered_at, later->received_at)) {
        later->unanswered_at = mono_min(later->unanswered_at, earlier->unanswered_at);
    }
    return *later;
}

/* The peer spoke by b until a moment before this host sent something there, did not since, and
 * speaks by a: beyond b's relay something is dead that this host cannot see, and the peer can. */
static bool took_its_place(const struct path *a, const struct path *b)
{
    struct talk now = talk_through(a);
    struct talk then = talk_through(b);
    uint64_t wait_ns = 2 * b->rtt_ns;

    if (!now.heard || !then.heard || then.unanswered_at.ns == MONO_NEVER.ns ||
        mono_ms_between(then.received_at, then.unanswered_at) > PATH_SPOKE_MS) {
        return false;
    }
    wait_ns = wait_ns < PATH_DEAD_MS * NS_PER_MS ? PATH_DEAD_MS * NS_PER_MS : wait_ns;
    return mono_ns_between(then.unanswered_at, now.received_at) >= wait_ns;
}

static bool is_better_relay(const struct path *a, const struct path *b)
{
    bool a_suspect = a->state == PATH_STATE_SUSPECT;
    bool b_suspect = b->state == PATH_STATE_SUSPECT;
    bool a_answers = relay_session_answers(a->relay);
    bool a_instead = took_its_place(a, b);

    if (a_answers != relay_session_answers(b->relay)) {
        return a_answers;
    }
    if (a_instead != took_its_place(b, a)) {
        return a_instead;
    }
    if (a_suspect != b_suspect) {
        return b_suspect;
    }
    if (a_suspect && a->at.entered_at.ns != b->at.entered_at.ns) {
        return mono_before(a->at.entered_at, b->at.entered_at);
    }
    return a->rank < b->rank;
}

/* Of all but one, which may be NULL. */
static struct path *choose_relay_but(struct path *const *list, size_t count,
                                     const struct path *except)
{
    struct path *best = NULL;

    for (size_t i = 0; i < count; i++) {
        struct path *path = list[i];

        if (path->kind == PATH_KIND_RELAY && path->relay->open && path != except &&
            (best == NULL || is_better_relay(path, best))) {
            best = path;
        }
    }
    return best;
}

struct path *path_choose_relay(struct path *const *list, size_t count)
{
    return choose_relay_but(list, count, NULL);
}

struct path *path_choose_spare(struct path *const *list, size_t count, const struct path *used)
{
    struct path *spare = choose_relay_but(list, count, used);

    return spare != NULL && relay_session_answers(spare->relay) ? spare : NULL;
}

bool path_is_missed(const struct path *path, const struct path *used)
{
    return path->kind == PATH_KIND_RELAY && path->relay->open &&
           path->state == PATH_STATE_SUSPECT && used->state != PATH_STATE_SUSPECT &&
           path->rank < used->rank;
}

/* True if this lane, of a relay that starts anew, is used: what flows stays where it is, so before
 * another relay only if it is in use, or that is the worse one. Where there is no other, also if it
 * is suspect, since what comes may wait at the relay. */
static bool is_used_kept(const struct path *session, const struct path *relay,
                         const struct path *present)
{
    const struct path *lane = session->by_lane;

    if (lane == NULL || !relay_session_keeps_lanes(session->relay)) {
        return false;
    }
    if (relay == NULL) {
        return lane->state == PATH_STATE_USABLE || lane->state == PATH_STATE_SUSPECT;
    }
    return lane->state == PATH_STATE_USABLE && (lane == present || session->rank < relay->rank);
}

static struct path *choose_kept(struct path *const *list, size_t count, const struct path *relay,
                                const struct path *present)
{
    struct path *best = NULL;

    for (size_t i = 0; i < count; i++) {
        if (list[i]->kind == PATH_KIND_RELAY && is_used_kept(list[i], relay, present) &&
            (best == NULL || list[i]->rank < best->rank)) {
            best = list[i];
        }
    }
    return best == NULL ? NULL : best->by_lane;
}

struct path *path_choose_indirect(struct path *const *list, size_t count,
                                  const struct path *present)
{
    struct path *relay = path_choose_relay(list, count);
    struct path *lane = relay == NULL ? NULL : relay->by_lane;
    struct path *kept = choose_kept(list, count, relay, present);

    if (kept != NULL) {
        return kept;
    }
    return lane != NULL && lane->state == PATH_STATE_USABLE ? lane : relay;
}

struct path *path_choose_beside(struct path *const *list, size_t count, const struct path *used)
{
    for (size_t i = 0; used->kind == PATH_KIND_LANE && i < count; i++) {
        if (list[i]->by_lane == used && list[i]->relay->open) {
            return list[i];
        }
    }
    struct path *relay = path_choose_relay(list, count);

    return relay != NULL || used->kind == PATH_KIND_LANE ? relay
                                                         : choose_direct_but(list, count, used);
}

struct path *path_choose(struct path *const *list, size_t count, struct path *present)
{
    struct path *direct = choose_direct(list, count, present);

    return direct != NULL ? direct : path_choose_indirect(list, count, present);
}
