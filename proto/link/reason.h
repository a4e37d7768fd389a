/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why a session or a connection ended. It is a part of link.h, through which users see it.
 */
#pragma once

enum link_reason {
    LINK_REASON_NONE,
    LINK_REASON_LOCAL,       /* link_hub_close */
    LINK_REASON_PEER,        /* the peer closed in order */
    LINK_REASON_TIMEOUT,     /* idle or handshake timeout */
    LINK_REASON_RESET,       /* stateless reset: the peer restarted */
    LINK_REASON_TLS,         /* TLS failed */
    LINK_REASON_INTERCEPTED, /* the server's signature did not verify: TLS is intercepted */
    LINK_REASON_WRONG_KEY,   /* authentic, but not the wanted relay or ziglan */
    LINK_REASON_PROTOCOL,    /* it broke the rules of section 3 */
    LINK_REASON_LIMIT,       /* a bound was hit */
    LINK_REASON_CLOCK,       /* the wanted ziglan's delegation is not in force by our wall clock */
};

/** The reason as a word for the log ("timeout", "restarted"). Never NULL. */
const char *link_reason_name(enum link_reason reason);
