/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Relays and hosts on one wire: what they send goes onto it, what it carries reaches them, and
 * virtual time goes on for all of them. For cmocka tests.
 */
#pragma once

#include "tests/support/host_node.h"
#include "tests/support/relay_node.h"
#include "tests/support/wire.h"

#include <stddef.h>
#include <stdint.h>

/** All that is pointed to is the owner's. */
struct street {
    struct mono *now;
    struct wire *wire;
    struct relay_node *relays;
    size_t relays_count;
    struct host_node *hosts;
    size_t hosts_count;
    size_t turns; /* instants at which something happened */
};

/** What a node of the street gets as `send`; the street is its context. */
void street_relay_sends(void *context, const struct relay_node *node);
void street_host_sends(void *context, const struct host_node *node);

/** Let everything happen for `ms` milliseconds of virtual time. The test fails if a deadline stands
 * still. */
void street_run_ms(struct street *street, uint64_t ms);
