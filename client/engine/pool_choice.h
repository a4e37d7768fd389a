/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which pool of IPv4 addresses a host takes whose user chose none: one that hides nothing of the
 * machine. It is chosen at the first start and stored, so that it stays. Pure, but for the store.
 */
#pragma once

#include "client/platform/netused.h"
#include "proto/net/addrplan.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>

enum { POOL_CHOICES = 8 };

/** Which of the pools that may be taken are in use. All zero: none. */
struct pool_choice {
    bool used[POOL_CHOICES];
};

/** Something is used: what overlaps with it is no choice any more. The address at which a pool has
 * its own resolver does not count: it is in the system's list where a user put it there. */
void pool_choice_strike(struct pool_choice *choice, const struct netused *used);

/** The first pool that is not in use. False if all are: then *out is the default one. 100.64.0.0/10
 * counts as one network: behind a carrier that uses a part of it, any part may be used by others.
 */
bool pool_choice_take(const struct pool_choice *choice, struct addrplan_pool *out);

/** Read the stored pool. False if none is stored. ERR_SYSTEM, ERR_NOMEM: *rc, else ERR_OK. */
bool pool_choice_read(struct store *store, struct addrplan_pool *out, int *rc);

/** Store it. ERR_SYSTEM, ERR_NOMEM. */
int pool_choice_write(struct store *store, const struct addrplan_pool *pool) MUST_CHECK;
