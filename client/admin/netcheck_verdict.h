/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a measurement of both families and of the router comes to, for a person: who reaches this
 * host directly, who does not, and the one change that would help most.
 */
#pragma once

#include "client/netcheck/found.h"

enum { NETCHECK_SENTENCE_SIZE = 400 };

/** Sentences without a full stop; empty: nobody, nothing. */
struct netcheck_verdict {
    char direct[NETCHECK_SENTENCE_SIZE];
    char relayed[NETCHECK_SENTENCE_SIZE];
    char change[NETCHECK_SENTENCE_SIZE];
};

/** Say it. All is empty while nothing was measured, or little. */
void netcheck_verdict_read(const struct netcheck_result *result, struct netcheck_verdict *out);

/** What a router makes of a protocol, in one word. */
const char *netcheck_state_word(enum portmap_state state);
