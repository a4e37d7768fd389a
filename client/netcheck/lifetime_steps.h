/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a measurement of lifetimes (lifetime.h) goes on: which sockets the relay sends to next, and
 * what follows from those that heard it, and those that did not. Pure.
 */
#pragma once

#include "client/netcheck/lifetime_state.h"

/** Between which ages mappings of one kind are forgotten. */
struct lifetime_span {
    uint32_t alive_ms; /* one of this age was alive */
    uint32_t dead_ms;  /* one of this age was gone; 0: none was */
};

/** As which kind a mapping counts through which one packet went each way, and no more. */
enum lifetime_answered {
    LIFETIME_ANSWERED_UNKNOWN,
    LIFETIME_ANSWERED_AS_QUIET,
    LIFETIME_ANSWERED_AS_KEPT,
    LIFETIME_ANSWERED_AS_BOTH, /* both kinds are alike */
};

struct lifetime_found {
    struct lifetime_span quiet, kept;
    enum lifetime_answered answered;
    enum lifetime_inbound inbound;
    bool unable; /* the relay is silent, too busy, or does not know how */
};

/** Judge what came and what did not, and go on. */
void lifetime_steps_take(struct lifetime *lifetime, struct mono now);

/** When something will be there to be judged. */
struct mono lifetime_steps_deadline(const struct lifetime *lifetime);

/** True when both kinds are known, and nothing is waited for. */
bool lifetime_steps_are_over(const struct lifetime *lifetime);

/** What was found so far. */
void lifetime_read(const struct lifetime *lifetime, struct lifetime_found *out);

/** The lifetime that a span stands for: its middle; if none was gone, the age that was alive. */
uint32_t lifetime_span_ms(const struct lifetime_span *span);

/** The lifetime of a mapping that was used only for a moment. Where nothing was found to die, the
 * age that survived counts. */
uint32_t lifetime_young_ms(const struct lifetime_found *found);
