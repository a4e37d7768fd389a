/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conversations begin, go on, and end. */
#include "client/peer/life.h"

#include "client/peer/guesswork.h"
#include "client/peer/initiation.h"
#include "client/peer/locating.h"
#include "client/peer/pathfinder.h"
#include "client/peer/pinging.h"
#include "client/peer/presence.h"
#include "client/peer/send.h"
#include "proto/base/bytes.h"

#include <stdlib.h>

enum {
    LIFE_TWIN_MS = 2000,
    LIFE_REKEY_SLACK_MS = 10000,
    LIFE_DOUBT_MS = 300,          /* for the answer of a peer that may have been restarted ... */
    LIFE_DOUBT_MS_UNKNOWN = 1000, /* ... where no round trip is known */
    LIFE_QUEUE_MS = 3000,         /* a session without a way to the peer keeps its queue so long */
};

/* ---- beginning and end ---- */

/* How many conversations each ziglan has; those of peers without a ziglan count together. */
struct crowd {
    const struct ziglan *ziglans[ZIGLAN_COUNT_MAX + 1];
    size_t counts[ZIGLAN_COUNT_MAX + 1];
    size_t count;
};

static size_t *crowd_count(struct crowd *crowd, const struct ziglan *ziglan)
{
    for (size_t i = 0; i < crowd->count; i++) {
        if (crowd->ziglans[i] == ziglan) {
            return &crowd->counts[i];
        }
    }
    crowd->ziglans[crowd->count] = ziglan;
    return &crowd->counts[crowd->count++];
}

/* The ziglan with most conversations; of two, the one that reached the number first. */
static const struct ziglan *most_crowded(const struct conversations *shared)
{
    struct crowd crowd = {0};
    const struct ziglan *most = NULL;
    size_t most_count = 0;

    for (size_t i = 0; i < shared->timers.count; i++) {
        const struct conversation *a =
            HEAP_OWNER(shared->timers.entries[i], struct conversation, timer);
        size_t *count = crowd_count(&crowd, a->peer->ziglan);

        *count += 1;
        if (*count > most_count) {
            most = a->peer->ziglan;
            most_count = *count;
        }
    }
    return most;
}

static uint64_t unused_ms(const struct conversation *a, struct mono now)
{
    return a->used_at.ns == MONO_NEVER.ns ? UINT64_MAX : mono_ms_between(a->used_at, now);
}

/* Whoever admits members can let any number of them greet us. They displace each other, but no
 * peers of another ziglan, and nobody with whom this host talks. This is rare, so it may search. */
static bool make_room(struct conversations *shared, struct mono now)
{
    const struct ziglan *crowded = most_crowded(shared);
    struct conversation *victim = NULL;

    for (size_t i = 0; i < shared->timers.count; i++) {
        struct conversation *a = HEAP_OWNER(shared->timers.entries[i], struct conversation, timer);

        if (a->peer->ziglan == crowded && unused_ms(a, now) > CONVERSATION_ACTIVE_MS &&
            (victim == NULL || unused_ms(a, now) > unused_ms(victim, now))) {
            victim = a;
        }
    }
    if (victim == NULL) {
        return false;
    }
    shared->dataplane->counters.conversations_displaced++;
    life_end(victim);
    return true;
}

struct conversation *life_of(struct peer *peer, struct conversations *shared, struct mono now)
{
    struct conversation *a = peer->conversation;

    if (a != NULL) {
        return a;
    }
    if (shared->count >= CONVERSATIONS_MAX && !make_room(shared, now)) {
        return NULL;
    }
    a = calloc(1, sizeof(*a));
    if (a == NULL || heap_reserve(&shared->timers, shared->count + 1) != ERR_OK) {
        free(a);
        return NULL;
    }
    a->shared = shared;
    a->peer = peer;
    a->initiating.at = MONO_NEVER;
    a->relayed.asked_at = MONO_NEVER;
    punching_init(&a->punching);
    guess_plan_init(&a->guess);
    allowance_init(&a->allowance, &shared->silent, now);
    a->active_until = now;
    a->used_at = MONO_NEVER;
    a->silence_lost_at = MONO_NEVER;
    peer->conversation = a;
    shared->count++;
    conversation_find_relays(a, now);
    conversation_wake(a, now);
    return a;
}

