/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Connections on their way to one relay, many at once (as RFC 8305 means it): which address may be
 * dialled now, how soon the next, and which dial makes room. A dead address costs its turn and no
 * more, and the largest set of addresses is through before `join` gives up.
 *
 * Only the first round through all addresses is that fast; who is given addresses that never answer
 * sends ever less there. One IP address, whatever its ports, is never dialled so often that a relay
 * asks for a Retry.
 */
#pragma once

#include "proto/link/link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RELAY_DIALS_MAX = 64,           /* at once */
    RELAY_DIALS_PER_IP_MAX = 3,     /* of them to one IP address; LINK_HALF_OPEN_PER_ADDR is 4 */
    RELAY_DIAL_STAGGER_MS = 250,    /* from one address to the next */
    RELAY_DIAL_STAGGER_MS_MIN = 10, /* the least that RFC 8305 allows */
    RELAY_DIAL_ROUND_MS = 10000,    /* the first round is no longer, if need be in smaller steps */
    RELAY_DIAL_MS = 3000,           /* a dial older than this makes room for one to the same IP */
    RELAY_DIAL_CROWDED_MS = 1000,   /* and for any, if there are RELAY_DIALS_MAX */
};

/** One connection on its way. */
struct relay_dial {
    struct handle handle;
    struct endpoint remote;
    struct mono started_at;
    bool used;
};

/** All that are on their way to one relay. Zeroed: none. */
struct relay_dials {
    struct relay_dial list[RELAY_DIALS_MAX];
};

/** From one address to the next, where there are `count` of them and `rounds` were in vain. */
uint64_t relay_dials_stagger_ms(size_t count, uint32_t rounds);

/** An unused place for a dial to this address; if need be, an old dial is closed for it. NULL:
 * there is none yet. */
struct relay_dial *relay_dials_place(struct relay_dials *dials, struct link_hub *hub,
                                     const struct endpoint *remote, struct mono now);

/** True if one of them has this handle. */
bool relay_dials_have(const struct relay_dials *dials, struct handle handle);

/** The one with this handle, if any, is over. */
void relay_dials_forget(struct relay_dials *dials, struct handle handle);

/** Close all but the one with this handle (NULL: all), and forget them. */
void relay_dials_close(struct relay_dials *dials, struct link_hub *hub, const struct handle *except,
                       struct mono now);
