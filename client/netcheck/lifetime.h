/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Measures for how long the NAT, or firewall, between this host and a relay remembers a mapping
 * through which nothing goes (docs/protocol.md, section 2, "Lifetimes"). It needs
 * LIFETIME_SOCKETS sockets that nobody used before, and the address of a relay; no session, no key,
 * no privilege. Time, randomness and packets are parameters.
 *
 * All sockets begin to be silent at once, and the relay sends to each at another age:
 *
 *   KEPT    packets went both ways for more than two seconds, as in sessions and direct paths
 *   QUIET   one packet went out, and none came in
 *
 * Ages grow by steps (a ladder) until one socket does not hear the relay any more. The last step is
 * divided by sockets that began to be silent later (fine ones): they are sent to at once, and each
 * has another age. So a lifetime is known within 3 s as soon as it is over. An age up to 300 s is
 * tested, above 123 s by longer steps and only if all sockets survived so far.
 */
#pragma once

#include "client/netcheck/lifetime_state.h"
#include "client/netcheck/lifetime_steps.h"
#include "proto/base/env.h"
#include "proto/net/dgram.h"

#include <stdbool.h>
#include <stdint.h>

/** Begin, in memory of any content. env is borrowed, cfg is copied. */
void lifetime_init(struct lifetime *lifetime, const struct lifetime_config *cfg,
                   const struct env *env, struct mono now);

/** A datagram of any content came to one of the sockets; in->local.port says to which. */
void lifetime_receive(struct lifetime *lifetime, const struct dgram *in, struct mono now);

/** Append what is due. The local port of each says from which socket it leaves. */
void lifetime_transmit(struct lifetime *lifetime, struct outbox *out, struct mono now);

/** When to call transmit again. */
struct mono lifetime_deadline(const struct lifetime *lifetime);

/** True when nothing more is measured. */
bool lifetime_is_done(const struct lifetime *lifetime);

/** For how long the sockets that began first have been silent. */
uint32_t lifetime_age_ms(const struct lifetime *lifetime, struct mono now);
