/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What hosts of other relays may have of this relay: bytes of their frames, verifications of their
 * attachments, and what they make it say (docs/security.md has the table). Everything is counted by
 * the neighbour that brought it, whose session proves who it is. A frame's source and its entry
 * relay are what the neighbour says, and what anybody can repeat: so they are limited besides, as
 * this neighbour's, and nobody can use up what another brings.
 */
#pragma once

#include "proto/base/bucket_table.h"
#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/wire/frame.h"
#include "relayd/base/counters.h"
#include "relayd/base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FOREIGN_SOURCES_MAX = 65536, /* whose use is known */
    FOREIGN_ENTRY_RELAYS_MAX = 4096,
    FOREIGN_NEIGHBOURS_MAX = 1024,
    FOREIGN_ENTRY_RELAY_SHARES = 4, /* sources' worth of bytes for all of one entry relay, */
    FOREIGN_NEIGHBOUR_SHARES = 8,   /* and for all that a neighbour brings */
    FOREIGN_CHECKS_PER_S = 20, /* attachments of one neighbour that are verified, 100 us each */
    FOREIGN_CHECKS_BURST = 400,
    FOREIGN_WORDS_PER_S = 20, /* messages that frames of one neighbour make us send */
    FOREIGN_WORDS_BURST = 100,
};

struct foreign_limits {
    struct relay_counters *counters; /* borrowed; for refusals */
    struct bucket_table *sources, *entry_relays, *neighbours, *checks, *words;
};

/** Nothing is used yet. counters is borrowed and outlives the limits; env gives hash keys, during
 * the call only. ERR_NOMEM; foreign_limits_fini then releases what was made. */
int foreign_limits_init(struct foreign_limits *limits, struct relay_counters *counters,
                        const struct env *env) MUST_CHECK;
void foreign_limits_fini(struct foreign_limits *limits);

/** Take bytes that a neighbour brought, before anything about them is known. False if there are too
 * many, which is counted, here and below. */
bool foreign_limits_bytes(struct foreign_limits *limits, const uint8_t neighbour[KEY_SIZE],
                          size_t size, struct mono now);

/** Take bytes of a source at an entry relay that this neighbour brought. */
bool foreign_limits_source(struct foreign_limits *limits, const uint8_t neighbour[KEY_SIZE],
                           const uint8_t entry_relay[KEY_SIZE], const uint8_t src[KEY_SIZE],
                           size_t size, struct mono now);

/** Take one verification of an attachment that this neighbour brought. */
bool foreign_limits_check(struct foreign_limits *limits, const uint8_t neighbour[KEY_SIZE],
                          struct mono now);

/** Take one message that something of this neighbour makes us send. */
bool foreign_limits_word(struct foreign_limits *limits, const uint8_t neighbour[KEY_SIZE],
                         struct mono now);
