/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The goodbye of a host that ends in order (docs/protocol.md, section 11), said inside the session,
 * so that nobody else can say it: its peers know at once that it is away. Relays tell those who
 * have no session with it.
 */
#pragma once

#include "client/peer/conversation.h"
#include "client/tunnel/host_io.h"

enum {
    FAREWELL_COPIES = 2,     /* by a direct path, which may lose one */
    FAREWELL_TWIN_MS = 1000, /* sessions made within this are of one beginning */
};

/** Say goodbye to the peer, if there is a session and a way. Nothing is to be sent after it. */
void farewell_send(struct conversation *a, struct host_io *io, struct mono now);

/** True if these size bytes, the plaintext of a data frame, are a goodbye. */
bool farewell_is(const uint8_t *plain, size_t size);

/** The peer said goodbye in this session: the conversation ends, and is freed. Not if a newer
 * session is there: then the peer is back already, and its goodbye was late. */
void farewell_receive(struct conversation *a, const struct noise_session *session, struct mono now);
