/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session that the other relay dialled comes to an address of ours that may be the former one: it
 * cannot follow us. So it is dialled anew from here, and the new session takes its place at both
 * ends.
 */
#pragma once

#include "proto/base/mono.h"
#include "relayd/base/neighbour_table.h"

#include <stdbool.h>

/** Dial an open neighbour, that dialled us, at its proven address. The session that it has goes on
 * until the new one is open. From then on it is kept. False if nobody knows where it is, it is
 * being dialled already, or the session is so new that it might win (NEIGHBOUR_RACE_MS). */
bool neighbour_redial(struct neighbour_table *table, struct neighbour *neighbour, struct mono now);
