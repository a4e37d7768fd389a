/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A message of the mesh that is to be sent, with room for all it is made of, so that nothing has to
 * be allocated. It is large: a program has one.
 */
#pragma once

#include "proto/wire/control.h"
#include "proto/wire/frame.h"
#include "rendezvous/mesh/node_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mesh_message {
    Ziglan__Control control; /* to be packed; the rest is what it points to */
    union {
        Ziglan__Nodes nodes;
        Ziglan__NodeDigest digest;
        Ziglan__NodeSummary summary;
        Ziglan__NodeWant want;
    } body;
    size_t size; /* about so many bytes it takes when it is packed */
    Ziglan__NodeEntry entries[NODES_MAX];
    Ziglan__NodeEntry *entry_pointers[NODES_MAX];
    ProtobufCBinaryData attestations[NODES_MAX][NODE_ATTESTATIONS_MAX];
    Ziglan__NodeRef refs[NODE_REFS_MAX];
    Ziglan__NodeRef *ref_pointers[NODE_REFS_MAX];
    ProtobufCBinaryData keys[NODE_WANT_MAX];
    uint8_t key_bytes[NODE_WANT_MAX][KEY_SIZE];
    uint64_t buckets[NODE_BUCKETS];
    uint8_t bitmap[NODE_BUCKETS / 8];
};

/** Begin an empty Nodes, a NodeDigest of this root, a NodeSummary or a NodeWant. */
void mesh_message_nodes(struct mesh_message *message);
void mesh_message_digest(struct mesh_message *message, uint64_t root);
void mesh_message_summary(struct mesh_message *message);
void mesh_message_want(struct mesh_message *message);

/** Fill in an entry: record and attestations, for which there is room in `attestations`. It borrows
 * what `found` borrows. Later: Located and FindResult bear such entries, too. */
void mesh_message_entry(Ziglan__NodeEntry *entry,
                        ProtobufCBinaryData attestations[NODE_ATTESTATIONS_MAX],
                        const struct node_found *found);

/** Add to a Nodes; false if it is full. */
bool mesh_message_add_node(struct mesh_message *message, const struct node_found *found);

/** Give a NodeDigest its buckets. */
void mesh_message_add_buckets(struct mesh_message *message, const struct node_table *table);

/** Tell one relay of a NodeSummary; false if it is full. key is borrowed. */
bool mesh_message_add_ref(struct mesh_message *message, const uint8_t *key, uint64_t sequence);

/** Say that a NodeSummary tells all of this bucket. */
void mesh_message_complete(struct mesh_message *message, uint8_t bucket);

/** Add to a NodeWant (key is copied); false if it is full. */
bool mesh_message_add_want(struct mesh_message *message, const uint8_t key[KEY_SIZE]);
