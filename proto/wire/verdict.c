/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verdicts in words: a name for the log, a sentence for people. */
#include "proto/wire/verdict.h"

#include <stddef.h>

struct verdict_words {
    const char *name, *text;
};

static const struct verdict_words verdict_words[VERDICT_COUNT] = {
    [VERDICT_OK] = {"ok", "Done."},
    [VERDICT_BAD_REQUEST] = {"bad_request",
                             "The request is not valid; are this program and the relay of "
                             "versions that fit?"},
    [VERDICT_NOT_MEMBER] = {"not_member", "This key is not a member; an invite is needed to join."},
    [VERDICT_INVITE_INVALID] = {"invite_invalid",
                                "The invite is unknown, used up or expired; ask for a new one."},
    [VERDICT_NAME_TAKEN] = {"name_taken", "The name is taken; ask for another one."},
    [VERDICT_NOT_FOUND] = {"not_found", "There is no such entry."},
    [VERDICT_LIMIT] = {"limit",
                       "A limit of this relay is reached; try again later, or use another relay."},
    [VERDICT_MEASURE_FIRST] = {"measure_first",
                               "Measure the kind of your NAT first: ziglan netcheck."},
    [VERDICT_REFUSED] = {"refused", "The other side is not there or does not want this."},
    [VERDICT_UNSUPPORTED] = {"unsupported", "This relay does not offer that; use another one."},
    [VERDICT_REVOKED] = {"revoked",
                         "This key was revoked; only the ziglan's operator can let it in again."},
    [VERDICT_UNAVAILABLE] =
        {"unavailable", "The relay could not do it now (its storage or memory); try again later."},
    [VERDICT_CLOCK] = {"clock", "The clocks of this host and of the relay differ; set the one that "
                                "is wrong."},
    [VERDICT_ENDED] = {"ended",
                       "This host's membership is over; its operator can give it more time."},
};

const char *verdict_text(enum verdict verdict)
{
    size_t index = (size_t)verdict;

    return index < VERDICT_COUNT ? verdict_words[index].text : "Unknown error.";
}

const char *verdict_name(enum verdict verdict)
{
    size_t index = (size_t)verdict;

    return index < VERDICT_COUNT ? verdict_words[index].name : "unknown";
}
