/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window is a ring of words. When it moves, the words that come in are cleared. */
#include "proto/crypto/replay.h"

#include <stddef.h>

/* Counter c has bit c % 64 of word c / 64 % word_count. The window touches at most word_count
 * words, so no two of its counters share a bit.
 *
 * Each of the two divisions is by a constant, which is much faster than one by a variable. */
static uint64_t word_of(const struct replay *replay, uint64_t counter)
{
    uint64_t number = counter / 64;

    return replay->wide != NULL ? replay->wide[number % REPLAY_WORD_COUNT_WIDE]
                                : replay->words[number % REPLAY_WORD_COUNT];
}

static uint64_t *word_at(struct replay *replay, uint64_t counter)
{
    uint64_t number = counter / 64;

    return replay->wide != NULL ? &replay->wide[number % REPLAY_WORD_COUNT_WIDE]
                                : &replay->words[number % REPLAY_WORD_COUNT];
}

static uint64_t bit_of(uint64_t counter)
{
    return UINT64_C(1) << (counter % 64);
}

enum replay_verdict replay_check(const struct replay *replay, uint64_t counter)
{
    uint64_t window = replay->wide != NULL ? REPLAY_WINDOW_WIDE : REPLAY_WINDOW;

    if (counter == UINT64_MAX) {
        return REPLAY_VERDICT_OLD; /* `next` would overflow */
    }
    if (counter >= replay->next) {
        return REPLAY_VERDICT_NEW;
    }
    if (replay->next - counter > window || counter < replay->oldest) {
        return REPLAY_VERDICT_OLD;
    }
    return (word_of(replay, counter) & bit_of(counter)) != 0 ? REPLAY_VERDICT_SEEN
                                                             : REPLAY_VERDICT_NEW;
}

void replay_commit(struct replay *replay, uint64_t counter)
{
    if (counter >= replay->next) {
        uint64_t word_count = replay->wide != NULL ? REPLAY_WORD_COUNT_WIDE : REPLAY_WORD_COUNT;
        uint64_t last = replay->next == 0 ? 0 : replay->next - 1;
        uint64_t step_count = counter / 64 - last / 64;

        if (step_count > word_count) {
            step_count = word_count; /* the whole ring is cleared */
        }
        for (uint64_t i = 0; i < step_count; i++) {
            *word_at(replay, counter - 64 * i) = 0;
        }
        replay->next = counter + 1;
    }
    *word_at(replay, counter) |= bit_of(counter);
}

void replay_widen(struct replay *replay, uint64_t wide[REPLAY_WORD_COUNT_WIDE])
{
    uint64_t oldest = replay->next > REPLAY_WINDOW ? replay->next - REPLAY_WINDOW : 0;

    if (replay->wide != NULL) {
        return;
    }
    for (uint64_t at = oldest - oldest % 64; at < replay->next; at += 64) {
        wide[at / 64 % REPLAY_WORD_COUNT_WIDE] = word_of(replay, at);
    }
    replay->oldest = oldest;
    replay->wide = wide;
}
