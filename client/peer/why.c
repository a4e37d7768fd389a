/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of reasons, and which ones have what in common. */
#include "client/peer/why.h"

const char *why_word(enum why_code code)
{
    static const char *const words[WHY_COUNT] = {
        [WHY_NONE] = "",
        [WHY_TRYING] = "probing",
        [WHY_DIRECT_LOST] = "direct-lost",
        [WHY_PEER_OFFLINE] = "peer-offline",
        [WHY_NOT_ALLOWED] = "policy",
        [WHY_OVER_VOLUME] = "over-volume",
        [WHY_OVER_DAY] = "over-day",
        [WHY_NO_WAY] = "no-way",
        [WHY_SYM_SYM] = "sym-sym",
        [WHY_UDP_BLOCKED] = "udp-blocked",
        [WHY_GUESS_OFF] = "guess-off",
        [WHY_GUESS_REFUSED] = "guess-refused",
        [WHY_IPV4_HERE] = "ipv4-ipv6",
        [WHY_IPV6_HERE] = "ipv6-ipv4",
        [WHY_ONE_SITE] = "one-site",
        [WHY_SMALL_ONLY] = "small-mtu",
        [WHY_REFUSED] = "refused",
        [WHY_NOT_FOUND] = "not-found",
        [WHY_NO_ANSWER] = "no-answer",
        [WHY_VIA_UNREACHED] = "via-unreached",
        [WHY_VIA_REFUSES] = "via-refuses",
    };

    return words[code];
}

bool why_is_via(const struct why *why)
{
    return why->code == WHY_VIA_UNREACHED || why->code == WHY_VIA_REFUSES;
}
