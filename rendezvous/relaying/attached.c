/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows stand in a map by host, and in the list of the neighbour that brought them, the one that was
 * used last at its end. */
#include "rendezvous/relaying/attached.h"

#include "proto/base/map.h"
#include "proto/crypto/attachment.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { PLACE_SIZE = 2 * KEY_SIZE /* the host, and the relay where it is */ };

struct share;

struct row {
    TAILQ_ENTRY(row) in_share;
    struct share *share;
    struct mono expires_at;
    uint64_t sequence;
    uint8_t place[PLACE_SIZE];
    uint8_t record[ATTACHMENT_SIZE];
};

TAILQ_HEAD(row_list, row);

/* What one neighbour brought. */
struct share {
    uint8_t from[KEY_SIZE];
    struct row_list rows;
    size_t count;
};

struct attached_table {
    struct map *rows;   /* place -> struct row */
    struct map *shares; /* neighbour -> struct share; none is empty */
    size_t count_max;
};

int attached_new(struct attached_table **out, size_t count_max, const struct env *env)
{
    struct attached_table *table = calloc(1, sizeof(*table));
    int rc;

    *out = NULL;
    if (table == NULL) {
        return ERR_NOMEM;
    }
    table->count_max = count_max;
    rc = map_new(&table->rows, PLACE_SIZE, count_max, env);
    if (rc == ERR_OK) {
        rc = map_new(&table->shares, KEY_SIZE, count_max, env);
    }
    if (rc != ERR_OK) {
        attached_free(table);
        return rc;
    }
    *out = table;
    return ERR_OK;
}

static void row_remove(struct attached_table *table, struct row *row)
{
    struct share *share = row->share;

    TAILQ_REMOVE(&share->rows, row, in_share);
    share->count--;
    if (share->count == 0) {
        (void)map_remove(table->shares, share->from, NULL);
        free(share);
    }
    (void)map_remove(table->rows, row->place, NULL);
    free(row);
}

void attached_free(struct attached_table *table)
{
    size_t at = 0;
    const void *key;

    if (table == NULL) {
        return;
    }
    while (table->rows != NULL && map_next(table->rows, &at, &key, NULL)) {
        row_remove(table, map_find_pointer(table->rows, key));
    }
    map_free(table->rows);
    map_free(table->shares);
    free(table);
}

/* The share of a neighbour, made if need be; NULL without memory. */
static struct share *share_of(struct attached_table *table, const uint8_t from[KEY_SIZE])
{
    struct share *share = map_find_pointer(table->shares, from);

    if (share != NULL) {
        return share;
    }
    share = calloc(1, sizeof(*share));
    if (share == NULL || map_put_pointer(table->shares, from, share) != ERR_OK) {
        free(share);
        return NULL;
    }
    memcpy(share->from, from, KEY_SIZE);
    TAILQ_INIT(&share->rows);
    return share;
}

/* Make room in a full table for one more of this share (NULL: an empty one): the largest one gives
 * its oldest, so that many neighbours with much to tell keep out nobody with little. */
static bool room_make(struct attached_table *table, const struct share *share)
{
    struct share *largest = NULL;
    size_t at = 0;
    const void *key;

    if (map_count(table->rows) < table->count_max) {
        return true;
    }
    while (map_next(table->shares, &at, &key, NULL)) {
        struct share *one = map_find_pointer(table->shares, key);

        largest = largest == NULL || one->count > largest->count ? one : largest;
    }
    if (largest == NULL || largest->count <= 1 ||
        (share != NULL && largest->count <= share->count && largest != share)) {
        return false;
    }
    row_remove(table, TAILQ_FIRST(&largest->rows));
    return true;
}

