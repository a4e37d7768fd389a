/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether the store takes writes. A relay whose disk is full refuses joins and goes on forwarding;
 * its health page and its metrics say so, and it tries again about once a minute.
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
    bool ok;
};

/** Believed to be well. The pointers are borrowed and outlive it. */
void store_health_init(struct store_health *health, struct store *store,
                       struct relay_counters *counters, const struct env *env);

/** Remember whether the store works, from the verdict of something that would write to it. A change
 * is traced. */
void store_health_note(struct store_health *health, enum verdict verdict);

/** Write something if the store failed last: after a failure nobody may join for a long time, and
 * health would stay bad. */
void store_health_try(struct store_health *health);
