/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A host's session to one relay: which addresses are dialled when, which connection is the active
 * one, and when to give one up. The hub (proto/link) does the talking; this is the part that never
 * stops trying. It knows a relay by a URL: the relay's own key, or the key of a ziglan of which it
 * is an entry point. It knows nothing else about ziglans.
 *
 *   resolve names -> dial the addresses, one soon after the other -> first OPEN wins
 *   (the one that answered last goes first; those of a name by families in turn; relay_dials.h)
 *   stalled: dial beside the old connection, which stays until the new one is open, or answers soon
 *   closed: dial again at once, then ever more slowly
 *   the way to the relay changed: the connection moves there, and stalls if nothing answers
 *
 * However often that happens, sessions are opened no oftener than a relay takes them of one key.
 */
#pragma once

#include "client/stun2/attachments.h"
#include "client/stun2/keepalive.h"
#include "client/stun2/relay_dials.h"
#include "client/stun2/relay_facts.h"
#include "client/stun2/relay_log.h"
#include "client/stun2/relay_place.h"
#include "client/stun2/relay_targets.h"
#include "client/stun2/way.h"
#include "proto/base/bucket.h"
#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "proto/link/link.h"
#include "proto/wire/control.h"
#include "proto/wire/url.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    RELAY_SESSION_RETRY_MS_MIN = 200,
    RELAY_SESSION_RETRY_MS_NEAR = 1500, /* between rounds, as long as a restart is likely */
    RELAY_SESSION_RETRY_NEAR_ROUNDS = 40,
    RELAY_SESSION_RETRY_MS_MAX = 15000,
    RELAY_SESSION_RESOLVE_RETRY_MS = 5000,
    RELAY_SESSION_GO_AWAY_MS = 30000, /* a relay that has no place for us is left alone for this */
    RELAY_SESSION_GO_AWAY_MS_MAX = 300000, /* no relay can make it longer */
    /* A relay takes 100 announcements of a key at once and one in 5 s. A session costs two, opening
     * it and watching, and there may be a change of records. */
    RELAY_SESSION_OPENS_BURST = 20,
    RELAY_SESSION_OPEN_EVERY_S = 15,
    /* A connection that answers again so soon after it stalled goes on. Later that is not worth it:
     * while its packets were lost, the relay waited ever longer before it tried again. */
    RELAY_SESSION_REVIVE_MS = 1000,
    RELAY_SESSION_SETTLE_MS = 1000,     /* so long a relay may take to see us after a move */
    RELAY_SESSION_LANES_MS_MAX = 10000, /* of a relay that starts anew, lanes are in use so long */
};

/** What its certificate shows, if a node record told: the session then opens a round trip sooner.
 */
struct relay_proof {
    bool known;
    uint8_t spki[LINK_SPKI_SIZE];
};

/** How many sessions it may open. */
struct relay_opens {
    struct bucket left;
    bool told; /* there are none left, and the log said so */
};

/** How this host is attached to the relay. */
struct relay_attaching {
    struct attachments *attachments; /* borrowed; NULL: it is not to be found there */
    struct mono renew_at;            /* while the session is open */
};

/** How far the relay was told what it is to know of this host's peers (client/core/telling.h). */
struct relay_telling {
    size_t next;
    struct mono at; /* when to go on; NEVER: it knows all */
};

/** Relayed frames go through it: does it still answer (client/stun2/relay_upkeep.h)? */
struct relay_flow {
    bool flows;          /* a frame went or came since the last look */
    bool looked;         /* look_at is when to look again */
    bool asked;          /* for an answer, since the last frame */
    bool late, late_new; /* it owes an answer for too long; and nobody was told yet */
    bool lane_silent;    /* what went by a lane is not answered, and the session was asked */
    struct mono lane_unanswered_at; /* then that went */
    struct mono lane_heard_at;      /* a frame came by a lane */
    struct mono look_at;
};

/* tidy-ok: struct-fields each stands for one thing about one relay, and no few belong together */
struct relay_session {
    TAILQ_ENTRY(relay_session) in_set;
    uint64_t number; /* tells it from all others of this host's life; never 0 */
    struct link_hub *hub;
    const struct env *env;
    struct url url; /* hosts, and whose key is expected */
    struct relay_proof proof;
    struct relay_targets targets;
    struct relay_sought sought;
    struct relay_dials dials;
    struct mono dial_at;      /* when the next target is dialled; NEVER: none is */
    struct mono closed_until; /* nothing is dialled before, also if a name resolves meanwhile */
    uint32_t rounds;          /* through all targets in vain, since the last success */
    bool open, stalled;
    struct mono stalled_at;
    bool keeps_lanes; /* it starts anew, and forwards on lanes without a session until: */
    struct mono lanes_until;
    bool serves; /* it arranges punches for us: we are its member, or it is open to strangers */
    struct handle active;
    struct endpoint remote; /* of the active connection */
    struct way way;         /* there; while there is none, to the first target */
    struct relay_opens opens;
    struct endpoint observed;          /* our address as that relay sees it */
    const struct keepalive *keepalive; /* of the set; borrowed */
    uint32_t keepalive_told_ms;        /* what the connection in use was told of it; 0: nothing */
    struct mono mapped_at;             /* since then our NAT has the mapping in use, at most */
    bool port_changed; /* the NAT gave us another port, though we are where we were; and nobody was
                          told yet */
    bool elsewhere;    /* perhaps, since the relay told where it sees us */
    struct mono moved_at;        /* the way to it changed, and it has not said since where it sees
                                    us; NEVER: it did not, or the relay did */
    uint8_t relay_key[KEY_SIZE]; /* that it showed last; 0: it was never open */
    struct relay_attaching attaching;
    struct relay_telling telling;
    struct relay_flow flow;
    struct relay_facts facts;
    struct relay_log log;
};

