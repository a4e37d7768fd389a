/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row for each reason; an @ is where its detail stands. */
#include "client/admin/why_words.h"

#include "client/admin/netcheck_words.h"

#include <stdio.h>
#include <string.h>

struct row {
    const char *word, *sentence;
};

static const struct row rows[WHY_COUNT] = {
    [WHY_NONE] = {"", ""},
    [WHY_TRYING] = {"probing", "a direct path is still being looked for"},
    [WHY_DIRECT_LOST] = {"direct-lost", "the direct path was lost; trying again"},
    [WHY_PEER_OFFLINE] = {"peer-offline", "the peer has no session to the relay: it is offline"},
    [WHY_NOT_ALLOWED] =
        {"policy", "the relay passes nothing between the two: it is for members of its "
                   "ziglan, or the peer wants nothing of this host; use another relay, or ask "
                   "the peer"},
    [WHY_OVER_VOLUME] = {"over-volume",
                         "the relay has used up the traffic that its owner gives in a month; ask "
                         "its operator, or join by another relay"},
    [WHY_OVER_DAY] = {"over-day",
                      "the relay has forwarded what it gives in a day to who is no member "
                      "of its ziglan; ask its owner for an invite, or use another relay"},
    [WHY_NO_WAY] = {"no-way", "hole punching found no way through the two NATs"},
    [WHY_SYM_SYM] = {"sym-sym",
                     "both NATs give each destination another port, and nobody can guess both; a "
                     "port that one of the two routers lets in would help (UPnP, NAT-PMP or PCP), "
                     "and so would IPv6"},
    [WHY_UDP_BLOCKED] = {"udp-blocked", "no UDP passes to or from one of the two networks"},
    [WHY_GUESS_OFF] = {"guess-off",
                       "only guessed ports would lead through these two NATs, which the "
                       "configuration of this host (guess_ports) or its network forbids"},
    [WHY_GUESS_REFUSED] = {"guess-refused",
                           "only guessed ports would lead through these two NATs, which the "
                           "peer's configuration (guess_ports) or its network forbids"},
    [WHY_IPV4_HERE] = {"ipv4-ipv6",
                       "this host has only IPv4 and the peer only IPv6: there is no direct way"},
    [WHY_IPV6_HERE] = {"ipv6-ipv4",
                       "this host has only IPv6 and the peer only IPv4: there is no direct way"},
    [WHY_ONE_SITE] = {"one-site", "both are behind one router, and nothing passes between their "
                                  "networks there"},
    [WHY_SMALL_ONLY] = {"small-mtu", "only small packets pass between the two; look for a small "
                                     "MTU on the way"},
    [WHY_REFUSED] = {"refused", "@"},
    [WHY_NOT_FOUND] = {"not-found", "no relay that this host uses knows where it is: is it up?"},
    [WHY_NO_ANSWER] = {"no-answer",
                       "it is at the relay @, but no answer comes: either that relay is not "
                       "reached, or the peer does not name this host"},
    [WHY_VIA_UNREACHED] = {"via-unreached",
                           "the relay @, which its frames shall pass (via in the "
                           "configuration), is not reached: name another one, or none"},
    [WHY_VIA_REFUSES] = {"via-refuses",
                         "the relay @, which its frames shall pass (via in the "
                         "configuration), does not serve them: name another one, or none"},
};

const char *why_word(enum why_code code)
{
    return rows[code].word;
}

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
    const char *sentence = rows[why->code].sentence;

    if (is_of_nats(why->code) && is_known(why->nat_here) && is_known(why->nat_there)) {
        (void)snprintf(text, SENTENCE_SIZE, "%s: %s here, %s there", sentence,
                       netcheck_name_word((enum nat_name)why->nat_here),
                       netcheck_name_word((enum nat_name)why->nat_there));
        return text;
    }
    fill(text, sentence, why->detail);
    return text;
}

const char *why_guess_word(enum guess_end end)
{
    static const char *const words[] = {
        [GUESS_END_NONE] = "running",        [GUESS_END_WON] = "won",
        [GUESS_END_IN_VAIN] = "in-vain",     [GUESS_END_NO_RELAY] = "no-relay",
        [GUESS_END_NO_ANSWER] = "no-answer", [GUESS_END_BUSY] = "busy",
        [GUESS_END_UNWILLING] = "refused",   [GUESS_END_NOT_FIXED] = "not-fixed",
        [GUESS_END_STOPPED] = "stopped",
    };

    return words[end];
}
