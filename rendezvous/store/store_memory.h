/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For tests: a store in memory; the simulator runs on it, too. It is deterministic. A test can tell
 * it to fail or to crash, and so show that what is built on a store survives that.
 */
#pragma once

#include "rendezvous/store/store.h"

/** Make an empty store; store_close frees it. ERR_NOMEM leaves *out as it was. */
int store_memory_new(struct store **out) MUST_CHECK;

/** Let the nth write or remove from now on fail with ERR_SYSTEM (1: the next one; 0: none). */
void store_memory_fail_write(struct store *store, uint64_t nth);

/** true: every commit fails with ERR_SYSTEM and undoes its transaction; false: no more. */
void store_memory_fail_commit(struct store *store, bool fail);

/**
 * Tear the next commit: only its first `keep` changes become permanent, and it fails with
 * ERR_SYSTEM. A store that keeps its promises never does that. Its users must survive it all the
 * same, because disks and their controllers lie.
 */
void store_memory_tear(struct store *store, size_t keep);

/** What a crash of the machine leaves: an open transaction is gone, what was committed is there. */
void store_memory_crash(struct store *store);

/** Number of keys in a table. */
size_t store_memory_count(const struct store *store, enum store_table table);
