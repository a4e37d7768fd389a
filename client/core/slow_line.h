/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets that wait above a slow way out, and leave in a fair order, before they are sealed. */
#pragma once

#include "client/core/core_internal.h"

/** Send io->portion bytes of what waits, or as much as surely finds room in the outbox. */
void slow_line_transmit(struct host_core *core, struct host_io *io, struct mono now);

/** When to go on: at once while something waits. */
struct mono slow_line_deadline(const struct host_core *core);
