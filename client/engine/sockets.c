/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The core asks for one socket after the other; a few of them in each turn of the loop. */
#include "client/engine/sockets.h"

#include "client/core/sockets.h"
#include "proto/host/udp_limit.h"

/* Returns the port; 0: it cannot be opened. */
static uint16_t open_one(struct sockets *sockets, struct pump *pump, struct udp_batch *first)
{
    const struct udp_options options = {
        .refusals = true, .prompt = udp_limit_applies(first), .room_of = first};
    struct fault fault = {0};
    struct udp_batch *udp;

    if (sockets->count == SPARE_SOCKETS_MAX || udp_batch_open(&udp, &options, &fault) != ERR_OK) {
        return 0;
    }
    if (pump_add(pump, udp) != ERR_OK) {
        udp_batch_close(udp);
        return 0;
    }
    sockets->list[sockets->count++] = udp;
    return udp_batch_local(udp)->port;
}

static void close_one(struct sockets *sockets, struct pump *pump, uint16_t port)
{
    struct udp_batch *udp = pump_remove(pump, port);

    for (size_t i = 0; i < sockets->count; i++) {
        if (sockets->list[i] == udp) {
            sockets->list[i] = sockets->list[--sockets->count];
            break;
        }
    }
    udp_batch_close(udp);
}

void sockets_settle(struct sockets *sockets, struct host_core *core, struct pump *pump,
                    struct udp_batch *first, struct mono now)
{
    struct host_socket_wanted wanted;

    for (int i = 0; i < SOCKETS_TURN_MAX && host_core_socket_wanted(core, &wanted); i++) {
        if (wanted.open) {
            host_core_socket_opened(core, open_one(sockets, pump, first), now);
        } else {
            close_one(sockets, pump, wanted.port);
        }
    }
}

void sockets_close(struct sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++) {
        udp_batch_close(sockets->list[i]);
    }
    sockets->count = 0;
}
