/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The broker. Each punch is a pair of keys (punch_pairs.h). */
#include "rendezvous/punch/punch.h"

#include "proto/base/bucket_table.h"
#include "rendezvous/punch/punch_pairs.h"

#include <stdlib.h>
#include <string.h>

enum {
    RATE_KEYS_MAX = 8192,
    OUTPUT_COUNT_MAX = 2 * PUNCH_COUNT_MAX,
};

struct punch {
    const struct env *env;
    struct punch_pairs pairs;
    struct bucket_table *rate;
    struct punch_outputs outputs;
    struct punch_stats stats;
};

int punch_new(struct punch **out, const struct env *env)
{
    const struct bucket_rate rate = {.per_s = PUNCH_RATE_PER_S, .burst = PUNCH_RATE_PER_S};
    struct punch *p = calloc(1, sizeof(*p));
    int rc = ERR_NOMEM;

    *out = NULL;
    if (p == NULL) {
        goto out;
    }
    p->env = env;
    rc = punch_pairs_init(&p->pairs, PUNCH_COUNT_MAX, env);
    if (rc != ERR_OK) {
        goto out;
    }
    rc = bucket_table_new(&p->rate, KEY_SIZE, RATE_KEYS_MAX, &rate, env);
    if (rc != ERR_OK) {
        goto out;
    }
    *out = p;
    p = NULL;
out:
    punch_free(p);
    return rc;
}

void punch_free(struct punch *punch)
{
    if (punch == NULL) {
        return;
    }
    punch_pairs_fini(&punch->pairs);
    bucket_table_free(punch->rate);
    punch_outputs_fini(&punch->outputs);
    free(punch);
}

/* ---- outputs ---- */

/* A new output to one side of the pair about the other. NULL if the queue is full, which is
   counted: hosts repeat what they want, so a lost output only costs time. */
static struct punch_output *output_push(struct punch *p, enum punch_output_type type,
                                        const struct punch_pair *pair, size_t to)
{
    struct punch_output *o = punch_outputs_push(&p->outputs, OUTPUT_COUNT_MAX);

    if (o == NULL) {
        p->stats.outputs_lost++;
        return NULL;
    }
    o->type = type;
    o->punch_id = pair->id;
    memcpy(o->to, pair->sides[to].key, KEY_SIZE);
    memcpy(o->peer, pair->sides[1 - to].key, KEY_SIZE);
    return o;
}

bool punch_output(struct punch *punch, struct punch_output *out)
{
    return punch_outputs_pop(&punch->outputs, out);
}

static void output_offer(struct punch *p, const struct punch_pair *pair)
{
    struct punch_output *o = output_push(p, PUNCH_OUTPUT_OFFER, pair, SIDE_TARGET);

    if (o != NULL) {
        memcpy(o->token, pair->sides[SIDE_REQUESTER].token, PUNCH_TOKEN_SIZE);
        o->nat_kind = pair->sides[SIDE_REQUESTER].nat_kind;
        o->has_session = pair->has_session;
        memcpy(o->app, pair->app, sizeof(o->app));
    }
}

static void output_refused(struct punch *p, const struct punch_pair *pair)
{
    struct punch_output *o = output_push(p, PUNCH_OUTPUT_REFUSED, pair, SIDE_REQUESTER);

    if (o != NULL) {
        o->request_id = pair->request_id;
        o->elsewhere = pair->elsewhere;
        o->verdict = VERDICT_REFUSED;
    }
}

/* What a PunchMessage says: address, token and NAT kind of the other side. */
static void output_message(struct punch_output *o, const struct punch_pair *pair, size_t to)
{
    const struct punch_side *peer = &pair->sides[1 - to];

    memcpy(o->token, peer->token, PUNCH_TOKEN_SIZE);
    o->nat_kind = peer->nat_kind;
    o->endpoint = peer->observed;
}

static void output_go(struct punch *p, const struct punch_pair *pair, size_t to,
                      const uint8_t probe_key[PUNCH_PROBE_KEY_SIZE])
{
    const struct punch_side *self = &pair->sides[to];
    const struct punch_side *peer = &pair->sides[1 - to];
    uint64_t rtt_us = self->rtt_us > peer->rtt_us ? self->rtt_us : peer->rtt_us;
    struct punch_output *o = output_push(p, PUNCH_OUTPUT_GO, pair, to);

    if (o == NULL) {
        return;
    }
    output_message(o, pair, to);
    memcpy(o->probe_key, probe_key, PUNCH_PROBE_KEY_SIZE);
    /* A GO takes half a round trip to its host. The nearer host waits until the farther one has its
       GO, so that both fire at the same time. */
    o->fire_in_us = (rtt_us - self->rtt_us) / 2;
    o->listen = punch_side_listens(self, peer);
}

