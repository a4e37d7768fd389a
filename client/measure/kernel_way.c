/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One form of a way becomes the other. */
#include "client/measure/kernel_way.h"

#include <string.h>

bool kernel_way(struct netway *ways, const struct endpoint *local, const struct endpoint *remote,
                struct way *out)
{
    struct netway_found found;

    if (!netway_find(ways, local->ip, remote->ip, &found)) {
        return false;
    }
    out->interface = found.interface;
    memcpy(out->source, found.source, sizeof(out->source));
    memcpy(out->next_hop, found.next_hop, sizeof(out->next_hop));
    return true;
}
