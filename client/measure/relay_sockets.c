/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One source address, and one room to receive into, because one socket is read after the other. */
#include "client/measure/relay_sockets.h"

#include <string.h>

size_t relay_sockets_reach(struct netway *ways, const struct endpoint *relays, size_t count,
                           struct endpoint *out, uint8_t source[16])
{
    static const uint8_t any[16];
    struct netway_found found;
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        if (!netway_find(ways, any, relays[i].ip, &found) || found.interface == 0) {
            continue;
        }
        if (used == 0) {
            memcpy(source, found.source, 16);
        }
        if (memcmp(source, found.source, 16) == 0) {
            out[used++] = relays[i];
        }
    }
    return used;
}

int relay_sockets_open(struct relay_sockets *sockets, size_t count, const uint8_t source[16],
                       struct fault *fault)
{
    struct udp_options options = {.no_offload = true};
    int rc = ERR_OK;

    memcpy(options.local.ip, source, 16);
    while (rc == ERR_OK && sockets->count < count) {
        options.room_of = sockets->count > 0 ? sockets->list[0] : NULL;
        rc = udp_batch_open(&sockets->list[sockets->count], &options, fault);
        sockets->count += rc == ERR_OK ? 1 : 0;
    }
    return rc;
}

static void nothing(void *context, struct outbox *out, struct mono now)
{
    (void)context;
    (void)out;
    (void)now;
}

int relay_sockets_drive(struct relay_sockets *sockets, struct ev_loop *loop,
                        const struct pump_core *core, struct fault *fault)
{
    struct pump_core verbs = *core;
    int rc;

    verbs.expire = nothing;
    rc = pump_new(&sockets->pump, loop, &verbs, sockets->list, sockets->count);
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return rc;
    }
    pump_kick(sockets->pump);
    return ERR_OK;
}

void relay_sockets_close(struct relay_sockets *sockets)
{
    pump_free(sockets->pump);
    sockets->pump = NULL;
    for (size_t i = sockets->count; i > 0; i--) { /* the first one last: the others use its room */
        udp_batch_close(sockets->list[i - 1]);
    }
    sockets->count = 0;
}
