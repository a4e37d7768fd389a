/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small things that every part of a guess needs. */
#include "client/stun2/guess_state.h"

const char *guess_end_word(enum guess_end end)
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

void guess_stop(struct guess *guess, enum guess_end end)
{
    if (guess->state != GUESS_STATE_OVER) {
        guess->state = GUESS_STATE_OVER;
        guess->end = end;
    }
}

void guess_sample(struct guess *guess, uint16_t socket, size_t relay, struct mono now)
{
    uint8_t id[STUN_ID_SIZE];

    if (relay < guess->setup.relays_count) {
        env_random(guess->setup.env, id, sizeof(id));
        guess_samples_add(&guess->samples, socket, &guess->setup.relays[relay], id, now);
    }
}

void guess_say(struct guess *guess, const struct intunnel_aim *aim, struct mono now)
{
    guess->words.told = *aim;
    guess->words.tells = 0;
    guess->words.tell_at = now;
}
