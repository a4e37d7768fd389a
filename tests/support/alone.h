/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A host without any relay or ziglan, for tests of one of its parts. What it sends reaches nobody.
 * There is also a ziglan that has only what a peer needs of it, and whose entry point is never
 * dialled.
 */
#pragma once

#include "client/ziglan/ziglan_state.h"
#include "tests/support/env.h"
#include "tests/support/host_node.h"

struct alone {
    struct test_env ports;
    struct mono now;
    struct host_node node;
};

/** Set-up and tear-down of a cmocka test: make a struct alone as *state, and free it. */
int alone_new(void **state);
int alone_free(void **state);

/** Let `ms` milliseconds pass. The core runs at its deadlines, as in the daemon. */
void alone_run(struct alone *alone, uint64_t ms);

/** A ziglan through which peers can be known; the caller frees it with free. Its entry point is
 * closed. */
struct ziglan *alone_ziglan(void);

/** A member as a roster has it. Each number has its own key. */
struct roster_member alone_member(uint32_t number);
