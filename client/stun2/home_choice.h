/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which two of the candidates are the host's home relays. Those that the user pinned go first. Then
 * the ones that cost least, in different networks where that is possible. A relay that works keeps
 * its place unless another one has been better for a while, by a fifth and by 10 ms; and of such
 * changes there is one in five minutes. One that does not answer is replaced at once, and for a
 * while others go before it.
 */
#pragma once

#include "client/stun2/home_candidates.h"

enum {
    HOME_RELAYS = 2,
    HOME_DEAD_MS = 5000,          /* its session does not answer: longer than a restart takes */
    HOME_BETTER_US = 10 * 1000,   /* besides a fifth */
    HOME_BETTER_MS = 60 * 1000,   /* for so long */
    HOME_CHANGE_MS = 300 * 1000,  /* between two changes without need */
    HOME_APART_US = 50 * 1000,    /* another network is worth so much, or a double round trip */
    HOME_AVOIDED_MS = 600 * 1000, /* one that died or shut down is taken only for want of others */
    HOME_REFUSED_MS = 600 * 1000, /* one that was full is left alone */
    HOME_CLOSED_MS = 3600 * 1000, /* and one that serves no strangers */
};

/** What the choice remembers. Zeroed: nothing. */
struct home_choice {
    bool changed;
    struct mono changed_at; /* the last time that a relay took another's place without need */
    bool better;            /* some relay is better than one of the two */
    struct mono better_since;
};

/** Choose. `fill` is false while relays are measured for the first time: then no free place is
 * given away but to pinned relays. Returns true if a change is due only by time, so that it is
 * worth looking again soon. */
bool home_choice_look(struct home_choice *choice, struct home_candidates *candidates, bool fill,
                      struct mono now);

/** True if its session has not answered for HOME_DEAD_MS. */
bool home_candidate_is_dead(const struct home_candidate *candidate, struct mono now);

/** The relay does not want this host: it is not chosen for a while. */
void home_choice_refuse(struct home_candidate *candidate, uint64_t ms, struct mono now);

/** The relay died or shut down. It may be chosen again once it answers, but for HOME_AVOIDED_MS
 * only if there is no other. */
void home_choice_avoid(struct home_candidate *candidate, struct mono now);
