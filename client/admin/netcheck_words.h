/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a measurement of the NAT (client/netcheck) means, in words for people. */
#pragma once

#include "client/netcheck/found.h"

/** STUN2's name of a kind of NAT: "FullC", "P-RC", ... "unknown" if it was not measured. */
const char *netcheck_name_word(enum nat_name name);

/** RFC 4787's words: "endpoint-independent", ... */
const char *netcheck_depends_word(enum nat_depends depends);

/** How ports are chosen, in one word. */
const char *netcheck_ports_word(enum nat_ports ports);

/** What a person wants to know of one family. Each is a sentence without a full stop, or "". */
struct netcheck_words {
    const char *what;      /* is there */
    const char *direct;    /* who can be reached directly, and reach this host */
    const char *relayed;   /* who only over a relay */
    const char *advice;    /* the one change that would help most */
    const char *not_known; /* what could not be known, and why */
};

/** The words for what was found. They live for ever. */
struct netcheck_words netcheck_words_of(const struct netcheck_found *found);
