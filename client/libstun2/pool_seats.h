/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pools that an application wants to be in (docs/protocol.md, section 17, Pools and rewards):
 * it joins each as soon as the relay has a session and the kind of the own NAT is known, and again
 * after each new session.
 *
 *   WANTED --PoolJoin--> ASKED --PoolJoined--> IN --session over--> WANTED
 *                          |                    |
 *                          refused              PoolLeave: it is over, and told
 */
#pragma once

#include "client/libstun2/app_base.h"
#include "client/stun2/stun2.h"
#include "proto/wire/control.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pool_step { POOL_STEP_UNUSED, POOL_STEP_WANTED, POOL_STEP_ASKED, POOL_STEP_IN };

struct pool_seat {
    enum pool_step step;
    uint64_t relay;
    char app[RECORD_APP_SIZE];
    uint32_t request_id;
    struct mono wait_until; /* ASKED */
};

/** Zeroed but for base: none. */
struct pool_seats {
    struct app_base *base; /* borrowed */
    struct pool_seat seats[STUN2_POOLS_MAX];
};

/** Want to be in this pool. False: there are STUN2_POOLS_MAX. Once more does no harm. */
bool pool_seats_want(struct pool_seats *pools, uint64_t relay, const char *app, struct mono now);

/** Leave it. Nothing happens if it was not wanted. */
void pool_seats_quit(struct pool_seats *pools, uint64_t relay, const char *app);

/** True if the application is in this pool, or on its way in: to be met there is what it wants. */
bool pool_seats_has(const struct pool_seats *pools, uint64_t relay, const char *app);

/** Messages of a relay. on_error is true if it was about a pool. */
void pool_seats_on_joined(struct pool_seats *pools, const struct relay_session *from,
                          uint32_t request_id, const Ziglan__PoolJoined *joined);
void pool_seats_on_leave(struct pool_seats *pools, const struct relay_session *from,
                         const Ziglan__PoolLeave *leave);
bool pool_seats_on_error(struct pool_seats *pools, const struct relay_session *from,
                         uint32_t request_id, const Ziglan__Error *error);

/** The session of this relay is over: its pools are joined again later. */
void pool_seats_on_closed(struct pool_seats *pools, uint64_t relay);

/** The relay is used no more. */
void pool_seats_relay_gone(struct pool_seats *pools, uint64_t relay);

/** Do what is due, and when that is. */
void pool_seats_expire(struct pool_seats *pools, struct mono now);
struct mono pool_seats_deadline(const struct pool_seats *pools);
