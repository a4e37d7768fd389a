/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whoever chooses anew notes what changed, in counters and in the log. */
#include "client/peer/way_choice.h"

#include "client/peer/introduction.h"
#include "client/peer/presence.h"

enum { SILENCE_LOST_MS = 15000 };

/* Whoever looks for the cause of a slow peer finds when frames became smaller, or larger again. */
static void tell_size(const struct conversation *a, struct path *path)
{
    char peer[KEY_SHORT_SIZE];

    if (path->frame_size == path->mtu.told) {
        return;
    }
    if (path->mtu.told != 0) {
        env_trace(a->shared->env, TRACE_LEVEL_INFO, "path.size", "peer=%s size=%u was=%u",
                  key_short(a->peer->key, peer), path->frame_size, path->mtu.told);
    }
    path->mtu.told = path->frame_size;
}

/* The path is good again so soon that the peer was there: a NAT had forgotten it. */
static void silence_note(struct conversation *a, struct mono now)
{
    if (a->silence_lost_at.ns != MONO_NEVER.ns &&
        mono_ms_between(a->silence_lost_at, now) < SILENCE_LOST_MS) {
        a->shared->dataplane->counters.silences_lost++;
    }
    a->silence_lost_at = MONO_NEVER;
}

static bool uses_lane(const struct conversation *a)
{
    return a->paths.present != NULL && a->paths.present->kind == PATH_KIND_LANE;
}

/* Whoever looks for the cause of a slow peer finds when it went over to a lane, and back. */
static void tell_lane(const struct conversation *a, bool was_lane)
{
    char peer[KEY_SHORT_SIZE];

    if (uses_lane(a) != was_lane && !path_is_direct(a->paths.present)) {
        env_trace(a->shared->env, TRACE_LEVEL_INFO, was_lane ? "path.session" : "path.lane",
                  "peer=%s", key_short(a->peer->key, peer));
    }
}

void way_choice_make(struct conversation *a, struct mono now)
{
    struct host_counters *counters = &a->shared->dataplane->counters;
    bool before = path_table_direct(&a->paths) != NULL;
    bool was_lane = uses_lane(a);
    char peer[KEY_SHORT_SIZE];

    path_table_choose(&a->paths);
    tell_lane(a, was_lane);
    bool after = path_table_direct(&a->paths) != NULL;
    if (after) {
        tell_size(a, a->paths.present);
    }
    if (!before && after) {
        silence_note(a, now);
        counters->direct_established++;
        punching_succeeded(&a->punching);
        conversation_why(a, WHY_NONE, NULL);
        env_trace(a->shared->env, TRACE_LEVEL_INFO, "path.direct", "peer=%s",
                  key_short(a->peer->key, peer));
        introduction_tell_result(a, true);
    } else if (before && !after && presence_is_offline(a->peer, a->shared->ziglans, now)) {
        counters->direct_lost++;
        conversation_why(a, WHY_PEER_OFFLINE, NULL);
        env_trace(a->shared->env, TRACE_LEVEL_INFO, "peer.offline", "peer=%s reason=silent",
                  key_short(a->peer->key, peer));
    } else if (before && !after) {
        counters->direct_lost++;
        introduction_stir(a);
        conversation_why(a, WHY_DIRECT_LOST, NULL);
        punching_begin_anew(&a->punching, now);
        env_trace(a->shared->env, TRACE_LEVEL_INFO, "path.relayed", "peer=%s",
                  key_short(a->peer->key, peer));
    }
}

void way_choice_doubt_all(struct conversation *a, struct mono since, struct mono now)
{
    for (size_t i = 0; i < a->paths.count; i++) {
        if (path_is_bare(a->paths.list[i])) {
            path_doubt(a->paths.list[i], since, now);
        }
    }
    way_choice_make(a, now);
}

void way_choice_on_suspect(struct conversation *a, struct path *path, struct mono now)
{
    if (path->kind == PATH_KIND_LANE) { /* this says nothing of others */
        way_choice_make(a, now);
        return;
    }
    if (path_was_silent(path)) {
        a->silence_lost_at = now;
    }
    way_choice_doubt_all(a, path->at.live_ping_at, now);
}

void way_choice_on_answer(struct conversation *a, const struct path *answered, struct mono now)
{
    struct path *used = path_table_direct(&a->paths);

    if (used != NULL && used != answered && path_leave(used, now)) {
        way_choice_on_suspect(a, used, now);
        conversation_wake(a, now);
    }
}
