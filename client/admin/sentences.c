/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One sentence for each code. */
#include "client/admin/sentences.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const troubles[ZIGLAN_TROUBLE_COUNT] = {
    [ZIGLAN_TROUBLE_NONE] = "",
    [ZIGLAN_TROUBLE_NO_ANSWER] = "the entry point does not answer; is its UDP port open?",
    [ZIGLAN_TROUBLE_TLS] = "the TLS handshake with the entry point failed",
    [ZIGLAN_TROUBLE_INTERCEPTED] = "TLS is intercepted on this network",
    [ZIGLAN_TROUBLE_WRONG_KEY] =
        "the entry point does not belong to this ziglan; ask for a new URL",
    [ZIGLAN_TROUBLE_PROTOCOL] = "the entry point does not speak our protocol",
    [ZIGLAN_TROUBLE_FULL] = "the entry point is full; trying again",
    [ZIGLAN_TROUBLE_BUSY] =
        "the relay said that it is busy: it is full, or this host came too often; trying again",
    [ZIGLAN_TROUBLE_DELEGATION] =
        "the relay's delegation is not in force by this host's clock: set the clock that is wrong, "
        "here or there, or its owner must renew it",
    [ZIGLAN_TROUBLE_SAME_KEY] = "another host uses the same key; give each host a key of its own",
    [ZIGLAN_TROUBLE_REMOVED] =
        "this host was removed from the ziglan; ask its owner for a new invite",
};

const char *sentence_of_trouble(const struct ziglan_trouble *trouble, char text[SENTENCE_SIZE])
{
    int64_t ahead_ms = trouble->ahead_ms;

    switch (trouble->code) {
    case ZIGLAN_TROUBLE_CLOCK:
        (void)snprintf(text, SENTENCE_SIZE,
                       "this host's clock is %" PRId64 " minutes %s the relay's; set the one that "
                       "is wrong",
                       (ahead_ms < 0 ? -ahead_ms : ahead_ms) / 60000,
                       ahead_ms < 0 ? "behind" : "ahead of");
        break;
    case ZIGLAN_TROUBLE_REFUSED:
        (void)snprintf(text, SENTENCE_SIZE, "%s", trouble->detail);
        break;
    case ZIGLAN_TROUBLE_UNRESOLVED:
        (void)snprintf(text, SENTENCE_SIZE, "the name %.100s does not resolve; trying again",
                       trouble->detail);
        break;
    default:
        (void)snprintf(text, SENTENCE_SIZE, "%s", troubles[trouble->code]);
        break;
    }
    return text;
}

const char *sentence_of_why(const struct why *why, char text[SENTENCE_SIZE])
{
    static const char *const sentences[WHY_COUNT] = {
        [WHY_NONE] = "",
        [WHY_DIRECT_LOST] = "the direct path was lost; trying again",
        [WHY_PEER_OFFLINE] = "the peer has no session to the relay: it is offline",
        [WHY_NOT_ALLOWED] = "the relay does not allow it",
        [WHY_NO_WAY] = "hole punching found no way through the two NATs",
    };

    (void)snprintf(text, SENTENCE_SIZE, "%s",
                   why->code == WHY_REFUSED ? why->detail : sentences[why->code]);
    return text;
}
