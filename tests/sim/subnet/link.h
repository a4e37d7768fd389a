/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lies between relays: dials, sessions, messages and their silence. */
#pragma once

#include "tests/sim/subnet/world.h"

#include <stdbool.h>

/** What a dial is for. */
enum dial {
    DIAL_REACH,   /* only whether the relay is there */
    DIAL_CONNECT, /* a session that the mesh wants */
    DIAL_FIXED,   /* one that the configuration names */
};

/** Dial a relay at an address; the mesh hears what became of it. */
void link_dial(struct world *world, struct relay *relay, const uint8_t key[KEY_SIZE],
               const struct endpoint *address, enum dial why);

/** The session with a peer; NULL if there is none. */
struct session *link_find(const struct relay *relay, uint32_t peer);

/** End a session, which the peer hears a way later. */
void link_release(struct world *world, struct relay *relay, const uint8_t key[KEY_SIZE]);

/** Send a message to a neighbour, if there is a session. */
void link_send(struct world *world, struct relay *relay, const uint8_t key[KEY_SIZE],
               const Ziglan__Control *control);

/** Sessions of this relay with whom it does not reach any more die of silence. */
void link_silence(struct world *world, struct relay *relay);

/** How long a message of so many bytes takes: one way, and more if a packet is lost. */
uint64_t link_way_us(struct world *world, const struct relay *from, const struct relay *to,
                     size_t size);

/** Charge a message and what acknowledges it. */
void link_charge(struct relay *from, struct relay *to, size_t size);

/** What a handshake costs the one who dials, and the one who is dialled. */
void link_charge_dial(struct relay *from, struct relay *to);

/** What a session costs each end at rest. */
double link_keepalive_bytes_per_s(void);
