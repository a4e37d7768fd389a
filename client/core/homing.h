/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The home relays of a host (client/stun2/home_relays.h) are sessions, and ways to peers: here they
 * are made and ended, relays are asked for others, and those are measured.
 */
#pragma once

#include "client/stun2/relay_session.h"
#include "client/tunnel/host_io.h"
#include "proto/base/err.h"
#include "proto/net/dgram.h"

struct host_core;

enum { HOMING_REQUEST_ID = 6 /* of NodeLookups */ };

/** Begin, in zeroed memory: the host goes on with the home relays that it had before, and looks for
 * others. ERR_SYSTEM. */
int homing_init(struct host_core *core, struct mono now) MUST_CHECK;

/** Whether the host looks for home relays besides those of its ziglans and those that its user
 * pinned. */
void homing_use(struct host_core *core, bool on, struct mono now);

/** Look, ask and measure, as far as that is due. */
void homing_expire(struct host_core *core, struct host_io *io, struct mono now);
struct mono homing_deadline(const struct host_core *core);

/** A datagram that may be STUN, any content; false if it is no answer to this host. */
bool homing_on_stun(struct host_core *core, const struct dgram *in, struct mono now);

/** A relay tells of others, with anything. */
void homing_on_nodes(struct host_core *core, const struct relay_session *relay, uint32_t request_id,
                     const Ziglan__Nodes *nodes, struct mono now);

/** A session opened. False if it is not wanted, since the relay serves no strangers: it is closed.
 */
bool homing_on_open(struct host_core *core, struct relay_session *relay, struct mono now);

/** A session of no ziglan is ended by the relay, for this reason; or the state of one, or whether
 * it serves this host, changed. */
void homing_on_go_away(struct host_core *core, const struct relay_session *relay,
                       enum goaway reason, struct mono now);
void homing_on_change(struct host_core *core, struct mono now);

/** True if this relay is one of the two. One that has not answered yet is none. */
bool homing_is_home(struct host_core *core, const struct relay_session *relay);
