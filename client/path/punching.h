/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hole punching with one peer (docs/protocol.md, section 13): when the relay is to be asked,
 * whether its PunchGo is awaited, and the round that fires. Pure: messages are sent by
 * peer/introduction.
 *
 *              asked, agreed                  fire
 *      IDLE <----------------> ASKED    IDLE <------> FIRING
 *             go, refused, 5 s                over
 *
 * Both may be true at once (FIRING_ASKED): a list of candidates that came inside the session
 * begins a round without the relay, and so does a change of the network, while a PunchGo is on its
 * way. If that round fails, the attempt has failed, and the PunchGo is awaited no longer.
 */
#pragma once

#include "client/path/candidates.h"
#include "client/stun2/punch_round.h"
#include "proto/base/mono.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PUNCHING_WAIT_MS = 5000,   /* for PunchGo */
    PUNCHING_OPENED_MS = 2000, /* a word that the peer's NAT is open may come before the round */
    PUNCHING_MOVED_MS = 2000,  /* who moved waits so long for that word: the relay, which tells the
                                  peer, may know only after RELAY_SESSION_SETTLE_MS */
    PUNCHING_PATIENT_ROUNDS = 2, /* after so many in vain it is tried patiently */
    PUNCHING_PATIENCE_MS = 34000,  /* routers forget a packet to themselves in 30 s */
    PUNCHING_FAR_MAX = 4,          /* private addresses outside our LANs in one round ... */
    PUNCHING_FAR_ATTEMPTS = 2      /* ... of the first attempts, unless one NAT hides us both */
};

enum punch_state {
    PUNCH_STATE_IDLE,         /* retry tells when the relay is asked, if ever */
    PUNCH_STATE_ASKED,        /* a PunchGo is awaited until wait_until */
    PUNCH_STATE_FIRING,       /* a round runs */
    PUNCH_STATE_FIRING_ASKED, /* both */
    PUNCH_STATE_COUNT,
};

/**
 * Who sends when. Where no router is between the two NATs, pings of PUNCH_NEAR_HOPS get to that of
 * the peer, and if it takes them for packets to itself, whoever sends first spoils the other's
 * port. So from the third round on, when all that was spoilt is forgotten, and the port with it,
 * one side opens its NAT, which spoils the other's once more, and then only keeps it open, until
 * the other router has forgotten that, too; then the other side sends, and gets in.
 *
 * Both sides must take turns in the same round. So what counts is what both know: rounds that a
 * PunchGo began, which comes to both, between the same two IP addresses as relays see them. An
 * attempt that the relay or the peer let come to nothing is one of the asking side alone.
 */
enum punch_turn {
    PUNCH_TURN_BOTH,
    PUNCH_TURN_OPENS, /* and keeps it open */
    PUNCH_TURN_WAITS, /* PUNCHING_PATIENCE_MS, and sends all the way then */
};

struct punching {
    enum punch_state state;
    enum punch_turn turn;     /* of the next round */
    bool by_go;               /* the round was begun by a PunchGo */
    uint8_t vain;             /* such rounds in vain, one after the other, between these two: */
    struct endpoint vain_own, vain_observed;
    struct punch_round round; /* while firing */
    struct punch_retry retry;
    struct mono wait_until;   /* while asked, else MONO_NEVER */
    uint64_t id;              /* of the relay's last PunchGo, 0: none */
    struct endpoint observed; /* the peer's address as its relay sees it; none: unknown */
    struct endpoint own;      /* ours as that relay sees it; none: unknown */
    struct mono opened_at;    /* the peer said so, and no round has used it; NEVER: it did not */
    bool moved;               /* we did, and no round has begun since */
};

/** How an expired round ended. */
enum punch_end {
    PUNCH_END_NONE,   /* it goes on, or there was none, or a direct path made it needless */
    PUNCH_END_AGAIN,  /* in vain, and the peer told new candidates meanwhile: fire again */
    PUNCH_END_FAILED, /* in vain: tell the relay; the next attempt is scheduled */
};

