/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a member goes: it leaves, is thrown out, which can be taken back, or is forgotten because its
 * host is no more. UNAVAILABLE always means that the store failed: this was traced, and nothing
 * changed.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"
#include "proto/wire/verdict.h"
#include "rendezvous/directory/directory_entry.h"

#include <stdint.h>

struct directory;

/** A member leaves. Its addresses become free, its name after 30 days. Watchers get a revocation
 * with the reason "left"; the key may come again with an invite. NOT_MEMBER, LIMIT (as many
 * revocations are kept as there may be members), UNAVAILABLE. */
enum verdict directory_leave(struct directory *directory, const uint8_t key[KEY_SIZE]);

/** Throw a node out, or keep a stranger from joining. OK also if it is revoked already. LIMIT (as
 * above, but never for a member), UNAVAILABLE. */
enum verdict directory_revoke(struct directory *directory, const uint8_t key[KEY_SIZE]);

/** Take back a directory_revoke: the node is a stranger again and may join with an invite. Watchers
 * are not told. NOT_FOUND (not revoked), UNAVAILABLE. */
enum verdict directory_restore(struct directory *directory, const uint8_t key[KEY_SIZE]);

/** Forget a member whose host is no more: it ends as if it had left, and its name may be given to
 * others at once. Never LIMIT. NOT_MEMBER, UNAVAILABLE. */
enum verdict directory_forget(struct directory *directory, const uint8_t key[KEY_SIZE]);

/** A name (a label) that was freed, and that no member has, may be given to others at once. key
 * becomes that of who had it; if it was revoked, it stays out. NOT_FOUND, UNAVAILABLE. */
enum verdict directory_forget_name(struct directory *directory, const char *name,
                                   uint8_t key[KEY_SIZE]);

/** Inside a transaction: end a key with this reason, as the change `sequence`. directory_end_count
 * counts that when the transaction is sure. ERR_NOMEM, ERR_SYSTEM. */
int directory_end(struct directory *directory, const struct directory_entry *entry,
                  enum directory_reason reason, uint64_t sequence) MUST_CHECK;
void directory_end_count(struct directory *directory, const struct directory_entry *entry);
