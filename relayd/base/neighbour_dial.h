/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One attempt to reach a relay: its addresses are dialled one soon after the other (as RFC 8305
 * means it), each once, and the first that proves the key wins.
 */
#pragma once

#include "proto/link/link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NEIGHBOUR_ADDRESSES_MAX = 8,
    NEIGHBOUR_STAGGER_MS = 250, /* from one address to the next */
};

/** Where a relay is, as a node record or the operator says. */
struct neighbour_place {
    struct endpoint addresses[NEIGHBOUR_ADDRESSES_MAX];
    size_t addresses_count;
    bool spki_known; /* from a valid record */
    uint8_t spki[LINK_SPKI_SIZE];
};

struct neighbour_dial {
    struct neighbour_place place;
    size_t next;     /* index of the address that is dialled next */
    struct mono due; /* when */
    struct handle on_way[NEIGHBOUR_ADDRESSES_MAX];
    size_t on_way_count;
};

/** Begin an attempt; the first address is due at once. */
void neighbour_dial_begin(struct neighbour_dial *dial, const struct neighbour_place *place,
                          struct mono now);

/** Dial the address that is due, if any. False if no address is left and none is on its way: the
 * attempt is over. */
bool neighbour_dial_step(struct neighbour_dial *dial, struct link_hub *hub,
                         const uint8_t key[KEY_SIZE], struct mono now);

/** When to call neighbour_dial_step again; MONO_NEVER if all were dialled. */
struct mono neighbour_dial_deadline(const struct neighbour_dial *dial);

/** True if this connection is one of the attempt, which forgets it. */
bool neighbour_dial_take(struct neighbour_dial *dial, struct handle handle);

/** Close all that are on their way, and dial no more. */
void neighbour_dial_end(struct neighbour_dial *dial, struct link_hub *hub, struct mono now);
