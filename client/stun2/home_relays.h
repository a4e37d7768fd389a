/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The home relays of a host: two that it keeps sessions with, so that what is relayed goes on over
 * the other if one dies (docs/protocol.md, section 17, "Home relays"). Candidates are the relays of
 * its ziglans, those that its user pinned, and those that these tell of by NodeLookup. It measures
 * them, and chooses; its owner makes and ends the sessions.
 */
#pragma once

#include "client/stun2/home_candidates.h"
#include "client/stun2/home_choice.h"
#include "client/stun2/home_measure.h"
#include "client/stun2/home_store.h"
#include "proto/base/env.h"
#include "proto/wire/control.h"

enum {
    HOME_LOOKUP_COUNT = 8,        /* relays that are asked for */
    HOME_LOOKUP_MS = 1800 * 1000, /* between two questions */
    HOME_LOOKUP_SOON_MS = 2000,   /* the same after a session opened, while there are not two
                                     home relays; then twice as long each time */
    HOME_LOOK_MS = 30 * 1000,     /* between two looks at the sessions */
    HOME_LOOK_SOON_MS = 1000,     /* the same, while something is about to change */
};

struct home_relays {
    const struct env *env;
    struct home_candidates candidates;
    struct home_choice choice;
    struct home_store stored;
    struct mono look_at, lookup_at;
    uint64_t wait_ms; /* until the next question */
    size_t count;     /* chosen at the last look, and not dead */
    size_t asked;     /* relays of the last question that may still be told */
};

/** Those that are stored, and no others. store and env are borrowed. ERR_SYSTEM. */
int home_relays_init(struct home_relays *homes, struct store *store, const struct env *env,
                     struct mono now) MUST_CHECK;

/** Look at the sessions to relays that the host has, and choose. To be called when it is due
 * (home_relays_look_due), and again after the host made and ended sessions as was chosen. */
void home_relays_look(struct home_relays *homes, const struct home_session *sessions, size_t count,
                      struct mono now);
bool home_relays_look_due(const struct home_relays *homes, struct mono now);

/** Something happened to a session: look now. */
void home_relays_wake(struct home_relays *homes, struct mono now);

/** A session opened: look now, and ask soon, if there are not two home relays. */
void home_relays_on_open(struct home_relays *homes, struct mono now);

/** The next relay that is chosen, from place *at on, which moves on; NULL: no more. */
const struct home_candidate *home_relays_next(const struct home_relays *homes, size_t *at);

/** True if this relay is one of the two. */
bool home_relays_has(struct home_relays *homes, const uint8_t key[KEY_SIZE]);

/** The relay does not want this host (home_choice_refuse). */
void home_relays_refused(struct home_relays *homes, const uint8_t key[KEY_SIZE], uint64_t ms,
                         struct mono now);

/** The relay shuts down (home_choice_avoid). */
void home_relays_left(struct home_relays *homes, const uint8_t key[KEY_SIZE], struct mono now);

/** True if some relay is to be asked for HOME_LOOKUP_COUNT others now; the next question is then
 * due later. */
bool home_relays_take_lookup(struct home_relays *homes, struct mono now);

/** The relay at this address answers, with anything. An answer that nobody asked for, or more than
 * was asked for, does not count. */
void home_relays_on_nodes(struct home_relays *homes, const Ziglan__Nodes *nodes,
                          const struct endpoint *told_by, struct mono now);

/** When to call home_relays_look, home_relays_take_lookup or home_measure_next. */
struct mono home_relays_deadline(const struct home_relays *homes);
