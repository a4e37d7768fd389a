/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows stand in a map by the pair of hosts, in a list by use, and in the list of the host here. */
#include "rendezvous/relaying/ways.h"

#include "proto/base/map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { PAIR_SIZE = 2 * KEY_SIZE };

struct ways_host;

struct row {
    TAILQ_ENTRY(row) in_use;  /* in ways->by_use, or in ways->named */
    TAILQ_ENTRY(row) in_host; /* in host->rows */
    struct ways_host *host;
    uint8_t pair[PAIR_SIZE]; /* here, far */
    struct mono used_at;
    struct mono direct_until; /* until then longer ways are not learnt */
    struct way_relays learnt; /* count 0: far's relay is not known */
    uint8_t via[RELAYED_VIA_MAX][KEY_SIZE];
    size_t via_count; /* 0: the host named none */
    struct {
        struct mono until; /* 0: there was none */
        uint64_t id;
        uint8_t token[PUNCH_TOKEN_SIZE];
        uint8_t nat_kind;
    } punch;
};

TAILQ_HEAD(row_list, row);

/* A host here, as long as it has ways. */
struct ways_host {
    uint8_t key[KEY_SIZE];
    struct row_list rows; /* least recently used first */
    size_t count, named_count;
};

struct ways {
    struct map *rows;       /* pair -> struct row */
    struct map *hosts;      /* host here -> struct ways_host; none is empty */
    struct row_list by_use; /* what was learnt; what hosts named is in the other one */
    struct row_list named;
    size_t named_count;
};

int ways_new(struct ways **out, const struct env *env)
{
    struct ways *ways = calloc(1, sizeof(*ways));
    int rc;

    *out = NULL;
    if (ways == NULL) {
        return ERR_NOMEM;
    }
    TAILQ_INIT(&ways->by_use);
    TAILQ_INIT(&ways->named);
    rc = map_new(&ways->rows, PAIR_SIZE, WAYS_MAX, env);
    if (rc == ERR_OK) {
        rc = map_new(&ways->hosts, KEY_SIZE, WAYS_MAX, env);
    }
    if (rc != ERR_OK) {
        ways_free(ways);
        return rc;
    }
    *out = ways;
    return ERR_OK;
}

static struct row_list *list_of(struct ways *ways, const struct row *row)
{
    return row->via_count > 0 ? &ways->named : &ways->by_use;
}

/* The host names so many relays in this row. */
static void via_count_set(struct ways *ways, struct row *row, size_t count)
{
    TAILQ_REMOVE(list_of(ways, row), row, in_use);
    ways->named_count -= row->via_count > 0 ? 1 : 0;
    row->host->named_count -= row->via_count > 0 ? 1 : 0;
    row->via_count = count;
    ways->named_count += count > 0 ? 1 : 0;
    row->host->named_count += count > 0 ? 1 : 0;
    TAILQ_INSERT_TAIL(list_of(ways, row), row, in_use);
}

static void row_remove(struct ways *ways, struct row *row)
{
    struct ways_host *host = row->host;

    via_count_set(ways, row, 0);
    TAILQ_REMOVE(&ways->by_use, row, in_use);
    TAILQ_REMOVE(&host->rows, row, in_host);
    host->count--;
    if (host->count == 0) {
        (void)map_remove(ways->hosts, host->key, NULL);
        free(host);
    }
    (void)map_remove(ways->rows, row->pair, NULL);
    free(row);
}

void ways_free(struct ways *ways)
{
    if (ways == NULL) {
        return;
    }
    while (!TAILQ_EMPTY(&ways->by_use)) {
        row_remove(ways, TAILQ_FIRST(&ways->by_use));
    }
    while (!TAILQ_EMPTY(&ways->named)) {
        row_remove(ways, TAILQ_FIRST(&ways->named));
    }
    map_free(ways->rows);
    map_free(ways->hosts);
    free(ways);
}

static void pair_of(uint8_t pair[PAIR_SIZE], const uint8_t here[KEY_SIZE],
                    const uint8_t far[KEY_SIZE])
{
    memcpy(pair, here, KEY_SIZE);
    memcpy(pair + KEY_SIZE, far, KEY_SIZE);
}

static void row_use(struct ways *ways, struct row *row, struct mono now)
{
    struct row_list *list = list_of(ways, row);

    row->used_at = now;
    TAILQ_REMOVE(list, row, in_use);
    TAILQ_INSERT_TAIL(list, row, in_use);
    TAILQ_REMOVE(&row->host->rows, row, in_host);
    TAILQ_INSERT_TAIL(&row->host->rows, row, in_host);
}

