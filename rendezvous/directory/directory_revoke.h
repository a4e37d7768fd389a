/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a member goes: it leaves, or it is thrown out, which can be taken back. UNAVAILABLE always
 * means that the store failed: this was traced, and nothing changed.
 */
#pragma once

#include "proto/wire/frame.h"
#include "proto/wire/verdict.h"

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
