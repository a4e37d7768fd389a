/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Look-ups have places in an array; the number of a question names the place. */
#include "rendezvous/presence/locate.h"

#include "proto/base/bytes.h"
#include "proto/base/heap.h"
#include "proto/base/map.h"
#include "rendezvous/presence/locate_cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum rank_state {
    RANK_NEW, /* its ASK was not taken yet */
    RANK_ASKED,
    RANK_ANSWERED,
    RANK_FAILED,
};

struct rank {
    uint8_t key[KEY_SIZE];
    enum rank_state state;
};

struct lookup {
    struct heap_entry timer;
    TAILQ_ENTRY(lookup) in_output; /* if has_output */
    bool used, has_output, done;
    bool answered; /* somebody said what it knows, be it nothing */
    uint8_t key[KEY_SIZE];
    uint32_t request_id;
    struct rank ranks[LOCATE_RANKS_MAX];
    size_t rank_count, turn; /* the first `turn` are asked */
    struct mono end_at, step_at;
    struct locate_waiter waiters[LOCATE_WAITERS_MAX];
    size_t waiter_count, telling; /* the first `telling` are to be told */
    uint64_t told_sequence;       /* the largest one that they were told of */
    struct located located;
};

struct locate {
    struct lookup *lookups; /* LOCATE_COUNT_MAX places */
    struct map *by_key;     /* of those that are not done */
    struct heap timers;
    struct locate_cache *cache;
    presence_check *check;
    TAILQ_HEAD(lookups_with_output, lookup) outputs;
    uint32_t rounds; /* makes each request id another one */
    struct locate_stats stats;
};

int locate_new(struct locate **out, presence_check *check, const struct env *env)
{
    struct locate *locate = calloc(1, sizeof(*locate));
    int rc = ERR_NOMEM;

    *out = NULL;
    if (locate == NULL) {
        return ERR_NOMEM;
    }
    locate->check = check;
    TAILQ_INIT(&locate->outputs);
    locate->lookups = calloc(LOCATE_COUNT_MAX, sizeof(*locate->lookups));
    if (locate->lookups != NULL) {
        rc = map_new(&locate->by_key, KEY_SIZE, LOCATE_COUNT_MAX, env);
    }
    if (rc == ERR_OK) {
        rc = heap_reserve(&locate->timers, LOCATE_COUNT_MAX);
    }
    if (rc == ERR_OK) {
        rc = locate_cache_new(&locate->cache, env);
    }
    if (rc != ERR_OK) {
        locate_free(locate);
        return rc;
    }
    *out = locate;
    return ERR_OK;
}

void locate_free(struct locate *locate)
{
    if (locate != NULL) {
        locate_cache_free(locate->cache);
        heap_fini(&locate->timers);
        map_free(locate->by_key);
        free(locate->lookups);
        free(locate);
    }
}

/* ---- outputs ---- */

static void output_announce(struct locate *locate, struct lookup *lookup)
{
    if (!lookup->has_output) {
        lookup->has_output = true;
        TAILQ_INSERT_TAIL(&locate->outputs, lookup, in_output);
    }
}

static void output_done(struct locate *locate, struct lookup *lookup)
{
    lookup->has_output = false;
    TAILQ_REMOVE(&locate->outputs, lookup, in_output);
}

/* The next relay to be asked; NULL if all are whose turn it is. */
static struct rank *unasked(struct lookup *lookup)
{
    for (size_t i = 0; i < lookup->turn && !lookup->done; i++) {
        if (lookup->ranks[i].state == RANK_NEW) {
            return &lookup->ranks[i];
        }
    }
    return NULL;
}

static void release(struct locate *locate, struct lookup *lookup)
{
    lookup->used = false;
    locate->stats.running--;
}

bool locate_output(struct locate *locate, struct locate_output *out)
{
    struct lookup *lookup = TAILQ_FIRST(&locate->outputs);
    struct rank *rank;

    if (lookup == NULL) {
        return false;
    }
    *out = (struct locate_output){.type = LOCATE_OUTPUT_ASK, .request_id = lookup->request_id};
    memcpy(out->key, lookup->key, KEY_SIZE);
    if (lookup->telling > 0) {
        out->type = LOCATE_OUTPUT_DONE;
        out->request_id = 0;
        out->located = lookup->located;
        out->waiter = lookup->waiters[--lookup->telling];
    } else {
        rank = unasked(lookup);
        rank->state = RANK_ASKED;
        memcpy(out->to, rank->key, KEY_SIZE);
    }
    if (lookup->telling == 0 && unasked(lookup) == NULL) {
        output_done(locate, lookup);
        if (lookup->done) {
            release(locate, lookup);
        }
    }
    return true;
}