/* The host, made if need be; NULL without memory. */
static struct ways_host *host_of(struct ways *ways, const uint8_t key[KEY_SIZE])
{
    struct ways_host *host = map_find_pointer(ways->hosts, key);

    if (host != NULL) {
        return host;
    }
    host = calloc(1, sizeof(*host));
    if (host == NULL || map_put_pointer(ways->hosts, key, host) != ERR_OK) {
        free(host);
        return NULL;
    }
    memcpy(host->key, key, KEY_SIZE);
    TAILQ_INIT(&host->rows);
    return host;
}

/* Make room for one more way of this host: of what it did not name itself, its own that was not
 * used for longest goes if it has its share, else that of all if the table is full. False if it
 * named them all. */
static bool room_make(struct ways *ways, const uint8_t here[KEY_SIZE])
{
    const struct ways_host *host = map_find_pointer(ways->hosts, here);
    struct row *oldest;

    if (host != NULL && host->count >= WAYS_PER_HOST_MAX) {
        oldest = TAILQ_FIRST(&host->rows);
        while (oldest != NULL && oldest->via_count > 0) {
            oldest = TAILQ_NEXT(oldest, in_host);
        }
    } else if (map_count(ways->rows) >= WAYS_MAX) {
        oldest = TAILQ_FIRST(&ways->by_use);
    } else {
        return true;
    }
    if (oldest == NULL) {
        return false;
    }
    row_remove(ways, oldest);
    return true;
}

/* The row of a pair, made if need be; NULL without room or memory. */
static struct row *row_of(struct ways *ways, const uint8_t here[KEY_SIZE],
                          const uint8_t far[KEY_SIZE], struct mono now)
{
    uint8_t pair[PAIR_SIZE];
    struct row *row;
    struct ways_host *host;

    pair_of(pair, here, far);
    row = map_find_pointer(ways->rows, pair);
    if (row != NULL) {
        row_use(ways, row, now);
        return row;
    }
    if (!room_make(ways, here)) {
        return NULL;
    }
    row = calloc(1, sizeof(*row));
    if (row == NULL || map_put_pointer(ways->rows, pair, row) != ERR_OK) {
        free(row);
        return NULL;
    }
    host = host_of(ways, here);
    if (host == NULL) {
        (void)map_remove(ways->rows, pair, NULL);
        free(row);
        return NULL;
    }
    memcpy(row->pair, pair, PAIR_SIZE);
    row->host = host;
    row->used_at = now;
    TAILQ_INSERT_TAIL(&host->rows, row, in_host);
    host->count++;
    TAILQ_INSERT_TAIL(&ways->by_use, row, in_use);
    return row;
}

void ways_learn(struct ways *ways, const uint8_t here[KEY_SIZE], const uint8_t far[KEY_SIZE],
                const uint8_t *passed, size_t passed_count, struct mono now)
{
    struct row *row = row_of(ways, here, far, now);

    if (row == NULL ||
        (row->learnt.count == 1 && passed_count > 1 && !mono_due(row->direct_until, now))) {
        return;
    }
    row->direct_until = passed_count == 1 ? mono_add_ms(now, WAYS_DIRECT_MS) : now;
    row->learnt.count = passed_count;
    for (size_t i = 0; i < passed_count; i++) {
        memcpy(row->learnt.keys[i], passed + (passed_count - 1 - i) * KEY_SIZE, KEY_SIZE);
    }
}

void ways_found(struct ways *ways, const uint8_t here[KEY_SIZE], const uint8_t far[KEY_SIZE],
                const uint8_t relay_key[KEY_SIZE], struct mono now)
{
    struct row *row = row_of(ways, here, far, now);

    if (row != NULL) {
        row->direct_until = now;
        row->learnt.count = 1;
        memcpy(row->learnt.keys[0], relay_key, KEY_SIZE);
    }
}

int ways_name(struct ways *ways, const uint8_t here[KEY_SIZE], const uint8_t far[KEY_SIZE],
              const uint8_t (*via)[KEY_SIZE], size_t count, struct mono now)
{
    uint8_t pair[PAIR_SIZE];
    struct row *row;
    const struct ways_host *host = map_find_pointer(ways->hosts, here);

    pair_of(pair, here, far);
    row = map_find_pointer(ways->rows, pair);
    if (count == 0) {
        if (row != NULL) {
            via_count_set(ways, row, 0);
        }
        return ERR_OK;
    }
    if (count > RELAYED_VIA_MAX || ((row == NULL || row->via_count == 0) &&
                                    ((host != NULL && host->named_count >= WAYS_PER_HOST_MAX) ||
                                     ways->named_count >= WAYS_NAMED_MAX))) {
        return ERR_LIMIT;
    }
    row = row_of(ways, here, far, now);
    if (row == NULL) {
        return ERR_NOMEM;
    }
    via_count_set(ways, row, count);
    memcpy(row->via, via, count * KEY_SIZE);
    return ERR_OK;
}

