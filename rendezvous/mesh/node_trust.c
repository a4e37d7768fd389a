/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first attester of each large network is counted. */
#include "rendezvous/mesh/node_trust.h"

#include "rendezvous/mesh/node_prefix.h"

#include <string.h>

bool node_trust_about(const struct node_item *attestation, const struct node_item *node,
                      uint64_t wall_ms)
{
    const uint8_t *subject = node_item_key(node);
    struct endpoint address = node_item_address(node);

    /* A newer record of the same relay at the same address needs no new attestation: what was
     * proven is that this key answers there. */
    return memcmp(node_item_subject(attestation), subject, KEY_SIZE) == 0 &&
           memcmp(node_item_key(attestation), subject, KEY_SIZE) != 0 &&
           node_item_is_at(attestation, &address) && node_item_live(attestation, wall_ms);
}

size_t node_trust_choose(const struct node_table *table, const struct node_item *node,
                         struct node_item *const *attestations, size_t count, uint64_t wall_ms,
                         struct node_item *chosen[NODE_TRUST_MIN])
{
    uint64_t networks[NODE_TRUST_MIN];
    size_t found = 0;

    for (size_t i = 0; i < count && found < NODE_TRUST_MIN; i++) {
        const struct node_row *attester;
        size_t same = 0;

        if (!node_trust_about(attestations[i], node, wall_ms)) {
            continue;
        }
        attester = node_table_find(table, node_item_key(attestations[i]));
        if (attester == NULL || !node_item_live(attester->node, wall_ms)) {
            continue;
        }
        struct endpoint address = node_item_address(attester->node);

        networks[found] = node_prefix_wide(&address);
        while (networks[same] != networks[found]) {
            same++;
        }
        if (same == found) {
            chosen[found++] = attestations[i];
        }
    }
    return found;
}