/* ---- pairs ---- */

static void pair_end(struct punch *p, struct punch_pair *pair)
{
    if (pair->state == PAIR_STATE_LIVE) {
        p->stats.live--;
    } else {
        p->stats.offered--;
    }
    punch_pairs_remove(&p->pairs, pair);
}

/* Make room: end the live punch, of this key or (NULL) of anybody, that has been silent for
 * longest. Its sides lose nothing but later updates. False if no live one is there. */
static bool evict_live(struct punch *p, const uint8_t *key)
{
    struct punch_pair *oldest = punch_pairs_silent(&p->pairs, key);

    if (oldest == NULL) {
        return false;
    }
    pair_end(p, oldest);
    return true;
}

/* Make room for one more punch of these two keys. LIMIT if offers take all places of one of them,
   or all places there are: for who is elsewhere, whose keys cost nothing, half of them. */
static enum verdict make_room(struct punch *p, const struct punch_request *request)
{
    const uint8_t *keys[2] = {request->requester.key, request->target};
    uint32_t share = request->elsewhere ? 2 : 1;

    for (size_t i = 0; i < 2; i++) {
        if (punch_pairs_use(&p->pairs, keys[i]) >= PUNCH_PER_KEY_MAX / share &&
            !evict_live(p, keys[i])) {
            p->stats.limit_key++;
            return VERDICT_LIMIT;
        }
    }
    if (punch_pairs_count(&p->pairs) >= PUNCH_COUNT_MAX / share && !evict_live(p, NULL)) {
        p->stats.limit_all++;
        return VERDICT_LIMIT;
    }
    return VERDICT_OK;
}

/* Begin a punch, and offer it to the target. */
static enum verdict pair_offer(struct punch *p, const struct punch_request *request,
                               struct mono now)
{
    struct punch_pair *pair = punch_pairs_add(&p->pairs, request->requester.key, request->target,
                                              mono_add_ms(now, PUNCH_OFFER_MS_MAX));

    if (pair == NULL) {
        return VERDICT_UNAVAILABLE;
    }
    pair->sides[SIDE_REQUESTER] = request->requester;
    pair->request_id = request->request_id;
    pair->elsewhere = request->elsewhere;
    pair->has_session = request->has_session;
    memcpy(pair->app, request->app, sizeof(pair->app));
    p->stats.offered++;
    p->stats.requested++;
    output_offer(p, pair);
    return VERDICT_OK;
}

/* Something was heard of a live punch. */
static void pair_refresh(struct punch *p, struct punch_pair *pair, struct mono now)
{
    punch_pair_wait(&p->pairs, pair, mono_add_ms(now, PUNCH_IDLE_MS_MAX));
}

static void pair_accept(struct punch *p, struct punch_pair *pair, const struct punch_side *answer,
                        struct mono now)
{
    uint8_t probe_key[PUNCH_PROBE_KEY_SIZE];

    pair->sides[SIDE_TARGET] = *answer;
    pair->state = PAIR_STATE_LIVE;
    p->stats.offered--;
    p->stats.live++;
    p->stats.accepted++;
    pair_refresh(p, pair, now);
    env_random(p->env, probe_key, sizeof(probe_key));
    output_go(p, pair, SIDE_REQUESTER, probe_key);
    output_go(p, pair, SIDE_TARGET, probe_key);
}

static void pair_refuse(struct punch *p, struct punch_pair *pair)
{
    output_refused(p, pair);
    pair_end(p, pair);
}

/* ---- what sessions tell ---- */

/* True, and counted, if the relay must not name this address to anybody. */
static bool address_is_bad(struct punch *p, const struct endpoint *observed)
{
    if (observed->port != 0 && endpoint_scope(observed) != ENDPOINT_SCOPE_NEVER) {
        return false;
    }
    p->stats.bad_address++;
    return true;
}

