/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The port to the system's resolver: it shall ask our resolver for names under "zignet" and for the
 * overlay's reverse zones, and for nothing else. Where this program cannot arrange that, it says
 * which command does. Others may undo it at any time, so it can be looked at again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dnscfg_state {
    DNSCFG_STATE_OFF,    /* not asked for */
    DNSCFG_STATE_WIRED,  /* the system resolver asks us */
    DNSCFG_STATE_MANUAL, /* not wired by us: `advice` says what to do; empty: somebody did it */
};

enum { DNSCFG_ADVICE_SIZE = 400 };

/** What the system shall ask, and where. All pointers are borrowed. */
struct dnscfg_link {
    const char *interface;
    uint8_t resolver[4]; /* IPv4, port 53 */
    bool search;         /* single words, too: "nas" for "nas.zignet" */
    /* Reverse zones ("64.100.in-addr.arpa"), of which the system may take only the first ones. */
    const char *const *zones;
    size_t zones_count;
};

/** How the system's resolver stands. */
struct dnscfg_result {
    enum dnscfg_state state;
    bool linked;  /* the system's resolver holds settings of ours, which dnscfg_revert takes back */
    bool changed; /* dnscfg_apply put them there, or tried */
    bool again; /* the system's resolver does not take them now; dnscfg_apply may be called soon */
    char advice[DNSCFG_ADVICE_SIZE];
};

/** What is looked at often: two calls give different values if what names depend on may have
 * changed in between. Quick; does not say how it stands. */
uint64_t dnscfg_mark(const char *interface);

/**
 * Look how the system's resolver stands, and if it does not ask us, tell it to. Blocks: a fraction
 * of a second, 2 seconds if the system's resolver hangs, 8 at most. May run in a thread, one at a
 * time. Always fills in *out.
 */
void dnscfg_apply(struct dnscfg_result *out, const struct dnscfg_link *link);

/** Undo what dnscfg_apply did; harmless if it did nothing. Blocks for 1 second at most. */
void dnscfg_revert(const char *interface);

/** The program that these run now and then, as a path. */
const char *dnscfg_program(void);

/** "off", "systemd-resolved" or "manual". */
const char *dnscfg_state_text(enum dnscfg_state state);
