/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two applications of libstun2 behind NATs of their own, with sessions to one relay. They know the
 * kind of their NAT. A failure aborts.
 */
#pragma once

#include "tests/support/app_guest.h"

struct app_pair {
    struct relay_net *net;
    struct app_guest one, other;
    uint64_t punch; /* of one */
};

/** A NAT that maps alike for all, and lets in only what was sent to. */
extern const struct nat_kind app_pair_restricted;

/** The net and the two in it, without a relay. They must not move in memory. */
void app_pair_place(struct app_pair *pair, const struct nat_kind *one, const struct nat_kind *other,
                    uint64_t seed);

/** The same, with their sessions open and the kind of their NAT told. */
void app_pair_init(struct app_pair *pair, const struct nat_kind *one, const struct nat_kind *other,
                   uint64_t seed);
void app_pair_fini(struct app_pair *pair);

/** One asks for the other. */
void app_pair_ask(struct app_pair *pair);

/** The same; the other says yes, and so do both from now on. The way is open then. */
void app_pair_meet(struct app_pair *pair);

/** Each knows a way to the other, and what it sends there arrives. */
void app_pair_check_talk(struct app_pair *pair);
