/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A word for each reason. */
#include "proto/link/reason.h"

#include <stddef.h>

const char *link_reason_name(enum link_reason reason)
{
    static const char *const names[] = {
        [LINK_REASON_NONE] = "none",
        [LINK_REASON_LOCAL] = "closed_here",
        [LINK_REASON_PEER] = "closed_by_peer",
        [LINK_REASON_TIMEOUT] = "timeout",
        [LINK_REASON_RESET] = "restarted",
        [LINK_REASON_TLS] = "tls",
        [LINK_REASON_INTERCEPTED] = "intercepted",
        [LINK_REASON_WRONG_KEY] = "wrong_key",
        [LINK_REASON_PROTOCOL] = "protocol",
        [LINK_REASON_LIMIT] = "limit",
        [LINK_REASON_CLOCK] = "clock",
    };
    size_t index = (size_t)reason;

    return index < sizeof(names) / sizeof(names[0]) && names[index] != NULL ? names[index]
                                                                            : "unknown";
}
