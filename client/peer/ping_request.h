/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pings of peers that a person asked for. Each has a ticket, waits for a session, and is over when
 * a pong answers it, or after PING_REQUEST_TIMEOUT_MS.
 */
#pragma once

#include "proto/base/mono.h"

#include <stdbool.h>
#include <stdint.h>

enum { PING_REQUESTS_MAX = 16, PING_REQUEST_TIMEOUT_MS = 3000 };

struct peer;

struct ping_request {
    uint32_t ticket; /* 0: free */
    uint64_t transaction;
    struct peer *peer;               /* NULL: it was removed meanwhile */
    struct mono started_at, sent_at; /* sent_at NEVER: waits for a session */
    bool done, relayed;
    uint64_t rtt_ns;
};

/** All zero: none. */
struct ping_requests {
    struct ping_request list[PING_REQUESTS_MAX];
    uint32_t ticket_last;
};

/** A new one, in the place of one that is over; NULL if there are too many. */
struct ping_request *ping_request_begin(struct ping_requests *requests, struct peer *peer,
                                        struct mono now);

/** The one with this ticket, or NULL. */
struct ping_request *ping_request_find(struct ping_requests *requests, int64_t ticket);

/** True if it is still to be sent. */
bool ping_request_waits(const struct ping_request *request, struct mono now);

/** A pong of this peer came. True if it answers one of them. */
bool ping_request_answer(struct ping_requests *requests, const struct peer *peer,
                         uint64_t transaction, bool relayed, struct mono now);

/** The peer is about to be freed: no request refers to it any more. */
void ping_request_forget(struct ping_requests *requests, const struct peer *peer);
