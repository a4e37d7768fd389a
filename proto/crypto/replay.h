/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A sliding window over the counters of frames (in the manner of RFC 6479). A counter is accepted
 * once, and not at all if it is REPLAY_WINDOW (after replay_widen: REPLAY_WINDOW_WIDE) or more
 * behind the largest one. The caller first checks a counter, then verifies the frame's tag, and
 * commits the counter only if the tag was right. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    REPLAY_WINDOW = 8192,                       /* frames */
    REPLAY_WORD_COUNT = REPLAY_WINDOW / 64 + 1, /* one more, since it may begin within a word */
    REPLAY_WINDOW_WIDE = 65536,
    REPLAY_WORD_COUNT_WIDE = REPLAY_WINDOW_WIDE / 64 + 1,
};

/** A window in the caller's memory. A zeroed one is empty. */
struct replay {
    uint64_t next;   /* the largest committed counter + 1; 0: none yet */
    uint64_t oldest; /* counters before it were behind the window when it was widened */
    uint64_t *wide;  /* the bits, instead of `words`, of a widened window; else NULL */
    uint64_t words[REPLAY_WORD_COUNT];
};

enum replay_verdict {
    REPLAY_VERDICT_NEW,  /* commit it if the tag is right */
    REPLAY_VERDICT_SEEN, /* it was committed before */
    REPLAY_VERDICT_OLD,  /* it is behind the window, which does not know whether it was seen */
};

/** Judge a counter. UINT64_MAX is always OLD. Changes nothing. */
enum replay_verdict replay_check(const struct replay *replay, uint64_t counter);

/** Widen the window. wide is zeroed, and borrowed as long as the window is used. A second call does
 * nothing. */
void replay_widen(struct replay *replay, uint64_t wide[REPLAY_WORD_COUNT_WIDE]);

/** Remember a counter for which replay_check says NEW; the window moves if it is the largest. */
void replay_commit(struct replay *replay, uint64_t counter);
