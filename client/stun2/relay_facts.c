/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of a relay are shown on terminals, so they are checked first. */
#include "client/stun2/relay_facts.h"

#include "proto/link/link.h"

#include <string.h>

/* A copy of a text of printable ASCII that fits. False, and out empty, for any other. */
static bool take(char *out, size_t capacity, const char *text)
{
    size_t size = strlen(text);

    out[0] = '\0';
    for (size_t i = 0; i < size; i++) {
        if (size >= capacity || text[i] < 0x20 || text[i] > 0x7e) {
            return false;
        }
    }
    memcpy(out, text, size + 1);
    return true;
}

void relay_facts_begin(struct relay_facts *facts, const Ziglan__Hello *hello, struct mono now)
{
    *facts = (struct relay_facts){
        .since = now,
        .serves_strangers = (hello->capabilities & LINK_CAPABILITY_OPEN) != 0,
        .ask_at = now,
        .asked_at = MONO_NEVER,
    };
    for (size_t i = 0; i < hello->n_rewards && facts->rewards_count < RECORD_REWARDS_MAX; i++) {
        struct record_reward *reward = &facts->rewards[facts->rewards_count];
        const Ziglan__Reward *told = hello->rewards[i];

        if (take(reward->chain, sizeof(reward->chain), told->chain) &&
            take(reward->address, sizeof(reward->address), told->address) &&
            take(reward->identity, sizeof(reward->identity), told->identity)) {
            facts->rewards_count++;
        }
    }
}

static void note_loss(struct relay_facts *facts, bool lost)
{
    uint32_t sum = 7 * (uint32_t)facts->loss_permille + (lost ? RELAY_FACTS_LOSS_MAX : 0);

    facts->loss_permille = (uint16_t)(sum / 8);
}

void relay_facts_on_ping(struct relay_facts *facts, struct mono now)
{
    if (facts->asked_at.ns != MONO_NEVER.ns) {
        note_loss(facts, true);
    }
    facts->asked_at = now;
}

void relay_facts_on_pong(struct relay_facts *facts, const Ziglan__Pong *pong, uint64_t rtt_ns,
                         struct mono now)
{
    facts->load_known = true;
    facts->load_permille =
        (uint16_t)(pong->load < RELAY_FACTS_LOAD_MAX ? pong->load : RELAY_FACTS_LOAD_MAX);
    if (facts->asked_at.ns != MONO_NEVER.ns) {
        note_loss(facts, mono_ns_between(facts->asked_at, now) >
                             2 * rtt_ns + RELAY_FACTS_LOST_SLACK_MS * NS_PER_MS);
    }
    facts->asked_at = MONO_NEVER;
}
