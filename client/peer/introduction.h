/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How two hosts are introduced to each other (docs/protocol.md, section 13): candidates told inside
 * the session, punches asked of a relay and agreed to, and the rounds of pings that fire.
 */
#pragma once

#include "client/peer/conversation.h"
#include "client/tunnel/host_io.h"

enum { INTRODUCTION_REQUEST_FLAG = 0x40000000 /* request id of a punch: this and the peer's id */ };

/** When the relay in use is to be asked for a punch; NEVER: there is nothing to ask, or it cannot
 * introduce us. */
struct mono introduction_ask_at(const struct conversation *a);

/** Tell a relay how the last punch ended; nothing if there was none. */
void introduction_tell_result(struct conversation *a, bool direct);

/** Send a small message to a relay. A direct path that died may mean that our own NAT forgot its
 * mappings; so the relay learns our new address now, and not with the next keepalive. */
void introduction_stir(struct conversation *a);

/** Tell the peer our candidates. */
void introduction_tell_candidates(struct conversation *a, struct host_io *io, struct mono now);

/** Begin a round at `at`, if there is anybody to aim at, after a move of ours, of which the peer
 * knows nothing yet: the pings only open our own NAT until a relay has told it, or cannot. */
void introduction_fire_moved(struct conversation *a, struct mono at);

/** The peer told its candidates, where to aim, or that its NAT is open for us: the size bytes of an
 * in-tunnel control plaintext that follow its plaintext header, any content. */
void introduction_on_control(struct conversation *a, const uint8_t *body, size_t size,
                             struct host_io *io, struct mono now);

/** A relay asks whether we agree to a punch with this peer (NULL: with somebody who is none). */
void introduction_on_request(const struct env *env, struct relay_session *relay, struct peer *peer,
                             uint64_t punch_id, struct mono now);

/** A relay says when to fire, and where it sees the peer; or that it sees it elsewhere now. peer
 * may be NULL. */
void introduction_on_go(struct peer *peer, const Ziglan__PunchGo *go, struct mono now);
void introduction_on_update(struct peer *peer, const Ziglan__PunchUpdate *update, struct mono now);

/** The relay refused to arrange a punch; text is its own. */
void introduction_on_refused(struct conversation *a, const char *text, struct mono now);

/** Ask for a punch, tell candidates and fire, as far as that is due. active: a session exists and
 * packets went lately. */
void introduction_expire(struct conversation *a, bool active, struct host_io *io, struct mono now);