/* A new row in the share of a neighbour; NULL if there is no room. */
static struct row *row_add(struct attached_table *table, const uint8_t place[PLACE_SIZE],
                           const uint8_t from[KEY_SIZE])
{
    struct share *share = map_find_pointer(table->shares, from);
    struct row *row = calloc(1, sizeof(*row));

    if (row == NULL) {
        return NULL;
    }
    if (share != NULL && share->count >= ATTACHED_PER_RELAY_MAX) {
        row_remove(table, TAILQ_FIRST(&share->rows));
    } else if (!room_make(table, share)) {
        free(row);
        return NULL;
    }
    share = share_of(table, from);
    if (share == NULL || map_put_pointer(table->rows, place, row) != ERR_OK) {
        if (share != NULL && share->count == 0) {
            (void)map_remove(table->shares, share->from, NULL);
            free(share);
        }
        free(row);
        return NULL;
    }
    memcpy(row->place, place, PLACE_SIZE);
    row->share = share;
    TAILQ_INSERT_TAIL(&share->rows, row, in_share);
    share->count++;
    return row;
}

static void row_fill(struct row *row, const struct record_attachment *attachment,
                     const uint8_t *data, uint64_t wall_ms, struct mono now)
{
    uint64_t end_ms = attachment->expires_ms + RECORD_CLOCK_SKEW_MS;

    row->expires_at = mono_add_ms(now, end_ms > wall_ms ? end_ms - wall_ms : 0);
    row->sequence = attachment->header.sequence;
    memcpy(row->record, data, ATTACHMENT_SIZE);
}

static void place_of(uint8_t place[PLACE_SIZE], const uint8_t src[KEY_SIZE],
                     const uint8_t entry_key[KEY_SIZE])
{
    memcpy(place, src, KEY_SIZE);
    memcpy(place + KEY_SIZE, entry_key, KEY_SIZE);
}

static struct row *row_find(const struct attached_table *table, const uint8_t src[KEY_SIZE],
                            const uint8_t entry_key[KEY_SIZE])
{
    uint8_t place[PLACE_SIZE];

    place_of(place, src, entry_key);
    return map_find_pointer(table->rows, place);
}

bool attached_is_known(const struct attached_table *table, const uint8_t src[KEY_SIZE],
                       const uint8_t entry_key[KEY_SIZE], const uint8_t *data, size_t size)
{
    const struct row *row = row_find(table, src, entry_key);

    return row != NULL && size == ATTACHMENT_SIZE && memcmp(row->record, data, size) == 0;
}

enum attached_verdict attached_take(struct attached_table *table, const uint8_t src[KEY_SIZE],
                                    const uint8_t entry_key[KEY_SIZE], const uint8_t from[KEY_SIZE],
                                    const uint8_t *data, size_t size, uint64_t wall_ms,
                                    struct mono now)
{
    struct row *row = row_find(table, src, entry_key);
    struct record_attachment attachment;
    uint8_t place[PLACE_SIZE];

    if (!attachment_verify(&attachment, data, size, src, wall_ms) ||
        memcmp(attachment.relay_key, entry_key, KEY_SIZE) != 0) {
        return ATTACHED_REFUSED;
    }
    if (row != NULL && attachment.header.sequence <= row->sequence &&
        !mono_due(row->expires_at, now)) {
        return ATTACHED_OLDER;
    }
    if (row == NULL) {
        place_of(place, src, entry_key);
        row = row_add(table, place, from);
    }
    if (row == NULL) {
        return ATTACHED_NO_ROOM;
    }
    row_fill(row, &attachment, data, wall_ms, now);
    return ATTACHED_TAKEN;
}

bool attached_find(struct attached_table *table, const uint8_t src[KEY_SIZE],
                   const uint8_t entry_key[KEY_SIZE], struct attached *out, struct mono now)
{
    struct row *row = row_find(table, src, entry_key);

    if (row == NULL || mono_due(row->expires_at, now)) {
        return false;
    }
    TAILQ_REMOVE(&row->share->rows, row, in_share);
    TAILQ_INSERT_TAIL(&row->share->rows, row, in_share);
    *out = (struct attached){
        .record = row->record,
        .record_size = ATTACHMENT_SIZE,
        .sequence = row->sequence,
    };
    return true;
}

void attached_expire(struct attached_table *table, struct mono now)
{
    size_t at = 0;
    const void *key;

    while (map_next(table->rows, &at, &key, NULL)) {
        struct row *row = map_find_pointer(table->rows, key);

        if (mono_due(row->expires_at, now)) {
            row_remove(table, row);
        }
    }
}

size_t attached_count(const struct attached_table *table)
{
    return map_count(table->rows);
}
