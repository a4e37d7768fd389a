/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Items stand in a dense array, found by an index over the hash of their bytes. */
#include "rendezvous/mesh/node_shelf.h"

#include "proto/base/bytes.h"
#include "proto/base/siphash.h"
#include "proto/crypto/signed.h"
#include "rendezvous/mesh/node_index.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_AT = 2, /* in every record, behind type and version */
    SUBJECT_AT = RECORD_HEADER_SIZE,
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

/* BLAKE2b-64(key || sequence). */
static uint64_t digest_hash(const uint8_t *key, uint64_t sequence)
{
    uint8_t message[KEY_SIZE + 8], hash[16];

    memcpy(message, key, KEY_SIZE);
    be64_write(message + KEY_SIZE, sequence);
    (void)crypto_generichash_blake2b(hash, 8, message, sizeof(message), NULL, 0);
    return be64_read(hash);
}

static bool read_node(struct node_item *item, const uint8_t *data, size_t size)
{
    struct record_node node;

    if (record_node_decode(&node, data, size) != ERR_OK || node.addresses_count == 0 ||
        strcmp(node.service, RECORD_NODE_SERVICE) != 0) {
        return false;
    }
    item->sequence = node.header.sequence;
    item->created_ms = node.header.created_ms;
    item->lifetime_s = node.header.lifetime_s;
    item->address = node.addresses[0];
    item->hash = digest_hash(node.header.key, node.header.sequence);
    return true;
}

static bool read_attestation(struct node_item *item, const uint8_t *data, size_t size)
{
    struct record_attestation attestation;

    if (record_attestation_decode(&attestation, data, size) != ERR_OK) {
        return false;
    }
    item->sequence = attestation.subject_sequence;
    item->created_ms = attestation.header.created_ms;
    item->lifetime_s = attestation.header.lifetime_s;
    item->address = attestation.address;
    return true;
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
        uint32_t capacity = shelf->capacity == 0 ? ITEMS_MIN : shelf->capacity * 2;
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
    struct node_item read = {.refs = 1, .type = (uint8_t)type};
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

    bool whole = type == RECORD_TYPE_NODE ? read_node(&read, data, size - SIGNATURE_SIZE)
                                          : read_attestation(&read, data, size - SIGNATURE_SIZE);

    if (!whole || read.lifetime_s > RECORD_NODE_LIFETIME_S) {
        return NODE_MALFORMED;
    }
    if (signed_open(&parts, type, data, size) != ERR_OK) {
        return NODE_FORGED;
    }
    item = malloc(sizeof(*item) + size);
    if (item == NULL) {
        return NODE_NO_MEMORY;
    }
    *item = read;
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

bool node_item_live(const struct node_item *item, uint64_t wall_ms)
{
    struct record_header header = {.created_ms = item->created_ms, .lifetime_s = item->lifetime_s};

    return record_live(&header, wall_ms);
}

uint32_t node_shelf_count(const struct node_shelf *shelf)
{
    return shelf->count;
}