enum verdict punch_request(struct punch *punch, const struct punch_request *request,
                           struct mono now)
{
    const uint8_t *key = request->requester.key;
    struct punch_pair *known;
    enum verdict verdict;

    if (memcmp(key, request->target, KEY_SIZE) == 0) {
        return VERDICT_BAD_REQUEST;
    }
    if (!bucket_table_take(punch->rate, key, 1, now)) {
        punch->stats.limit_rate++;
        return VERDICT_LIMIT;
    }
    if (address_is_bad(punch, &request->requester.observed)) {
        return VERDICT_BAD_REQUEST;
    }
    if (request->requester.nat_kind == 0 && !request->has_session) {
        punch->stats.unmeasured++;
        return VERDICT_MEASURE_FIRST;
    }
    known = punch_pairs_find(&punch->pairs, key, request->target);
    if (known != NULL && known->state == PAIR_STATE_OFFERED) {
        if (memcmp(known->sides[SIDE_REQUESTER].key, key, KEY_SIZE) == 0) {
            punch->stats.limit_pair++;
            return VERDICT_LIMIT;
        }
        /* Who asks for the other has said yes to being named to it, so both have said yes. */
        pair_accept(punch, known, &request->requester, now);
        return VERDICT_OK;
    }
    if (known != NULL) {
        pair_end(punch, known); /* the former punch of the two is superseded */
    }
    verdict = make_room(punch, request);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    return pair_offer(punch, request, now);
}

bool punch_waits_for(const struct punch *punch, const uint8_t requester[KEY_SIZE],
                     const uint8_t target[KEY_SIZE])
{
    const struct punch_pair *pair = punch_pairs_find(&punch->pairs, requester, target);

    return pair != NULL && pair->state == PAIR_STATE_OFFERED &&
           memcmp(pair->sides[SIDE_REQUESTER].key, requester, KEY_SIZE) == 0;
}

enum verdict punch_answer(struct punch *punch, uint64_t punch_id, const struct punch_side *answer,
                          bool accept, struct mono now)
{
    struct punch_pair *pair = punch_pairs_of_id(&punch->pairs, punch_id);

    if (pair == NULL || pair->state != PAIR_STATE_OFFERED ||
        memcmp(pair->sides[SIDE_TARGET].key, answer->key, KEY_SIZE) != 0) {
        return VERDICT_NOT_FOUND;
    }
    if (!accept) {
        punch->stats.refused++;
        pair_refuse(punch, pair);
        return VERDICT_OK;
    }
    if (address_is_bad(punch, &answer->observed)) {
        pair_refuse(punch, pair);
        return VERDICT_BAD_REQUEST;
    }
    pair_accept(punch, pair, answer, now);
    return VERDICT_OK;
}

/* The other side hears each word once. */
static void output_result(struct punch *p, const struct punch_pair *pair, size_t side, bool direct)
{
    struct punch_output *o = output_push(p, PUNCH_OUTPUT_RESULT, pair, 1 - side);

    if (o != NULL) {
        o->direct = direct;
    }
}

bool punch_result(struct punch *punch, uint64_t punch_id, const uint8_t key[KEY_SIZE], bool direct,
                  struct mono now)
{
    struct punch_pair *pair = punch_pairs_of_id(&punch->pairs, punch_id);
    size_t side;

    if (pair == NULL || pair->state != PAIR_STATE_LIVE || !punch_pair_has(pair, key)) {
        return false;
    }
    side = punch_pair_side(pair, key);
    bool *told = direct ? &pair->told[side].direct : &pair->told[side].failed;
    bool other_told = direct ? pair->told[1 - side].direct : pair->told[1 - side].failed;

    punch->stats.direct += direct && !*told && !other_told ? 1 : 0;
    punch->stats.failed += !direct && !*told && !other_told ? 1 : 0;
    if (!*told) {
        *told = true;
        output_result(punch, pair, side, direct);
    }
    pair_refresh(punch, pair, now);
    return true;
}

static void pair_moved(struct punch *p, struct punch_pair *pair, size_t side,
                       const struct endpoint *observed, struct mono now)
{
    if (endpoint_equal(&pair->sides[side].observed, observed)) {
        return;
    }
    pair->sides[side].observed = *observed;
    if (pair->state != PAIR_STATE_LIVE) {
        return; /* GO will have the new address */
    }
    struct punch_output *o = output_push(p, PUNCH_OUTPUT_UPDATE, pair, 1 - side);
    if (o != NULL) {
        output_message(o, pair, 1 - side);
        p->stats.updates++;
    }
    pair_refresh(p, pair, now);
}

