/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The port to the system's resolver: it shall ask our resolver for names under "zignet" and for the
 * overlay's reverse zones, and for nothing else. Where this program cannot arrange that, it says
 * which command does.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum dnscfg_state {
    DNSCFG_STATE_OFF,    /* not asked for */
    DNSCFG_STATE_WIRED,  /* the system resolver asks us */
    DNSCFG_STATE_MANUAL, /* not wired by us: `advice` says what to do; empty: somebody did it */
};

enum { DNSCFG_ADVICE_SIZE = 320 };

/** How the system's resolver stands. */
struct dnscfg_result {
    enum dnscfg_state state;
    char advice[DNSCFG_ADVICE_SIZE];
};

/**
 * Tell the system that on this interface the resolver at `resolver` (IPv4, port 53) answers for the
 * domain zignet and for `zones_count` reverse zones ("64.100.in-addr.arpa"), of which the system
 * may take only the first ones. Blocks: 2 seconds if the system's resolver hangs, 6 at most.
 * Always fills in *out.
 */
void dnscfg_apply(struct dnscfg_result *out, const char *interface, const uint8_t resolver[4],
                  const char *const *zones, size_t zones_count);

/** Undo what dnscfg_apply did; harmless if it did nothing. Blocks for 1 second at most. */
void dnscfg_revert(const char *interface);

/** "off", "systemd-resolved" or "manual". */
const char *dnscfg_state_text(enum dnscfg_state state);
