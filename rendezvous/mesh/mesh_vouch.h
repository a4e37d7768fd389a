/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a relay that has just begun comes to believe records whose attesters it does not believe yet
 * (docs/protocol.md, section 17, "Belief"): the neighbours that it dialled itself tell which
 * records they believe, and what three quarters of them tell, in at least four large networks, it
 * believes, too. It ends a while after the beginning: by then attestations are enough, and nobody
 * should gain by waiting for more neighbours of this relay.
 */
#pragma once

#include "rendezvous/mesh/mesh_internal.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    MESH_VOUCH_MS = 10 * 60 * 1000, /* after the beginning */
    MESH_VOUCH_MIN = 4,             /* neighbours in different large networks */
};

/** True while neighbours of this mesh may vouch, and there are enough. */
bool mesh_vouch_can(const struct mesh *mesh, struct mono now);

/** A neighbour tells that it believes the record of this hash (node_hash). True if enough vouch for
 * it by now, or once did. */
bool mesh_vouch(struct mesh *mesh, struct mesh_neighbour *neighbour, uint64_t hash,
                struct mono now);

/** True if enough once vouched for the record of this hash. */
bool mesh_vouched(const struct mesh *mesh, uint64_t hash);

/** Give the memory back; at the end, or when nobody may vouch any more. */
void mesh_vouch_clear(struct mesh *mesh);
