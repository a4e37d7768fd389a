/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Items stand in a dense array, found by an index over the hash of their bytes. */
#include "rendezvous/mesh/node_shelf.h"

#include "proto/base/bytes.h"
#include "proto/base/siphash.h"
#include "proto/crypto/node_record.h"
#include "proto/crypto/signed.h"
#include "rendezvous/mesh/node_index.h"
#include "rendezvous/mesh/node_prefix.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_AT = 2, /* in every record, behind type and version */
    SEQUENCE_AT = 34,
    /* Of an attestation. */
    SUBJECT_AT = RECORD_HEADER_SIZE,
    REACHED_AT = SUBJECT_AT + KEY_SIZE + 8,
    /* Of a node record, behind the one service that there is and the number of addresses. */
    ADDRESS_AT = RECORD_HEADER_SIZE + 1 + (int)sizeof(RECORD_NODE_SERVICE) - 1 + 1,
    ITEMS_MIN = 16,
};

struct node_shelf {
    struct node_item **items; /* dense */
    uint32_t count, capacity;
    struct node_index index; /* by the hash of the bytes */
    uint8_t hash_key[SIPHASH_KEY_SIZE];
};

static uint64_t hash_bytes(const struct node_shelf *shelf, const uint8_t *data, size_t size)
{
    return siphash24(shelf->hash_key, data, size);
}

static uint64_t hash_of(const void *context, uint32_t place)
{
    const struct node_shelf *shelf = context;

    return hash_bytes(shelf, shelf->items[place]->bytes, shelf->items[place]->size);
}

int node_shelf_new(struct node_shelf **out, const struct env *env)
{
    struct node_shelf *shelf = calloc(1, sizeof(*shelf));

    *out = shelf;
    if (shelf == NULL) {
        return ERR_NOMEM;
    }
    env_random(env, shelf->hash_key, sizeof(shelf->hash_key));
    shelf->index.hash_of = hash_of;
    shelf->index.context = shelf;
    return ERR_OK;
}

void node_shelf_free(struct node_shelf *shelf)
{
    if (shelf != NULL) {
        CHECK(shelf->count == 0);
        node_index_fini(&shelf->index);
        free(shelf->items);
        free(shelf);
    }
}

/* Is this a node record of our service that lasts no longer than it may? */
static bool node_allowed(const uint8_t *data, size_t size)
{
    struct record_node node;

    return record_node_decode(&node, data, size) == ERR_OK && node_record_is_sound(&node);
}

static bool attestation_allowed(const uint8_t *data, size_t size)
{
    struct record_attestation attestation;

    return record_attestation_decode(&attestation, data, size) == ERR_OK &&
           attestation.header.lifetime_s <= RECORD_NODE_LIFETIME_S;
}

static struct node_item *find(const struct node_shelf *shelf, const uint8_t *data, size_t size)
{
    uint64_t hash = hash_bytes(shelf, data, size);
    uint32_t cursor = 0, place;

    while (node_index_next(&shelf->index, hash, &cursor, &place)) {
        struct node_item *item = shelf->items[place];

        if (item->size == size && memcmp(item->bytes, data, size) == 0) {
            return item;
        }
    }
    return NULL;
}

/* Put a new item on the shelf. */
static enum node_verdict put(struct node_shelf *shelf, struct node_item *item)
{
    if (shelf->count == shelf->capacity) {
        uint32_t capacity = shelf->capacity + shelf->capacity / 4 + ITEMS_MIN;
        struct node_item **items = realloc(shelf->items, capacity * sizeof(struct node_item *));

        if (items == NULL) {
            return NODE_NO_MEMORY;
        }
        shelf->items = items;
        shelf->capacity = capacity;
    }
    shelf->items[shelf->count] = item;
    item->place = shelf->count;
    if (node_index_add(&shelf->index, shelf->count) != ERR_OK) {
        return NODE_NO_MEMORY;
    }
    shelf->count++;
    return NODE_OK;
}

enum node_verdict node_shelf_take(struct node_shelf *shelf, struct node_item **out,
                                  enum record_type type, const uint8_t *data, size_t size)
{
    struct record_parts parts;

