/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames go out: to where another one came from, or by a path of a conversation. And plaintexts are
 * sealed into frames, in fragments where they do not fit. What cannot be sent is counted and
 * dropped.
 */
#pragma once

#include "client/peer/conversation.h"
#include "client/peer/origin.h"
#include "client/tunnel/host_io.h"

/** Send a whole frame to an origin. */
void send_frame_to(struct dataplane *dataplane, const struct origin *origin, const uint8_t *frame,
                   size_t size, struct host_io *io);

/** Send a whole frame to a peer by one of its paths; NULL: there is no way, it is dropped. */
void send_frame(struct conversation *a, struct path *path, const uint8_t *frame, size_t size,
                struct host_io *io, struct mono now);

/** Seal a plaintext and send it over the present path, in fragments where it does not fit. Dropped
 * without a current session. */
void send_plain(struct conversation *a, const uint8_t *plain, size_t size, struct host_io *io,
                struct mono now);

/** A sealed frame went by a bare path: while that is doubted (path_doubt.h), it goes by the way of
 * path_choose_beside, too. The peer's replay window takes one of the two. */
void send_beside(struct conversation *a, const struct path *path, const uint8_t *frame, size_t size,
                 struct host_io *io, struct mono now);

/** Send what waits for a session. */
void send_queue(struct conversation *a, struct host_io *io, struct mono now);
