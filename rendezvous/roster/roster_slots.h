/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The members of a roster in memory: one slot each, live ones first, then those whose admission is
 * over. Names and claimed addresses find a member only while it is live and no other key is
 * remembered under them.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"
#include "proto/wire/name.h"
#include "rendezvous/roster/member.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct roster;
struct roster_slot;

/** Make the maps of a roster whose member_max is known. ERR_NOMEM; fini is due either way. */
int roster_slots_init(struct roster *roster) MUST_CHECK;
void roster_slots_fini(struct roster *roster);

/** All members and revocations leave the memory. */
void roster_slots_clear(struct roster *roster);

/** The slot of a key, also of one that is over; NULL if there is none. */
struct roster_slot *roster_slot_find(const struct roster *roster, const uint8_t key[KEY_SIZE]);

/** True if it is one (not NULL) whose admission is not over. */
bool roster_slot_is_live(const struct roster_slot *slot);

/** Put a member into memory: a new slot, or its old one. ERR_LIMIT, ERR_NOMEM. *added may be NULL.
 */
int roster_slot_put(struct roster *roster, const struct member *member, bool online,
                    struct roster_slot **slot, bool *added) MUST_CHECK;

/** Hide a member whose admission is over, or show it again. ERR_NOMEM, ERR_SYSTEM (of its name). */
int roster_slot_set_over(struct roster *roster, struct roster_slot *slot, bool over) MUST_CHECK;

/** A member leaves the memory, and with forget the store, too; the latter is for one whose
 * admission is over for good, and is counted. */
void roster_slot_remove(struct roster *roster, struct roster_slot *slot);
void roster_slot_forget(struct roster *roster, struct roster_slot *slot);

/** Remember a revocation in memory; the oldest one is forgotten for it if there are too many. */
int roster_revoked_put(struct roster *roster, const uint8_t key[KEY_SIZE],
                       uint64_t sequence) MUST_CHECK;
