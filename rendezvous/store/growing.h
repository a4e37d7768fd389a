/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers of a host that only grow, over restarts and with a clock that is set back too: others
 * drop what bears one that is not larger than the last. They follow the wall clock where they can.
 * The stored mark is GROWING_RESERVE_MS ahead of use, so that one write covers many numbers; after
 * a restart they begin above it.
 */
#pragma once

#include "proto/base/err.h"
#include "rendezvous/store/store.h"

#include <stdint.h>

enum { GROWING_RESERVE_MS = 600 * 1000 };

struct growing {
    uint64_t last_ms;     /* the last number given */
    uint64_t reserved_ms; /* the stored mark; numbers up to it may be given */
};

/** Read the mark that is stored under `name` in the table of single values. ERR_SYSTEM,
 * ERR_NOMEM. */
int growing_load(struct growing *growing, struct store *store, const char *name) MUST_CHECK;

/** The next number, written to *next in any case; wall_ms is the wall clock. ERR_SYSTEM or
 * ERR_NOMEM if the mark could not be stored: after a restart numbers may be too small. */
int growing_next(struct growing *growing, struct store *store, const char *name, uint64_t wall_ms,
                 uint64_t *next) MUST_CHECK;
