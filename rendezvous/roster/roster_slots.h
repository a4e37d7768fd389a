/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The members of a roster in memory, one slot each. First in the array are those that are live,
 * then those whose admission is over. A name or a claimed address finds a member only while the
 * member is live and no other key is remembered under it.
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

/** Make the maps of a roster whose member_max is set. ERR_NOMEM; call fini in any case. */
int roster_slots_init(struct roster *roster) MUST_CHECK;

/** Free all slots and maps. */
void roster_slots_fini(struct roster *roster);

/** Remove all members and revocations from memory. */
void roster_slots_clear(struct roster *roster);

/** The slot of a key, live or over; NULL if there is none. */
struct roster_slot *roster_slot_find(const struct roster *roster, const uint8_t key[KEY_SIZE]);

/** True if the slot is not NULL and its admission is not over. */
bool roster_slot_is_live(const struct roster_slot *slot);

/** Put a member into its slot, or into a new one, and make it live. *added (may be NULL) is true if
 * it was not live before. On ERR_LIMIT (all slots are taken by live members), and on ERR_NOMEM for
 * a new slot, *slot stays as it was. Any other error is of the store or the maps, and comes after
 * *slot was set: the member is in memory, but its name or an address may not find it. */
int roster_slot_put(struct roster *roster, const struct member *member, struct roster_slot **slot,
                    bool *added) MUST_CHECK;

/** Hide a member whose admission is over, or show it again. It is done in any case; ERR_NOMEM or
 * ERR_SYSTEM if its name or an address could not be claimed. */
int roster_slot_set_over(struct roster *roster, struct roster_slot *slot, bool over) MUST_CHECK;

/** Remove a member from memory; the slot is freed. */
void roster_slot_remove(struct roster *roster, struct roster_slot *slot);

/** Remove a member, whose admission is over for good, from memory and store; it is counted, and a
 * store that fails is traced. */
void roster_slot_forget(struct roster *roster, struct roster_slot *slot);

/** Remember a revocation in memory. If there are as many as members may be, the one that was
 * remembered first is forgotten, in the store, too. ERR_NOMEM, ERR_SYSTEM. */
int roster_revoked_put(struct roster *roster, const uint8_t key[KEY_SIZE],
                       uint64_t sequence) MUST_CHECK;
