/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What this relay found out itself becomes what others may believe. */
#include "rendezvous/mesh/mesh_attest.h"

#include "proto/crypto/signed.h"
#include "rendezvous/mesh/mesh_keys.h"
#include "rendezvous/mesh/node_trust.h"

#include <string.h>

bool mesh_attest_sign(const struct mesh *mesh, const uint8_t key[KEY_SIZE], uint64_t sequence,
                      const struct endpoint *address, bool fresh, uint8_t *out, size_t *size)
{
    uint64_t wall_ms = env_wall_ms(mesh->env);
    struct record_attestation attestation = {.header = {.sequence = wall_ms,
                                                        .created_ms = wall_ms,
                                                        .lifetime_s = RECORD_NODE_LIFETIME_S},
                                             .subject_sequence = sequence,
                                             .address = *address,
                                             .fresh = fresh};
    uint8_t bytes[RECORD_SIZE_MAX];
    size_t bytes_size;

    memcpy(attestation.header.key, mesh->config.identity->public_key, KEY_SIZE);
    memcpy(attestation.subject_key, key, KEY_SIZE);
    return record_attestation_encode(bytes, &bytes_size, &attestation) == ERR_OK &&
           signed_make(out, RECORD_OTHER_SIGNED_SIZE_MAX, size, mesh->config.identity, bytes,
                       bytes_size) == ERR_OK;
}

struct node_item *mesh_attest_item(struct mesh *mesh, const struct node_item *node, bool fresh)
{
    uint8_t bytes[RECORD_OTHER_SIGNED_SIZE_MAX];
    struct endpoint address = node_item_address(node);
    struct node_item *item;
    size_t size;

    if (!mesh_attest_sign(mesh, node_item_key(node), node_item_sequence(node), &address, fresh,
                          bytes, &size) ||
        node_shelf_take(mesh->config.shelf, &item, RECORD_TYPE_ATTESTATION, bytes, size) !=
            NODE_OK) {
        return NULL;
    }
    return item;
}

struct node_item *mesh_attest_known(struct mesh *mesh, const struct node_item *node)
{
    const uint8_t *key = node_item_key(node);
    const struct node_row *row = node_table_find(mesh->table, key);
    const struct mesh_neighbour *neighbour = mesh_neighbour_find(mesh, key);

    if (row != NULL && row->reached &&
        node_trust_about(row->attestations[0], node, env_wall_ms(mesh->env))) {
        return node_item_keep(row->attestations[0]);
    }
    if (neighbour != NULL && neighbour->session.dialled &&
        node_item_is_at(node, &neighbour->session.address)) {
        return mesh_attest_item(mesh, node, false);
    }
    return NULL;
}
