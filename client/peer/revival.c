/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decides whether to ask, to wait, or to begin a new session. */
#include "client/peer/revival.h"

#include "client/peer/initiation.h"
#include "client/peer/life.h"
#include "client/peer/pinging.h"
#include "client/peer/presence.h"

static const struct bucket_rate rate = {REVIVAL_PER_S, 2 * REVIVAL_PER_S};

void revival_init(struct revivals *revivals, struct conversations *shared, struct mono now)
{
    revivals->shared = shared;
    bucket_init(&revivals->bucket, &rate, now);
}

/* Whether an answer to one more frame is allowed; counts it. */
static bool take(struct revivals *revivals, struct peer *peer, struct mono now)
{
    bool has_room = peer->conversation != NULL || revivals->shared->count < CONVERSATIONS_MAX;
    bool gone = presence_is_offline(peer, revivals->shared->ziglans, now);

    if (!has_room || gone || !mono_due(peer->revival_at, now) ||
        !bucket_take(&revivals->bucket, &rate, 1, now)) {
        return false;
    }
    peer->revival_at = mono_add_ms(now, REVIVAL_PAUSE_MS);
    return true;
}

void revival_on_unknown(struct revivals *revivals, struct peer *peer, const struct origin *origin,
                        struct host_io *io, struct mono now)
{
    if (!take(revivals, peer, now)) {
        return;
    }
    struct conversation *a = life_of(peer, revivals->shared, now);
    if (a == NULL || a->initiating.active || a->sessions.next != NULL ||
        path_table_find_relay(&a->paths, origin->relay) == NULL) {
        return;
    }
    if (a->sessions.current != NULL &&
        mono_ms_between(a->sessions.current->made_at, now) < REVIVAL_FRESH_MS) {
        /* The peer goes over to this session with the first frame of it that arrives. */
        pinging_send_relayed(a, io, now);
        return;
    }
    conversation_touch(a, now); /* the peer has packets for us: a direct path is worth a punch */
    initiation_begin(a, io, now);
}

void revival_on_came(struct conversation *a, struct mono now)
{
    if (path_table_direct(&a->paths) == NULL) {
        punching_revive(&a->punching, MONO_NEVER);
    }
    if (a->initiating.active) {
        initiation_again(a, now);
    } else if (a->sessions.current != NULL) {
        a->relayed.doubted = true;
        a->relayed.asked_at = MONO_NEVER;
    }
    conversation_wake(a, now);
}
