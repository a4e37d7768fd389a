/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel tells the interfaces, their names and kinds what they are for. */
#include "client/measure/local_list.h"

#include <string.h>

size_t local_list(struct netway *ways, struct host_local_addr out[LOCAL_LIST_MAX])
{
    struct netwatch_address found[LOCAL_LIST_MAX];
    size_t count = netwatch_addresses(found, LOCAL_LIST_MAX);

    for (size_t i = 0; i < count; i++) {
        bool outward = netway_is_default(ways, found[i].interface);

        memcpy(out[i].ip, found[i].ip, sizeof(out[i].ip));
        out[i].prefix_bits = found[i].prefix_bits;
        out[i].interface = found[i].interface;
        out[i].use = address_use_of(found[i].name, found[i].kind, outward);
    }
    return count;
}
