/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This relay's own node record (docs/protocol.md, section 5): made when it is known that others can
 * reach this relay, signed anew at once when it changes, and in any case before it grows old. It is
 * told to neighbours by the mesh, and to all in the Hello.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/wire/record.h"
#include "relayd/base/relay_base.h"
#include "rendezvous/mesh/mesh.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NODE_OWN_RENEW_MS = 6 * 3600 * 1000 };

struct node_own {
    struct relay_base *base; /* these are borrowed */
    struct mesh *mesh;
    struct link_hello *hello; /* what the link says; gets the record */
    struct endpoint address;  /* in the record; none: there is no record */
    uint8_t nat_kind;         /* likewise; enum record_node_nat */
    struct mono renew_at;
    unsigned index; /* of the one in use; the link borrows it */
    uint8_t records[2][RECORD_OTHER_SIGNED_SIZE_MAX];
    size_t sizes[2];
};

/** Others reach this relay at this address (none: they do not). Nothing happens if that is what the
 * record says already. */
void node_own_set(struct node_own *own, const struct endpoint *address, uint8_t nat_kind,
                  struct mono now);

/** What else stands in the record has changed, perhaps (a new configuration): it is signed anew. */
void node_own_changed(struct node_own *own, struct mono now);

/** Sign the record anew if it is due; and when to call this again. */
void node_own_expire(struct node_own *own, struct mono now);
struct mono node_own_deadline(const struct node_own *own);
