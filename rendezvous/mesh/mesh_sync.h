/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The exchange of records with one neighbour (docs/protocol.md, section 17, "Nodes"):
 *
 *   A                                        B
 *   NodeDigest{root}               --->      equal: nothing
 *                                  <---      NodeDigest{root, 256 buckets}
 *   NodeSummary{buckets that differ} --->
 *                                  <---      NodeWant{what B lacks}, NodeSummary if A lacks some
 *   Nodes, NodeWant                --->
 *                                  <---      Nodes
 *
 * Each side asks for what it lacks, and stops asking for a minute when it may take no more.
 */
#pragma once

#include "rendezvous/mesh/mesh_internal.h"

#include <stdbool.h>

/** A new neighbour: a digest is due, and it is told what is new from now on. */
void mesh_sync_begin(struct mesh *mesh, struct mesh_neighbour *neighbour, struct mono now);

/** It is none any more: give its memory back. */
void mesh_sync_end(struct mesh_neighbour *neighbour);

/** It sent one of these. */
void mesh_sync_on_nodes(struct mesh *mesh, struct mesh_neighbour *neighbour,
                        const Ziglan__Nodes *nodes, struct mono now);
void mesh_sync_on_digest(struct mesh *mesh, struct mesh_neighbour *neighbour,
                         const Ziglan__NodeDigest *digest, struct mono now);
void mesh_sync_on_summary(struct mesh *mesh, struct mesh_neighbour *neighbour,
                          const Ziglan__NodeSummary *summary, struct mono now);
void mesh_sync_on_want(struct mesh *mesh, struct mesh_neighbour *neighbour,
                       const Ziglan__NodeWant *want, struct mono now);

/** The next message for it; false if there is none now. */
bool mesh_sync_output(struct mesh *mesh, struct mesh_neighbour *neighbour,
                      struct mesh_message *message, struct mono now);

/** Let time pass. */
void mesh_sync_expire(struct mesh *mesh, struct mesh_neighbour *neighbour, struct mono now);

/** When to call mesh_sync_expire and mesh_sync_output again. */
struct mono mesh_sync_deadline(const struct mesh_neighbour *neighbour);