TAILQ_HEAD(relay_session_list, relay_session);

/** Begin with a URL, which is copied without its invite. A session that is open is closed. Numeric
 * hosts become targets, names are to be resolved. For relay_set.c, which fills in hub, number
 * and env (the log's, too) before. */
void relay_session_begin(struct relay_session *relay, const struct url *url, struct mono now);

/** The relay tells where it sees us. */
void relay_session_on_observed(struct relay_session *relay, const struct endpoint *observed,
                               struct mono now);

/** True once after a NAT on the way forgot the mapping of this session: the relay sees us at
 * another port of the same address, though the way there is the same. */
bool relay_session_take_port_changed(struct relay_session *relay);

/** True if the network changed a moment ago, and the relay may not know yet where we are: what it
 * would tell others of us now may be wrong. */
bool relay_session_is_settling(const struct relay_session *relay, struct mono now);

/** When a relay that is settling does so no longer. */
struct mono relay_session_settled_at(const struct relay_session *relay);

/** Other hosts lead to the same relay from now on, and other relays know where it is; what is open
 * or being dialled goes on. Names are to be resolved anew when they are needed. For relay_set.c,
 * which gives it a new number. */
void relay_session_rehost(struct relay_session *relay, const struct url *url, struct mono now);

/** The index of a host of the URL whose name is to be resolved now, or -1. The same one comes again
 * after ten seconds, if relay_session_resolved is not called before. */
int relay_session_resolve_wanted(struct relay_session *relay, struct mono now);

/** The addresses of a host of the URL, in place of those known before; ports are the URL's.
 * count 0: the name did not resolve; the former addresses stay, and it is tried again later. */
void relay_session_resolved(struct relay_session *relay, size_t host_index,
                            const struct endpoint *addrs, size_t count, struct mono now);

/** Addresses at which the relay may be, in place of those that were found before; count may be 0.
 * Unless the session answers, they are dialled at once. */
void relay_session_found(struct relay_session *relay, const struct endpoint *addrs, size_t count,
                         struct mono now);

/** The host is not to be found at this relay (any more): a session only for a goodbye. What the
 * relay was told is over with the session that it was told in. */
void relay_session_detach(struct relay_session *relay);

/** True if the host uses this relay, and is to be found there. */
bool relay_session_is_used(const struct relay_session *relay);

/** True if it starts anew, and forwards meanwhile on the lanes that there are. */
bool relay_session_keeps_lanes(const struct relay_session *relay);

/** True if it is open, and owes no answer for long: what is sent there surely arrives. */
bool relay_session_answers(const struct relay_session *relay);

/** Dial the next target, if that is due. What an open session needs: relay_upkeep.h. */
void relay_session_expire(struct relay_session *relay, struct mono now);

/** When relay_session_expire or relay_session_resolve_wanted has something to do. */
struct mono relay_session_deadline(const struct relay_session *relay);

/** True if the handle is one of this session's (active or being dialled). */
bool relay_session_owns(const struct relay_session *relay, struct handle handle);

/** A dialled connection opened: it becomes the active one, and all others are closed. `serves` is
 * false until whoever uses the session sets it. */
void relay_session_on_open(struct relay_session *relay, const struct link_event *event,
                           struct mono now);

/** The active connection does not answer: dial beside it. */
void relay_session_on_stalled(struct relay_session *relay, struct handle handle, struct mono now);

/** The active connection answers again. If it stalled a moment ago (RELAY_SESSION_REVIVE_MS), no
 * other is needed, and those being dialled are closed. */
void relay_session_on_revived(struct relay_session *relay, struct handle handle, struct mono now);

/** A connection closed. Returns true if it was the active one; then it is dialled again soon. */
bool relay_session_on_closed(struct relay_session *relay, const struct link_event *event,
                             struct mono now);

/** The relay ends the session: close it, and dial again when the relay says, within the bound
 * above. One that was replaced waits, because another program has our key and must not be fought;
 * one that was revoked waits longest. That a relay is busy is said in the log. */
void relay_session_on_go_away(struct relay_session *relay, const Ziglan__GoAway *go_away,
                              struct mono now);

/** The underlay changed, perhaps. If the way to the relay did, the connection moves there; if that
 * is in doubt, the relay is asked for an answer. A connection that does not answer stalls. Without
 * a connection, one is dialled. Returns true if the way changed. ways may be NULL: after a sleep,
 * when the connection counts as stalled. */
bool relay_session_on_network(struct relay_session *relay, const struct way_finder *ways,
                              struct mono now);

/** Remember the way to the relay, if nobody did. */
void relay_session_learn_way(struct relay_session *relay, const struct way_finder *ways);

/** Close everything; wait_ms later dial again (UINT64_MAX: never). */
void relay_session_close(struct relay_session *relay, uint64_t wait_ms, struct mono now);

/** Send one control message; false if the session is not open, or without room. */
bool relay_session_send(struct relay_session *relay, const Ziglan__Control *message);

/** Let the relay forward a frame to the host `dst`; false if it was dropped here. */
bool relay_session_forward(struct relay_session *relay, const uint8_t dst[KEY_SIZE],
                           const uint8_t *frame, size_t size);

/** The largest datagram (SESSION_DGRAM_HEADER_SIZE and a frame) that this session now takes without
 * a capsule; 0: it is not open. */
size_t relay_session_datagram_size(const struct relay_session *relay);
