/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One measurement of lifetimes (lifetime.h) by the first of several relays that can do it: those
 * that are silent, busy, or do not know how are left out, as long as nothing was measured. Pure;
 * values in caller memory.
 */
#pragma once

#include "client/netcheck/lifetime.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LIFETIME_RELAYS_MAX = 4 };

struct lifetime_turns {
    struct lifetime lifetime;
    struct endpoint relays[LIFETIME_RELAYS_MAX];
    size_t count, next;
};

/** Begin, by sockets with these ports that nobody used before; count is 1 to LIFETIME_RELAYS_MAX.
 * env is borrowed, the rest copied. */
void lifetime_turns_init(struct lifetime_turns *turns, const uint16_t ports[LIFETIME_SOCKETS],
                         const struct endpoint *relays, size_t count, const struct env *env,
                         struct mono now);

/** Append what is due. The rest of lifetime.h is for turns->lifetime. */
void lifetime_turns_transmit(struct lifetime_turns *turns, struct outbox *out, struct mono now);

/** True when all is measured, or no relay is left that could do it. */
bool lifetime_turns_are_done(const struct lifetime_turns *turns);
