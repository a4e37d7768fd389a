/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lanes to peers (docs/protocol.md, section 18): asking relays for them, and what relays say. What
 * a lane is as a path: client/path/lane_path.h.
 */
#pragma once

#include "client/peer/conversation.h"

enum {
    LANES_REQUEST_FLAG = 0x08000000, /* request id: this and the peer's id */
    LANES_ID_MASK = LANES_REQUEST_FLAG - 1,
};

/** A packet to the peer went through the session to this relay: if they go on, it is asked for a
 * lane. */
void lanes_on_relayed(struct conversation *a, struct relay_session *relay, struct mono now);

/** The relay opened a lane that this host asked for, or, incoming, one that the peer did. Nothing
 * happens unless the relay is a path to the peer (NULL: no peer that it may speak of). */
void lanes_on_opened(struct peer *peer, struct relay_session *relay, uint64_t label,
                     const uint8_t secret[LANE_SECRET_SIZE], bool incoming, struct mono now);

/** The relay closed a lane. */
void lanes_on_closed(const struct peer_table *peers, const struct relay_session *relay,
                     uint64_t label, struct mono now);

/** True if this is the id of a question for a lane. What the answer is matters only if it is yes.
 */
bool lanes_is_request(uint32_t request_id);

/** This question for a lane was answered by no: if it was about one that outlived its session, that
 * is gone; unless the relay was only too busy to look, and the lane works. */
void lanes_on_refused(const struct peer_table *peers, const struct relay_session *relay,
                      uint32_t request_id, bool busy, struct mono now);

/** A relay that kept its lanes over a restart serves this host again: it is asked for each of them,
 * and its answer tells whether it is the same. */
void lanes_claim(const struct peer_table *peers, struct relay_session *relay, struct mono now);

/** The session to this relay opened or ended: the lanes of the former one are gone. */
void lanes_forget(const struct peer_table *peers, const struct relay_session *relay,
                  struct mono now);

/** The underlay changed, perhaps: all lanes are bound again, and asked for a sign of life. */
void lanes_on_network(struct conversation *a, struct mono now);

/** A challenge or a bound came: size bytes of any content, at least one. False if it answers
 * nothing that this host sent. */
bool lanes_receive(const struct peer_table *peers, const uint8_t *data, size_t size,
                   struct mono now);
