/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of relays: they begin, announce themselves, work, and are gone. */
#pragma once

#include "tests/sim/subnet/world.h"

/** A relay at a random place, with an address of its own; it does not run yet. */
struct relay *node_make(struct world *world);

/** The same in the network of this address. */
struct relay *node_make_beside(struct world *world, const struct endpoint *address);

/** Let it run. It knows nobody and has no record. */
void node_start(struct world *world, struct relay *relay);

/** Sign a record of this relay at the wall clock `created_ms`; returns its size. */
size_t node_record(const struct relay *relay, uint64_t created_ms,
                   uint8_t out[RECORD_OTHER_SIGNED_SIZE_MAX]);

/** Let it announce itself, now and every six hours, for the first time in `wait_ms`. */
void node_announce(struct world *world, struct relay *relay, uint64_t wait_ms);

/** A new relay that knows only a random other one by its configuration. */
struct relay *node_join(struct world *world);

/** It is gone, without a word. */
void node_kill(struct world *world, struct relay *relay);

/** Let time pass. */
void node_run(struct world *world, uint64_t ms);

/** True if this relay believes in that one. */
bool node_knows(const struct relay *relay, const struct relay *other);
