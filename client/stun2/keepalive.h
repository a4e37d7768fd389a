/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How often something goes through a mapping that is to last, so that NATs on the way remember it:
 * at seven tenths of the lifetime that was measured, within bounds, so that a measurement which is
 * wrong does little harm. Pure.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/link/link.h"

#include <stdint.h>

enum {
    KEEPALIVE_MS_MIN = 5000,
    KEEPALIVE_MS_MAX = 30000, /* well below the idle timeout of sessions, and what is dead is to be
                                 noticed */
    KEEPALIVE_MS_UNMEASURED = LINK_KEEPALIVE_MS,
    KEEPALIVE_KEPT_MS = 3000, /* some NATs remember a mapping for longer if it was used both ways
                                 after about two seconds */
};

/** Between two packets through a mapping that was not used for KEEPALIVE_KEPT_MS yet, and through
 * another one. */
struct keepalive {
    uint32_t young_ms, kept_ms;
};

/** What holds before anything was measured. */
struct keepalive keepalive_unmeasured(void);

/** What follows from lifetimes of both kinds of mappings. */
struct keepalive keepalive_of(uint32_t young_lifetime_ms, uint32_t kept_lifetime_ms);

/** For a mapping that began at `since` and through which something came at heard_at. */
uint32_t keepalive_ms(const struct keepalive *keepalive, struct mono since, struct mono heard_at);