void punch_on_moved(struct punch *punch, const uint8_t key[KEY_SIZE],
                    const struct endpoint *observed, struct mono now)
{
    struct handle cursor = HANDLE_NONE;
    struct punch_pair *pair;

    /* The walk below is over all pairs, so it is not begun for a key that is in none. */
    if (punch_pairs_use(&punch->pairs, key) == 0 || address_is_bad(punch, observed)) {
        return;
    }
    for (pair = punch_pairs_next(&punch->pairs, &cursor); pair != NULL;
         pair = punch_pairs_next(&punch->pairs, &cursor)) {
        for (size_t side = 0; side < 2; side++) {
            /* A target that has not answered has no address here yet: its yes will bring one. */
            if (memcmp(pair->sides[side].key, key, KEY_SIZE) == 0 &&
                (side == SIDE_REQUESTER || pair->state == PAIR_STATE_LIVE)) {
                pair_moved(punch, pair, side, observed, now);
            }
        }
    }
}

bool punch_on_far_moved(struct punch *punch, const uint8_t key[KEY_SIZE],
                        const uint8_t other[KEY_SIZE], const struct endpoint *observed,
                        struct mono now)
{
    struct punch_pair *pair = punch_pairs_find(&punch->pairs, key, other);
    size_t side;

    if (pair == NULL) {
        return false;
    }
    side = punch_pair_side(pair, key);
    if ((side == SIDE_REQUESTER || pair->state == PAIR_STATE_LIVE) &&
        !address_is_bad(punch, observed)) {
        pair_moved(punch, pair, side, observed, now);
    }
    return true;
}

void punch_on_replaced(struct punch *punch, const uint8_t key[KEY_SIZE],
                       const struct endpoint *observed)
{
    struct handle cursor = HANDLE_NONE;
    struct punch_pair *pair;

    if (punch_pairs_use(&punch->pairs, key) == 0) {
        return;
    }
    bool bad = address_is_bad(punch, observed);
    for (pair = punch_pairs_next(&punch->pairs, &cursor); pair != NULL;
         pair = punch_pairs_next(&punch->pairs, &cursor)) {
        if (!punch_pair_has(pair, key)) {
            continue;
        }
        bool asked = memcmp(pair->sides[SIDE_REQUESTER].key, key, KEY_SIZE) == 0;
        if (pair->state == PAIR_STATE_LIVE || (asked && bad)) {
            pair_end(punch, pair);
        } else if (asked) {
            pair->sides[SIDE_REQUESTER].observed = *observed;
            pair->request_id = 0; /* in the new session this number may mean something else */
        } else {
            output_offer(punch, pair);
        }
    }
}

void punch_on_gone(struct punch *punch, const uint8_t key[KEY_SIZE])
{
    struct handle cursor = HANDLE_NONE;
    struct punch_pair *pair;

    if (punch_pairs_use(&punch->pairs, key) == 0) {
        return;
    }
    for (pair = punch_pairs_next(&punch->pairs, &cursor); pair != NULL;
         pair = punch_pairs_next(&punch->pairs, &cursor)) {
        if (!punch_pair_has(pair, key)) {
            continue;
        }
        if (pair->state == PAIR_STATE_OFFERED &&
            memcmp(pair->sides[SIDE_TARGET].key, key, KEY_SIZE) == 0) {
            pair_refuse(punch, pair);
        } else {
            pair_end(punch, pair);
        }
    }
}

void punch_expire(struct punch *punch, struct mono now)
{
    struct heap_entry *entry;

    for (entry = heap_pop_due(&punch->pairs.timers, now); entry != NULL;
         entry = heap_pop_due(&punch->pairs.timers, now)) {
        struct punch_pair *pair = HEAP_OWNER(entry, struct punch_pair, timer);
        if (pair->state == PAIR_STATE_OFFERED) {
            punch->stats.timed_out++;
            pair_refuse(punch, pair);
        } else {
            pair_end(punch, pair);
        }
    }
}

struct mono punch_deadline(const struct punch *punch)
{
    return heap_deadline(&punch->pairs.timers);
}

const struct punch_stats *punch_stats(const struct punch *punch)
{
    return &punch->stats;
}
