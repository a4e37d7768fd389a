/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The relay's part in a punch (docs/protocol.md, section 13) as a state machine without sessions:
 *
 *   request ---> OFFERED --- answer yes ---> LIVE --- result, gone, 10 min idle ---> (gone)
 *                   |
 *                   +--- answer no, 10 s, gone ---> (gone), the requester gets REFUSED
 *
 * Nothing about the target leaves before its yes. While a punch is LIVE, a changed mapping of one
 * side is told to the other. What is to be sent to whom is polled with punch_output.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/net/endpoint.h"
#include "proto/wire/frame.h"
#include "proto/wire/verdict.h"
#include "rendezvous/punch/punch_outputs.h"
#include "rendezvous/punch/punch_side.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PUNCH_COUNT_MAX = 4096,     /* in all */
    PUNCH_PER_KEY_MAX = 256,    /* live and offered ones that one key takes part in; at either
                                 * bound the longest silent live one makes room */
    PUNCH_RATE_PER_S = 5,       /* requests of one key, with a burst of as many */
    PUNCH_OFFER_MS_MAX = 10000, /* an unanswered request is dropped */
    PUNCH_IDLE_MS_MAX = 600000, /* an accepted one of which nothing is heard is dropped */
};

struct punch_request {
    struct punch_side requester;
    uint8_t target[KEY_SIZE];
    uint32_t request_id; /* of the Control, echoed in a REFUSED output */
    bool has_session;    /* the two share an end-to-end session already */
};

/** Counters for metrics; `live` and `offered` are gauges. */
struct punch_stats {
    uint64_t requested, accepted, refused, timed_out, direct, failed, updates;
    uint64_t limit_rate, limit_pair, limit_key, limit_all, unmeasured, bad_address;
    uint64_t outputs_lost; /* nobody polled */
    uint32_t offered, live;
};

struct punch;

/** An empty broker. env is borrowed and outlives it. ERR_NOMEM. */
int punch_new(struct punch **out, const struct env *env) MUST_CHECK;
void punch_free(struct punch *punch);

/**
 * A asks for a punch with B. VERDICT_OK: an OFFER is queued for B. If B had asked for A already,
 * this is A's yes and both get GO. Otherwise, with nothing changed: BAD_REQUEST (itself, or an
 * observed address that nobody may name), MEASURE_FIRST (no NAT kind, no session), LIMIT.
 * That B has a session here is the caller's to check (no session: answer VERDICT_REFUSED too).
 */
enum verdict punch_request(struct punch *punch, const struct punch_request *request,
                           struct mono now);

/**
 * B answers an offer; `answer` is B as its session knows it, so a punch id of others finds nothing.
 * accept: both get GO; else the requester gets REFUSED. NOT_FOUND for an id that is not waiting
 * for B, BAD_REQUEST for an observed address that nobody may name (which counts as a no).
 */
enum verdict punch_answer(struct punch *punch, uint64_t punch_id, const struct punch_side *answer,
                          bool accept, struct mono now);

/** One side tells how it went; direct or not, the punch stays live for updates. */
void punch_result(struct punch *punch, uint64_t punch_id, const uint8_t key[KEY_SIZE], bool direct,
                  struct mono now);

/** The relay sees `key` at a new endpoint: its partners get UPDATE. */
void punch_on_moved(struct punch *punch, const uint8_t key[KEY_SIZE],
                    const struct endpoint *observed, struct mono now);

/** The session of `key` ended (or it was revoked): all its punches end. */
void punch_on_gone(struct punch *punch, const uint8_t key[KEY_SIZE]);

/** Drop what is over its time. */
void punch_expire(struct punch *punch, struct mono now);

/** When to call punch_expire again. Outputs are not part of it: poll them after every call. */
struct mono punch_deadline(const struct punch *punch);

/** The next thing to send; false if there is none. */
bool punch_output(struct punch *punch, struct punch_output *out);

/** Borrowed for the broker's life. */
const struct punch_stats *punch_stats(const struct punch *punch);
