/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The relays of which a host may choose its home relays (client/stun2/home_relays.h): those that it
 * has sessions with anyway, and those of whose node records it was told. What is known of each is
 * measured by the host itself; a record only says where a relay is.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/net/endpoint.h"
#include "proto/wire/frame.h"
#include "proto/wire/record.h"
#include "proto/wire/stun.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HOME_CANDIDATES_MAX = 24,
    HOME_PER_NETWORK_MAX = 2, /* of the records of one IPv4 /24 or IPv6 /48 */
    HOME_PERMILLE_MAX = 1000,
    HOME_RTT_US_MAX = 10 * 1000 * 1000,
    HOME_LOSS_COST_US = 500, /* each thousandth that is lost is worth so much round trip */
    HOME_FULL_PERMILLE = 800,
    HOME_FULL_COST_US = 1000, /* and each thousandth of load beyond that */
};

/** What the host measured, smoothed. */
struct home_quality {
    bool known;
    uint32_t rtt_us;
    uint16_t loss_permille, load_permille;
};

/** A session of the host, as its owner tells of it. */
struct home_session {
    uint8_t key[KEY_SIZE];
    struct endpoint address;
    bool kept;    /* whatever is chosen: a ziglan or the user wants it */
    bool pinned;  /* the user does */
    bool answers; /* it is open, owes no answer, and serves this host */
    struct home_quality quality;
};

/** How far the STUN requests of a round are. */
struct home_round {
    uint8_t id[STUN_ID_SIZE];
    struct mono sent_at; /* NEVER: none is on its way */
    struct mono next_at; /* the next request */
    uint8_t left;        /* of this round, the one on its way not counted */
    bool answered;       /* one of this round was */
    uint32_t ended;      /* rounds */
    uint32_t in_vain;    /* of them, since one was answered */
};

struct home_candidate {
    bool used;
    uint8_t key[KEY_SIZE];
    bool listed;             /* there is a record in force */
    struct endpoint address; /* the record's first one, or where the session goes */
    uint64_t sequence;       /* of the record */
    uint64_t until_ms;       /* wall clock */
    uint8_t spki[32];        /* of the record */
    bool has_session;
    struct home_session session;
    struct mono down_since; /* its session does not answer; NEVER: it does, or there is none */
    struct mono refused_until;
    struct mono avoided_until; /* it died or shut down: until then only if there is no other */
    struct home_quality quality;
    struct home_round round;
    bool chosen;
};

/** All zero: none. */
struct home_candidates {
    struct home_candidate list[HOME_CANDIDATES_MAX];
};

/** The one with this key, or NULL. */
struct home_candidate *home_candidates_find(struct home_candidates *candidates,
                                            const uint8_t key[KEY_SIZE]);

/** These are the host's sessions to relays now, and no others. Of more than there is room for, some
 * are left out. */
void home_candidates_tell(struct home_candidates *candidates, const struct home_session *sessions,
                          size_t count, struct mono now);

/**
 * Take a node record whose signature is right. told_by is the address of the relay that told of it.
 *
 * Nothing happens unless the record is live, of a relay of our kind that speaks QUIC, and its first
 * address is one to which packets may be sent: a LAN's only if told_by is of the same range. A new
 * candidate may take the place of one that was measured, is not chosen and is the worst.
 */
void home_candidates_on_record(struct home_candidates *candidates, const struct record_node *record,
                               const struct endpoint *told_by, uint64_t wall_ms, struct mono now);

/** Forget those that are nothing any more: no session, and no record in force. */
void home_candidates_expire(struct home_candidates *candidates, uint64_t wall_ms);

/** What a relay costs, in microseconds of round trip: less is better. Only if its quality is known.
 */
uint32_t home_candidate_cost(const struct home_candidate *candidate);

/** True if both are in one IPv4 /24 or IPv6 /48. */
bool home_candidate_near(const struct home_candidate *a, const struct home_candidate *b);
