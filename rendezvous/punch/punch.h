/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The relay's part in a punch (docs/protocol.md, section 13), the broker, as a state machine that
 * knows no sessions. Each punch between two keys goes this way:
 *
 *   request ---> OFFERED --- the target says yes, or asks too ---> LIVE ---> (over)
 *                   |
 *                   +--- it says no, 10 s pass, it is gone ---> (over), REFUSED to the requester
 *
 * A LIVE punch is over when one side is gone, after 10 minutes in which nothing was heard of it,
 * when the two ask anew, or to make room. An OFFERED one is over without a word when the requester
 * is gone.
 *
 * Nothing about the target is told before its yes. While a punch is LIVE, the relay tells each side
 * when the other is observed at a new address, and what the other says of the result.
 * punch_output gives what is to be sent to whom.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/net/endpoint.h"
#include "proto/wire/frame.h"
#include "proto/wire/record.h"
#include "proto/wire/verdict.h"
#include "rendezvous/punch/punch_outputs.h"
#include "rendezvous/punch/punch_side.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PUNCH_COUNT_MAX = 4096,     /* in all */
    PUNCH_PER_KEY_MAX = 256,    /* of one key, as requester or target. At either bound the live one
                                 * that has been silent for longest makes room. Of both bounds
                                 * half is for requesters that are here */
    PUNCH_RATE_PER_S = 5,       /* requests of one key, with a burst of as many */
    PUNCH_OFFER_MS_MAX = 10000, /* a punch may be OFFERED */
    PUNCH_IDLE_MS_MAX = 600000, /* a punch may be LIVE with nothing heard of it */
};

/** A request, as the requester's session sent it. */
struct punch_request {
    struct punch_side requester;
    uint8_t target[KEY_SIZE];
    uint32_t request_id;       /* of the Control message, repeated in a REFUSED output */
    bool elsewhere;            /* another relay asks for the requester, which is its host */
    bool has_session;          /* the two hosts have a Noise session already */
    char app[RECORD_APP_SIZE]; /* the pool in which the target was found; "": it was named */
};

/** Counters for metrics; offered and live are gauges. */
struct punch_stats {
    uint64_t requested, accepted, refused, timed_out, direct, failed, updates;
    uint64_t limit_rate, limit_pair, limit_key, limit_all, unmeasured, bad_address;
    uint64_t outputs_lost; /* the queue was full, or no memory */
    uint32_t offered, live;
};

struct punch;

/** Make an empty broker. env is borrowed and outlives it. ERR_NOMEM leaves *out NULL. */
int punch_new(struct punch **out, const struct env *env) MUST_CHECK;

/** Free the broker and all its punches. NULL is legal. */
void punch_free(struct punch *punch);

/**
 * A asks for a punch with B. VERDICT_OK: an OFFER is queued for B, or, if B had asked for A
 * already, this is A's yes and a GO is queued for both. Else nothing is queued: BAD_REQUEST (A asks
 * for itself, or is observed at an address that is never a target), MEASURE_FIRST (no NAT kind and
 * no session), LIMIT (too many requests or punches, or A has asked for B already), UNAVAILABLE (no
 * memory). The caller has checked that B has a session here, and answers VERDICT_REFUSED if not.
 */
enum verdict punch_request(struct punch *punch, const struct punch_request *request,
                           struct mono now);

/** True if `requester` waits for the answer of `target`, so that a request of `target` for it is a
 * yes. */
bool punch_waits_for(const struct punch *punch, const uint8_t requester[KEY_SIZE],
                     const uint8_t target[KEY_SIZE]);

/**
 * B answers an offer; `answer` is B as its session knows it. With accept, a GO is queued for both,
 * else a REFUSED for the requester. NOT_FOUND if this punch does not wait for B's answer; nothing
 * changes. BAD_REQUEST if B is observed at an address that is never a target; this counts as a no.
 */
enum verdict punch_answer(struct punch *punch, uint64_t punch_id, const struct punch_side *answer,
                          bool accept, struct mono now);

/** One side tells whether it reached the other directly, which is queued for the other side, once
 * for each word of each side. The punch stays LIVE in either case. False, and nothing happens, if
 * it is not about a LIVE punch of this key. */
bool punch_result(struct punch *punch, uint64_t punch_id, const uint8_t key[KEY_SIZE], bool direct,
                  struct mono now);

/** The relay observes `key` at a new endpoint: an UPDATE is queued for the other side of each of
 * its LIVE punches. An endpoint that is never a target is ignored. */
void punch_on_moved(struct punch *punch, const uint8_t key[KEY_SIZE],
                    const struct endpoint *observed, struct mono now);

/** The same of the side `key`, which is at another relay, in its punch with `other`. False if there
 * is none. */
bool punch_on_far_moved(struct punch *punch, const uint8_t key[KEY_SIZE],
                        const uint8_t other[KEY_SIZE], const struct endpoint *observed,
                        struct mono now);

/**
 * A new session of `key`, observed there, took the place of an older one; the node may have been
 * restarted, and then knows of none of its punches. What it asked for goes on from its new address,
 * but a no is not told to it. What it was offered is offered once more. LIVE punches are over
 * without a word: packets from one side alone would only spoil the way for the next punch.
 */
void punch_on_replaced(struct punch *punch, const uint8_t key[KEY_SIZE],
                       const struct endpoint *observed);

/** The session of `key` ended, or the key was revoked: all its punches are over. */
void punch_on_gone(struct punch *punch, const uint8_t key[KEY_SIZE]);

/** End the punches whose time is over. */
void punch_expire(struct punch *punch, struct mono now);

/** When to call punch_expire next; MONO_NEVER if no punch waits. Outputs have no deadline: take
 * them after every call. */
struct mono punch_deadline(const struct punch *punch);

/** Take the next thing to send; false if there is none. */
bool punch_output(struct punch *punch, struct punch_output *out);

/** Borrowed for the broker's life. */
const struct punch_stats *punch_stats(const struct punch *punch);