/* ---- the end of a look-up ---- */

/* Tell all who wait what is known. */
static void tell(struct locate *locate, struct lookup *lookup)
{
    lookup->telling = lookup->waiter_count;
    lookup->told_sequence = lookup->located.count > 0 ? lookup->located.records[0].sequence : 0;
    output_announce(locate, lookup);
}

static void finish(struct locate *locate, struct lookup *lookup, struct mono now)
{
    uint64_t keep_ms = LOCATE_SILENT_MS;
    bool told = lookup->located.count > 0; /* then they were at once */

    locate_cache_settle(locate->cache, lookup->key, &lookup->located, now);
    if (lookup->located.count > 0) {
        locate->stats.found++;
        keep_ms = LOCATE_PRESENT_MS;
    } else if (lookup->answered) {
        locate->stats.absent++;
        keep_ms = LOCATE_ABSENT_MS;
    } else {
        locate->stats.silent++;
    }
    locate_cache_put(locate->cache, lookup->key, &lookup->located, mono_add_ms(now, keep_ms));
    lookup->done = true;
    heap_remove(&locate->timers, &lookup->timer);
    (void)map_remove(locate->by_key, lookup->key, NULL);
    if (!told || lookup->located.count == 0 ||
        lookup->located.records[0].sequence > lookup->told_sequence) {
        tell(locate, lookup);
    } else if (lookup->telling == 0) {
        if (lookup->has_output) {
            output_done(locate, lookup); /* somebody was to be asked */
        }
        release(locate, lookup);
    }
}

/* True if nobody owes an answer whose turn it is. */
static bool all_answered(const struct lookup *lookup)
{
    for (size_t i = 0; i < lookup->turn; i++) {
        if (lookup->ranks[i].state < RANK_ANSWERED) {
            return false;
        }
    }
    return true;
}

static void timer_set(struct locate *locate, struct lookup *lookup)
{
    struct mono at = mono_min(lookup->end_at, lookup->step_at);

    CHECK(heap_set(&locate->timers, &lookup->timer, at) == ERR_OK); /* room was reserved */
}

/* It is the turn of so many more, up to this place. */
static void turn_grow(struct locate *locate, struct lookup *lookup, size_t more, size_t up_to)
{
    size_t most = up_to < lookup->rank_count ? up_to : lookup->rank_count;

    lookup->turn = lookup->turn + more < most ? lookup->turn + more
                   : lookup->turn > most      ? lookup->turn
                                              : most;
    if (unasked(lookup) != NULL) {
        output_announce(locate, lookup);
    }
}

static void step(struct locate *locate, struct lookup *lookup, struct mono now)
{
    turn_grow(locate, lookup, HRW_WINNERS, LOCATE_RANKS_MAX);
    lookup->step_at =
        lookup->turn < lookup->rank_count ? mono_add_ms(now, LOCATE_STEP_MS) : MONO_NEVER;
    timer_set(locate, lookup);
}

void locate_expire(struct locate *locate, uint64_t wall_ms, struct mono now)
{
    struct heap_entry *due;

    while ((due = heap_pop_due(&locate->timers, now)) != NULL) {
        struct lookup *lookup = HEAP_OWNER(due, struct lookup, timer);

        if (mono_due(lookup->end_at, now)) {
            located_settle(&lookup->located, wall_ms);
            finish(locate, lookup, now);
        } else {
            step(locate, lookup, now);
        }
    }
}

struct mono locate_deadline(const struct locate *locate)
{
    return heap_deadline(&locate->timers);
}

/* ---- the beginning ---- */

static enum locate_answer wait_for(struct locate *locate, struct lookup *lookup,
                                   const struct locate_waiter *waiter)
{
    for (size_t i = 0; i < lookup->waiter_count; i++) {
        if (lookup->waiters[i].who == waiter->who &&
            lookup->waiters[i].request_id == waiter->request_id) {
            return LOCATE_WAITS; /* it is told once */
        }
    }
    if (lookup->waiter_count == LOCATE_WAITERS_MAX) {
        locate->stats.busy++;
        return LOCATE_BUSY;
    }
    lookup->waiters[lookup->waiter_count++] = *waiter;
    return LOCATE_WAITS;
}

