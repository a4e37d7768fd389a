/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A host without any relay or ziglan, for tests of one part of it: what it sends stays in its
 * boxes. And a ziglan as far as peers see it, whose entry point is never dialled.
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

/** Make one, as *state, and free it: set-up and tear-down of a cmocka test. */
int alone_new(void **state);
int alone_free(void **state);

/** Time passes, and the core runs as in the shell: at its deadlines. */
void alone_run(struct alone *alone, uint64_t ms);

/** A ziglan for peers to be known through; the caller frees it. Its entry point is closed. */
struct ziglan *alone_ziglan(void);

/** A member as a roster has it: each number has a key of its own. */
struct roster_member alone_member(uint32_t number);
