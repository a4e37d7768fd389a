/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two records are looked at: that of who is to take a word, and the own one. */
#include "relayd/service/word_place.h"

bool word_place_find(const struct mesh *mesh, const uint8_t own_key[KEY_SIZE],
                     const uint8_t key[KEY_SIZE], uint8_t flag, struct endpoint *out)
{
    struct node_found found, own;
    struct record_node record;

    if (mesh == NULL || !mesh_find(mesh, key, &found) || found.own ||
        !mesh_find(mesh, own_key, &own) ||
        endpoint_is_v4(&found.address) != endpoint_is_v4(&own.address) ||
        record_node_decode(&record, found.record, found.record_size - SIGNATURE_SIZE) != ERR_OK) {
        return false;
    }
    *out = found.address;
    return (record.protocols & flag) != 0;
}
