/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ring that is written once for all neighbours. */
#include "rendezvous/mesh/mesh_push.h"

#include <string.h>

void mesh_push(struct mesh *mesh, const uint8_t key[KEY_SIZE], const uint8_t *from)
{
    struct mesh_push *push = &mesh->pushes->ring[mesh->pushes->end++ % MESH_PUSH_MAX];

    memcpy(push->key, key, KEY_SIZE);
    memset(push->from, 0, KEY_SIZE);
    if (from != NULL) {
        memcpy(push->from, from, KEY_SIZE);
    }
}

const uint8_t *mesh_push_peek(const struct mesh *mesh, struct mesh_neighbour *neighbour)
{
    uint64_t end = mesh->pushes->end;
    struct mesh_sync *sync = &neighbour->sync;

    if (end - sync->push_at > MESH_PUSH_MAX) {
        sync->push_at = end - MESH_PUSH_MAX;
    }
    for (; sync->push_at < end; sync->push_at++) {
        const struct mesh_push *push = &mesh->pushes->ring[sync->push_at % MESH_PUSH_MAX];

        if (memcmp(push->from, neighbour->session.key, KEY_SIZE) != 0 &&
            memcmp(push->key, neighbour->session.key, KEY_SIZE) != 0) {
            return push->key;
        }
    }
    return NULL;
}

void mesh_push_done(struct mesh_neighbour *neighbour)
{
    neighbour->sync.push_at++;
}
