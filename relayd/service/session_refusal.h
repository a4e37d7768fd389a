/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why a relay has no room for a session (docs/security.md, "What a relay refuses"): all of these
 * are GoAway 3 on the wire, each has a counter and a sentence of its own.
 */
#pragma once

#include "relayd/base/counters.h"

#include <stdint.h>

enum session_refusal {
    SESSION_REFUSAL_FULL,      /* session_max */
    SESSION_REFUSAL_DISPLACED, /* a stranger made room for a member */
    SESSION_REFUSAL_OFTEN,     /* a member opened too many */
    SESSION_REFUSAL_ADDRESS,   /* too many strangers of an IPv4 address or IPv6 /56 */
    SESSION_REFUSAL_NET,       /* of an IPv4 /24 or IPv6 /48 */
    SESSION_REFUSAL_COUNT,
};

/** What to tell the host: when it may come again, and a sentence for its user. */
struct session_refusal_words {
    uint32_t again_in_ms;
    const char *text;
};

/** The words of a refusal, which is counted. */
const struct session_refusal_words *session_refusal_note(struct relay_counters *counters,
                                                         enum session_refusal refusal);
