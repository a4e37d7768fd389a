/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was measured in each of the last networks that this host was in, so that it is known at once
 * when it comes back. A network is a number that the caller chooses. Pure.
 */
#pragma once

#include "client/netcheck/found.h"
#include "proto/base/mono.h"

#include <stdint.h>

enum { NETCHECK_PLACES_MAX = 8 };

struct netcheck_place {
    uint64_t place; /* 0: nothing is kept here */
    struct mono at; /* when it was measured */
    struct netcheck_result result;
};

struct netcheck_places {
    struct netcheck_place list[NETCHECK_PLACES_MAX];
};

/** What was measured there last; NULL: nothing. Borrowed until the next keep. */
const struct netcheck_place *netcheck_places_find(const struct netcheck_places *places,
                                                  uint64_t place);

/** Keep it, in place of what was measured there before, or of the oldest. Place 0 is not kept. */
void netcheck_places_keep(struct netcheck_places *places, uint64_t place,
                          const struct netcheck_result *result, struct mono now);
