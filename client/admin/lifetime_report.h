/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lifetimes of mappings (client/netcheck/lifetime.h) as JSON (docs/operations.md). */
#pragma once

#include "client/core/lifetimes.h"

#include <jansson.h>
#include <stdint.h>

/** The answer to "netcheck_lifetime": what was found so far. age_ms is 0 when it is over. NULL
 * without memory, as are all. */
json_t *lifetime_report(const struct lifetime_found *found, uint32_t age_ms);

/** What a host remembers of the network in which it is; null: nothing. */
json_t *lifetime_known_json(struct host_core *core);

/** How often this host sends something: through a mapping that was used only for a moment, and
 * through any other. */
json_t *lifetime_keepalive_json(const struct host_core *core);
