/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Seats in one array, the ones that count first. */
#include "rendezvous/presence/hrw.h"

#include "proto/base/bytes.h"
#include "proto/base/map.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const char label[] = "stun2 hrw 1";

enum {
    LABEL_SIZE = sizeof(label) - 1,
    DAY_MS = 24 * 3600 * 1000,
    MESSAGE_SIZE_MAX = LABEL_SIZE + 8 + HRW_PREFIX_SIZE + KEY_SIZE,
    SEATS_FIRST = 64,
};

struct seat {
    uint8_t key[KEY_SIZE];
    struct hrw_prefix prefix;
    uint64_t known_since_ms;
};

struct seats {
    struct seat *list;
    size_t count, capacity;
};

struct hrw {
    const struct env *env;
    hrw_weight *weight;
    struct seats seats;
    size_t counting; /* the first so many seats count */
};

int hrw_new(struct hrw **out, hrw_weight *weight, const struct env *env)
{
    struct hrw *hrw = calloc(1, sizeof(*hrw));

    *out = hrw;
    if (hrw == NULL) {
        return ERR_NOMEM;
    }
    hrw->env = env;
    hrw->weight = weight;
    return ERR_OK;
}

void hrw_free(struct hrw *hrw)
{
    if (hrw != NULL) {
        free(hrw->seats.list);
        free(hrw);
    }
}

struct hrw_prefix hrw_prefix_of(const struct endpoint *address)
{
    struct hrw_prefix prefix = {.size = endpoint_is_v4(address) ? 3 : HRW_PREFIX_SIZE};
    size_t size;

    memcpy(prefix.bytes, endpoint_ip_bytes(address, &size), prefix.size);
    return prefix;
}

/* ---- seats ---- */

/* The one that was known first; of two, the one with the smaller key. */
static bool goes_before(const struct hrw_relay *relay, const struct seat *seat)
{
    if (relay->known_since_ms != seat->known_since_ms) {
        return relay->known_since_ms < seat->known_since_ms;
    }
    return memcmp(relay->key, seat->key, KEY_SIZE) < 0;
}

static bool room_make(struct seats *seats)
{
    size_t capacity = seats->capacity == 0 ? SEATS_FIRST : seats->capacity * 2;
    struct seat *list;

    if (seats->count < seats->capacity) {
        return true;
    }
    list = realloc(seats->list, capacity * sizeof(*list));
    if (list == NULL) {
        return false;
    }
    seats->list = list;
    seats->capacity = capacity;
    return true;
}

static int seat_give(struct seats *seats, struct map *by_prefix, const struct hrw_relay *relay)
{
    struct hrw_prefix prefix = hrw_prefix_of(&relay->address);
    struct seat *seat;
    uint64_t at = 0;
    int rc = ERR_OK;

    if (map_find(by_prefix, &prefix, &at)) {
        seat = &seats->list[at];
        if (!goes_before(relay, seat)) {
            return ERR_OK;
        }
    } else {
        if (seats->count == HRW_SEATS_MAX) {
            return ERR_OK;
        }
        if (!room_make(seats)) {
            return ERR_NOMEM;
        }
        rc = map_put(by_prefix, &prefix, seats->count);
        if (rc != ERR_OK) {
            return rc;
        }
        seat = &seats->list[seats->count++];
        seat->prefix = prefix;
    }
    memcpy(seat->key, relay->key, KEY_SIZE);
    seat->known_since_ms = relay->known_since_ms;
    return ERR_OK;
}

/* Move the seats of relays that are known for long to the front; returns how many count. */
static size_t seats_sort(struct seats *seats, uint64_t wall_ms)
{
    size_t old = 0;

    for (size_t i = 0; i < seats->count; i++) {
        struct seat *seat = &seats->list[i];

        if (seat->known_since_ms + HRW_KNOWN_MS <= wall_ms) {
            struct seat other = seats->list[old];
            seats->list[old++] = *seat;
            *seat = other;
        }
    }
    return old < HRW_WINNERS ? seats->count : old;
}

int hrw_fill(struct hrw *hrw, const struct hrw_source *source, uint64_t wall_ms)
{
    struct seats seats = {0};
    struct map *by_prefix;
    struct hrw_relay relay;
    int rc = map_new(&by_prefix, sizeof(struct hrw_prefix), HRW_SEATS_MAX, hrw->env);

    while (rc == ERR_OK && source->next(source->context, &relay)) {
        rc = seat_give(&seats, by_prefix, &relay);
    }
    map_free(by_prefix);
    if (rc != ERR_OK) {
        free(seats.list);
        return rc;
    }
    free(hrw->seats.list);
    hrw->seats = seats;
    hrw->counting = seats_sort(&hrw->seats, wall_ms);
    return ERR_OK;
}

