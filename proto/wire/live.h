/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The value of our STUN attribute LIVE (docs/protocol.md, section 2, "Lifetimes"): a host lets a
 * relay send something to its sockets after a silence, so that it finds out for how long its NAT
 * remembers a mapping.
 *
 *   request: version(1)=1 kind(1) index(1) reserved(1) delay_ms(4) set(8) round(12) cookie(16)
 *            more(8), then zeros up to its price
 *   answer:  version(1)=1 state(1) reserved(2) body(16): a cookie, or the set of sockets that are
 *            known, and more
 *
 * A set has a bit for each socket; those from index 64 on stand in `more`.
 *
 * Pure: nothing is allocated or kept.
 */
#pragma once

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LIVE_COOKIE_SIZE = 16,
    LIVE_ROUND_SIZE = 12, /* also the transaction of what is sent */
    LIVE_SOCKETS_MAX = 80,
    LIVE_COPIES = 3,                /* of what is sent to a socket at a time */
    LIVE_DELAY_MS_MAX = 400 * 1000, /* after the socket was last heard */
    LIVE_FIRES_MAX = 4,             /* sockets that one request lets be sent to */
    /* A request is at least as long as all packets that come of it, IP and UDP headers counted. */
    LIVE_REQUEST_SIZE_MIN = 72,
    LIVE_FIRE_PRICE = 228,
    LIVE_REQUEST_SIZE_MAX = LIVE_REQUEST_SIZE_MIN + LIVE_FIRES_MAX * LIVE_FIRE_PRICE,
    LIVE_ANSWER_SIZE = 20,
};

#define LIVE_HELD UINT32_MAX /* as a delay: never, unless a request SET says when */

/** Sockets, by index: bits, the lowest first. */
struct live_set {
    uint64_t words[2];
};

enum live_kind {
    LIVE_KIND_ASK = 0,   /* what is known? */
    LIVE_KIND_ENTER = 1, /* a socket, which is where this comes from */
    LIVE_KIND_QUIET = 2, /* the same, without an answer */
    LIVE_KIND_SET = 3,   /* send to some sockets, so long after they were last heard */
};

struct live_request {
    enum live_kind kind;
    uint8_t index;                  /* ENTER, QUIET: of the socket, below LIVE_SOCKETS_MAX */
    uint32_t delay_ms;              /* ENTER, QUIET, SET: at most LIVE_DELAY_MS_MAX, or LIVE_HELD */
    struct live_set set;            /* SET: 1 to LIVE_FIRES_MAX sockets; HELD: any number */
    uint8_t round[LIVE_ROUND_SIZE]; /* random, of this measurement */
    uint8_t cookie[LIVE_COOKIE_SIZE]; /* zeros: none */
};

enum live_state {
    LIVE_STATE_COOKIE = 1, /* ask again, with the cookie, from the same IP address */
    LIVE_STATE_OPEN = 2,   /* these sockets are known */
    LIVE_STATE_BUSY = 3,   /* too many measure: later */
};

struct live_answer {
    enum live_state state;
    uint8_t cookie[LIVE_COOKIE_SIZE]; /* of COOKIE */
    struct live_set known;            /* of OPEN */
};

/** Whether a socket, whose index is below LIVE_SOCKETS_MAX, is in a set. */
bool live_set_has(const struct live_set *set, size_t index);

/** Add one, or all of another set. */
void live_set_add(struct live_set *set, size_t index);
void live_set_join(struct live_set *set, const struct live_set *more);

/** How many are in a set. */
size_t live_set_count(const struct live_set *set);

/** Write a request, as long as what comes of it costs; zeros behind what it says. Its fields are
 * within their bounds. */
void live_request_encode(uint8_t out[LIVE_REQUEST_SIZE_MAX], size_t *size,
                         const struct live_request *request);

/** Read a request: size bytes of any content. ERR_DROP, with out untouched, unless it is
 * well-formed and as long as what it asks for costs. */
int live_request_decode(struct live_request *out, const uint8_t *data, size_t size) MUST_CHECK;

/** Write an answer. */
void live_answer_encode(uint8_t out[LIVE_ANSWER_SIZE], const struct live_answer *answer);

/** Read an answer: size bytes of any content. ERR_DROP, with out untouched, unless it is
 * well-formed. */
int live_answer_decode(struct live_answer *out, const uint8_t *data, size_t size) MUST_CHECK;