enum locate_answer locate_want(struct locate *locate, const uint8_t key[KEY_SIZE],
                               const struct locate_waiter *waiter, uint64_t wall_ms,
                               struct mono now, struct located *located)
{
    struct lookup *lookup = map_find_pointer(locate->by_key, key);
    struct located *known = locate_cache_find(locate->cache, key, now);
    bool was_known;

    if (lookup != NULL) {
        locate->stats.joined++;
        if (lookup->located.count > 0) {
            *located = lookup->located;
            return LOCATE_KNOWN;
        }
        return wait_for(locate, lookup, waiter);
    }
    if (known != NULL) {
        was_known = known->count > 0;
        located_settle(known, wall_ms);
        if (!was_known || known->count > 0) {
            locate->stats.cached++;
            *located = *known;
            return LOCATE_KNOWN;
        }
    }
    if (locate->stats.running == LOCATE_COUNT_MAX) {
        locate->stats.busy++;
        return LOCATE_BUSY;
    }
    return LOCATE_ASK_WHOM;
}

static struct lookup *place_take(struct locate *locate, uint32_t *place)
{
    for (uint32_t i = 0; i < LOCATE_COUNT_MAX; i++) {
        if (!locate->lookups[i].used) {
            *place = i;
            return &locate->lookups[i];
        }
    }
    return NULL;
}

enum locate_answer locate_begin(struct locate *locate, const uint8_t key[KEY_SIZE],
                                const struct locate_waiter *waiter, uint8_t (*ranks)[KEY_SIZE],
                                size_t count, struct mono now)
{
    uint32_t place = 0;
    struct lookup *lookup = place_take(locate, &place);

    CHECK(count <= LOCATE_RANKS_MAX);
    if (lookup == NULL || map_put_pointer(locate->by_key, key, lookup) != ERR_OK) {
        locate->stats.busy++;
        return LOCATE_BUSY;
    }
    *lookup = (struct lookup){.used = true,
                              .rank_count = count,
                              .end_at = mono_add_ms(now, LOCATE_ASK_MS),
                              .step_at = count > HRW_WINNERS ? mono_add_ms(now, LOCATE_STEP_MS)
                                                             : MONO_NEVER};
    memcpy(lookup->key, key, KEY_SIZE);
    for (size_t i = 0; i < count; i++) {
        memcpy(lookup->ranks[i].key, ranks[i], KEY_SIZE);
    }
    lookup->request_id = LOCATE_ID_FLAG | (locate->rounds++ * LOCATE_COUNT_MAX + place);
    locate->stats.started++;
    locate->stats.running++;
    (void)wait_for(locate, lookup, waiter);
    turn_grow(locate, lookup, HRW_WINNERS, LOCATE_RANKS_MAX);
    if (count == 0) {
        finish(locate, lookup, now);
        return LOCATE_WAITS;
    }
    timer_set(locate, lookup);
    return LOCATE_WAITS;
}

/* ---- answers ---- */

/* The look-up and the relay that owes an answer to this question; NULL if none does. */
static struct rank *rank_find(const struct locate *locate, const uint8_t relay[KEY_SIZE],
                              uint32_t request_id, struct lookup **out)
{
    struct lookup *lookup = &locate->lookups[request_id % LOCATE_COUNT_MAX];

    if (lookup->used && !lookup->done && lookup->request_id == request_id) {
        for (size_t i = 0; i < lookup->turn; i++) {
            struct rank *rank = &lookup->ranks[i];

            if (rank->state == RANK_ASKED && memcmp(rank->key, relay, KEY_SIZE) == 0) {
                *out = lookup;
                return rank;
            }
        }
    }
    return NULL;
}

bool locate_owes(const struct locate *locate, const uint8_t relay[KEY_SIZE], uint32_t request_id)
{
    struct lookup *lookup;

    return rank_find(locate, relay, request_id, &lookup) != NULL;
}

/* The same for an answer, which is counted if nobody owes it. */
static struct rank *answer_take(struct locate *locate, const uint8_t from[KEY_SIZE],
                                uint32_t request_id, struct lookup **out)
{
    struct rank *rank = rank_find(locate, from, request_id, out);

    locate->stats.answers_late += rank == NULL;
    return rank;
}