    *out = NULL;
    if (size < RECORD_SIGNED_SIZE_MIN || size > RECORD_OTHER_SIGNED_SIZE_MAX || data[0] != type) {
        return NODE_MALFORMED;
    }

    struct node_item *item = find(shelf, data, size);

    if (item != NULL) {
        *out = node_item_keep(item);
        return NODE_OK;
    }

    if (!(type == RECORD_TYPE_NODE ? node_allowed(data, size - SIGNATURE_SIZE)
                                   : attestation_allowed(data, size - SIGNATURE_SIZE))) {
        return NODE_MALFORMED;
    }
    if (signed_open(&parts, type, data, size) != ERR_OK) {
        return NODE_FORGED;
    }
    item = malloc(offsetof(struct node_item, bytes) + size);
    if (item == NULL) {
        return NODE_NO_MEMORY;
    }
    item->refs = 1;
    item->size = u16_of(size);
    memcpy(item->bytes, data, size);
    if (put(shelf, item) != NODE_OK) {
        free(item);
        return NODE_NO_MEMORY;
    }
    *out = item;
    return NODE_OK;
}

struct node_item *node_item_keep(struct node_item *item)
{
    item->refs++;
    return item;
}

void node_item_release(struct node_shelf *shelf, struct node_item *item)
{
    if (item == NULL || --item->refs > 0) {
        return;
    }

    uint32_t place = item->place, last = shelf->count - 1;

    node_index_remove(&shelf->index, place);
    if (place != last) {
        node_index_move(&shelf->index, last, place);
        shelf->items[place] = shelf->items[last];
        shelf->items[place]->place = place;
    }
    shelf->count--;
    free(item);
}

const uint8_t *node_item_key(const struct node_item *item)
{
    return item->bytes + KEY_AT;
}

const uint8_t *node_item_subject(const struct node_item *item)
{
    return item->bytes + SUBJECT_AT;
}

uint64_t node_item_sequence(const struct node_item *item)
{
    return be64_read(item->bytes + SEQUENCE_AT);
}

/* What stands on the shelf was decoded before, so its header can be read. */
static struct record_header header_of(const struct node_item *item)
{
    struct record_header header;

    CHECK(record_header_peek(&header, item->bytes, item->size) == ERR_OK);
    return header;
}

uint64_t node_item_created_ms(const struct node_item *item)
{
    return header_of(item).created_ms;
}

struct endpoint node_item_address(const struct node_item *item)
{
    const uint8_t *at =
        item->bytes + (item->bytes[0] == RECORD_TYPE_NODE ? ADDRESS_AT : REACHED_AT);
    size_t size = *at == 4 ? 4 : 16;

    return endpoint_of_bytes(at + 1, size, (uint16_t)(at[1 + size] << 8 | at[2 + size]));
}

bool node_item_is_at(const struct node_item *item, const struct endpoint *address)
{
    struct endpoint own = node_item_address(item);

    return endpoint_equal(&own, address);
}

bool node_item_helps(const struct node_item *item)
{
    struct record_node node;

    return record_node_decode(&node, item->bytes, item->size - SIGNATURE_SIZE) == ERR_OK &&
           node.apps_count > 0;
}

uint64_t node_item_prefix(const struct node_item *item)
{
    struct endpoint address = node_item_address(item);

    return node_prefix(&address);
}

uint64_t node_hash(const uint8_t key[KEY_SIZE], uint64_t sequence)
{
    uint8_t message[KEY_SIZE + 8], hash[8];

    memcpy(message, key, KEY_SIZE);
    be64_write(message + KEY_SIZE, sequence);
    (void)crypto_generichash_blake2b(hash, sizeof(hash), message, sizeof(message), NULL, 0);
    return be64_read(hash);
}

uint64_t node_item_hash(const struct node_item *item)
{
    return node_hash(node_item_key(item), node_item_sequence(item));
}

bool node_item_live(const struct node_item *item, uint64_t wall_ms)
{
    struct record_header header = header_of(item);

    return record_live(&header, wall_ms);
}

uint32_t node_shelf_count(const struct node_shelf *shelf)
{
    return shelf->count;
}
