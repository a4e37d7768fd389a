/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small things that every part of a conversation needs. */
#include "client/peer/conversation.h"

#include "proto/base/bytes.h"

#include <stdio.h>
#include <string.h>

int conversations_init(struct conversations *shared, struct mono now)
{
    int rc =
        receiver_indexes_init(&shared->noise.indexes, (size_t)4 * CONVERSATIONS_MAX, shared->env);

    shared->queues.max = CONVERSATIONS_QUEUE_BYTES_MAX;
    shared->fragments.max = CONVERSATIONS_FRAGMENT_BYTES_MAX;
    shared->noise.windows.max = CONVERSATIONS_WINDOW_BYTES_MAX;
    allowance_total_init(&shared->silent, now);
    return rc == ERR_OK ? growing_load(&shared->timestamps, shared->store, INITIATION_MARK) : rc;
}

void conversations_fini(struct conversations *shared)
{
    receiver_indexes_fini(&shared->noise.indexes);
    lan_places_fini(&shared->lan);
    heap_fini(&shared->timers);
}

void conversation_touch(struct conversation *a, struct mono now)
{
    struct mono until = mono_add_ms(now, CONVERSATION_ACTIVE_MS);

    /* Coarse on purpose: this runs once per batch, the timer is moved once per second. */
    if (mono_ms_between(a->active_until, until) >= 1000) {
        a->active_until = until;
    }
}

void conversation_wake(struct conversation *a, struct mono at)
{
    if (a->timer.position == 0 || mono_before(at, a->timer.deadline)) {
        CHECK(heap_set(&a->shared->timers, &a->timer, at) == ERR_OK); /* room was reserved */
    }
}

void conversation_queue(struct conversation *a, const uint8_t *plain, size_t size)
{
    a->shared->dataplane->counters.queue_dropped +=
        queue_put(&a->queue, &a->shared->queues, plain, size);
}

/* A reason that is new stands in the log, with what was tried and the kinds of both NATs. */
static void trace_why(const struct conversation *a, enum why_code code)
{
    bool punched = a->punching.id != 0 || punching_is_firing(&a->punching);
    char peer[KEY_SHORT_SIZE];

    if (code != a->why.code && code != WHY_NONE) {
        env_trace(a->shared->env, TRACE_LEVEL_INFO, "peer.why",
                  "peer=%s why=%s nat_here=%d nat_there=%d punch=%s guess=%s",
                  key_short(a->peer->key, peer), why_word(code), (int)a->shared->nat_kind,
                  (int)a->peer_nat_kind, punched ? "tried" : "no",
                  a->guess.tried ? guess_end_word(a->guess.end) : "no");
    }
}

void conversation_why(struct conversation *a, enum why_code code, const char *detail)
{
    trace_why(a, code);
    a->why.code = code;
    (void)snprintf(a->why.detail, sizeof(a->why.detail), "%s", detail == NULL ? "" : detail);
}

void conversation_why_over(struct conversation *a)
{
    if (a->why.code == WHY_PEER_OFFLINE || a->why.code == WHY_NOT_ALLOWED ||
        a->why.code == WHY_OVER_VOLUME || a->why.code == WHY_OVER_DAY || why_is_via(&a->why)) {
        conversation_why(a, WHY_NONE, NULL);
    }
}

static uint8_t add_relays_of(struct conversation *a, const struct ziglan *ziglan, uint8_t rank,
                             struct mono now)
{
    (void)path_table_add_relay(&a->paths, ziglan->entry_point, rank++, now);
    for (size_t i = 0; i < ziglan->relays_count; i++) {
        (void)path_table_add_relay(&a->paths, ziglan->relays[i].session, rank++, now);
    }
    return rank;
}

void conversation_forget_relays(struct conversation *a, const struct ziglan *ziglan)
{
    path_table_forget_relay(&a->paths, ziglan->entry_point);
    for (size_t i = 0; i < ziglan->relays_count; i++) {
        path_table_forget_relay(&a->paths, ziglan->relays[i].session);
    }
}

/* A ziglan whose member the peer is not has no say about it, unless the user named it. */
static bool may_lead_to(const struct conversation *a, const struct relay_session *relay)
{
    return relay_session_is_used(relay) &&
           (a->peer->contact != NULL || ziglan_list_of_relay(a->shared->ziglans, relay) == NULL);
}

static void add_own_relays(struct conversation *a, struct mono now)
{
    uint8_t rank = CONVERSATION_RANK_OWN;
    struct relay_session *relay;

    TAILQ_FOREACH(relay, &a->shared->relays->list, in_set)
    {
        const struct path *path = path_table_find_relay(&a->paths, relay);
        bool found = path != NULL && path->rank >= CONVERSATION_RANK_SAME &&
                     path->rank < CONVERSATION_RANK_OWN;

        if (may_lead_to(a, relay) && !found) {
            (void)path_table_add_relay(&a->paths, relay, rank, now);
        }
        rank++;
    }
}

void conversation_find_relays(struct conversation *a, struct mono now)
{
    const struct ziglan *first = a->peer->ziglan;
    const struct ziglan *ziglan;

    add_own_relays(a, now); /* those of its ziglans go before, below */
    uint8_t rank = first == NULL ? 0 : add_relays_of(a, first, 0, now);

    TAILQ_FOREACH(ziglan, &a->shared->ziglans->head, in_list)
    {
        if (ziglan == first) {
            continue;
        }
        if (roster_find_key(ziglan->roster, a->peer->key) != NULL) {
            rank = add_relays_of(a, ziglan, rank, now);
        } else if (a->peer->contact == NULL) {
            conversation_forget_relays(a, ziglan);
        }
    }
}

void conversation_on_unnamed(struct conversation *a, struct mono now)
{
    struct relay_session *relay;

    TAILQ_FOREACH(relay, &a->shared->relays->list, in_set)
    {
        path_table_forget_relay(&a->paths, relay);
    }
    conversation_find_relays(a, now);
}