/* Take a record out of an answer. False if it is not worth anything. */
static bool record_take(struct locate *locate, struct lookup *lookup,
                        const struct locate_record *bytes, uint64_t wall_ms)
{
    struct presence_record record;

    if (presence_record_read(&record, bytes->data, bytes->size) != ERR_OK ||
        memcmp(record.key, lookup->key, KEY_SIZE) != 0 ||
        presence_record_time(&record, wall_ms) != PRESENCE_OK) {
        return false;
    }
    if (located_has(&lookup->located, &record)) {
        return true; /* another one told the same, and it was verified then */
    }
    if (!locate->check(&record)) {
        return false;
    }
    located_add(&lookup->located, &record);
    return true;
}

/* Somebody knows where the key is: whoever waits is told of the first who does. */
static void found(struct locate *locate, struct lookup *lookup, bool was_found, struct mono now)
{
    locate_cache_settle(locate->cache, lookup->key, &lookup->located, now);
    if (lookup->located.count > 0 && !was_found) {
        lookup->step_at = MONO_NEVER;
        lookup->end_at = mono_min(lookup->end_at, mono_add_ms(now, LOCATE_MORE_MS));
        timer_set(locate, lookup);
        tell(locate, lookup);
    }
}

/* One answered, or cannot. Who knows nothing may be hostile, so others are asked, but not as many
 * as for those who are silent: a key that is nowhere should not be asked for everywhere. */
static void go_on(struct locate *locate, struct lookup *lookup, const struct rank *rank,
                  struct mono now)
{
    if (lookup->located.count == 0) {
        turn_grow(locate, lookup, 1,
                  rank->state == RANK_ANSWERED ? 2 * HRW_WINNERS : LOCATE_RANKS_MAX);
    }
    if (all_answered(lookup)) {
        finish(locate, lookup, now);
    }
}

bool locate_on_answer(struct locate *locate, const uint8_t from[KEY_SIZE], uint32_t request_id,
                      const struct locate_record *records, size_t count, uint64_t wall_ms,
                      struct mono now)
{
    struct lookup *lookup = NULL;
    struct rank *rank = answer_take(locate, from, request_id, &lookup);
    bool was_found;
    size_t good = 0;

    if (rank == NULL) {
        return false;
    }
    was_found = lookup->located.count > 0;
    for (size_t i = 0; i < count && i < PRESENCE_PER_KEY_MAX; i++) {
        good += record_take(locate, lookup, &records[i], wall_ms) ? 1 : 0;
    }
    if (good == 0 && count > 0) {
        locate->stats.answers_wrong++;
        rank->state = RANK_FAILED;
    } else {
        locate->stats.answers_good += good > 0 ? 1 : 0;
        locate->stats.answers_empty += good > 0 ? 0 : 1;
        rank->state = RANK_ANSWERED;
        lookup->answered = true;
        found(locate, lookup, was_found, now);
    }
    go_on(locate, lookup, rank, now);
    return true;
}

void locate_on_failed(struct locate *locate, const uint8_t from[KEY_SIZE], uint32_t request_id,
                      struct mono now)
{
    struct lookup *lookup = NULL;
    struct rank *rank = answer_take(locate, from, request_id, &lookup);

    if (rank != NULL) {
        locate->stats.answers_failed++;
        rank->state = RANK_FAILED;
        go_on(locate, lookup, rank, now);
    }
}

void locate_on_gone(struct locate *locate, const uint8_t relay[KEY_SIZE], struct mono now)
{
    for (size_t i = 0; i < LOCATE_COUNT_MAX; i++) {
        const struct lookup *lookup = &locate->lookups[i];

        for (size_t r = 0; lookup->used && !lookup->done && r < lookup->turn; r++) {
            if (lookup->ranks[r].state == RANK_ASKED &&
                memcmp(lookup->ranks[r].key, relay, KEY_SIZE) == 0) {
                locate_on_failed(locate, relay, lookup->request_id, now);
            }
        }
    }
}

void locate_forget(struct locate *locate, const uint8_t key[KEY_SIZE],
                   const uint8_t relay[KEY_SIZE], struct mono now)
{
    struct located *known = locate_cache_find(locate->cache, key, now);
    struct mono until = mono_add_ms(now, LOCATE_ABSENT_MS);
    struct located left;

    for (size_t i = 0; known != NULL && i < known->count; i++) {
        if (memcmp(known->records[i].relay, relay, KEY_SIZE) == 0) {
            uint64_t sequence = known->records[i].sequence;

            left = *known;
            located_deny(&left, relay, sequence);
            locate_cache_put(locate->cache, key, &left, left.count > 0 ? until : now);
            locate_cache_deny(locate->cache, key, relay, sequence, until);
            return;
        }
    }
}

const struct locate_stats *locate_stats(const struct locate *locate)
{
    return &locate->stats;
}
