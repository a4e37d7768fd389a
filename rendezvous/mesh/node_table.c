/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows are dense, so that a visit is fast and a random relay is easily drawn. */
#include "rendezvous/mesh/node_table.h"

#include "proto/base/bytes.h"
#include "proto/base/siphash.h"
#include "rendezvous/mesh/node_index.h"
#include "rendezvous/mesh/node_prefix.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_MIN = 16 };

struct node_table {
    struct node_shelf *shelf;
    struct node_row *rows; /* dense */
    uint32_t count, capacity, count_max;
    struct node_index by_key, by_prefix;
    uint8_t hash_key[SIPHASH_KEY_SIZE];
    uint64_t buckets[NODE_BUCKETS];
    uint32_t bucket_counts[NODE_BUCKETS];
    uint32_t vouched_count;
    uint64_t changes;
};

static uint64_t hash_key_of(const struct node_table *table, const uint8_t *key)
{
    return siphash24(table->hash_key, key, KEY_SIZE);
}

static uint64_t hash_prefix(const struct node_table *table, uint64_t prefix)
{
    return siphash24(table->hash_key, &prefix, sizeof(prefix));
}

static uint64_t key_hash_of(const void *context, uint32_t place)
{
    const struct node_table *table = context;

    return hash_key_of(table, node_item_key(table->rows[place].node));
}

static uint64_t prefix_hash_of(const void *context, uint32_t place)
{
    const struct node_table *table = context;

    return hash_prefix(table, table->rows[place].prefix);
}

int node_table_new(struct node_table **out, struct node_shelf *shelf, size_t count_max,
                   const struct env *env)
{
    struct node_table *table = calloc(1, sizeof(*table));

    *out = table;
    if (table == NULL) {
        return ERR_NOMEM;
    }
    CHECK(count_max <= NODE_TABLE_MAX);
    table->shelf = shelf;
    table->count_max = (uint32_t)count_max;
    env_random(env, table->hash_key, sizeof(table->hash_key));
    table->by_key = (struct node_index){.hash_of = key_hash_of, .context = table};
    table->by_prefix = (struct node_index){.hash_of = prefix_hash_of, .context = table};
    return ERR_OK;
}

static void row_release(struct node_table *table, struct node_row *row)
{
    node_item_release(table->shelf, row->node);
    for (size_t i = 0; i < NODE_ATTESTATIONS_MAX; i++) {
        node_item_release(table->shelf, row->attestations[i]);
    }
}

void node_table_free(struct node_table *table)
{
    if (table == NULL) {
        return;
    }
    for (uint32_t i = 0; i < table->count; i++) {
        row_release(table, &table->rows[i]);
    }
    node_index_fini(&table->by_key);
    node_index_fini(&table->by_prefix);
    free(table->rows);
    free(table);
}

struct node_row *node_table_find(const struct node_table *table, const uint8_t key[KEY_SIZE])
{
    uint64_t hash = hash_key_of(table, key);
    uint32_t cursor = 0, place;

    while (node_index_next(&table->by_key, hash, &cursor, &place)) {
        if (memcmp(node_item_key(table->rows[place].node), key, KEY_SIZE) == 0) {
            return &table->rows[place];
        }
    }
    return NULL;
}

/* Relays of a prefix, the own one and `except` not counted. */
static uint32_t prefix_count(const struct node_table *table, uint64_t prefix,
                             const struct node_row *except)
{
    uint32_t cursor = 0, place, count = 0;

    while (node_index_next(&table->by_prefix, hash_prefix(table, prefix), &cursor, &place)) {
        const struct node_row *row = &table->rows[place];

        count += row->prefix == prefix && row != except && !row->own;
    }
    return count;
}

bool node_table_has_ip(const struct node_table *table, const struct endpoint *address)
{
    uint64_t prefix = node_prefix(address);
    uint32_t cursor = 0, place;

    while (node_index_next(&table->by_prefix, hash_prefix(table, prefix), &cursor, &place)) {
        const struct node_row *row = &table->rows[place];
        struct endpoint first = node_item_address(row->node);

        if (!row->own && endpoint_same_ip(&first, address)) {
            return true;
        }
    }
    return false;
}

enum node_room node_table_room(const struct node_table *table, const struct node_item *node)
{
    const struct node_row *row = node_table_find(table, node_item_key(node));
    struct endpoint address = node_item_address(node);
    uint32_t limit = endpoint_is_v4(&address) ? NODE_PER_V4_MAX : NODE_PER_V6_MAX;

    if (row == NULL && table->count >= table->count_max) {
        return NODE_ROOM_ALL;
    }
    if (row != NULL && row->own) {
        return NODE_ROOM_OK;
    }
    return prefix_count(table, node_item_prefix(node), row) < limit ? NODE_ROOM_OK
                                                                    : NODE_ROOM_PREFIX;
}

static void digest_toggle(struct node_table *table, const struct node_row *row)
{
    if (!row->vouched) {
        table->buckets[row->bucket] ^= node_item_hash(row->node);
    }
    table->changes++;
}

/* Put another record into a row that is in the table. */
static void replace(struct node_table *table, struct node_row *row, struct node_item *node)
{
    uint32_t place = (uint32_t)(row - table->rows);

    struct node_item *former = row->node;

    digest_toggle(table, row);
    row->node = node_item_keep(node);
    node_item_release(table->shelf, former);
    digest_toggle(table, row);
    row->dirty = true;
    if (row->prefix != node_item_prefix(node)) {
        node_index_remove(&table->by_prefix, place);
        row->prefix = node_item_prefix(node);
        /* What was just removed left room. */
        CHECK(node_index_add(&table->by_prefix, place) == ERR_OK);
    }
}

