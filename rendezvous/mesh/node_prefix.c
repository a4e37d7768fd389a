/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of a prefix, and the family before them. */
#include "rendezvous/mesh/node_prefix.h"

/* The family stands in the highest byte, so that prefixes of both families differ. */
static uint64_t first_bytes(const struct endpoint *address, size_t of_v4, size_t of_v6)
{
    size_t size;
    const uint8_t *ip = endpoint_ip_bytes(address, &size);
    size_t take = size == 4 ? of_v4 : of_v6;
    uint64_t prefix = 0;

    for (size_t i = 0; i < take; i++) {
        prefix = prefix << 8 | ip[i];
    }
    return prefix | (uint64_t)(size == 4 ? 4 : 6) << 56;
}

uint64_t node_prefix(const struct endpoint *address)
{
    return first_bytes(address, 3, 6);
}

uint64_t node_prefix_wide(const struct endpoint *address)
{
    return first_bytes(address, 2, 4);
}
