/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The seam to the system's resolver: send names under "zignet" and the overlay's reverse zones to
 * our resolver, and leave all other names alone. Where that cannot be done, say which command or
 * line does it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum dnscfg_state {
    DNSCFG_STATE_OFF,    /* not asked for */
    DNSCFG_STATE_WIRED,  /* the system resolver asks us */
    DNSCFG_STATE_MANUAL, /* not wired: `advice` says what to do, empty if it is done */
};

enum { DNSCFG_ADVICE_SIZE = 320 };

struct dnscfg_result {
    enum dnscfg_state state;
    char advice[DNSCFG_ADVICE_SIZE];
};

/**
 * Wire the resolver at `resolver` (IPv4, port 53) to the interface for the domain zignet and for
 * `zones_count` reverse zones ("64.100.in-addr.arpa"). Takes at most about 2 seconds. Always fills
 * *out.
 */
void dnscfg_apply(struct dnscfg_result *out, const char *interface, const uint8_t resolver[4],
                  const char *const *zones, size_t zones_count);

/** Undo what dnscfg_apply did; harmless if it did nothing. */
void dnscfg_revert(const char *interface);

/** "off", "systemd-resolved" or "manual". */
const char *dnscfg_state_text(enum dnscfg_state state);
