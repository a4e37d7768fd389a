/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Meeting other applications: what this one wants, and what relays say of it. The table has the
 * punches and their steps.
 */
#pragma once

#include "client/libstun2/pool_seats.h"
#include "client/libstun2/punch_table.h"
#include "proto/wire/control.h"

#include <stdbool.h>
#include <stdint.h>

struct punches {
    struct punch_table table;
    const struct pool_seats *pools; /* borrowed: which ones this application is in */
};

/** The application wants one with a key, or with anybody of a pool (key NULL). Returns its number;
 * 0 if there are too many. */
uint64_t punches_ask(struct punches *punches, uint64_t relay, const uint8_t *key, const char *app,
                     struct mono now);

/** The application answers an offer. False if nothing is asked there. */
bool punches_answer(struct punches *punches, uint64_t number, bool yes, struct mono now);

/** Messages of a relay, of any content. on_error is true if this was about a punch. */
void punches_on_request(struct punches *punches, const struct relay_session *from,
                        const Ziglan__PunchRequest *request, struct mono now);
void punches_on_go(struct punches *punches, const struct relay_session *from,
                   const Ziglan__PunchGo *go, struct mono now);
void punches_on_update(struct punches *punches, const struct relay_session *from,
                       const Ziglan__PunchUpdate *update, struct mono now);
bool punches_on_error(struct punches *punches, const struct relay_session *from,
                      uint32_t request_id, const Ziglan__Error *error, struct mono now);

/** This relay sees us at another address: so does, perhaps, each peer that we met by it. */
void punches_on_observed(struct punches *punches, const struct relay_session *from,
                         struct mono now);

/** This relay has a new session: it is asked to introduce the two of each punch anew, so that it
 * tells of changes of either side. */
void punches_on_session(struct punches *punches, const struct relay_session *from, struct mono now);

/** The network is changing; it changed, perhaps; and remember the ways to all peers, where nobody
 * did. */
void punches_on_network_begins(struct punches *punches, const struct way_finder *ways);
void punches_on_network(struct punches *punches, const struct way_finder *ways, struct mono now);
void punches_learn_ways(struct punches *punches, const struct way_finder *ways);

/** This machine has other addresses; `more`: one that it had not before. */
void punches_on_own(struct punches *punches, bool more, struct mono now);

/** The relay is used no more. */
void punches_relay_gone(struct punches *punches, uint64_t relay);

/** Do what is due, and when that is. */
void punches_expire(struct punches *punches, struct mono now);
struct mono punches_deadline(const struct punches *punches);
