/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The volume of the month over restarts: read from the store at the start, and written there now
 * and then. What was used between the last writing and a crash is not counted.
 */
#pragma once

#include "relayd/base/relay_base.h"

/** Read what was used. A store that fails is traced; then this start counts from 0. */
void volume_load(struct relay_base *base, struct store *store);

/** Begin a new month if it is time, and write what was used. Nothing is written while the owner set
 * no volume. */
void volume_keep(struct relay_base *base, struct store *store);
