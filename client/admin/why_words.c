/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One sentence for each reason; an @ is where its detail stands. */
#include "client/admin/why_words.h"

#include "client/admin/netcheck_words.h"

#include <stdio.h>
#include <string.h>

static const char *const sentences[WHY_COUNT] = {
    [WHY_NONE] = "",
    [WHY_TRYING] = "a direct path is still being looked for",
    [WHY_DIRECT_LOST] = "the direct path was lost; trying again",
    [WHY_PEER_OFFLINE] = "the peer has no session to the relay: it is offline",
    [WHY_NOT_ALLOWED] = "the relay passes nothing between the two: it is for members of its "
                        "ziglan, or the peer wants nothing of this host; use another relay, or ask "
                        "the peer",
    [WHY_OVER_VOLUME] = "the relay has used up the traffic that its owner gives in a month; ask "
                        "its operator, or join by another relay",
    [WHY_OVER_DAY] = "the relay has forwarded what it gives in a day to who is no member "
                     "of its ziglan; ask its owner for an invite, or use another relay",
    [WHY_NO_WAY] = "hole punching found no way through the two NATs",
    [WHY_SYM_SYM] = "both NATs give each destination another port, and nobody can guess both; a "
                    "port that one of the two routers lets in would help (UPnP, NAT-PMP or PCP), "
                    "and so would IPv6",
    [WHY_UDP_BLOCKED] = "no UDP passes to or from one of the two networks",
    [WHY_GUESS_OFF] = "only guessed ports would lead through these two NATs, which the "
                      "configuration of this host (guess_ports) or its network forbids",
    [WHY_GUESS_REFUSED] = "only guessed ports would lead through these two NATs, which the "
                          "peer's configuration (guess_ports) or its network forbids",
    [WHY_IPV4_HERE] = "this host has only IPv4 and the peer only IPv6: there is no direct way",
    [WHY_IPV6_HERE] = "this host has only IPv6 and the peer only IPv4: there is no direct way",
    [WHY_ONE_SITE] = "both are behind one router, and nothing passes between their "
                     "networks there",
    [WHY_SMALL_ONLY] = "only small packets pass between the two; look for a small "
                       "MTU on the way",
    [WHY_REFUSED] = "@",
    [WHY_NOT_FOUND] = "no relay that this host uses knows where it is: is it up?",
    [WHY_NO_ANSWER] = "it is at the relay @, but no answer comes: either that relay is not "
                      "reached, or the peer does not name this host",
    [WHY_VIA_UNREACHED] = "the relay @, which its frames shall pass (via in the "
                          "configuration), is not reached: name another one, or none",
    [WHY_VIA_REFUSES] = "the relay @, which its frames shall pass (via in the "
                        "configuration), does not serve them: name another one, or none",
};

/* A kind of NAT that was measured, and that this version has a name for. */
static bool is_known(uint8_t nat_kind)
{
    return nat_kind > NAT_NAME_UNKNOWN && nat_kind <= NAT_NAME_BLOCKED;
}

/* The reasons that the NATs give. */
static bool is_of_nats(enum why_code code)
{
    return code == WHY_NO_WAY || code == WHY_SYM_SYM || code == WHY_UDP_BLOCKED ||
           code == WHY_GUESS_OFF || code == WHY_GUESS_REFUSED;
}

/* The sentence, with the detail in place of an @. */
static void fill(char text[SENTENCE_SIZE], const char *sentence, const char *detail)
{
    size_t before = strcspn(sentence, "@");

    if (sentence[before] == '\0') {
        (void)snprintf(text, SENTENCE_SIZE, "%s", sentence);
    } else {
        (void)snprintf(text, SENTENCE_SIZE, "%.*s%s%s", (int)before, sentence, detail,
                       sentence + before + 1);
    }
}

const char *why_sentence(const struct why *why, char text[SENTENCE_SIZE])
{
    const char *sentence = sentences[why->code];

    if (is_of_nats(why->code) && is_known(why->nat_here) && is_known(why->nat_there)) {
        (void)snprintf(text, SENTENCE_SIZE, "%s: %s here, %s there", sentence,
                       netcheck_name_word((enum nat_name)why->nat_here),
                       netcheck_name_word((enum nat_name)why->nat_there));
        return text;
    }
    fill(text, sentence, why->detail);
    return text;
}
