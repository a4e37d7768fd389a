/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why a peer is not reached directly, or not at all. Each has a word, for scripts and logs, and a
 * sentence (client/admin/why_words.c).
 */
#pragma once

#include "proto/wire/control.h"

#include <stdbool.h>
#include <stdint.h>

enum why_code {
    WHY_NONE,
    WHY_TRYING,       /* a direct path is still sought */
    WHY_DIRECT_LOST,  /* the direct path was lost; trying again */
    WHY_PEER_OFFLINE, /* the peer has no session to the relay */
    WHY_NOT_ALLOWED,  /* the relay does not allow it */
    WHY_OVER_VOLUME,  /* the relay's volume of the month is used up */
    WHY_OVER_DAY,     /* this host's volume of a day at the relay is used up */
    WHY_NO_WAY,       /* hole punching found no way through the two NATs */
    WHY_SYM_SYM,      /* both NATs give each destination another port, and no rule tells which */
    WHY_UDP_BLOCKED,  /* no UDP passes to or from one of the two */
    WHY_GUESS_OFF,    /* only guessed ports would help, which this host's user or network forbids */
    WHY_GUESS_REFUSED, /* the same at the peer */
    WHY_IPV4_HERE,     /* this host has only IPv4, the peer only IPv6 */
    WHY_IPV6_HERE,     /* the reverse */
    WHY_ONE_SITE,      /* one NAT hides both, and nothing passes between their networks */
    WHY_SMALL_ONLY,    /* small packets pass directly, but none of a useful size */
    WHY_REFUSED,       /* the relay refused a punch: detail is its text */
    WHY_NOT_FOUND,     /* no relay of ours knows where the peer is */
    WHY_NO_ANSWER,     /* it is at a relay: that one, or the peer does not answer */
    WHY_VIA_UNREACHED, /* of the relays that frames shall pass, detail is not reached */
    WHY_VIA_REFUSES,   /* detail passes nothing on */
    WHY_COUNT,
};

struct why {
    enum why_code code;
    uint8_t nat_here, nat_there; /* of what a punch found: the kinds of NAT (docs/protocol.md,
                                    section 13); 0: not known */
    char detail[CONTROL_TEXT_SIZE_MAX + 1];
};

/** Its word, as in "sym-sym"; "" for WHY_NONE. */
const char *why_word(enum why_code code);

/** True if the way over relays that the user named for the peer is the reason. */
bool why_is_via(const struct why *why);
