/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many records of a table each relay told, and each address prefix (IPv4 /24, IPv6 /48) with
 * all its relays. Relays have small numbers, so that a record need not hold a key of 32 bytes.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/wire/frame.h"
#include "rendezvous/presence/hrw.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct presence_shares;

/** Nothing was told yet, by at most relays_max relays at once. env gives hash keys during the call.
 * ERR_NOMEM leaves *out NULL. */
int presence_shares_new(struct presence_shares **out, uint32_t relays_max,
                        const struct env *env) MUST_CHECK;
void presence_shares_free(struct presence_shares *shares);

/** Count one more record of this relay, which is seen in this prefix (its older records count there
 * from now on, too), and write its number. ERR_LIMIT if there are too many relays, ERR_NOMEM;
 * nothing is counted then. */
int presence_shares_enter(struct presence_shares *shares, const uint8_t key[KEY_SIZE],
                          const struct hrw_prefix *prefix, uint32_t *relay) MUST_CHECK;

/** Count one record of this relay less. After the last one its number is free for another. */
void presence_shares_leave(struct presence_shares *shares, uint32_t relay);

/** The number of a relay; false if no record of it counts. */
bool presence_shares_find(const struct presence_shares *shares, const uint8_t key[KEY_SIZE],
                          uint32_t *relay);

/** The key of a relay that has a number. */
const uint8_t *presence_shares_key(const struct presence_shares *shares, uint32_t relay);

/** Records of a relay that has a number; of its prefix; and of a prefix by itself. */
uint32_t presence_shares_of_relay(const struct presence_shares *shares, uint32_t relay);
uint32_t presence_shares_beside_relay(const struct presence_shares *shares, uint32_t relay);
uint32_t presence_shares_of_prefix(const struct presence_shares *shares,
                                   const struct hrw_prefix *prefix);

/** Relays that have a number. */
uint32_t presence_shares_relay_count(const struct presence_shares *shares);
