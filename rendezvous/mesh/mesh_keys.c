/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A heap of keys is short, so it is looked through, and its order means nothing. */
#include "rendezvous/mesh/mesh_keys.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_MIN = 8 };

bool mesh_keys_add(struct mesh_keys *keys, const uint8_t key[KEY_SIZE])
{
    for (size_t i = 0; i < keys->count; i++) {
        if (memcmp(keys->keys[i], key, KEY_SIZE) == 0) {
            return true;
        }
    }
    if (keys->count == MESH_KEYS_MAX) {
        return false;
    }
    if (keys->count == keys->capacity) {
        size_t capacity = keys->capacity == 0 ? KEYS_MIN : keys->capacity * 2;
        uint8_t(*grown)[KEY_SIZE] = realloc(keys->keys, capacity * sizeof(*grown));

        if (grown == NULL) {
            return false;
        }
        keys->keys = grown;
        keys->capacity = capacity;
    }
    memcpy(keys->keys[keys->count++], key, KEY_SIZE);
    return true;
}

bool mesh_keys_take(struct mesh_keys *keys, uint8_t key[KEY_SIZE])
{
    if (keys->count == 0) {
        return false;
    }
    memcpy(key, keys->keys[--keys->count], KEY_SIZE);
    if (keys->count == 0) {
        mesh_keys_clear(keys);
    }
    return true;
}

void mesh_keys_clear(struct mesh_keys *keys)
{
    free(keys->keys);
    *keys = (struct mesh_keys){.count = 0};
}

struct mesh_neighbour *mesh_neighbour_find(const struct mesh *mesh, const uint8_t key[KEY_SIZE])
{
    for (size_t i = 0; i < mesh->neighbours_count; i++) {
        if (memcmp(mesh->neighbours[i]->session.key, key, KEY_SIZE) == 0) {
            return mesh->neighbours[i];
        }
    }
    return NULL;
}
