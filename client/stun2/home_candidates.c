/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A short list, in which a relay stands once, whoever told of it. */
#include "client/stun2/home_candidates.h"

#include "proto/crypto/identity.h"

#include <string.h>

enum { NETWORK_SIZE_V4 = 3, NETWORK_SIZE_V6 = 6 };

struct home_candidate *home_candidates_find(struct home_candidates *candidates,
                                            const uint8_t key[KEY_SIZE])
{
    for (size_t i = 0; i < HOME_CANDIDATES_MAX; i++) {
        struct home_candidate *one = &candidates->list[i];

        if (one->used && memcmp(one->key, key, KEY_SIZE) == 0) {
            return one;
        }
    }
    return NULL;
}

uint32_t home_candidate_cost(const struct home_candidate *candidate)
{
    const struct home_quality *quality = &candidate->quality;
    uint32_t cost = quality->rtt_us + (uint32_t)quality->loss_permille * HOME_LOSS_COST_US;

    if (quality->load_permille > HOME_FULL_PERMILLE) {
        cost += (uint32_t)(quality->load_permille - HOME_FULL_PERMILLE) * HOME_FULL_COST_US;
    }
    return cost;
}

static bool same_network(const struct endpoint *a, const struct endpoint *b)
{
    if (endpoint_is_v4(a) != endpoint_is_v4(b)) {
        return false;
    }
    /* An IPv4 address stands in the last four bytes. */
    return endpoint_is_v4(a) ? memcmp(a->ip + 12, b->ip + 12, NETWORK_SIZE_V4) == 0
                             : memcmp(a->ip, b->ip, NETWORK_SIZE_V6) == 0;
}

bool home_candidate_near(const struct home_candidate *a, const struct home_candidate *b)
{
    return same_network(&a->address, &b->address);
}

/* ---- room ---- */

/* True if `a` is missed less than `b`. */
static bool is_worse(const struct home_candidate *a, const struct home_candidate *b)
{
    if (a->quality.known != b->quality.known) {
        return !a->quality.known;
    }
    return home_candidate_cost(a) > home_candidate_cost(b);
}

/* One that is not measured yet does not go, or whoever tells of many would let none be measured,
 * unless a session needs its place. */
static bool may_go(const struct home_candidate *one, bool for_session)
{
    return !one->chosen && !one->has_session && (for_session || one->round.ended > 0);
}

static struct home_candidate *place(struct home_candidates *candidates, bool for_session)
{
    struct home_candidate *victim = NULL;

    for (size_t i = 0; i < HOME_CANDIDATES_MAX; i++) {
        struct home_candidate *one = &candidates->list[i];

        if (!one->used) {
            return one;
        }
        if (may_go(one, for_session) && (victim == NULL || is_worse(one, victim))) {
            victim = one;
        }
    }
    return victim;
}

static struct home_candidate *make(struct home_candidates *candidates, const uint8_t key[KEY_SIZE],
                                   bool for_session)
{
    struct home_candidate *one = place(candidates, for_session);

    if (one != NULL) {
        *one = (struct home_candidate){.used = true,
                                       .down_since = MONO_NEVER,
                                       .round = {.sent_at = MONO_NEVER, .next_at = MONO_NEVER}};
        memcpy(one->key, key, KEY_SIZE);
    }
    return one;
}

/* ---- sessions ---- */

static void note_session(struct home_candidate *one, const struct home_session *session,
                         struct mono now)
{
    one->has_session = true;
    one->session = *session;
    if (!one->listed) {
        one->address = session->address;
    }
    if (session->answers) {
        one->quality = session->quality.known ? session->quality : one->quality;
        one->down_since = MONO_NEVER;
    } else if (one->down_since.ns == MONO_NEVER.ns) {
        one->down_since = now;
    }
    one->round.sent_at = MONO_NEVER; /* the session measures */
}

static bool is_told(const struct home_candidate *one, const struct home_session *sessions,
                    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(sessions[i].key, one->key, KEY_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

void home_candidates_tell(struct home_candidates *candidates, const struct home_session *sessions,
                          size_t count, struct mono now)
{
    for (size_t i = 0; i < HOME_CANDIDATES_MAX; i++) {
        struct home_candidate *one = &candidates->list[i];

        if (one->used && one->has_session && !is_told(one, sessions, count)) {
            one->has_session = false;
            one->down_since = MONO_NEVER;
            one->round.next_at = now;
            one->round.left = 0;
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct home_candidate *one = home_candidates_find(candidates, sessions[i].key);

        if (one == NULL) {
            one = make(candidates, sessions[i].key, true);
        }
        if (one != NULL) {
            note_session(one, &sessions[i], now);
        }
    }
}

/* ---- records ---- */

static bool may_send_to(const struct endpoint *address, const struct endpoint *told_by)
{
    return address->port != 0 && (endpoint_scope(address) == ENDPOINT_SCOPE_GLOBAL ||
                                  endpoint_same_special(address, told_by));
}

static size_t count_near(const struct home_candidates *candidates, const struct endpoint *address)
{
    size_t count = 0;

    for (size_t i = 0; i < HOME_CANDIDATES_MAX; i++) {
        const struct home_candidate *one = &candidates->list[i];

        count += one->used && one->listed && same_network(&one->address, address);
    }
    return count;
}

static void note_record(struct home_candidate *one, const struct record_node *record,
                        struct mono now)
{
    bool moved = !endpoint_equal(&one->address, &record->addresses[0]);

    one->listed = true;
    one->address = record->addresses[0];
    one->sequence = record->header.sequence;
    one->until_ms = record->header.created_ms + (uint64_t)record->header.lifetime_s * 1000;
    memcpy(one->spki, record->spki_sha256, sizeof(one->spki));
    if (moved && !one->has_session) {
        one->quality = (struct home_quality){0};
        one->round = (struct home_round){.sent_at = MONO_NEVER, .next_at = now};
    }
}

void home_candidates_on_record(struct home_candidates *candidates, const struct record_node *record,
                               const struct endpoint *told_by, uint64_t wall_ms, struct mono now)
{
    struct home_candidate *one = home_candidates_find(candidates, record->header.key);

    if (!record_live(&record->header, wall_ms) || !key_is_usable(record->header.key) ||
        strcmp(record->service, RECORD_NODE_SERVICE) != 0 ||
        (record->protocols & RECORD_PROTOCOL_QUIC_FLAG) == 0 || record->addresses_count == 0 ||
        !may_send_to(&record->addresses[0], told_by)) {
        return;
    }
    if (one != NULL && one->listed && record->header.sequence <= one->sequence) {
        return;
    }
    if (one == NULL && count_near(candidates, &record->addresses[0]) < HOME_PER_NETWORK_MAX) {
        one = make(candidates, record->header.key, false);
    }
    if (one != NULL) {
        note_record(one, record, now);
    }
}

void home_candidates_expire(struct home_candidates *candidates, uint64_t wall_ms)
{
    for (size_t i = 0; i < HOME_CANDIDATES_MAX; i++) {
        struct home_candidate *one = &candidates->list[i];

        one->listed = one->listed && record_unexpired(one->until_ms, wall_ms);
        if (one->used && !one->listed && !one->has_session) {
            *one = (struct home_candidate){0};
        }
    }
}
