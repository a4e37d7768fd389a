/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a relay tells of itself: where an application may reward it, in its Hello, and how full it
 * is, when it is asked now and then. Only shown; nothing is decided by it.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/wire/control.h"
#include "proto/wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RELAY_FACTS_ASK_MS = 60000,
    RELAY_FACTS_LOAD_MAX = 1000, /* per mille */
};

struct relay_facts {
    struct mono ask_at; /* how full it is */
    bool load_known;
    uint16_t load_permille; /* of the sessions that it takes */
    struct record_reward rewards[RECORD_REWARDS_MAX];
    size_t rewards_count;
};

/** A session opened, with this Hello (borrowed). What is not printable is left out. */
void relay_facts_begin(struct relay_facts *facts, const Ziglan__Hello *hello, struct mono now);

/** The relay answered a Ping. */
void relay_facts_on_pong(struct relay_facts *facts, const Ziglan__Pong *pong);
