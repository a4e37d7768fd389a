/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A sliding window over counters (in the manner of RFC 6479): a counter is accepted once, and not
 * at all when it lies REPLAY_WINDOW (once widened: REPLAY_WINDOW_WIDE) or more behind the largest
 * one seen. Values in caller memory; all zero is an empty window. Check first, commit only after
 * the tag verified.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    REPLAY_WINDOW = 8192,                       /* frames */
    REPLAY_WORD_COUNT = REPLAY_WINDOW / 64 + 1, /* one word is always being cleared */
    REPLAY_WINDOW_WIDE = 65536,
    REPLAY_WORD_COUNT_WIDE = REPLAY_WINDOW_WIDE / 64 + 1,
};

struct replay {
    uint64_t next;   /* the largest counter seen + 1; 0: none yet */
    uint64_t oldest; /* what lies before it was forgotten when the window was widened */
    uint64_t *wide;  /* the bits instead of `words`; NULL: not widened */
    uint64_t words[REPLAY_WORD_COUNT];
};

enum replay_verdict {
    REPLAY_VERDICT_NEW,  /* commit it once its tag verified */
    REPLAY_VERDICT_SEEN, /* a duplicate */
    REPLAY_VERDICT_OLD,  /* left of the window: nobody can tell */
};

/** What the window says about a counter (any but UINT64_MAX, which is OLD). Changes nothing. */
enum replay_verdict replay_check(const struct replay *replay, uint64_t counter);

/** Widen the window, once. wide: zeroed, borrowed until the window is not used any more. */
void replay_widen(struct replay *replay, uint64_t wide[REPLAY_WORD_COUNT_WIDE]);

/** Remember a counter for which replay_check said NEW. */
void replay_commit(struct replay *replay, uint64_t counter);
