/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets that wait above a slow way out, and leave in a fair order, before they are sealed. */
#pragma once

#include "client/core/core_internal.h"

/** An empty queue with a key of its own. */
void slow_line_init(struct host_core *core);

/** host_core_packets_queue. */
bool slow_line_queue(struct host_core *core, const struct packet *packets, size_t count, bool slow,
                     struct mono now);

/** Send io->portion bytes of what waits, or as much as surely finds room in the outbox. */
void slow_line_transmit(struct host_core *core, struct host_io *io, struct mono now);

/** When to go on: at once while something waits. */
struct mono slow_line_deadline(const struct host_core *core);
