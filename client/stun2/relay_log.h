/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the log says of a relay that ends our session or refuses us, in words. The relay sets the
 * pace of that, so a line of one cause is written once a minute.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/log_gate.h"
#include "proto/link/link.h"
#include "proto/wire/control.h"

#include <stdint.h>

/** The log as it concerns one relay. */
struct relay_log {
    const struct env *env;
    struct log_gate gate;
};

/** The connection in use ended. */
void relay_log_closed(struct relay_log *log, enum link_reason reason, struct mono now);

/** The relay sent us away for this reason, any number; it is dialled again wait_ms later. */
void relay_log_go_away(struct relay_log *log, uint32_t reason, uint64_t wait_ms, struct mono now);

/** The relay refused our Join; what it says is any text. */
void relay_log_refused(struct relay_log *log, const Ziglan__Error *error, struct mono now);
