/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signature is verified first, because nobody wants the rest of a forged one. */
#include "proto/crypto/node_record.h"

#include "proto/crypto/signed.h"

#include <string.h>

bool node_record_is_sound(const struct record_node *node)
{
    return node->addresses_count > 0 && strcmp(node->service, RECORD_NODE_SERVICE) == 0 &&
           node->header.lifetime_s <= RECORD_NODE_LIFETIME_S;
}

bool node_record_verify(struct record_node *out, const uint8_t *data, size_t size,
                        const uint8_t relay_key[KEY_SIZE], uint64_t wall_ms)
{
    struct record_node node;
    struct record_parts parts;

    if (signed_open(&parts, RECORD_TYPE_NODE, data, size) != ERR_OK ||
        record_node_decode(&node, parts.record, parts.record_size) != ERR_OK ||
        memcmp(node.header.key, relay_key, KEY_SIZE) != 0 || !node_record_is_sound(&node) ||
        !record_live(&node.header, wall_ms)) {
        return false;
    }
    *out = node;
    return true;
}
