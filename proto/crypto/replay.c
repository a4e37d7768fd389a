/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/crypto/replay.h"

#include <stddef.h>

/* Counter c lives in bit c % 64 of word c / 64 % REPLAY_WORD_COUNT. The window spans at most
 * REPLAY_WORD_COUNT words, so a word is cleared before the window reaches it again. */

static size_t word_of(uint64_t counter)
{
    return (size_t)(counter / 64 % REPLAY_WORD_COUNT);
}

static uint64_t bit_of(uint64_t counter)
{
    return UINT64_C(1) << (counter % 64);
}

enum replay_verdict replay_check(const struct replay *replay, uint64_t counter)
{
    if (counter == UINT64_MAX) {
        return REPLAY_VERDICT_OLD; /* `next` could not follow it */
    }
    if (counter >= replay->next) {
        return REPLAY_VERDICT_NEW;
    }
    if (replay->next - counter > REPLAY_WINDOW) {
        return REPLAY_VERDICT_OLD;
    }
    return (replay->words[word_of(counter)] & bit_of(counter)) != 0 ? REPLAY_VERDICT_SEEN
                                                                    : REPLAY_VERDICT_NEW;
}

void replay_commit(struct replay *replay, uint64_t counter)
{
    if (counter >= replay->next) {
        uint64_t last = replay->next == 0 ? 0 : replay->next - 1;
        uint64_t step_count = counter / 64 - last / 64;

        if (step_count > REPLAY_WORD_COUNT) {
            step_count = REPLAY_WORD_COUNT; /* everything is left behind */
        }
        for (uint64_t i = 0; i < step_count; i++) {
            replay->words[word_of(counter - 64 * i)] = 0;
        }
        replay->next = counter + 1;
    }
    replay->words[word_of(counter)] |= bit_of(counter);
}
