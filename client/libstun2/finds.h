/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The search for relays that have a pool of an application (docs/protocol.md, section 17, Search).
 * One question to a relay at a time. What a relay answers counts only if it is signed by whom it is
 * about, live, and at an address to which packets may be sent.
 */
#pragma once

#include "client/libstun2/app_base.h"
#include "proto/wire/control.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FINDS_MAX = 4 };

struct relay_find {
    uint64_t relay; /* 0: unused */
    char app[RECORD_APP_SIZE];
    uint32_t request_id;
    size_t count;
    struct mono wait_until;
};

/** Zeroed but for base: none. */
struct finds {
    struct app_base *base; /* borrowed */
    struct relay_find list[FINDS_MAX];
};

/** Ask. kinds has kinds_count kinds of NAT; none: any. STUN2_OK, STUN2_ERROR_STATE: the relay has
 * no open session. STUN2_ERROR_LIMIT: FINDS_MAX questions wait for their answers. */
int finds_ask(struct finds *finds, uint64_t relay, const char *app, const uint32_t *kinds,
              size_t kinds_count, size_t count, struct mono now);

/** Messages of a relay. on_error is true if it was about a search. */
void finds_on_result(struct finds *finds, const struct relay_session *from, uint32_t request_id,
                     const Ziglan__FindResult *result);
bool finds_on_error(struct finds *finds, const struct relay_session *from, uint32_t request_id,
                    const Ziglan__Error *error);

/** What was not answered in time is over; and when that is. */
void finds_expire(struct finds *finds, struct mono now);
struct mono finds_deadline(const struct finds *finds);
