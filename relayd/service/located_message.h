/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The answer to a question where a key is (docs/protocol.md, section 17): signed records, and the
 * node records of the relays that they name, so that whoever asked needs not ask for these, too.
 */
#pragma once

#include "proto/wire/control.h"
#include "rendezvous/mesh/mesh.h"
#include "rendezvous/presence/located.h"

#include <stdint.h>

/** A Located with room for all it is made of. */
struct located_message {
    Ziglan__Located body; /* to be packed; the rest is what it points to */
    ProtobufCBinaryData records[LOCATED_MAX];
    uint8_t bytes[LOCATED_MAX][PRESENCE_SIGNED_SIZE_MAX];
    Ziglan__NodeEntry entries[LOCATED_MAX];
    Ziglan__NodeEntry *nodes[LOCATED_MAX];
    ProtobufCBinaryData attestations[LOCATED_MAX][NODE_ATTESTATIONS_MAX];
};

/** Fill it in. What mesh (NULL: nothing is known) knows of the relays is borrowed until the next
 * change of mesh. */
void located_message_fill(struct located_message *message, const struct located *located,
                          const struct mesh *mesh);
