/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records as bytes, and what is known of the relays. */
#include "relayd/service/located_message.h"

static void node_add(struct located_message *message, const struct mesh *mesh,
                     const uint8_t relay[KEY_SIZE])
{
    size_t at = message->body.n_nodes;
    struct node_found found;

    if (mesh != NULL && mesh_find(mesh, relay, &found) && !found.vouched) {
        mesh_message_entry(&message->entries[at], message->attestations[at], &found);
        message->nodes[at] = &message->entries[at];
        message->body.n_nodes = at + 1;
    }
}

void located_message_fill(struct located_message *message, const struct located *located,
                          const struct mesh *mesh)
{
    ziglan__located__init(&message->body);
    message->body.records = message->records;
    message->body.nodes = message->nodes;
    for (size_t i = 0; i < located->count; i++) {
        size_t size = presence_record_write(&located->records[i], message->bytes[i]);

        message->records[i] = control_bytes(message->bytes[i], size);
        node_add(message, mesh, located->records[i].relay);
    }
    message->body.n_records = located->count;
}
