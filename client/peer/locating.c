/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Relays that find the peer go before those that do not, and the one where it is before all. */
#include "client/peer/locating.h"

#include "proto/crypto/attachment.h"
#include "proto/wire/verdict.h"

#include <string.h>

static const struct bucket_rate rate = {.per_s = LOCATING_PER_S, .burst = LOCATING_BURST};

void locating_init(struct conversations *shared, struct mono now)
{
    bucket_init(&shared->lookups, &rate, now);
}

static bool send_locate(const struct peer *peer, struct relay_session *relay)
{
    Ziglan__Locate locate = ZIGLAN__LOCATE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    locate.key = control_bytes(peer->key, KEY_SIZE);
    message.request_id = LOCATING_REQUEST_FLAG | peer->id;
    message.body_case = ZIGLAN__CONTROL__BODY_LOCATE;
    message.locate = &locate;
    return relay_session_send(relay, &message);
}

void locating_ask(struct conversation *a, struct mono now)
{
    struct contact *contact = a->peer->contact;
    struct relay_session *relay;

    if (contact == NULL || !mono_due(contact->locating.again_at, now)) {
        return;
    }
    if (!bucket_take(&a->shared->lookups, &rate, 1, now)) {
        contact->locating.again_at = mono_add_ms(now, LOCATING_BUSY_MS);
        return;
    }
    contact->locating.again_at = mono_add_ms(now, LOCATING_AGAIN_MS);
    contact->locating.asked = 0;
    contact->locating.refused = 0;
    contact->locating.awaited_count = 0;
    contact->locating.denied_count = 0;
    contact->locating.found = false;
    TAILQ_FOREACH(relay, &a->shared->relays->list, in_set)
    {
        if (contact->locating.asked < RELAY_SET_MAX && relay_session_is_used(relay) &&
            send_locate(a->peer, relay)) {
            contact->locating.asked++;
            contact->locating.awaited[contact->locating.awaited_count++] = (uint32_t)relay->number;
        }
    }
}

/* The valid record with the largest sequence. */
static bool best_of(const struct conversation *a, const Ziglan__Located *located,
                    struct record_attachment *best)
{
    uint64_t wall_ms = env_wall_ms(a->shared->env);
    bool any = false;

    for (size_t i = 0; i < located->n_records && i < LOCATED_MAX; i++) {
        struct record_attachment one;

        if (attachment_verify(&one, located->records[i].data, located->records[i].len, a->peer->key,
                              wall_ms) &&
            (!any || one.header.sequence > best->header.sequence)) {
            *best = one;
            any = true;
        }
    }
    return any;
}