void life_end(struct conversation *a)
{
    if (a == NULL) {
        return;
    }
    guesswork_forget(a);
    initiation_end(a, false);
    noise_sessions_fini(&a->sessions);
    handshake_wipe(&a->initiating.handshake);
    fragment_box_free(a->fragments);
    queue_clear(&a->queue, &a->shared->queues);
    path_table_fini(&a->paths);
    heap_remove(&a->shared->timers, &a->timer);
    a->peer->conversation = NULL;
    a->shared->count--;
    free(a);
}

/* ---- sessions ---- */

/* A new session, while the one that we have is not old, means that the peer lost that one: it was
 * restarted. Two that are made within a moment are one beginning from both sides. */
static bool is_revival(const struct conversation *a, struct mono now)
{
    const struct noise_session *current = a->sessions.current;
    uint64_t age_ms = current == NULL ? 0 : mono_ms_between(current->made_at, now);

    return age_ms >= LIFE_TWIN_MS && age_ms < NOISE_SESSION_REKEY_MS - LIFE_REKEY_SLACK_MS;
}

/* The session takes the place of the current one. */
static void session_begins(struct conversation *a, struct noise_session *session, bool initiator,
                           struct host_io *io, struct mono now)
{
    presence_on_here(a->peer);
    locating_on_session(a->peer);
    if (is_revival(a, now)) {
        pathfinder_on_revival(a, initiator, now);
    }
    noise_sessions_replace(&a->sessions.previous, a->sessions.current);
    a->sessions.current = session;
    pathfinder_on_session(a, initiator, io, now);
    conversation_wake(a, now); /* which sends the queue, too, if no way is known yet */
    if (path_table_present(&a->paths) != NULL) {
        send_queue(a, io, now);
    }
}

/* A session that was made on a LAN, where no relay is in reach, waits for its first path. */
static struct mono expire_queue(struct conversation *a, struct host_io *io, struct mono now)
{
    struct mono end;

    if (a->queue.count == 0 || a->sessions.current == NULL) {
        return MONO_NEVER;
    }
    end = mono_add_ms(a->sessions.current->made_at, LIFE_QUEUE_MS);
    if (path_table_present(&a->paths) != NULL) {
        send_queue(a, io, now);
        return MONO_NEVER;
    }
    if (mono_due(end, now)) {
        a->shared->dataplane->counters.queue_dropped += a->queue.count;
        queue_clear(&a->queue, &a->shared->queues);
        return MONO_NEVER;
    }
    return end;
}

int life_adopt(struct conversation *a, struct session_keys *keys, bool initiator,
               struct host_io *io, struct mono now)
{
    struct noise_session *session;
    int rc = noise_session_new(&session, a, &a->shared->noise, keys, initiator, now);

    session_keys_wipe(keys);
    if (rc != ERR_OK) {
        return rc;
    }
    a->shared->dataplane->counters.handshakes++;
    if (!initiator) {
        noise_sessions_replace(&a->sessions.next, session);
        conversation_wake(a, now);
        return ERR_OK;
    }
    /* A `next` stays what it is. If both had begun at once, the peer may already use the session
     * that it began; if somebody replayed an initiation, nobody ever will, and what is on its way
     * on the session in use until now must still open. */
    session_begins(a, session, true, io, now);
    return ERR_OK;
}

void life_confirm(struct conversation *a, struct noise_session *session, struct host_io *io,
                  struct mono now)
{
    if (session != a->sessions.next) {
        return;
    }
    a->sessions.next = NULL;
    if (a->initiating.active) { /* both had begun; this session serves both */
        initiation_end(a, false);
    }
    session_begins(a, session, false, io, now);
}

