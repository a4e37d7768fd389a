/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How what is told becomes what is believed: the rules of docs/protocol.md, section 17, "Nodes". */
#pragma once

#include "rendezvous/mesh/mesh_internal.h"

#include <stdbool.h>
#include <stdint.h>

/** A neighbour told this. */
void mesh_learn(struct mesh *mesh, const struct mesh_neighbour *from,
                const Ziglan__NodeEntry *entry, struct mono now);

/** This relay proved its key to us at this address. */
void mesh_learn_reached(struct mesh *mesh, const uint8_t key[KEY_SIZE],
                        const struct endpoint *address, bool fresh, struct mono now);

/** It did not. */
void mesh_learn_unreached(struct mesh *mesh, const uint8_t key[KEY_SIZE],
                          const struct endpoint *address, struct mono now);

/** Look at the next few rows: what is over is forgotten, what is attested no longer must be reached
 * again. And dials that took too long have failed. */
void mesh_learn_sweep(struct mesh *mesh, struct mono now);

/** A relay that is believed is to be reached once more, now. */
void mesh_learn_again(struct mesh *mesh, struct node_row *row, struct mono now);