/* True if a valid record says that the peer is at this relay. */
static bool names(const struct conversation *a, const Ziglan__Located *located,
                  const uint8_t relay_key[KEY_SIZE])
{
    uint64_t wall_ms = env_wall_ms(a->shared->env);

    for (size_t i = 0; i < located->n_records && i < LOCATED_MAX; i++) {
        struct record_attachment one;

        if (attachment_verify(&one, located->records[i].data, located->records[i].len, a->peer->key,
                              wall_ms) &&
            memcmp(one.relay_key, relay_key, KEY_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

/* Give a path one of the three ranks of our relays, in which they keep their order. */
static void rank(struct path *path, uint8_t first)
{
    if (path->rank >= CONVERSATION_RANK_SAME && path->rank < CONVERSATION_RANK_OWN_END) {
        path->rank = (uint8_t)(first + path->rank % RELAY_SET_MAX);
    }
}

static void rank_relay(struct conversation *a, const struct relay_session *relay, bool found)
{
    struct path *path = path_table_find_relay(&a->paths, relay);

    if (path != NULL) {
        rank(path, found ? CONVERSATION_RANK_FOUND : CONVERSATION_RANK_OWN);
    }
}

/* If we use the relay where the peer is, too, nothing is shorter; unless the user named relays that
 * frames shall pass, which they do not from there. */
static void rank_same(struct conversation *a, const uint8_t relay_key[KEY_SIZE])
{
    uint8_t first =
        a->peer->contact->via_count == 0 ? CONVERSATION_RANK_SAME : CONVERSATION_RANK_OWN;

    for (size_t i = 0; i < a->paths.count; i++) {
        struct path *path = a->paths.list[i];

        if (path->kind == PATH_KIND_RELAY &&
            memcmp(path->relay->relay_key, relay_key, KEY_SIZE) == 0) {
            rank(path, first);
        }
    }
}

/* True, once, if this relay was asked: what it says more often is for no other relay. */
static bool answer_take(struct peer *peer, const struct relay_session *relay)
{
    struct locating *locating = peer->contact == NULL ? NULL : &peer->contact->locating;

    for (uint8_t i = 0;
         locating != NULL && peer->conversation != NULL && i < locating->awaited_count; i++) {
        if (locating->awaited[i] == (uint32_t)relay->number) {
            locating->awaited[i] = locating->awaited[--locating->awaited_count];
            return true;
        }
    }
    return false;
}

/* The peer is not at this relay, which answered: others that say so speak of the past. A host
 * that ends withdraws nothing, and what relays told of it is believed for up to an hour. */
static void denied_by(struct locating *locating, const struct relay_session *relay)
{
    if (locating->denied_count < RELAY_SET_MAX) {
        memcpy(locating->denied[locating->denied_count++], relay->relay_key, KEY_SIZE);
    }
}

static bool is_denied(const struct locating *locating)
{
    for (uint8_t i = 0; i < locating->denied_count; i++) {
        if (memcmp(locating->denied[i], locating->relay_key, KEY_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

/* It does not know where the peer is. */
static void refused_by(struct peer *peer, const struct relay_session *relay)
{
    peer->contact->locating.refused++;
    denied_by(&peer->contact->locating, relay);
    rank_relay(peer->conversation, relay, false);
}

bool locating_on_located(struct peer *peer, const struct relay_session *relay,
                         const Ziglan__Located *located)
{
    struct conversation *a = peer->conversation;
    struct record_attachment best = {0};

    if (!answer_take(peer, relay)) {
        return false;
    }
    struct locating *locating = &peer->contact->locating;
    if (!best_of(a, located, &best)) {
        refused_by(peer, relay);
        return false;
    }
    const struct path *before = path_table_present(&a->paths);
    if (!locating->found || best.header.sequence > locating->sequence) {
        locating->sequence = best.header.sequence;
        memcpy(locating->relay_key, best.relay_key, KEY_SIZE);
    }
    locating->found = true;
    if (!names(a, located, relay->relay_key)) {
        denied_by(locating, relay);
    }
    rank_relay(a, relay, true);
    rank_same(a, locating->relay_key);
    return path_table_present(&a->paths) != before;
}

void locating_on_refused(struct peer *peer, const struct relay_session *relay, uint32_t code)
{
    if (answer_take(peer, relay) && code != VERDICT_LIMIT) {
        refused_by(peer, relay);
    }
}

void locating_on_silence(const struct peer *peer)
{
    if (peer->contact != NULL) {
        peer->contact->locating.silent = true;
    }
}

void locating_on_session(const struct peer *peer)
{
    if (peer->contact != NULL) {
        peer->contact->locating.silent = false;
        peer->contact->locating.again_at = (struct mono){0};
    }
}

enum why_code locating_why(const struct peer *peer, const uint8_t **relay_key)
{
    const struct locating *locating = peer->contact == NULL ? NULL : &peer->contact->locating;

    if (locating == NULL || !locating->silent) {
        return WHY_NONE;
    }
    *relay_key = locating->relay_key;
    if (locating->found && !(locating->awaited_count == 0 && is_denied(locating))) {
        return WHY_NO_ANSWER;
    }
    if (locating->found) {
        return WHY_NOT_FOUND;
    }
    return locating->asked > 0 && locating->asked == locating->refused ? WHY_NOT_FOUND : WHY_NONE;
}
