/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is new is told to all neighbours at once. It is written down once; each neighbour has a
 * position in it. Who is too slow misses some, and gets them by the next digest.
 */
#pragma once

#include "rendezvous/mesh/mesh_internal.h"

#include <stdbool.h>
#include <stdint.h>

/** Tell all neighbours but `from` (NULL: all) of this relay. */
void mesh_push(struct mesh *mesh, const uint8_t key[KEY_SIZE], const uint8_t *from);

/** The next relay of which this neighbour is to be told, or NULL; its position stays. */
const uint8_t *mesh_push_peek(const struct mesh *mesh, struct mesh_neighbour *neighbour);

/** It was told. */
void mesh_push_done(struct mesh_neighbour *neighbour);
