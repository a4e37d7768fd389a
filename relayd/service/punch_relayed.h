/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Punches between hosts of different relays (docs/protocol.md, section 17). The broker is at the
 * target's relay; this carries what it and the requester's relay have to tell each other.
 */
#pragma once

#include "proto/wire/control.h"
#include "relayd/service/forward_relay.h"
#include "rendezvous/punch/punch_outputs.h"

/** A host here asks for a punch with a key that may be at another relay: ask that one. Else
 * VERDICT_REFUSED, the same as a no. */
enum verdict punch_relayed_ask(struct forward_relay *relays, struct relay_client *client,
                               const Ziglan__Control *message, struct mono now);

/** A request of `far` for a host here has come. True if that host's own request for `far` must have
 * crossed it on the way, and counts because its key is the smaller one: only one punch is made. */
bool punch_relayed_crosses(const struct forward_relay *relays, const uint8_t host[KEY_SIZE],
                           const uint8_t far[KEY_SIZE], struct mono now);

/** Tell the relay of out->to something about out->peer, which is here: message is a PunchGo, a
 * PunchUpdate, a PunchResult or an Error. */
void punch_relayed_tell(struct forward_relay *relays, const struct punch_output *out,
                        const Ziglan__Control *message, struct mono now);

/** A request of this neighbour's host was refused. */
void punch_relayed_refuse(struct forward_relay *relays, const struct relay_client *neighbour,
                          const struct punch_output *out);

/** The requester is at this neighbour: what the broker has for it goes there. */
void punch_relayed_learn(struct forward_relay *relays, const struct relay_client *neighbour,
                         const Ziglan__PunchRelayed *body, struct mono now);

/** True if such a message, but no request, may count: dst is here and does not block src, and src
 * is at this neighbour. */
bool punch_relayed_heeds(struct forward_relay *relays, const struct relay_client *neighbour,
                         const Ziglan__PunchRelayed *body, struct mono now);

/** The broker of another relay has something for a host here: pass it on. */
void punch_relayed_pass(struct forward_relay *relays, const Ziglan__PunchRelayed *body,
                        struct mono now);

/** A host here moved: the brokers of its punches with hosts elsewhere hear where it is now. */
void punch_relayed_moved(struct forward_relay *relays, const struct relay_client *client,
                         struct mono now);

/** A host here tells what came of a punch that is not of the broker here: its broker hears it. */
void punch_relayed_result(struct forward_relay *relays, const struct relay_client *client,
                          const Ziglan__PunchResult *result, struct mono now);

/** A new session of a host took the place of an older one: it knows of no punches. */
void punch_relayed_replaced(struct forward_relay *relays, const struct relay_client *client,
                            struct mono now);
