/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Guessing ports (docs/protocol.md, section 13, "Guessed ports"), where a NAT gives each
 * destination another port, and lets in only what was sent to. Each of the two hosts has a part:
 *
 *   FIXED    everybody sees it at one address; it pings many ports of the other
 *   STEPS    each next port of its NAT is a step further, so the next ones are known
 *   RANDOM   it opens many sockets, so that the other soon hits one of them
 *
 * FIXED meets STEPS or RANDOM, and STEPS meets STEPS. They tell each other where to aim (struct
 * intunnel_aim) inside their session, by way of a relay.
 *
 * All of it leaves from sockets of its own. Their mappings are fresh; and what a NAT or a network
 * does about such packets cannot touch the traffic of the host's first socket.
 *
 *   RUNNING --something of the peer came--> WON --pings that open the far NAT--> OVER
 *      +------------------------------- in vain, refused ------------------------> OVER
 *
 * Values in caller memory; pure.
 */
#pragma once

#include "client/stun2/guess_state.h"

/** Begin. */
void guess_init(struct guess *guess, const struct guess_setup *setup, struct mono now);

/** How many more sockets are wanted now. */
size_t guess_wants(const struct guess *guess);

/** A socket was opened for it, with this own port. False if none is wanted any more. */
bool guess_on_socket(struct guess *guess, uint16_t port, struct mono now);

/** True if the socket with this port must stay open for it. */
bool guess_keeps(const struct guess *guess, uint16_t port);

/** The next packet that is due; it counts as sent. False if there is none. */
bool guess_next(struct guess *guess, struct guess_send *out, struct mono now);

/** A relay's answer to the request with this id: where it sees the socket. False if there is no
 * such request. */
bool guess_on_sample(struct guess *guess, uint16_t socket, const struct endpoint *relay,
                     const uint8_t id[STUN_ID_SIZE], const struct endpoint *mapped,
                     struct mono now);

/** The peer told where to aim. False, and nothing happens, if its address is not the one at which
 * its relay sees it: nobody else is aimed at. */
bool guess_on_aim(struct guess *guess, const struct intunnel_aim *aim, struct mono now);

/** What the peer is to be told now; it counts as told. False if nothing is. */
bool guess_tell(struct guess *guess, struct intunnel_aim *out, struct mono now);

/** Something authenticated of the peer came from there to this socket. */
void guess_on_receipt(struct guess *guess, uint16_t socket, const struct endpoint *from,
                      struct mono now);

/** Time passes; then guess_next and guess_tell may have something. */
void guess_expire(struct guess *guess, struct mono now);

/** When there is something to do; MONO_NEVER when it is over. */
struct mono guess_deadline(const struct guess *guess);
