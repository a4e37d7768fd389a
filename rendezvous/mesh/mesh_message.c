/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fills in the structs of protobuf-c, whose pointers lead into the same message. */
#include "rendezvous/mesh/mesh_message.h"

#include <string.h>

enum {
    SIZE_MAX_PACKED = CONTROL_SIZE_MAX - 512, /* for the frame around the entries */
    SIZE_PER_FIELD = 4,                       /* tag and length */
};

static void begin(struct mesh_message *message, Ziglan__Control__BodyCase which)
{
    ziglan__control__init(&message->control);
    message->control.body_case = which;
    message->size = 0;
}

void mesh_message_nodes(struct mesh_message *message)
{
    begin(message, ZIGLAN__CONTROL__BODY_NODES);
    ziglan__nodes__init(&message->body.nodes);
    message->body.nodes.entries = message->entry_pointers;
    message->control.nodes = &message->body.nodes;
}

void mesh_message_digest(struct mesh_message *message, uint64_t root)
{
    begin(message, ZIGLAN__CONTROL__BODY_NODE_DIGEST);
    ziglan__node_digest__init(&message->body.digest);
    message->body.digest.root = root;
    message->control.node_digest = &message->body.digest;
}

void mesh_message_summary(struct mesh_message *message)
{
    begin(message, ZIGLAN__CONTROL__BODY_NODE_SUMMARY);
    ziglan__node_summary__init(&message->body.summary);
    memset(message->bitmap, 0, sizeof(message->bitmap));
    message->body.summary.buckets = control_bytes(message->bitmap, sizeof(message->bitmap));
    message->body.summary.refs = message->ref_pointers;
    message->control.node_summary = &message->body.summary;
}

void mesh_message_want(struct mesh_message *message)
{
    begin(message, ZIGLAN__CONTROL__BODY_NODE_WANT);
    ziglan__node_want__init(&message->body.want);
    message->body.want.keys = message->keys;
    message->control.node_want = &message->body.want;
}

void mesh_message_entry(Ziglan__NodeEntry *entry,
                        ProtobufCBinaryData attestations[NODE_ATTESTATIONS_MAX],
                        const struct node_found *found)
{
    ziglan__node_entry__init(entry);
    entry->record = control_bytes(found->record, found->record_size);
    for (size_t i = 0; i < found->attestations_count; i++) {
        attestations[i] = control_bytes(found->attestations[i], found->attestation_sizes[i]);
    }
    entry->attestations = attestations;
    entry->n_attestations = found->attestations_count;
}

bool mesh_message_add_node(struct mesh_message *message, const struct node_found *found)
{
    size_t at = message->body.nodes.n_entries;
    size_t size = found->record_size + 2 * SIZE_PER_FIELD;

    for (size_t i = 0; i < found->attestations_count; i++) {
        size += found->attestation_sizes[i] + SIZE_PER_FIELD;
    }
    if (at == NODES_MAX || message->size + size > SIZE_MAX_PACKED) {
        return false;
    }
    mesh_message_entry(&message->entries[at], message->attestations[at], found);
    message->entry_pointers[at] = &message->entries[at];
    message->body.nodes.n_entries = at + 1;
    message->size += size;
    return true;
}

void mesh_message_add_buckets(struct mesh_message *message, const struct node_table *table)
{
    for (size_t i = 0; i < NODE_BUCKETS; i++) {
        message->buckets[i] = node_table_bucket(table, (uint8_t)i);
    }
    message->body.digest.buckets = message->buckets;
    message->body.digest.n_buckets = NODE_BUCKETS;
}

bool mesh_message_add_ref(struct mesh_message *message, const uint8_t *key, uint64_t sequence)
{
    size_t at = message->body.summary.n_refs;

    if (at == NODE_REFS_MAX) {
        return false;
    }
    ziglan__node_ref__init(&message->refs[at]);
    message->refs[at].key = control_bytes(key, KEY_SIZE);
    message->refs[at].sequence = sequence;
    message->ref_pointers[at] = &message->refs[at];
    message->body.summary.n_refs = at + 1;
    return true;
}

void mesh_message_complete(struct mesh_message *message, uint8_t bucket)
{
    message->bitmap[bucket / 8] |= (uint8_t)(1U << bucket % 8);
}

bool mesh_message_add_want(struct mesh_message *message, const uint8_t key[KEY_SIZE])
{
    size_t at = message->body.want.n_keys;

    if (at == NODE_WANT_MAX) {
        return false;
    }
    memcpy(message->key_bytes[at], key, KEY_SIZE);
    message->keys[at] = control_bytes(message->key_bytes[at], KEY_SIZE);
    message->body.want.n_keys = at + 1;
    return true;
}
