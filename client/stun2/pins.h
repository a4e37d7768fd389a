/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Relays that the user of this host named, by the command line (these are stored) or in the
 * configuration: it holds a session to each, whether or not it is one of a ziglan. Each is known by
 * its own key.
 */
#pragma once

#include "client/stun2/relay_set.h"
#include "proto/base/err.h"
#include "proto/wire/url.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PINS_MAX = 8 };

struct pin {
    struct url url; /* relay://, or without hosts: only the key is known */
    bool stored, configured;
    uint64_t number; /* of the session that it made; 0: none */
};

struct pins {
    struct relay_set *relays;
    struct store *store;
    const struct env *env;
    struct pin list[PINS_MAX];
    size_t count;
};

/** Load what is stored; no session is made. Everything is borrowed. ERR_NOMEM, ERR_SYSTEM. */
int pins_init(struct pins *pins, struct relay_set *relays, struct store *store,
              const struct env *env) MUST_CHECK;

/** The pin of the relay with this key, or NULL. */
struct pin *pins_find(struct pins *pins, const uint8_t key[KEY_SIZE]);

/** Pin a relay and store that; another URL of one that is pinned takes the place of the former one.
 * ERR_LIMIT if there are PINS_MAX, ERR_SYSTEM if it could not be stored; then nothing changed. */
int pins_add(struct pins *pins, const struct url *url) MUST_CHECK;

/** The configuration names this one. False if there are too many. */
bool pins_configure(struct pins *pins, const struct url *url);

/** Forget the stored one; pins_drop is due if the configuration does not name it, too. ERR_SYSTEM
 * if the store fails; then nothing changed. */
int pins_forget(struct pins *pins, struct pin *pin) MUST_CHECK;

/** Take one out; the last one moves into its place. Its session is the caller's to end. */
void pins_drop(struct pins *pins, struct pin *pin);

/** The session that a pin made, or NULL. */
struct relay_session *pins_session(const struct pins *pins, const struct pin *pin);

/** Begin a session for each pin whose relay has none, of a ziglan or of its own. */
void pins_keep(struct pins *pins, struct mono now);
