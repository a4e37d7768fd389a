/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A deadline for each key, and a bucket in front of all. */
#include "rendezvous/presence/announcer.h"

#include "proto/base/bucket.h"
#include "proto/base/bytes.h"
#include "proto/base/heap.h"
#include "proto/base/map.h"
#include "proto/base/slab.h"

#include <stdlib.h>
#include <string.h>

enum {
    JITTER_MS = 60 * 1000, /* so that hosts that came together are not told together forever */
    PAUSE_MS = 20,         /* while the bucket is empty */
};

static const struct bucket_rate rate = {.per_s = ANNOUNCE_PER_S, .burst = ANNOUNCE_BURST};

struct item {
    struct heap_entry timer;
    struct handle handle;
    struct presence_record record;
    /* Who was told last: the first bytes of their keys. Who grinds a key that looks like another
     * only makes itself heard of more often. */
    uint64_t told[HRW_TELL_MAX];
    size_t told_count;
    size_t seats; /* that counted then */
};

struct announcer {
    const struct env *env;
    uint8_t own_key[KEY_SIZE];
    struct slab *items;
    struct map *by_key;
    struct heap timers;
    struct bucket bucket;
    size_t seats;             /* that count, as announcer_on_seats was told last */
    struct mono paused_until; /* the bucket was empty */
};

int announcer_new(struct announcer **out, const uint8_t own_key[KEY_SIZE], uint32_t count_max,
                  const struct env *env, struct mono now)
{
    struct announcer *announcer = calloc(1, sizeof(*announcer));
    int rc;

    *out = NULL;
    if (announcer == NULL) {
        return ERR_NOMEM;
    }
    announcer->env = env;
    memcpy(announcer->own_key, own_key, KEY_SIZE);
    bucket_init(&announcer->bucket, &rate, now);
    rc = slab_new(&announcer->items, sizeof(struct item), count_max);
    if (rc == ERR_OK) {
        rc = map_new(&announcer->by_key, KEY_SIZE, count_max, env);
    }
    if (rc != ERR_OK) {
        announcer_free(announcer);
        return rc;
    }
    *out = announcer;
    return ERR_OK;
}

void announcer_free(struct announcer *announcer)
{
    if (announcer != NULL) {
        heap_fini(&announcer->timers);
        map_free(announcer->by_key);
        slab_free(announcer->items);
        free(announcer);
    }
}

static void forget(struct announcer *announcer, struct item *item)
{
    heap_remove(&announcer->timers, &item->timer);
    (void)map_remove(announcer->by_key, item->record.key, NULL);
    slab_release(announcer->items, item->handle);
}

static int item_new(struct announcer *announcer, const uint8_t key[KEY_SIZE], struct mono now,
                    struct item **out)
{
    struct handle handle;
    struct item *item = slab_take(announcer->items, &handle);
    int rc;

    if (item == NULL) {
        return ERR_LIMIT;
    }
    rc = map_put_pointer(announcer->by_key, key, item);
    if (rc == ERR_OK) {
        rc = heap_set(&announcer->timers, &item->timer, now);
        if (rc != ERR_OK) {
            (void)map_remove(announcer->by_key, key, NULL);
        }
    }
    if (rc != ERR_OK) {
        slab_release(announcer->items, handle);
        return rc;
    }
    item->handle = handle;
    *out = item;
    return ERR_OK;
}

int announcer_put(struct announcer *announcer, const struct presence_record *record,
                  struct mono now)
{
    struct item *item = map_find_pointer(announcer->by_key, record->key);
    int rc = ERR_OK;

    if (item == NULL) {
        rc = item_new(announcer, record->key, now, &item);
    } else if (record->sequence <= item->record.sequence) {
        return ERR_OK;
    } else {
        rc = heap_set(&announcer->timers, &item->timer, now);
    }
    if (rc == ERR_OK) {
        item->record = *record;
    }
    return rc;
}

const struct presence_record *announcer_find(const struct announcer *announcer,
                                             const uint8_t key[KEY_SIZE])
{
    const struct item *item = map_find_pointer(announcer->by_key, key);

    return item != NULL ? &item->record : NULL;
}

void announcer_remove(struct announcer *announcer, const uint8_t key[KEY_SIZE])
{
    struct item *item = map_find_pointer(announcer->by_key, key);

    if (item != NULL) {
        forget(announcer, item);
    }
}

static void wait_ms(struct announcer *announcer, struct item *item, uint64_t ms, struct mono now)
{
    /* It has waited before, so the heap has room for it. */
    CHECK(heap_set(&announcer->timers, &item->timer, mono_add_ms(now, ms)) == ERR_OK);
}