static bool is_offline(const struct conversation *a, struct mono now)
{
    return presence_is_offline(a->peer, a->shared->ziglans, now);
}

bool life_ready(struct conversation *a, struct host_io *io, struct mono now)
{
    struct noise_session **current = &a->sessions.current;

    if (*current != NULL && noise_session_over(*current, now)) {
        noise_sessions_replace(current, NULL);
    }
    bool ready = *current != NULL;
    bool wanted = !ready || noise_session_wants_rekey(*current, now);

    if (wanted && !a->initiating.active && !is_offline(a, now)) {
        initiation_begin(a, io, now);
    }
    return ready;
}

bool life_use(struct conversation *a, struct host_io *io, struct mono now)
{
    a->used_at = now;
    conversation_touch(a, now);
    return life_ready(a, io, now);
}

/* ---- timers ---- */

static uint64_t doubt_ms(const struct conversation *a)
{
    const struct path *relayed = path_table_relayed(&a->paths);
    uint64_t rtt_ms = relayed == NULL ? 0 : relayed->rtt_ns / NS_PER_MS;

    if (rtt_ms == 0) {
        return LIFE_DOUBT_MS_UNKNOWN;
    }
    return 3 * rtt_ms > LIFE_DOUBT_MS ? 3 * rtt_ms : LIFE_DOUBT_MS;
}

static struct mono silence_deadline(const struct conversation *a)
{
    bool waits = a->relayed.doubted || path_table_direct(&a->paths) == NULL;

    return !waits || a->initiating.active
               ? MONO_NEVER
               : mono_add_ms(a->relayed.asked_at,
                             a->relayed.doubted ? doubt_ms(a) : LIFE_SILENCE_MS);
}

/* While packets go, the next session is made before this one is too old. And if a peer does not
 * answer, a new one is made, too: it may have been restarted, and then drops what is sealed for its
 * former life. */
static void renew(struct conversation *a, struct host_io *io, struct mono now)
{
    if (a->relayed.doubted && a->relayed.asked_at.ns == MONO_NEVER.ns) {
        pinging_send_relayed(a, io, now);
    }
    (void)life_ready(a, io, now);
    if (!mono_due(silence_deadline(a), now)) {
        return;
    }
    if (is_offline(a, now)) {
        a->relayed.asked_at = MONO_NEVER; /* the next ping asks again */
        a->relayed.doubted = false;
    } else {
        initiation_begin(a, io, now);
    }
}

static struct mono renew_deadline(const struct conversation *a, struct mono now)
{
    if (a->sessions.current == NULL || !mono_before(now, a->active_until) || a->initiating.active) {
        return MONO_NEVER;
    }
    struct mono rekey_at = noise_session_rekey_at(a->sessions.current);

    return mono_min(mono_before(now, rekey_at) ? rekey_at : mono_add_ms(now, 1000),
                    silence_deadline(a));
}

void life_expire(struct conversation *a, struct host_io *io, struct mono now)
{
    noise_sessions_expire(&a->sessions, now);
    initiation_expire(a, io, now);
    if (a->fragments != NULL) {
        fragment_box_expire(a->fragments, now);
    }
    if (a->sessions.current != NULL && mono_before(now, a->active_until)) {
        renew(a, io, now);
    }
    struct mono again = pathfinder_expire(a, io, now);
    if (noise_sessions_none(&a->sessions) && !a->initiating.active) {
        life_end(a);
        return;
    }
    again = mono_min(again, mono_min(a->initiating.at, noise_sessions_deadline(&a->sessions)));
    again = mono_min(again, expire_queue(a, io, now));
    again = mono_min(again, renew_deadline(a, now));
    if (a->fragments != NULL) {
        again = mono_min(again, fragment_box_deadline(a->fragments));
    }
    CHECK(heap_set(&a->shared->timers, &a->timer, again) == ERR_OK);
}
