/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sentence says what is used up, and what to do. */
#include "relayd/service/session_refusal.h"

#include <stddef.h>

enum {
    BUSY_AGAIN_MS = 60000,
    OFTEN_AGAIN_MS = 15000, /* a member that came too often: by then it may come and watch again */
};

static const struct {
    struct session_refusal_words words;
    size_t counter; /* its place in struct relay_counters */
} table[SESSION_REFUSAL_COUNT] = {
    [SESSION_REFUSAL_FULL] = {{BUSY_AGAIN_MS,
                               "this relay has as many sessions as its owner lets it have "
                               "(session_max); use another relay, or ask its owner for more"},
                              offsetof(struct relay_counters, session_refused_full)},
    [SESSION_REFUSAL_DISPLACED] = {{BUSY_AGAIN_MS,
                                    "this relay is full, and a member of its ziglan came; use "
                                    "another relay, or ask its owner for an invite"},
                                   offsetof(struct relay_counters, session_refused_displaced)},
    [SESSION_REFUSAL_OFTEN] = {{OFTEN_AGAIN_MS,
                                "this host opened too many sessions; it may come again in a "
                                "moment. If its network is steady, look for another host with "
                                "the same key"},
                               offsetof(struct relay_counters, session_refused_often)},
    [SESSION_REFUSAL_ADDRESS] = {{BUSY_AGAIN_MS,
                                  "as many hosts of your address that are no members of its "
                                  "ziglan use this relay as may; use another relay, or ask its "
                                  "owner for an invite"},
                                 offsetof(struct relay_counters, session_refused_address)},
    [SESSION_REFUSAL_NET] = {{BUSY_AGAIN_MS,
                              "as many hosts of your network that are no members of its ziglan "
                              "use this relay as may; use another relay, or ask its owner for an "
                              "invite"},
                             offsetof(struct relay_counters, session_refused_net)},
};

const struct session_refusal_words *session_refusal_note(struct relay_counters *counters,
                                                         enum session_refusal refusal)
{
    (*(uint64_t *)(void *)((char *)counters + table[refusal].counter))++;
    return &table[refusal].words;
}
