/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bursts, answers, questions, and the minute between two notices. */
#include "client/peer/lan_turns.h"

#include <string.h>

void lan_turns_begin(struct lan_turns *turns)
{
    *turns = (struct lan_turns){.on = true, .asked_at = MONO_NEVER};
}

static struct lan_turn *turn_of(struct lan_turns *turns, const uint8_t ziglan_key[KEY_SIZE])
{
    for (size_t i = 0; i < turns->count; i++) {
        if (memcmp(turns->list[i].ziglan_key, ziglan_key, KEY_SIZE) == 0) {
            return &turns->list[i];
        }
    }
    return NULL;
}

static void burst_begin(struct lan_turn *turn, struct mono now)
{
    turn->at = now;
    turn->burst = LAN_BURST - 1;
    turn->asks = true;
}

void lan_turns_match(struct lan_turns *turns, const struct ziglan_list *ziglans, struct mono now)
{
    struct lan_turns next = *turns;
    const struct ziglan *ziglan;

    if (!turns->on) {
        return;
    }
    next.count = 0;
    TAILQ_FOREACH(ziglan, &ziglans->head, in_list)
    {
        const struct lan_turn *known = turn_of(turns, ziglan->record.url.key);
        struct lan_turn *turn = &next.list[next.count++];

        if (known != NULL) {
            *turn = *known;
        } else {
            *turn = (struct lan_turn){.said_at = MONO_NEVER};
            memcpy(turn->ziglan_key, ziglan->record.url.key, KEY_SIZE);
            burst_begin(turn, now);
        }
    }
    *turns = next;
}

static bool was_lately(struct mono at, uint64_t ms, struct mono now)
{
    return at.ns != MONO_NEVER.ns && mono_ms_between(at, now) < ms;
}

bool lan_turns_seek(struct lan_turns *turns, struct mono now)
{
    if (!turns->on || was_lately(turns->asked_at, LAN_QUESTION_AGAIN_MS, now)) {
        return false;
    }
    turns->asked_at = now;
    for (size_t i = 0; i < turns->count; i++) {
        turns->list[i].at = now;
        turns->list[i].asks = true;
    }
    return true;
}

struct mono lan_turns_seek_at(const struct lan_turns *turns)
{
    static const struct mono at_once = {0};

    if (!turns->on) {
        return MONO_NEVER;
    }
    return turns->asked_at.ns == MONO_NEVER.ns
               ? at_once
               : mono_add_ms(turns->asked_at, LAN_QUESTION_AGAIN_MS);
}

void lan_turns_again(struct lan_turns *turns, struct mono now)
{
    for (size_t i = 0; i < turns->count; i++) {
        burst_begin(&turns->list[i], now);
    }
}

void lan_turns_answer(struct lan_turns *turns, const uint8_t ziglan_key[KEY_SIZE],
                      const struct env *env, struct mono now)
{
    struct lan_turn *turn = turn_of(turns, ziglan_key);
    struct mono at = mono_add_ms(now, env_random_below(env, LAN_ANSWER_SPREAD_MS));

    if (turn != NULL && !was_lately(turn->said_at, LAN_ANSWER_AGAIN_MS, now)) {
        turn->at = mono_min(turn->at, at);
        turn->answers = true;
    }
}

static struct mono next_at(struct lan_turn *turn, const struct env *env, struct mono now)
{
    if (turn->burst > 0) {
        turn->burst--;
        return mono_add_ms(now, (uint64_t)LAN_BURST_MS * (LAN_BURST - 1 - turn->burst));
    }
    return mono_add_ms(now, LAN_EVERY_MS - env_random_below(env, LAN_EVERY_MS / 6));
}

void lan_turns_expire(struct lan_turns *turns, const struct env *env, struct mono now)
{
    for (size_t i = 0; i < turns->count; i++) {
        struct lan_turn *turn = &turns->list[i];

        if (mono_due(turn->at, now)) {
            turn->at = next_at(turn, env, now);
            turn->due = true;
        }
    }
}

struct mono lan_turns_deadline(const struct lan_turns *turns)
{
    struct mono at = MONO_NEVER;

    for (size_t i = 0; i < turns->count; i++) {
        at = mono_min(at, turns->list[i].at);
    }
    return at;
}

bool lan_turns_take(struct lan_turns *turns, uint8_t ziglan_key[KEY_SIZE], bool *asks, bool *shows,
                    struct mono now)
{
    for (size_t i = 0; i < turns->count; i++) {
        struct lan_turn *turn = &turns->list[i];

        if (turn->due) {
            memcpy(ziglan_key, turn->ziglan_key, KEY_SIZE);
            *asks = turn->asks;
            *shows = turn->asks || turn->answers;
            turn->due = turn->answers = false;
            turn->asks = turn->burst > 0;
            turn->said_at = now;
            return true;
        }
    }
    return false;
}