/* The relays that the host named, and behind them far's own. */
static void named_way(const struct row *row, struct way_relays *out)
{
    const uint8_t *last = row->learnt.keys[row->learnt.count - 1];

    out->count = 0;
    out->named = true;
    while (out->count < row->via_count && memcmp(row->via[out->count], last, KEY_SIZE) != 0) {
        memcpy(out->keys[out->count], row->via[out->count], KEY_SIZE);
        out->count++;
    }
    memcpy(out->keys[out->count++], last, KEY_SIZE);
}

bool ways_find(struct ways *ways, const uint8_t here[KEY_SIZE], const uint8_t far[KEY_SIZE],
               struct way_relays *out, struct mono now)
{
    uint8_t pair[PAIR_SIZE];
    struct row *row;

    pair_of(pair, here, far);
    row = map_find_pointer(ways->rows, pair);
    if (row == NULL) {
        return false;
    }
    if (mono_due(mono_add_ms(row->used_at, WAYS_IDLE_MS), now)) {
        row->learnt.count = 0;
    }
    if (row->learnt.count == 0) {
        return false;
    }
    row_use(ways, row, now);
    if (row->via_count > 0) {
        named_way(row, out);
    } else {
        *out = row->learnt;
    }
    return true;
}

void ways_failed(struct ways *ways, const uint8_t here[KEY_SIZE], const uint8_t far[KEY_SIZE])
{
    uint8_t pair[PAIR_SIZE];
    struct row *row;

    pair_of(pair, here, far);
    row = map_find_pointer(ways->rows, pair);
    if (row != NULL) {
        row->learnt.count = 0;
    }
}

void ways_punch_put(struct ways *ways, const uint8_t here[KEY_SIZE], const struct way_punch *punch)
{
    uint8_t pair[PAIR_SIZE];
    struct row *row;

    pair_of(pair, here, punch->far);
    row = map_find_pointer(ways->rows, pair);
    if (row != NULL) {
        row->punch.until = punch->until;
        row->punch.id = punch->id;
        memcpy(row->punch.token, punch->token, PUNCH_TOKEN_SIZE);
        row->punch.nat_kind = punch->nat_kind;
    }
}

/* False if there is none any more. */
static bool punch_of(const struct row *row, struct way_punch *out, struct mono now)
{
    if (mono_due(row->punch.until, now)) {
        return false;
    }
    *out = (struct way_punch){
        .nat_kind = row->punch.nat_kind, .id = row->punch.id, .until = row->punch.until};
    memcpy(out->far, row->pair + KEY_SIZE, KEY_SIZE);
    memcpy(out->token, row->punch.token, PUNCH_TOKEN_SIZE);
    return true;
}

bool ways_punch_find(const struct ways *ways, const uint8_t here[KEY_SIZE],
                     const uint8_t far[KEY_SIZE], struct way_punch *out, struct mono now)
{
    uint8_t pair[PAIR_SIZE];
    const struct row *row;

    pair_of(pair, here, far);
    row = map_find_pointer(ways->rows, pair);
    return row != NULL && punch_of(row, out, now);
}

size_t ways_punches(const struct ways *ways, const uint8_t here[KEY_SIZE],
                    struct way_punch out[WAYS_PUNCHES_MAX], struct mono now)
{
    const struct ways_host *host = map_find_pointer(ways->hosts, here);
    const struct row *row = host == NULL ? NULL : TAILQ_LAST(&host->rows, row_list);
    size_t count = 0;

    for (; row != NULL && count < WAYS_PUNCHES_MAX; row = TAILQ_PREV(row, row_list, in_host)) {
        count += punch_of(row, &out[count], now) ? 1 : 0;
    }
    return count;
}

void ways_gone(struct ways *ways, const uint8_t here[KEY_SIZE])
{
    struct ways_host *host = map_find_pointer(ways->hosts, here);

    for (size_t left = host != NULL ? host->count : 0; left > 0; left--) {
        row_remove(ways, TAILQ_FIRST(&host->rows)); /* the last one frees the host */
    }
}

void ways_expire(struct ways *ways, struct mono now)
{
    struct row *row = TAILQ_FIRST(&ways->by_use);

    while (row != NULL && mono_due(mono_add_ms(row->used_at, WAYS_IDLE_MS), now)) {
        struct row *next = TAILQ_NEXT(row, in_use);

        if (row->via_count == 0) {
            row_remove(ways, row);
        }
        row = next;
    }
}

size_t ways_count(const struct ways *ways)
{
    return map_count(ways->rows);
}
