/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Peers follow the rosters: members come, change and go, and so do the relays that know them. */
#pragma once

#include "client/core/core_internal.h"

/** A roster changed about one member. */
void membership_on_effect(struct host_core *core, struct ziglan *ziglan, enum roster_effect effect,
                          const uint8_t key[KEY_SIZE], struct mono now);

/** One member, and all those of a Changes message, any content. */
void membership_on_member(struct host_core *core, struct ziglan *ziglan,
                          const Ziglan__Member *member, struct mono now);
void membership_on_changes(struct host_core *core, struct ziglan *ziglan,
                           const Ziglan__Changes *changes, struct mono now);

/** The ziglan is about to be left: peers that are members of no other end, paths over its relays
 * are forgotten. */
void membership_end(struct host_core *core, struct ziglan *ziglan, struct mono now);

/** The session to this relay was opened (again): conversations trust it anew. */
void membership_relay_opened(struct host_core *core, const struct relay_session *relay,
                             struct mono now);

/** A relay came: every conversation looks for its relays anew. */
void membership_relays_changed(struct host_core *core, struct mono now);
