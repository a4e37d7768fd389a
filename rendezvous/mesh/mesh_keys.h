/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A few keys that wait, and how a neighbour is found by its key: what all parts of a mesh use. */
#pragma once

#include "rendezvous/mesh/mesh_internal.h"

#include <stdbool.h>
#include <stdint.h>

/** Add a key, unless it is there. False if there are MESH_KEYS_MAX, or no memory. */
bool mesh_keys_add(struct mesh_keys *keys, const uint8_t key[KEY_SIZE]);

/** Take a key out; false if there is none. The memory is given back with the last one. */
bool mesh_keys_take(struct mesh_keys *keys, uint8_t key[KEY_SIZE]);

/** Take all out. */
void mesh_keys_clear(struct mesh_keys *keys);

/** The neighbour of this key, or NULL. */
struct mesh_neighbour *mesh_neighbour_find(const struct mesh *mesh, const uint8_t key[KEY_SIZE]);
