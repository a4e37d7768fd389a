/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is over leaves the store: invites, freed names, and who left so long ago that no host can
 * hold its admission any more.
 */
#pragma once

#include <stdint.h>

struct directory;

/** Forget expired invites, freed names and who left long ago, some at a time. Call it now and then
 * (every minute or so). settled_ms is the wall clock by which things may be deleted or given to
 * others (wall_watch_settled_ms): what is over by the wall clock alone is not served, but stays. */
void directory_expire(struct directory *directory, uint64_t settled_ms);
