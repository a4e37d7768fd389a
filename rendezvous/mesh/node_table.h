/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The relays that are believed, one row for each: dense, with an index by key and one by prefix,
 * and the digest of all (docs/protocol.md, section 17). How many relays of one prefix there may be
 * is checked here, what is believed is not.
 *
 * What counts as the address of a relay is the first one of its record, the one at which it was
 * reached. Others may be anybody's, so they fill no prefix.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/wire/frame.h"
#include "rendezvous/mesh/node_shelf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NODE_TABLE_MAX = 65536,
    NODE_PER_V4_MAX = 4, /* of one /24 */
    NODE_PER_V6_MAX = 8, /* of one /48 */
};

struct node_row {
    struct node_item *node;
    /* What travels with it; if `reached`, the first one is our own attestation. */
    struct node_item *attestations[NODE_ATTESTATIONS_MAX];
    uint64_t known_since_ms; /* wall clock */
    uint64_t prefix;
    uint8_t bucket;
    bool own, reached;
    bool helps;     /* node_item_helps */
    bool vouched;   /* believed only because neighbours do: not told, and in no digest */
    bool dirty;     /* not in the store as it is here */
    bool mentioned; /* for whoever compares lists */
};

/** A relay, as others see it. All pointers are borrowed. */
struct node_found {
    const uint8_t *key;
    uint64_t sequence;
    struct endpoint address; /* the first one */
    uint64_t known_since_ms; /* wall clock; since when it is believed here */
    const uint8_t *record;   /* signed; record_node_decode reads its first record_size -
                                SIGNATURE_SIZE bytes */
    size_t record_size;
    const uint8_t *attestations[NODE_ATTESTATIONS_MAX]; /* signed */
    size_t attestation_sizes[NODE_ATTESTATIONS_MAX];
    size_t attestations_count;
    bool own, vouched;
};

enum node_room {
    NODE_ROOM_OK,
    NODE_ROOM_ALL,    /* the table is full */
    NODE_ROOM_PREFIX, /* enough relays of this prefix are known */
};

struct node_table;

/** An empty table for at most count_max relays (up to NODE_TABLE_MAX) whose items stand on the
 * shelf (borrowed). env gives a hash key. ERR_NOMEM leaves *out NULL. */
int node_table_new(struct node_table **out, struct node_shelf *shelf, size_t count_max,
                   const struct env *env) MUST_CHECK;
void node_table_free(struct node_table *table);

/** The row of a key, or NULL. Rows move at every change of the table. */
struct node_row *node_table_find(const struct node_table *table, const uint8_t key[KEY_SIZE]);

/** True if the first address of a row, not the own one, has this IP. */
bool node_table_has_ip(const struct node_table *table, const struct endpoint *address);

/** Is there room for this record, which may be a newer one of a known relay? */
enum node_room node_table_room(const struct node_table *table, const struct node_item *node);

/** Put a record in, with these attestations (at most NODE_ATTESTATIONS_MAX), in place of the former
 * one of its key, of which only known_since_ms stays. Keeps all items. NULL: no memory, and nothing
 * changed. */
struct node_row *node_table_put(struct node_table *table, struct node_item *node,
                                struct node_item *const *attestations, size_t count, bool reached,
                                uint64_t known_since_ms);

/** From now on these attestations (kept) travel with the row. */
void node_table_attest(struct node_table *table, struct node_row *row,
                       struct node_item *const *attestations, size_t count, bool reached);

/** From now on the row is one that is not told, or is told. */
void node_table_vouch(struct node_table *table, struct node_row *row, bool vouched);

/** Rows that are not told. */
size_t node_table_vouched_count(const struct node_table *table);

/** Forget the relay of a row; the last row moves to its place. */
void node_table_remove(struct node_table *table, struct node_row *row);

/** Rows are numbered from 0 to count - 1. */
size_t node_table_count(const struct node_table *table);
struct node_row *node_table_at(const struct node_table *table, size_t place);

/** How many attestations a row has. */
size_t node_row_attestations(const struct node_row *row);

/** The row as others see it. */
struct node_found node_row_found(const struct node_row *row);

/** Hashes over (key, sequence) of all that is told: of one bucket, which is the first byte of a
 * key, and of all. */
uint64_t node_table_bucket(const struct node_table *table, uint8_t bucket);
uint64_t node_table_root(const struct node_table *table);

/** How many relays a bucket has that are told. */
size_t node_table_bucket_count(const struct node_table *table, uint8_t bucket);

/** Grows with every change. */
uint64_t node_table_changes(const struct node_table *table);
