/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The memory of this machine was copied: it was restored from a snapshot, or cloned. Every key that
 * is shared with somebody may have been used from here on before, and an AEAD breaks when a counter
 * repeats under one key. So all are forgotten, and nobody is told, because even that would be
 * sealed with one of them. Conversations begin anew, as after a restart.
 */
#pragma once

#include "client/core/core_internal.h"
#include "client/tunnel/host_io.h"

/** If that happened: forget the keys, before anything is sealed in a turn of the loop. What was
 * sealed in this turn already is taken out of the outbox. */
void copied_forget(struct host_core *core, struct host_io *io, struct mono now);
