/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Peers follow the rosters: members come, change and go, and so do the relays that know them. */
#pragma once

#include "client/core/core_internal.h"
#include "rendezvous/roster/roster_proof.h"

/** The roster of a ziglan changed in this way about the member with this key. */
void membership_on_effect(struct host_core *core, struct ziglan *ziglan, enum roster_effect effect,
                          const uint8_t key[KEY_SIZE], struct mono now);

/** What an entry point says about one member, and a whole Changes message; any content. */
void membership_on_member(struct host_core *core, struct ziglan *ziglan,
                          const Ziglan__Member *member, struct mono now);
void membership_on_changes(struct host_core *core, struct ziglan *ziglan,
                           const Ziglan__Changes *changes, struct mono now);

/** What somebody on the LAN shows of one member. False if it is not believed. */
bool membership_on_proof(struct host_core *core, struct ziglan *ziglan,
                         const struct roster_proof *proof, struct mono now);

/** Nobody knows this peer any more: everything with it ends, and it is freed. */
void membership_drop(struct host_core *core, struct peer *peer);

/** The ziglan is about to be left: peers that are members of no other one are dropped, and its
 * relays are no paths any more, so that both may be freed. */
void membership_end(struct host_core *core, struct ziglan *ziglan, struct mono now);

/** The session to this relay was opened (again): paths through it are not suspect any more. */
void membership_relay_opened(struct host_core *core, const struct relay_session *relay,
                             struct mono now);

/** A session to a relay ends for good: it is no path any more, so that it may be freed. */
void membership_relay_gone(struct host_core *core, const struct relay_session *relay);

/** A relay was added: every conversation looks for its relays anew. */
void membership_relays_changed(struct host_core *core, struct mono now);

/** Relays through which frames went and that do not answer any more: what is relayed takes others
 * (pathfinder_on_relay_late). */
void membership_leave_late(struct host_core *core, struct host_io *io, struct mono now);