/* The next due item that is still in force; others are forgotten. */
static struct item *due_take(struct announcer *announcer, uint64_t wall_ms, struct mono now)
{
    struct heap_entry *due;

    while ((due = heap_pop_due(&announcer->timers, now)) != NULL) {
        struct item *item = HEAP_OWNER(due, struct item, timer);

        if (presence_record_time(&item->record, wall_ms) == PRESENCE_OK) {
            return item;
        }
        forget(announcer, item);
    }
    return NULL;
}

static void keepers_find(const struct announcer *announcer, const struct hrw *hrw,
                         const struct unreached *unreached, uint64_t wall_ms, struct mono now,
                         struct announcement *out)
{
    uint8_t all[HRW_TELL_MAX][KEY_SIZE];
    size_t all_count = hrw_to_tell(hrw, unreached, wall_ms, now, out->record.key, all);

    out->count = 0;
    for (size_t i = 0; i < all_count; i++) {
        if (memcmp(all[i], announcer->own_key, KEY_SIZE) != 0) {
            memcpy(out->keepers[out->count++], all[i], KEY_SIZE);
        }
    }
}

static void remember_told(struct item *item, const struct announcement *announcement)
{
    item->told_count = announcement->count;
    for (size_t i = 0; i < announcement->count; i++) {
        item->told[i] = be64_read(announcement->keepers[i]);
    }
}

bool announcer_next(struct announcer *announcer, const struct hrw *hrw,
                    const struct unreached *unreached, uint64_t wall_ms, struct mono now,
                    struct announcement *out)
{
    struct item *item;

    if (!mono_due(heap_deadline(&announcer->timers), now)) {
        return false;
    }
    if (!bucket_take(&announcer->bucket, &rate, 1, now)) {
        announcer->paused_until = mono_add_ms(now, PAUSE_MS);
        return false;
    }
    item = due_take(announcer, wall_ms, now);
    if (item == NULL) {
        return false;
    }
    wait_ms(announcer, item, ANNOUNCE_EVERY_MS - env_random_below(announcer->env, JITTER_MS), now);
    out->record = item->record;
    keepers_find(announcer, hrw, unreached, wall_ms, now, out);
    remember_told(item, out);
    item->seats = hrw_seat_count(hrw);
    return true;
}

/* The 4 first of the present seats were told, and the 3 first of those to come will be asked, and
 * then 3 more: as long as the seats change by less, one of the former is among the latter. */
static bool are_others(size_t seats, size_t before)
{
    size_t most = seats > before ? seats : before, least = seats > before ? before : seats;

    return (most - least) * ANNOUNCE_SEATS_SHARE > most;
}

void announcer_on_seats(struct announcer *announcer, size_t count, struct mono now)
{
    struct handle cursor = HANDLE_NONE;
    struct item *item;

    if (count == announcer->seats) {
        return;
    }
    announcer->seats = count;
    while ((item = slab_next(announcer->items, &cursor)) != NULL) {
        if (are_others(count, item->seats)) {
            item->seats = count;
            wait_ms(announcer, item, 0, now);
        }
    }
}

void announcer_unreached(struct announcer *announcer, const uint8_t relay[KEY_SIZE],
                         struct mono now)
{
    struct handle cursor = HANDLE_NONE;
    uint64_t name = be64_read(relay);
    struct item *item;

    while ((item = slab_next(announcer->items, &cursor)) != NULL) {
        for (size_t i = 0; i < item->told_count; i++) {
            if (item->told[i] == name) {
                item->told_count = 0; /* once */
                wait_ms(announcer, item, 0, now);
                break;
            }
        }
    }
}

void announcer_again(struct announcer *announcer, const uint8_t key[KEY_SIZE], struct mono now)
{
    struct item *item = map_find_pointer(announcer->by_key, key);

    if (item != NULL) {
        wait_ms(announcer, item, 0, now);
    }
}

void announcer_retry(struct announcer *announcer, const uint8_t key[KEY_SIZE], struct mono now)
{
    struct item *item = map_find_pointer(announcer->by_key, key);

    if (item != NULL) {
        wait_ms(announcer, item, ANNOUNCE_RETRY_MS, now);
    }
}

struct mono announcer_deadline(const struct announcer *announcer)
{
    struct mono at = heap_deadline(&announcer->timers);

    return mono_before(at, announcer->paused_until) ? announcer->paused_until : at;
}

uint32_t announcer_count(const struct announcer *announcer)
{
    return slab_count(announcer->items);
}