/* Room for one row more. */
static bool reserve(struct node_table *table)
{
    if (table->count == table->capacity) {
        uint32_t capacity = table->capacity + table->capacity / 4 + ROWS_MIN;
        struct node_row *rows = realloc(table->rows, capacity * sizeof(*rows));

        if (rows == NULL) {
            return false;
        }
        table->rows = rows;
        table->capacity = capacity;
    }
    return node_index_reserve(&table->by_key) == ERR_OK &&
           node_index_reserve(&table->by_prefix) == ERR_OK;
}

/* The row of a record: a new one, or that of its key with the former record. NULL: no memory. */
static struct node_row *row_of(struct node_table *table, struct node_item *node,
                               uint64_t known_since_ms)
{
    struct node_row *row = node_table_find(table, node_item_key(node));

    if (row != NULL) {
        replace(table, row, node);
        return row;
    }
    if (!reserve(table)) {
        return NULL;
    }
    row = &table->rows[table->count];
    *row = (struct node_row){.node = node_item_keep(node),
                             .known_since_ms = known_since_ms,
                             .prefix = node_item_prefix(node),
                             .bucket = node_item_key(node)[0],
                             .dirty = true};
    CHECK(node_index_add(&table->by_key, table->count) == ERR_OK);
    CHECK(node_index_add(&table->by_prefix, table->count) == ERR_OK);
    table->count++;
    table->bucket_counts[row->bucket]++;
    digest_toggle(table, row);
    return row;
}

void node_table_attest(struct node_table *table, struct node_row *row,
                       struct node_item *const *attestations, size_t count, bool reached)
{
    struct node_item *former[NODE_ATTESTATIONS_MAX];

    memcpy(former, row->attestations, sizeof(former));
    CHECK(count <= NODE_ATTESTATIONS_MAX);
    for (size_t i = 0; i < NODE_ATTESTATIONS_MAX; i++) {
        row->attestations[i] = i < count ? node_item_keep(attestations[i]) : NULL;
    }
    for (size_t i = 0; i < NODE_ATTESTATIONS_MAX; i++) {
        node_item_release(table->shelf, former[i]);
    }
    row->reached = reached;
    row->dirty = true;
}

struct node_row *node_table_put(struct node_table *table, struct node_item *node,
                                struct node_item *const *attestations, size_t count, bool reached,
                                uint64_t known_since_ms)
{
    struct node_row *row = row_of(table, node, known_since_ms);

    if (row != NULL) {
        row->helps = node_item_helps(node);
        node_table_attest(table, row, attestations, count, reached);
    }
    return row;
}

void node_table_vouch(struct node_table *table, struct node_row *row, bool vouched)
{
    if (row->vouched == vouched) {
        return;
    }
    digest_toggle(table, row); /* does nothing to the digest either now or below */
    row->vouched = vouched;
    digest_toggle(table, row);
    table->bucket_counts[row->bucket] += vouched ? UINT32_MAX : 1;
    table->vouched_count += vouched ? 1 : UINT32_MAX;
    row->dirty = true;
}

size_t node_table_vouched_count(const struct node_table *table)
{
    return table->vouched_count;
}

void node_table_remove(struct node_table *table, struct node_row *row)
{
    uint32_t place = (uint32_t)(row - table->rows), last = table->count - 1;

    digest_toggle(table, row);
    table->bucket_counts[row->bucket] -= row->vouched ? 0 : 1;
    table->vouched_count -= row->vouched ? 1 : 0;
    node_index_remove(&table->by_key, place);
    node_index_remove(&table->by_prefix, place);
    row_release(table, row);
    if (place != last) {
        node_index_move(&table->by_key, last, place);
        node_index_move(&table->by_prefix, last, place);
        *row = table->rows[last];
    }
    table->count--;
}

size_t node_table_count(const struct node_table *table)
{
    return table->count;
}

struct node_row *node_table_at(const struct node_table *table, size_t place)
{
    return &table->rows[place];
}

size_t node_row_attestations(const struct node_row *row)
{
    size_t count = 0;

    while (count < NODE_ATTESTATIONS_MAX && row->attestations[count] != NULL) {
        count++;
    }
    return count;
}

struct node_found node_row_found(const struct node_row *row)
{
    struct node_found found = {.key = node_item_key(row->node),
                               .sequence = node_item_sequence(row->node),
                               .address = node_item_address(row->node),
                               .known_since_ms = row->known_since_ms,
                               .record = row->node->bytes,
                               .record_size = row->node->size,
                               .attestations_count = node_row_attestations(row),
                               .own = row->own,
                               .vouched = row->vouched};

    for (size_t i = 0; i < found.attestations_count; i++) {
        found.attestations[i] = row->attestations[i]->bytes;
        found.attestation_sizes[i] = row->attestations[i]->size;
    }
    return found;
}

uint64_t node_table_bucket(const struct node_table *table, uint8_t bucket)
{
    return table->buckets[bucket];
}

uint64_t node_table_root(const struct node_table *table)
{
    uint64_t root = 0;

    for (size_t i = 0; i < NODE_BUCKETS; i++) {
        root ^= table->buckets[i];
    }
    return root;
}

size_t node_table_bucket_count(const struct node_table *table, uint8_t bucket)
{
    return table->bucket_counts[bucket];
}

uint64_t node_table_changes(const struct node_table *table)
{
    return table->changes;
}
