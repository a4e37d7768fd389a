/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows stand in a map by the pair of hosts, in a list by use, and in the list of the host here. */
#include "rendezvous/relaying/ways.h"

#include "proto/base/map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { PAIR_SIZE = 2 * KEY_SIZE };

struct host;

struct row {
    TAILQ_ENTRY(row) in_use;  /* in ways->by_use */
    TAILQ_ENTRY(row) in_host; /* in host->rows */
    struct host *host;
    uint8_t pair[PAIR_SIZE]; /* here, far */
    struct mono used_at;
    struct way_relays relays;
    bool named;
};

TAILQ_HEAD(row_list, row);

/* A host here, as long as it has ways. */
struct host {
    uint8_t key[KEY_SIZE];
    struct row_list rows;
    size_t count;
};

struct ways {
    struct map *rows;  /* pair -> struct row */
    struct map *hosts; /* host here -> struct host; none is empty */
    struct row_list by_use;
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

static void row_remove(struct ways *ways, struct row *row)
{
    struct host *host = row->host;

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
    row->used_at = now;
    TAILQ_REMOVE(&ways->by_use, row, in_use);
    TAILQ_INSERT_TAIL(&ways->by_use, row, in_use);
}

/* The host, made if need be; NULL without memory. */
static struct host *host_of(struct ways *ways, const uint8_t key[KEY_SIZE])
{
    struct host *host = map_find_pointer(ways->hosts, key);

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

/* Make room for one more way of this host: its own oldest goes if it has its share, else the oldest
 * of all if the table is full. */
static void room_make(struct ways *ways, const uint8_t here[KEY_SIZE])
{
    const struct host *host = map_find_pointer(ways->hosts, here);

    if (host != NULL && host->count >= WAYS_PER_HOST_MAX) {
        row_remove(ways, TAILQ_FIRST(&host->rows));
    } else if (map_count(ways->rows) >= WAYS_MAX) {
        row_remove(ways, TAILQ_FIRST(&ways->by_use));
    }
}

/* The row of a pair, made if need be; NULL without memory. */
static struct row *row_of(struct ways *ways, const uint8_t here[KEY_SIZE],
                          const uint8_t far[KEY_SIZE], struct mono now)
{
    uint8_t pair[PAIR_SIZE];
    struct row *row;
    struct host *host;

    pair_of(pair, here, far);
    row = map_find_pointer(ways->rows, pair);
    if (row != NULL) {
        row_use(ways, row, now);
        return row;
    }
    room_make(ways, here);
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

    if (row == NULL || row->named) {
        return;
    }
    row->relays.count = passed_count;
    for (size_t i = 0; i < passed_count; i++) {
        memcpy(row->relays.keys[i], passed + (passed_count - 1 - i) * KEY_SIZE, KEY_SIZE);
    }
}

int ways_name(struct ways *ways, const uint8_t here[KEY_SIZE], const uint8_t far[KEY_SIZE],
              const uint8_t (*via)[KEY_SIZE], size_t count, struct mono now)
{
    uint8_t pair[PAIR_SIZE];
    struct row *row;
    const struct host *host = map_find_pointer(ways->hosts, here);

    pair_of(pair, here, far);
    row = map_find_pointer(ways->rows, pair);
    if (count == 0) {
        if (row != NULL && row->named) {
            row_remove(ways, row);
        }
        return ERR_OK;
    }
    if (count > RELAYED_VIA_MAX ||
        (row == NULL && host != NULL && host->count >= WAYS_PER_HOST_MAX)) {
        return ERR_LIMIT;
    }
    row = row_of(ways, here, far, now);
    if (row == NULL) {
        return ERR_NOMEM;
    }
    row->named = true;
    row->relays.count = count;
    memcpy(row->relays.keys, via, count * KEY_SIZE);
    return ERR_OK;
}

enum ways_kind ways_find(struct ways *ways, const uint8_t here[KEY_SIZE],
                         const uint8_t far[KEY_SIZE], struct way_relays *out, struct mono now)
{
    uint8_t pair[PAIR_SIZE];
    struct row *row;

    pair_of(pair, here, far);
    row = map_find_pointer(ways->rows, pair);
    if (row == NULL) {
        return WAYS_NONE;
    }
    if (!row->named && mono_due(mono_add_ms(row->used_at, WAYS_IDLE_MS), now)) {
        row_remove(ways, row);
        return WAYS_NONE;
    }
    row_use(ways, row, now);
    *out = row->relays;
    return row->named ? WAYS_NAMED : WAYS_LEARNT;
}

void ways_failed(struct ways *ways, const uint8_t here[KEY_SIZE], const uint8_t far[KEY_SIZE])
{
    uint8_t pair[PAIR_SIZE];
    struct row *row;

    pair_of(pair, here, far);
    row = map_find_pointer(ways->rows, pair);
    if (row != NULL && !row->named) {
        row_remove(ways, row);
    }
}

void ways_gone(struct ways *ways, const uint8_t here[KEY_SIZE])
{
    struct host *host = map_find_pointer(ways->hosts, here);

    for (size_t left = host != NULL ? host->count : 0; left > 0; left--) {
        row_remove(ways, TAILQ_FIRST(&host->rows)); /* the last one frees the host */
    }
}

void ways_expire(struct ways *ways, struct mono now)
{
    struct row *row = TAILQ_FIRST(&ways->by_use);

    while (row != NULL && mono_due(mono_add_ms(row->used_at, WAYS_IDLE_MS), now)) {
        struct row *next = TAILQ_NEXT(row, in_use);

        if (!row->named) {
            row_remove(ways, row);
        }
        row = next;
    }
}

size_t ways_count(const struct ways *ways)
{
    return map_count(ways->rows);
}
