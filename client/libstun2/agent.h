/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An agent of libstun2 as a sans-IO state machine: sessions to relays, and what an application
 * wants of them. Datagrams and instants go in; datagrams and events come out. Whatever datagrams
 * contain, it goes on. client/stun2/stun2.h, which api.c defines, is what applications see.
 */
#pragma once

#include "client/libstun2/agent_parts.h"
#include "client/stun2/way.h"
#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/wire/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Make one of a seed. env is borrowed and outlives it. ERR_NOMEM, ERR_SYSTEM leave *out NULL. */
int agent_new(struct stun2 **out, const uint8_t seed[IDENTITY_SEED_SIZE], const struct env *env,
              struct mono now) MUST_CHECK;

/** Free it; relays are told nothing. NULL is fine. */
void agent_free(struct stun2 *agent);

/** Hold a session to a relay. The number of its session, also of one that was there already; 0: too
 * many, or no memory. */
uint64_t agent_relay_add(struct stun2 *agent, const struct url *url, struct mono now);

/** Let go of it. */
void agent_relay_remove(struct stun2 *agent, uint64_t relay, struct mono now);

/** A datagram of any content came. True if it was the agent's. in->data is not written to. */
bool agent_receive(struct stun2 *agent, const struct dgram *in, struct mono now);

/** The next datagram to be sent, borrowed from agent->base.box; NULL: none. */
const struct outbox_item *agent_transmit(struct stun2 *agent, struct mono now);

/** Do what is due, and when that is. */
void agent_expire(struct stun2 *agent, struct mono now);
struct mono agent_deadline(const struct stun2 *agent);

/** The network changed, perhaps: what goes a way that did is looked at now. NULL: nobody knows
 * which ways there are now. */
void agent_network_changed(struct stun2 *agent, const struct way_finder *ways, struct mono now);

/** The network is changing, and agent_network_changed comes soon: peers to whom packets go another
 * way by now are sent nothing until then. */
void agent_network_begins(struct stun2 *agent, const struct way_finder *ways);

/** Remember the ways to all addresses in use, where nobody did, so that agent_network_changed sees
 * which of them change. */
void agent_learn_ways(struct stun2 *agent, const struct way_finder *ways);
