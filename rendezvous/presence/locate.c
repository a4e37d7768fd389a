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

enum winner_state {
    WINNER_NEW, /* its ASK was not taken yet */
    WINNER_ASKED,
    WINNER_ANSWERED,
    WINNER_FAILED,
};

struct winner {
    uint8_t key[KEY_SIZE];
    enum winner_state state;
};

struct lookup {
    struct heap_entry timer;
    TAILQ_ENTRY(lookup) in_output; /* if has_output */
    bool used, has_output, done;
    bool answered; /* a winner said what it knows, be it nothing */
    uint8_t key[KEY_SIZE];
    uint32_t request_id;
    struct winner winners[HRW_WINNERS];
    size_t winner_count;
    struct locate_waiter waiters[LOCATE_WAITERS_MAX];
    size_t waiter_count;
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

/* The next winner to be asked; NULL if all are. */
static struct winner *unasked(struct lookup *lookup)
{
    for (size_t i = 0; i < lookup->winner_count; i++) {
        if (lookup->winners[i].state == WINNER_NEW) {
            return &lookup->winners[i];
        }
    }
    return NULL;
}

bool locate_output(struct locate *locate, struct locate_output *out)
{
    struct lookup *lookup = TAILQ_FIRST(&locate->outputs);
    struct winner *winner;

    if (lookup == NULL) {
        return false;
    }
    *out = (struct locate_output){.type = LOCATE_OUTPUT_ASK, .request_id = lookup->request_id};
    memcpy(out->key, lookup->key, KEY_SIZE);
    if (!lookup->done) {
        winner = unasked(lookup);
        winner->state = WINNER_ASKED;
        memcpy(out->to, winner->key, KEY_SIZE);
        if (unasked(lookup) == NULL) {
            output_done(locate, lookup);
        }
        return true;
    }
    out->type = LOCATE_OUTPUT_DONE;
    out->request_id = 0;
    out->located = lookup->located;
    out->waiter = lookup->waiters[--lookup->waiter_count];
    if (lookup->waiter_count == 0) {
        output_done(locate, lookup);
        lookup->used = false;
        locate->stats.running--;
    }
    return true;
}

/* ---- the end of a look-up ---- */

static void finish(struct locate *locate, struct lookup *lookup, struct mono now)
{
    uint64_t keep_ms = LOCATE_SILENT_MS;

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
    output_announce(locate, lookup);
}

/* True if no winner owes an answer. */
static bool all_answered(const struct lookup *lookup)
{
    for (size_t i = 0; i < lookup->winner_count; i++) {
        if (lookup->winners[i].state < WINNER_ANSWERED) {
            return false;
        }
    }
    return true;
}

void locate_expire(struct locate *locate, uint64_t wall_ms, struct mono now)
{
    struct heap_entry *due;

    while ((due = heap_pop_due(&locate->timers, now)) != NULL) {
        struct lookup *lookup = HEAP_OWNER(due, struct lookup, timer);

        located_settle(&lookup->located, wall_ms);
        finish(locate, lookup, now);
    }
}

struct mono locate_deadline(const struct locate *locate)
{
    return heap_deadline(&locate->timers);
}

static void timer_set(struct locate *locate, struct lookup *lookup, struct mono at)
{
    CHECK(heap_set(&locate->timers, &lookup->timer, at) == ERR_OK); /* room was reserved */
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
                                const struct locate_waiter *waiter,
                                uint8_t winners[HRW_WINNERS][KEY_SIZE], size_t count,
                                struct mono now)
{
    uint32_t place = 0;
    struct lookup *lookup = place_take(locate, &place);

    if (lookup == NULL || map_put_pointer(locate->by_key, key, lookup) != ERR_OK) {
        locate->stats.busy++;
        return LOCATE_BUSY;
    }
    *lookup = (struct lookup){.used = true, .winner_count = count};
    memcpy(lookup->key, key, KEY_SIZE);
    for (size_t i = 0; i < count; i++) {
        memcpy(lookup->winners[i].key, winners[i], KEY_SIZE);
    }
    lookup->request_id = LOCATE_ID_FLAG | (locate->rounds++ * LOCATE_COUNT_MAX + place);
    locate->stats.started++;
    locate->stats.running++;
    (void)wait_for(locate, lookup, waiter);
    if (count == 0) {
        finish(locate, lookup, now);
        return LOCATE_WAITS;
    }
    timer_set(locate, lookup, mono_add_ms(now, LOCATE_ASK_MS));
    output_announce(locate, lookup);
    return LOCATE_WAITS;
}

/* ---- answers ---- */

/* The look-up and the winner that this answers; NULL, which is counted, if it answers nothing. */
static struct winner *answer_take(struct locate *locate, const uint8_t from[KEY_SIZE],
                                  uint32_t request_id, struct lookup **out)
{
    struct lookup *lookup = &locate->lookups[request_id % LOCATE_COUNT_MAX];

    if (lookup->used && !lookup->done && lookup->request_id == request_id) {
        for (size_t i = 0; i < lookup->winner_count; i++) {
            struct winner *winner = &lookup->winners[i];

            if (winner->state == WINNER_ASKED && memcmp(winner->key, from, KEY_SIZE) == 0) {
                *out = lookup;
                return winner;
            }
        }
    }
    locate->stats.answers_late++;
    return NULL;
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
        return true; /* another winner told the same, and it was verified then */
    }
    if (!locate->check(&record)) {
        return false;
    }
    located_add(&lookup->located, &record);
    return true;
}

bool locate_on_answer(struct locate *locate, const uint8_t from[KEY_SIZE], uint32_t request_id,
                      const struct locate_record *records, size_t count, uint64_t wall_ms,
                      struct mono now)
{
    struct lookup *lookup = NULL;
    struct winner *winner = answer_take(locate, from, request_id, &lookup);
    size_t good = 0;

    if (winner == NULL) {
        return false;
    }
    for (size_t i = 0; i < count && i < PRESENCE_PER_KEY_MAX; i++) {
        good += record_take(locate, lookup, &records[i], wall_ms) ? 1 : 0;
    }
    if (good == 0 && count > 0) {
        locate->stats.answers_wrong++;
        winner->state = WINNER_FAILED;
    } else {
        locate->stats.answers_good += good > 0 ? 1 : 0;
        locate->stats.answers_empty += good > 0 ? 0 : 1;
        winner->state = WINNER_ANSWERED;
        lookup->answered = true;
    }
    if (all_answered(lookup)) {
        finish(locate, lookup, now);
    } else if (good > 0) {
        timer_set(locate, lookup,
                  mono_min(lookup->timer.deadline, mono_add_ms(now, LOCATE_MORE_MS)));
    }
    return true;
}

void locate_on_failed(struct locate *locate, const uint8_t from[KEY_SIZE], uint32_t request_id,
                      struct mono now)
{
    struct lookup *lookup = NULL;
    struct winner *winner = answer_take(locate, from, request_id, &lookup);

    if (winner == NULL) {
        return;
    }
    locate->stats.answers_failed++;
    winner->state = WINNER_FAILED;
    if (all_answered(lookup)) {
        finish(locate, lookup, now);
    }
}

void locate_on_gone(struct locate *locate, const uint8_t relay[KEY_SIZE], struct mono now)
{
    for (size_t i = 0; i < LOCATE_COUNT_MAX; i++) {
        const struct lookup *lookup = &locate->lookups[i];

        for (size_t w = 0; lookup->used && !lookup->done && w < lookup->winner_count; w++) {
            if (lookup->winners[w].state == WINNER_ASKED &&
                memcmp(lookup->winners[w].key, relay, KEY_SIZE) == 0) {
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
