/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shelf on which signed records of relays stand: node records and attestations, as the bytes
 * they came in and nothing else, for there are many. What stands here was verified, and equal bytes
 * stand here once, so whoever is told the same thing again needs no second verification and no
 * second memory. One thread owns a shelf; several tables may share it, as in the simulator.
 *
 * Later: relayd's service `mesh` has one.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/net/endpoint.h"
#include "proto/wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A record on the shelf; it does not change. */
struct node_item {
    uint32_t refs, place; /* the shelf's own */
    uint16_t size;        /* of bytes */
    uint8_t bytes[];      /* record and signature */
};

enum node_verdict {
    NODE_OK,
    NODE_MALFORMED,
    NODE_FORGED,
    NODE_NO_MEMORY,
};

struct node_shelf;

/** An empty shelf. env gives a hash key and is not kept. ERR_NOMEM leaves *out NULL. */
int node_shelf_new(struct node_shelf **out, const struct env *env) MUST_CHECK;

/** Free the shelf, on which nothing stands any more. NULL is legal. */
void node_shelf_free(struct node_shelf *shelf);

/**
 * The item of a signed record of this type (size bytes of any content), which is verified unless it
 * stands there already. *out is the caller's to release. A node record must be of our service, have
 * an address and last at most RECORD_NODE_LIFETIME_S, as must an attestation, or it is MALFORMED.
 * Time is not judged. Unless NODE_OK, *out is NULL.
 */
enum node_verdict node_shelf_take(struct node_shelf *shelf, struct node_item **out,
                                  enum record_type type, const uint8_t *data, size_t size);

/** One more owner of the item; returns it. */
struct node_item *node_item_keep(struct node_item *item);

/** One owner less; the last one takes it from the shelf. NULL is legal. */
void node_item_release(struct node_shelf *shelf, struct node_item *item);

/** Whose record it is: the relay, or the attester. */
const uint8_t *node_item_key(const struct node_item *item);

/** Whom an attestation is about. */
const uint8_t *node_item_subject(const struct node_item *item);

/** The sequence of a record. */
uint64_t node_item_sequence(const struct node_item *item);

/** When it was made: wall clock, ms since 1970 UTC. */
uint64_t node_item_created_ms(const struct node_item *item);

/** The first address of a node record; of an attestation the one that was reached. */
struct endpoint node_item_address(const struct node_item *item);

/** True if that is the address. */
bool node_item_is_at(const struct node_item *item, const struct endpoint *address);

/** True if a node record names a type of application that its relay has a pool for. */
bool node_item_helps(const struct node_item *item);

/** The network of its address (node_prefix.h). */
uint64_t node_item_prefix(const struct node_item *item);

/** BLAKE2b-64(key || sequence), for digests. */
uint64_t node_hash(const uint8_t key[KEY_SIZE], uint64_t sequence);

/** The same of a node record. */
uint64_t node_item_hash(const struct node_item *item);

/** True if by this wall clock it was created and is not over (record_live). */
bool node_item_live(const struct node_item *item, uint64_t wall_ms);

/** Items on the shelf. */
uint32_t node_shelf_count(const struct node_shelf *shelf);
