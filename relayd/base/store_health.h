/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether the store takes writes. A relay whose disk is full refuses joins and goes on forwarding.
 * Its health page and its metrics say so, and about once a minute the core tries to write again.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/wire/verdict.h"
#include "relayd/base/counters.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct store_health {
    const struct env *env;           /* borrowed */
    struct relay_counters *counters; /* borrowed */
    struct store *store;             /* borrowed */
    bool ok; /* no use of the store failed since the last write that succeeded */
};

/** Start in the belief that the store works. The pointers are borrowed and outlive it. */
void store_health_init(struct store_health *health, struct store *store,
                       struct relay_counters *counters, const struct env *env);

/** Learn from the verdict of a call that used the store: UNAVAILABLE means that the store failed,
 * which is counted, and OK that it works. So give OK only if something was written. Other verdicts
 * are ignored: such a call was refused before it wrote anything. A change of health is traced. */
void store_health_note(struct store_health *health, enum verdict verdict);

/** If the store failed, try to write a small value. Without this, health would stay bad until
 * somebody joins, long after the disk has room again. */
void store_health_try(struct store_health *health);