/** Nothing is due. */
void punching_init(struct punching *p);

/** A session is there: ask at `at`, unless an attempt failed or is scheduled already. */
void punching_want(struct punching *p, struct mono at);

/** True while a round runs. */
bool punching_is_firing(const struct punching *p);

/** True if the relay is to be asked now. */
bool punching_ask_due(const struct punching *p, struct mono now);

/** The relay was asked, or we agreed to a peer's request: a PunchGo is awaited. */
void punching_asked(struct punching *p, struct mono now);

/** A PunchGo came: it is awaited no longer. */
void punching_on_go(struct punching *p, uint64_t id, const struct endpoint *observed);

/** The relay sees the peer there now. What the peer said of another NAT counts no more. */
void punching_on_observed(struct punching *p, const struct endpoint *observed);

/** The relay refuses. False if it was not asked: then nothing changes, so that a relay cannot put
 * off the next attempt by refusing without end. */
bool punching_on_refused(struct punching *p, struct mono now);

/** A PunchGo that is awaited no longer counts as a failed attempt. */
void punching_expire_wait(struct punching *p, struct mono now);

/** The underlay changed, or the direct path was lost: attempts begin anew, the first at once. */
void punching_begin_anew(struct punching *p, struct mono now);

/** The peer was restarted: where the relay saw it is of no use any more, and attempts begin anew,
 * the first at `at`; MONO_NEVER: when punching_want says so. */
void punching_revive(struct punching *p, struct mono at);

/** A direct path is in use. */
void punching_succeeded(struct punching *p);

/** True if the relay sees us and the peer at the same IP: we are behind one NAT, or on one machine.
 */
bool punching_is_one_site(const struct punching *p);

/** Which families of addresses the two have. */
enum punch_families {
    PUNCH_FAMILIES_COMMON,    /* or not known */
    PUNCH_FAMILIES_IPV4_HERE, /* we have only IPv4, the peer only IPv6 */
    PUNCH_FAMILIES_IPV6_HERE, /* the reverse */
};

/** Whether the two have a family of addresses in common, by what relay and peer told. Addresses
 * that lead no further than a LAN do not count for IPv6. */
enum punch_families punching_families(const struct punching *p, const struct candidates *candidates,
                                      const struct own_addresses *underlay);

/** A PunchGo begins a round: whose turn it is then, and when it begins if the relay says fire_at.
 * smaller: the own key is smaller than the peer's. p->own is up to date. */
struct mono punching_take_turn(struct punching *p, bool smaller, struct mono fire_at);

/** Begin a round at fire_at (in place of one that runs) with packets of packet_size bytes: at the
 * observed address and at what the peer told. Until the peer says that its NAT is open, pings to
 * the observed address only open our own (punch_round.h). Private addresses
 * outside our LANs come last and are few: another network of this site may have them, or a
 * stranger, who gets two sealed pings. False if there is nobody to aim at; then no round runs. */
bool punching_fire(struct punching *p, struct candidates *candidates,
                   const struct own_addresses *underlay, size_t packet_size, struct mono fire_at);

/** The peer's NAT is open for us: so it says. */
void punching_on_opened(struct punching *p, struct mono now);

/** We moved: what the peer opened its NAT for is where we were. The next round waits longer for it
 * to say that it opened it anew. */
void punching_on_moved(struct punching *p);

/** The next target of the round that is due, to be pinged now; p->round.hops tells how far. */
bool punching_next(struct punching *p, struct endpoint *to, struct mono now);

/** Something valid came from this address. */
void punching_on_receipt(struct punching *p, const struct endpoint *from, struct mono now);

/** End a round that is over. direct: a direct path is in use. A receipt alone is no success: what
 * reaches us need not be reached by us. */
enum punch_end punching_expire(struct punching *p, bool direct, const struct candidates *candidates,
                               struct mono now);

/** When a round, or the wait for a PunchGo, has something to do. */
struct mono punching_deadline(const struct punching *p);
