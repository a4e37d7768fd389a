/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Removes from the store what is over: expired invites, names that were freed 30 days ago, and the
 * revocations of those who left so long ago that no host can still believe their admission.
 */
#pragma once

#include <stdint.h>

struct directory;

/** Remove what is over at settled_ms, some of it at a time: call this every minute or so.
 * settled_ms is the settled time (wall_watch_settled_ms), by which things are deleted or given to
 * others. What is over only by the wall clock stays in the store, though nobody can use it. A store
 * that fails is traced, and nothing changes. */
void directory_expire(struct directory *directory, uint64_t settled_ms);
