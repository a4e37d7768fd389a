/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two hosts with a lane at a relay (relay_fixture.h): one at an IPv4 address, one at an IPv6
 * address, besides those of their sessions.
 */
#pragma once

#include "proto/crypto/lane_frame.h"
#include "tests/support/relay_fixture.h"

/** A host's end of a lane. */
struct lane_host {
    struct endpoint at;
    uint64_t label, nonce;
    uint8_t secret[LANE_SECRET_SIZE];
};

/** A client asks for a lane to another one, by request 7. */
void lane_ask(struct client *from, const struct client *to);

/** Client 0 opens a lane to client 1: both are told of their ends. */
void lane_hosts_open(struct world *w, struct lane_host *a, struct lane_host *b);

/** Send bytes to the relay from an address, and let it answer; only that is in w->loose then. */
void lane_host_send(struct world *w, const struct endpoint *from, const uint8_t *data, size_t size);

/** Send a bind with a cookie; NULL: without. */
void lane_host_bind_send(struct world *w, struct lane_host *end, const uint8_t *cookie);

/** What came to this end's address; NULL: not exactly one datagram. */
const struct wire_packet *lane_host_got(const struct world *w, const struct lane_host *end);

/** A challenge came; its cookie. */
void lane_host_challenged(const struct world *w, const struct lane_host *end,
                          uint8_t cookie[LANE_COOKIE_SIZE]);

/** The answer came that this end is bound. */
bool lane_host_is_bound(const struct world *w, const struct lane_host *end);

/** Bind an end, with the challenge that comes first. */
void lane_host_bind(struct world *w, struct lane_host *end);

/** Send a frame of FRAME_SIZE bytes with this mark; only it came, with the receiver's label. */
void lane_host_data_send(struct world *w, const struct lane_host *end, uint8_t mark);
void lane_host_assert_data(const struct world *w, const struct lane_host *end, uint8_t mark);

/** A world of two members with a lane that is not bound yet. */
struct world *lane_hosts_of_two(struct lane_host *a, struct lane_host *b);
