/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What scenarios expect of the two hosts, and how long they wait for it. The predicates are for
 * sim_run_until; the other functions note the failure themselves (sim_fail) and return false.
 */
#pragma once

#include "tests/sim/sim.h"

#include <stdbool.h>
#include <stdint.h>

/** Times that hold in every scenario; round trips are added. */
enum {
    EXPECT_JOIN_MS = 3000,
    EXPECT_FIRST_PACKET_MS = 1000,
    EXPECT_DIRECT_MS = 5000,
    EXPECT_FLOW_AGAIN_MS = 1000,
    EXPECT_KILLED_MS = 400, /* a relay is late after 300 ms, which is looked at every 100 ms */
    EXPECT_KILLED_ANSWERS_MS = 600, /* who only answers notices the silence first, after 150 ms */
    EXPECT_HEAL_MS = 15000, /* a punch is tried again 10 s after it failed */
    EXPECT_RESTART_MS = 3000,
    EXPECT_UNDISTURBED_MS = 500,
    EXPECT_CUT_OFF_MS = 1000, /* a revoked member is heard no more */
    EXPECT_REKEY_MS = 160000, /* sessions were renewed in the meantime */
};

/** Each ziglan has admitted or refused them. */
bool expect_settled(struct sim *sim);

/** They are settled, and each knows the other by name. */
bool expect_acquainted(struct sim *sim);

/** They are settled, and nobody else has a session to the relay. */
bool expect_sessions(struct sim *sim);

/** Both say that they are direct. */
bool expect_direct(struct sim *sim);

/** They become direct, if they can, within EXPECT_HEAL_MS and slack_ms; time passes until then. */
bool expect_direct_again(struct sim *sim, uint64_t slack_ms);

/** From both hosts, or from this one, something that was sent at `since` or later arrives within
 * limit_ms after that instant; time passes until then. `what` is for the journal. */
bool expect_flow(struct sim *sim, size_t from, struct mono since, uint64_t limit_ms,
                 const char *what);
bool expect_flows(struct sim *sim, struct mono since, uint64_t limit_ms, const char *what);

/** Since that instant there was never a longer time than limit_ms in which nothing from one of the
 * hosts arrived. `when` ends the sentence of the failure. */
bool expect_no_pause(struct sim *sim, struct mono since, uint64_t limit_ms, const char *when);

/** Without the relay since that instant, direct traffic felt nothing, and both are still direct. */
bool expect_undisturbed(struct sim *sim, struct mono since, uint64_t rtt_ms);

/** A host's program ends without a goodbye and starts again on its store. It must still know its
 * peer by the same addresses. */
bool expect_restart(struct sim *sim, struct sim_host *host);

/** What is left of limit_ms since that instant. */
uint64_t expect_left_ms(const struct sim *sim, struct mono since, uint64_t limit_ms);
