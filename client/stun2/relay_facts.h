/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a relay tells of itself: whether it serves strangers and where an application may reward it,
 * in its Hello, and how full it is, when it is asked now and then; and how many of these questions
 * needed a second packet. The choice of home relays heeds the load and the loss (home_choice.h);
 * the rest is only shown.
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
    RELAY_FACTS_LOAD_MAX = 1000,    /* per mille */
    RELAY_FACTS_LOSS_MAX = 1000,    /* per mille */
    RELAY_FACTS_LOST_SLACK_MS = 50, /* an answer that takes two round trips and this was lost */
};

struct relay_facts {
    struct mono since;     /* the session */
    bool serves_strangers; /* as its Hello says */
    struct mono ask_at;    /* how full it is */
    bool load_known;
    uint16_t load_permille; /* of the sessions that it takes */
    struct mono asked_at;   /* the question on its way; NEVER: none */
    uint16_t loss_permille; /* smoothed */
    struct record_reward rewards[RECORD_REWARDS_MAX];
    size_t rewards_count;
};

/** A session opened, with this Hello (borrowed). What is not printable is left out. */
void relay_facts_begin(struct relay_facts *facts, const Ziglan__Hello *hello, struct mono now);

/** A Ping is sent. One that was not answered before counts as lost. */
void relay_facts_on_ping(struct relay_facts *facts, struct mono now);

/** The relay answered a Ping; the session's round trip is rtt_ns. */
void relay_facts_on_pong(struct relay_facts *facts, const Ziglan__Pong *pong, uint64_t rtt_ns,
                         struct mono now);
