/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Neighbours are few, so networks are counted by looking through them. */
#include "rendezvous/mesh/mesh_vouch.h"

#include "rendezvous/mesh/node_prefix.h"

/* In how many large networks are neighbours that we dialled, and in how many of them one that
 * vouches for this hash (0: nobody is asked)? */
static void networks_count(const struct mesh *mesh, uint64_t hash, size_t *all, size_t *vouching)
{
    uint64_t networks[MESH_NEIGHBOURS_MAX];
    bool vouches[MESH_NEIGHBOURS_MAX];
    size_t count = 0;

    *vouching = 0;
    for (size_t i = 0; i < mesh->neighbours_count; i++) {
        const struct mesh_neighbour *neighbour = mesh->neighbours[i];
        uint64_t network = node_prefix_wide(&neighbour->session.address);
        size_t at = 0;

        if (!neighbour->session.dialled) {
            continue;
        }
        while (at < count && networks[at] != network) {
            at++;
        }
        if (at == count) {
            networks[count] = network;
            vouches[count++] = false;
        }
        if (!vouches[at] && mesh_hashes_has(&neighbour->vouched, hash)) {
            vouches[at] = true;
            *vouching += 1;
        }
    }
    *all = count;
}

bool mesh_vouch_can(const struct mesh *mesh, struct mono now)
{
    size_t all, vouching;

    if (mono_ms_between(mesh->born, now) >= MESH_VOUCH_MS) {
        return false;
    }
    networks_count(mesh, 0, &all, &vouching);
    return all >= MESH_VOUCH_MIN;
}

bool mesh_vouch(struct mesh *mesh, struct mesh_neighbour *neighbour, uint64_t hash, struct mono now)
{
    size_t all, vouching;

    if (mesh_vouched(mesh, hash)) {
        return true;
    }
    if (!neighbour->session.dialled || mono_ms_between(mesh->born, now) >= MESH_VOUCH_MS ||
        !mesh_hashes_add(&neighbour->vouched, hash)) {
        return false;
    }
    networks_count(mesh, hash, &all, &vouching);
    return vouching >= MESH_VOUCH_MIN && 4 * vouching >= 3 * all &&
           mesh_hashes_add(&mesh->vouched, hash);
}

bool mesh_vouched(const struct mesh *mesh, uint64_t hash)
{
    return mesh_hashes_has(&mesh->vouched, hash);
}

void mesh_vouch_clear(struct mesh *mesh)
{
    mesh_hashes_clear(&mesh->vouched);
    for (size_t i = 0; i < mesh->neighbours_count; i++) {
        mesh_hashes_clear(&mesh->neighbours[i]->vouched);
    }
}
