/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Path pings (docs/protocol.md, section 12): frames 0x84 inside a session that ask whether a path
 * works, how long a round trip takes, and how large a frame may be.
 */
#pragma once

#include "client/peer/conversation.h"
#include "client/peer/origin.h"
#include "client/tunnel/host_io.h"
#include "proto/wire/ping.h"

enum {
    PINGING_SIZE_MIN = PING_PLAIN_SIZE + FRAME_OVERHEAD_MAX, /* the smallest ping, at most */
    PINGING_SPARE_MS = 15000, /* between two pings by the spare relay */
};

/** Send a ping of frame_size bytes (0: the smallest) on a path. Returns its transaction; 0 if it
 * could not be sent: no session, no way (path NULL), or more than the allowance. */
uint64_t pinging_send(struct conversation *a, struct path *path, uint16_t frame_size,
                      struct host_io *io, struct mono now);

/** The same on a direct path; the ping travels only so many hops (see struct outbox_item). */
void pinging_send_hops(struct conversation *a, struct path *path, uint16_t frame_size, uint8_t hops,
                       struct host_io *io, struct mono now);

/** Send the smallest ping from another socket of ours (its port) to a port that is guessed, which
 * is no path yet: an answer makes it one. Counts against the allowance of all peers only. */
void pinging_send_guessed(struct conversation *a, uint16_t socket, const struct endpoint *to,
                          uint8_t hops, struct host_io *io, struct mono now);

/** Ask the peer through the relay in use whether it still hears us, through those that would be
 * used in its place if they worked again, and now and then through the one that comes next. */
void pinging_send_relayed(struct conversation *a, struct host_io *io, struct mono now);

/** The direct path on which something valid came; NULL if there can be no more of them now. */
struct path *pinging_learn_path(struct conversation *a, const struct origin *origin,
                                struct mono now);

/** Answer a ping; ask back where that is worth it. Returns the direct path that it came by, or
 * NULL. */
struct path *pinging_on_ping(struct conversation *a, const struct origin *origin,
                             const struct ping *ping, struct host_io *io, struct mono now);

/** Note a pong. Returns the path whose ping it answers, or NULL. */
struct path *pinging_on_pong(struct conversation *a, const struct origin *origin,
                             const struct ping *pong, struct mono now);