size_t hrw_seat_count(const struct hrw *hrw)
{
    return hrw->counting;
}

/* ---- winners ---- */

uint64_t hrw_day(uint64_t wall_ms)
{
    return wall_ms / DAY_MS;
}

uint64_t hrw_score(uint64_t day, const struct hrw_prefix *prefix, const uint8_t key[KEY_SIZE])
{
    uint8_t message[MESSAGE_SIZE_MAX], hash[8];
    uint8_t *at = message;

    memcpy(at, label, LABEL_SIZE);
    at += LABEL_SIZE;
    be64_write(at, day);
    at += 8;
    memcpy(at, prefix->bytes, prefix->size);
    at += prefix->size;
    memcpy(at, key, KEY_SIZE);
    at += KEY_SIZE;
    (void)crypto_generichash_blake2b(hash, sizeof(hash), message, (size_t)(at - message), NULL, 0);
    return be64_read(hash);
}

/* The best seats so far, the highest score first. */
struct ranking {
    struct {
        uint64_t score;
        const struct seat *seat;
    } best[HRW_RANKS_MAX];
    size_t count, count_max;
};

/* Equal scores of different seats are as good as impossible; still all relays must agree. */
static bool is_better(uint64_t score, const struct seat *seat, uint64_t than_score,
                      const struct seat *than)
{
    if (score != than_score) {
        return score > than_score;
    }
    return memcmp(&seat->prefix, &than->prefix, sizeof(seat->prefix)) < 0;
}

static void ranking_add(struct ranking *ranking, uint64_t score, const struct seat *seat)
{
    size_t at = ranking->count;

    while (at > 0 &&
           is_better(score, seat, ranking->best[at - 1].score, ranking->best[at - 1].seat)) {
        at--;
    }
    if (at == ranking->count_max) {
        return;
    }
    if (ranking->count < ranking->count_max) {
        ranking->count++;
    }
    for (size_t i = ranking->count - 1; i > at; i--) {
        ranking->best[i] = ranking->best[i - 1];
    }
    ranking->best[at].score = score;
    ranking->best[at].seat = seat;
}

size_t hrw_winners(const struct hrw *hrw, uint64_t day, const uint8_t key[KEY_SIZE],
                   uint8_t (*winners)[KEY_SIZE], size_t count_max)
{
    struct ranking ranking = {.count_max = count_max};

    CHECK(count_max <= HRW_RANKS_MAX);
    for (size_t i = 0; i < hrw->counting; i++) {
        const struct seat *seat = &hrw->seats.list[i];
        ranking_add(&ranking, hrw->weight(day, &seat->prefix, key), seat);
    }
    for (size_t i = 0; i < ranking.count; i++) {
        memcpy(winners[i], ranking.best[i].seat->key, KEY_SIZE);
    }
    return ranking.count;
}

/* Add the keepers of one day to those that are there. */
static size_t keepers_add(const struct hrw *hrw, const struct unreached *unreached, uint64_t day,
                          struct mono now, const uint8_t key[KEY_SIZE],
                          uint8_t told[HRW_TELL_MAX][KEY_SIZE], size_t count)
{
    uint8_t ranks[HRW_RANKS_MAX][KEY_SIZE];
    size_t ranks_count = hrw_winners(hrw, day, key, ranks, HRW_RANKS_MAX);
    size_t before = count;

    unreached_last(unreached, ranks, ranks_count, now);
    for (size_t i = 0; i < ranks_count && i < HRW_KEEPERS; i++) {
        size_t at = 0;

        while (at < before && memcmp(told[at], ranks[i], KEY_SIZE) != 0) {
            at++;
        }
        if (at == before) {
            memcpy(told[count++], ranks[i], KEY_SIZE);
        }
    }
    return count;
}

size_t hrw_to_tell(const struct hrw *hrw, const struct unreached *unreached, uint64_t wall_ms,
                   struct mono now, const uint8_t key[KEY_SIZE],
                   uint8_t told[HRW_TELL_MAX][KEY_SIZE])
{
    uint64_t day = hrw_day(wall_ms);
    uint64_t into_ms = wall_ms % DAY_MS;
    size_t count = keepers_add(hrw, unreached, day, now, key, told, 0);

    if (into_ms >= DAY_MS - HRW_BEFORE_MIDNIGHT_MS) {
        count = keepers_add(hrw, unreached, day + 1, now, key, told, count);
    } else if (into_ms < HRW_AFTER_MIDNIGHT_MS && day > 0) {
        count = keepers_add(hrw, unreached, day - 1, now, key, told, count);
    }
    return count;
}
