/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two arrays with free places in chains, and a map to the places of each. */
#include "rendezvous/presence/presence_shares.h"

#include "proto/base/map.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_FIRST = 16 };

#define ROW_NONE UINT32_MAX

/* A relay, or a prefix. */
struct row {
    uint8_t key[KEY_SIZE]; /* of a prefix: struct hrw_prefix and zeros */
    uint32_t count;        /* records; 0: the place is free */
    uint32_t other;        /* of a relay: the row of its prefix; of a free place: the next one */
};

struct rows {
    struct row *list;
    struct map *places;
    uint32_t used, capacity, free_first;
};

struct presence_shares {
    struct rows relays, prefixes;
};

static int rows_init(struct rows *rows, size_t key_size, uint32_t count_max, const struct env *env)
{
    rows->free_first = ROW_NONE;
    return map_new(&rows->places, key_size, count_max, env);
}

static void rows_fini(struct rows *rows)
{
    map_free(rows->places);
    free(rows->list);
}

int presence_shares_new(struct presence_shares **out, uint32_t relays_max, const struct env *env)
{
    struct presence_shares *shares = calloc(1, sizeof(*shares));
    int rc;

    *out = NULL;
    if (shares == NULL) {
        return ERR_NOMEM;
    }
    rc = rows_init(&shares->relays, KEY_SIZE, relays_max, env);
    if (rc == ERR_OK) {
        rc = rows_init(&shares->prefixes, sizeof(struct hrw_prefix), relays_max, env);
    }
    if (rc != ERR_OK) {
        presence_shares_free(shares);
        return rc;
    }
    *out = shares;
    return ERR_OK;
}

void presence_shares_free(struct presence_shares *shares)
{
    if (shares != NULL) {
        rows_fini(&shares->relays);
        rows_fini(&shares->prefixes);
        free(shares);
    }
}

/* ---- rows ---- */

static uint32_t row_find(const struct rows *rows, const void *key)
{
    uint64_t at = 0;

    return map_find(rows->places, key, &at) ? (uint32_t)at : ROW_NONE;
}

static bool rows_grow(struct rows *rows)
{
    uint32_t capacity = rows->capacity == 0 ? ROWS_FIRST : rows->capacity * 2;
    struct row *list = realloc(rows->list, capacity * sizeof(*list));

    if (list == NULL) {
        return false;
    }
    rows->list = list;
    rows->capacity = capacity;
    return true;
}

/* The row of a key, a new one without records if need be. */
static int row_take(struct rows *rows, const void *key, size_t key_size, uint32_t *row)
{
    uint32_t at = row_find(rows, key);
    int rc;

    *row = at;
    if (at != ROW_NONE) {
        return ERR_OK;
    }
    at = rows->free_first != ROW_NONE ? rows->free_first : rows->used;
    if (at == rows->capacity && !rows_grow(rows)) {
        return ERR_NOMEM;
    }
    rc = map_put(rows->places, key, at);
    if (rc != ERR_OK) {
        return rc;
    }
    if (at == rows->used) {
        rows->used++;
    } else {
        rows->free_first = rows->list[at].other;
    }
    rows->list[at] = (struct row){.other = ROW_NONE};
    memcpy(rows->list[at].key, key, key_size);
    *row = at;
    return ERR_OK;
}

/* Free the row if it has no records. */
static void row_settle(struct rows *rows, uint32_t at)
{
    if (rows->list[at].count == 0) {
        (void)map_remove(rows->places, rows->list[at].key, NULL);
        rows->list[at].other = rows->free_first;
        rows->free_first = at;
    }
}

/* ---- shares ---- */

/* The relay's records count for this prefix from now on. */
static void prefix_change(struct presence_shares *shares, struct row *relay, uint32_t prefix)
{
    uint32_t before = relay->other;

    relay->other = prefix;
    shares->prefixes.list[prefix].count += relay->count;
    if (before != ROW_NONE) {
        shares->prefixes.list[before].count -= relay->count;
        row_settle(&shares->prefixes, before);
    }
}

int presence_shares_enter(struct presence_shares *shares, const uint8_t key[KEY_SIZE],
                          const struct hrw_prefix *prefix, uint32_t *relay)
{
    uint32_t prefix_row = ROW_NONE;
    struct row *row;
    int rc = row_take(&shares->prefixes, prefix, sizeof(*prefix), &prefix_row);

    if (rc != ERR_OK) {
        return rc;
    }
    rc = row_take(&shares->relays, key, KEY_SIZE, relay);
    if (rc != ERR_OK) {
        row_settle(&shares->prefixes, prefix_row);
        return rc;
    }
    row = &shares->relays.list[*relay];
    if (row->other != prefix_row) {
        prefix_change(shares, row, prefix_row);
    }
    row->count++;
    shares->prefixes.list[prefix_row].count++;
    return ERR_OK;
}

void presence_shares_leave(struct presence_shares *shares, uint32_t relay)
{
    struct row *row = &shares->relays.list[relay];
    uint32_t prefix_row = row->other;

    row->count--;
    shares->prefixes.list[prefix_row].count--;
    row_settle(&shares->prefixes, prefix_row);
    row_settle(&shares->relays, relay);
}

bool presence_shares_find(const struct presence_shares *shares, const uint8_t key[KEY_SIZE],
                          uint32_t *relay)
{
    uint32_t at = row_find(&shares->relays, key);

    if (at == ROW_NONE) {
        return false;
    }
    *relay = at;
    return true;
}

const uint8_t *presence_shares_key(const struct presence_shares *shares, uint32_t relay)
{
    return shares->relays.list[relay].key;
}

uint32_t presence_shares_of_relay(const struct presence_shares *shares, uint32_t relay)
{
    return shares->relays.list[relay].count;
}

uint32_t presence_shares_beside_relay(const struct presence_shares *shares, uint32_t relay)
{
    return shares->prefixes.list[shares->relays.list[relay].other].count;
}

uint32_t presence_shares_of_prefix(const struct presence_shares *shares,
                                   const struct hrw_prefix *prefix)
{
    uint32_t at = row_find(&shares->prefixes, prefix);

    return at == ROW_NONE ? 0 : shares->prefixes.list[at].count;
}

uint32_t presence_shares_relay_count(const struct presence_shares *shares)
{
    return (uint32_t)map_count(shares->relays.places);
}
