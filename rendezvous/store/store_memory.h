/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For tests: a store in memory. It is deterministic, and fails and crashes on command, so that
 * everything built on a store can be shown to survive that. The simulator runs on it, too.
 */
#pragma once

#include "rendezvous/store/store.h"

/** An empty store. ERR_NOMEM. */
int store_memory_new(struct store **out) MUST_CHECK;

/** Let the nth write or remove from now fail with ERR_SYSTEM (1: the next one; 0: none). */
void store_memory_fail_write(struct store *store, uint64_t nth);

/** Let the next commits fail with ERR_SYSTEM, nothing of them remaining, until called with false.
 */
void store_memory_fail_commit(struct store *store, bool fail);

/**
 * Tear the next commit: only its first `keep` changes become permanent, then it fails with
 * ERR_SYSTEM. A whole store never does that; owners must survive it all the same, because disks
 * and their controllers lie.
 */
void store_memory_tear(struct store *store, size_t keep);

/** The machine crashed: an open transaction is gone, what was committed is there. */
void store_memory_crash(struct store *store);

/** Number of keys in a table. */
size_t store_memory_count(const struct store *store, enum store_table table);
