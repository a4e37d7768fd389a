/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the log says of a relay that ends our session or refuses something, in words. The relay sets
 * the pace of that, so a line of one cause is written once a minute. What it refused last is kept
 * for `ziglan relays`.
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
    struct mono refused_at;                  /* it said `refused` last */
    char refused[CONTROL_TEXT_SIZE_MAX + 1]; /* "": nothing so far */
};

/** The connection in use ended. */
void relay_log_closed(struct relay_log *log, enum link_reason reason, struct mono now);

/** The relay sent us away, of any reason and with any text; it is dialled again wait_ms later. */
void relay_log_go_away(struct relay_log *log, const Ziglan__GoAway *go_away, uint64_t wait_ms,
                       struct mono now);

/** The relay refused our Join; what it says is any text. */
void relay_log_refused(struct relay_log *log, const Ziglan__Error *error, struct mono now);

/** The relay answered something else by an Error. That a key is nowhere, or does not want us, is an
 * answer; anything else is a refusal. */
void relay_log_error(struct relay_log *log, const Ziglan__Error *error, struct mono now);

/** The relay drops frames for this reason, by which gone_is_too_fast. */
void relay_log_too_fast(struct relay_log *log, enum gone_reason reason, struct mono now);
