/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The home relays that a host found by itself last over its restarts: it goes on with them at once,
 * where its peers know it, instead of asking and measuring from nothing. Relays of its ziglans and
 * those that its user pinned are stored elsewhere, as what they are.
 */
#pragma once

#include "client/stun2/home_choice.h"
#include "proto/base/env.h"
#include "proto/base/err.h"
#include "rendezvous/store/store.h"

#include <stddef.h>
#include <stdint.h>

enum {
    HOME_STORED_MS = 3600 * 1000, /* from the start on: so long one counts as told */
    HOME_STORED_SIZE = KEY_SIZE + ENDPOINT_BYTES_SIZE + 32 + 8,
    HOME_STORED_SIZE_MAX = HOME_RELAYS * HOME_STORED_SIZE,
};

/** What was written last. */
struct home_store {
    struct store *store; /* borrowed */
    const struct env *env;
    uint8_t value[HOME_STORED_SIZE_MAX];
    size_t size;
};

/** Read what is stored: those relays are chosen in `candidates`, which has none yet. store and env
 * are borrowed. ERR_SYSTEM. */
int home_store_init(struct home_store *stored, struct store *store, const struct env *env,
                    struct home_candidates *candidates) MUST_CHECK;

/** Store the chosen ones to which this host made a session by itself, if they are others than those
 * written last, or are elsewhere. That it fails is told in the log; it is tried again next time. */
void home_store_keep(struct home_store *stored, const struct home_candidates *candidates);
