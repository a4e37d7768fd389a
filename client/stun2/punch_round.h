/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host's part in a punch (docs/protocol.md, section 13): which ping goes to which candidate
 * at which instant, and when a failed punch is tried again. Values in caller memory; pure.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/net/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PUNCH_CANDIDATE_MAX = 16,
    PUNCH_BURST_COUNT = 7,            /* at 0, 20, 60, 140, 300, 620 and 1240 ms */
    PUNCH_SILENT_PACKETS_MAX = 8,     /* to a candidate that never answered */
    PUNCH_UNOBSERVED_PACKETS_MAX = 2, /* to an IP that no relay observed for that peer */
    PUNCH_ECHO_PACKETS = 3,           /* to an address that answered; they open the far NAT */
    PUNCH_ROUND_BYTES_MAX = 8192,     /* per side and round */
    PUNCH_NEAR_HOPS = 2,              /* so far travel the pings of the first bursts */
    PUNCH_NEAR_MS = 1000,             /* for so long at most, if the peer does not say more */
    PUNCH_ROUND_MS = 3000,            /* a round without receipt is over this long after firing */
    PUNCH_KEEP_MS = 8000,             /* between two pings that keep the own NAT open, ... */
    PUNCH_KEEP_HOPS = 1,              /* ... and travel no further */
};

struct punch_candidate {
    struct endpoint endpoint;
    bool observed;  /* a relay observed this IP for the peer */
    bool listed;    /* the peer says that this address is its own: no NAT is before it */
    bool answered;  /* something valid came from it */
    uint8_t sent;   /* packets in this round */
    uint8_t echoes; /* packets still to be sent because of a receipt */
};

/** One round of a punch. */
struct punch_round {
    struct punch_candidate candidates[PUNCH_CANDIDATE_MAX];
    uint8_t count;
    uint8_t burst;      /* the one being sent, PUNCH_BURST_COUNT: all sent */
    uint8_t next;       /* candidate within it */
    uint8_t hops;       /* for the target that punch_round_next named last */
    bool opened;        /* the peer's NAT is open for us, or long enough was waited for that */
    bool receipt;       /* something valid came from any candidate: no new bursts */
    size_t packet_size; /* UDP payload of one ping */
    size_t bytes_sent;
    struct mono fire_at;
    struct mono far_at;  /* unless it is opened: then it is, and the bursts begin anew */
    struct mono keep_at; /* when the own NAT is to be kept open; NEVER: it need not be */
    struct mono echo_at; /* next instant of echoes */
};

/**
 * A round that fires at `fire_at` with pings of packet_size bytes; no candidates yet.
 *
 * For near_ms, or until punch_round_opened, pings to an address that a relay observed, and that is
 * not the peer's own, only open our own NAT: they travel PUNCH_NEAR_HOPS hops. Then the bursts
 * begin anew. Many routers take a packet from outside that arrives before the host inside has sent
 * anything to where it comes from for one to themselves, and then give that host another port.
 */
void punch_round_init(struct punch_round *round, struct mono fire_at, size_t packet_size,
                      uint64_t near_ms);

/** Until it is opened, the round keeps what the first bursts opened: the own router remembers it
 * when it sees another ping, although that goes no further. */
void punch_round_keep(struct punch_round *round);

/**
 * Add a candidate; call it for the best ones first. observed: by a relay; else the peer itself
 * named it as an address that it has. private_ok: it may be an address of scope LAN, because we
 * share a LAN with it, or routers of our site may lead there. One that is in the round already is
 * merged: it is observed if either was. False if it was refused: the round is full, the port is 0,
 * or the address must not be a target.
 */
bool punch_round_add(struct punch_round *round, const struct endpoint *endpoint, bool observed,
                     bool private_ok);

/** The peer's NAT is open for what comes from us: pings travel all the way from now on. */
void punch_round_opened(struct punch_round *round, struct mono now);

/** The target of the next ping that is due; it counts as sent. round->hops tells how many hops the
 * ping travels; 0: all the way. False if none is due. */
bool punch_round_next(struct punch_round *round, struct endpoint *to, struct mono now);

/** Something valid came from `from` (a new address becomes a candidate if there is room): no more
 * bursts, three more packets to it. */
void punch_round_on_receipt(struct punch_round *round, const struct endpoint *from,
                            struct mono now);

/** When the next ping is due; MONO_NEVER: none will be, unless a receipt comes. */
struct mono punch_round_deadline(const struct punch_round *round);

/** When the round is over. If it led to no path by then, it failed (punch_retry_failed). */
struct mono punch_round_end(const struct punch_round *round);

/** When a failed punch is tried again: after 10 and 100 s, then 5 and 30 min, then every 30 min. */
struct punch_retry {
    uint8_t failures;
    struct mono at; /* MONO_NEVER while nothing is to be retried */
};

/** Start over, at once due: at the beginning and after a network change. */
void punch_retry_reset(struct punch_retry *retry, struct mono now);

/** A round began: nothing is due until it failed. */
void punch_retry_started(struct punch_retry *retry);

/** The round failed (or was refused). */
void punch_retry_failed(struct punch_retry *retry, struct mono now);

/** The round succeeded; a later loss of the path begins anew. */
void punch_retry_succeeded(struct punch_retry *retry);
