/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A member goes: of its own will, or thrown out. And may come again.
 */
#pragma once

#include "proto/wire/frame.h"
#include "proto/wire/verdict.h"

#include <stdint.h>

struct directory;

/** A member goes for good: its name and addresses are free (the name after 30 days), watchers see
 * a revocation with the reason "left"; it may come again with an invite. NOT_MEMBER, LIMIT,
 * UNAVAILABLE. */
enum verdict directory_leave(struct directory *directory, const uint8_t key[KEY_SIZE]);

/** Throw a node out. It need not be a member: then it cannot become one. UNAVAILABLE; LIMIT only
 * for one that is no member. */
enum verdict directory_revoke(struct directory *directory, const uint8_t key[KEY_SIZE]);

/** Take a revocation back: the node is a stranger who may join with a fresh invite. NOT_FOUND. */
enum verdict directory_restore(struct directory *directory, const uint8_t key[KEY_SIZE]);
