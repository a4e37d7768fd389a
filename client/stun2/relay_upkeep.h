/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an open session to a relay needs from time to time: the attachment is renewed, the relay is
 * asked how full it is, and while relayed frames go through it, whether it still answers.
 *
 * QUIC acknowledges every frame that this host sends, so silence after one tells soon that a relay
 * is dead. Who only receives asks when nothing came for a moment. A relay that owes an answer for
 * too long is late: what is relayed takes another one as long as there is one, while the session
 * itself goes on until it stalls (link.h).
 */
#pragma once

#include "client/stun2/relay_session.h"

enum {
    RELAY_LOOK_MS = 100,    /* between two looks while frames go */
    RELAY_SILENCE_MS = 150, /* nothing came: ask */
    RELAY_LATE_MS = 300,    /* the answer is owed for so long, or for three longer round trips */
};

/** Do what is due for a session. */
void relay_upkeep_expire(struct relay_session *relay, struct mono now);

/** When relay_upkeep_expire has something to do. */
struct mono relay_upkeep_deadline(const struct relay_session *relay);

/** A frame came through the relay. */
void relay_upkeep_on_frame(struct relay_session *relay);

/** A frame came by a lane through the relay. */
void relay_upkeep_on_lane_frame(struct relay_session *relay, struct mono now);

/** A frame went by a lane through the relay at `since` and is not answered: the relay is asked by
 * the session. If that is silent, too, the relay owes an answer since then. */
void relay_upkeep_on_lane_silent(struct relay_session *relay, struct mono since, struct mono now);

/** True once after the relay became late. */
bool relay_upkeep_take_late(struct relay_session *relay);
