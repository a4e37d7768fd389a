/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Presence at the relays of a world: each has the cores of rendezvous/presence and does with them
 * what relayd's service does. Sessions for a word are dialled and end soon. Signatures of
 * attachments are a keyed hash that only the world can make, because a million real ones would be
 * all that a run computes; a forged one is still found out.
 *
 * Later: play_presence.h has the hosts and the look-ups.
 */
#pragma once

#include "rendezvous/presence/locate.h"
#include "rendezvous/presence/presence_record.h"
#include "tests/sim/subnet/world.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** How a look-up ended. */
struct looked_up {
    uint32_t number;               /* of the look-up, as it was given */
    const struct located *located; /* borrowed */
};

/** Make the presence of a relay that runs. */
void presence_side_start(struct world *world, struct relay *relay);

/** It is gone. */
void presence_side_stop(struct relay *relay);

/** Sign a record as the world does. */
void presence_side_sign(struct presence_record *record);

/** A host is at this relay now, or renews its attachment. */
void presence_side_attach(struct world *world, struct relay *relay,
                          const struct presence_record *record);

/** Ask a relay where a key is; `done` is called in time, perhaps at once, and
 * perhaps again with something newer. */
void presence_side_locate(struct world *world, struct relay *relay, const uint8_t key[KEY_SIZE],
                          uint32_t number,
                          void (*done)(struct world *world, const struct looked_up *looked_up));

/** The relays with the highest scores for a key, as this relay sees it, at most count_max; returns
 * how many. */
size_t presence_side_winners(struct world *world, const struct relay *relay,
                             const uint8_t key[KEY_SIZE], uint8_t (*winners)[KEY_SIZE],
                             size_t count_max);

/** Records that this relay keeps for others, and the bytes that they take. */
uint32_t presence_side_records(const struct relay *relay);
size_t presence_side_bytes(const struct relay *relay);
