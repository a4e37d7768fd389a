/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The relays that are believed, in the store (table NODES): key -> since when the relay is known,
 * its record and what attests to it, each as it was signed. Whoever reads it verifies all of it
 * again; what lies there may be cut or damaged.
 *
 * Value: version(1) = 1, known_since_ms(8), then for the record and each attestation size(2) and
 * its bytes.
 */
#pragma once

#include "rendezvous/mesh/node_table.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NODE_STORE_VALUE_MAX = 1 + 8 + (1 + NODE_ATTESTATIONS_MAX) * (2 + RECORD_OTHER_SIGNED_SIZE_MAX),
};

/** What is stored of one relay, as items that the caller releases. */
struct node_stored {
    uint64_t known_since_ms;
    struct node_item *node;
    struct node_item *attestations[NODE_ATTESTATIONS_MAX];
    size_t attestations_count;
};

/** Write a row; errors as of store_write. */
int node_store_write(struct store *store, const struct node_row *row) MUST_CHECK;

/** Read a value (size bytes of any content) that stands under this key. False, with nothing kept,
 * unless it is whole and its record is genuine and of this key. An attestation that is not is left
 * out. */
bool node_store_read(struct node_stored *out, struct node_shelf *shelf, const uint8_t *key,
                     size_t key_size, const uint8_t *value, size_t size);

/** Release the items. */
void node_stored_release(struct node_stored *stored, struct node_shelf *shelf);
