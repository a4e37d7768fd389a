/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A seqlock, and beside it an instant. */
#include "relayd/service/stun_board.h"

#include "proto/base/seqlock.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = sizeof(struct stun_others) / 8 };

_Static_assert(sizeof(struct stun_others) % 8 == 0, "whole words only");

struct stun_board {
    struct stun_limit *limit;
    _Atomic uint32_t sequence;
    _Atomic uint64_t words[WORDS];
    _Atomic uint64_t until_ns;
    struct stun_others told; /* the control thread's own */
};

int stun_board_new(struct stun_board **out, struct stun_limit *limit)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL) {
        return ERR_NOMEM;
    }
    (*out)->limit = limit;
    return ERR_OK;
}

void stun_board_free(struct stun_board *board)
{
    free(board);
}

void stun_board_tell(struct stun_board *board, const struct stun_others *others, struct mono until)
{
    uint64_t words[WORDS];

    atomic_store_explicit(&board->until_ns, until.ns, memory_order_relaxed);
    if (memcmp(&board->told, others, sizeof(*others)) == 0) {
        return;
    }
    board->told = *others;
    memcpy(words, others, sizeof(words));
    seqlock_write(&board->sequence, board->words, words, WORDS);
}

enum stun_other_state stun_board_other(const struct stun_board *board, const struct endpoint *local,
                                       struct mono now, struct endpoint *out)
{
    size_t family = endpoint_is_v4(local) ? 0 : 1;
    struct stun_others others;
    uint64_t words[WORDS];

    if (!seqlock_read(&board->sequence, board->words, words, WORDS)) {
        return STUN_OTHER_ASK; /* it changes once in minutes */
    }
    memcpy(&others, words, sizeof(others));
    for (size_t i = 0; i < LEND_ANSWER_PORTS_MAX; i++) {
        if (others.at[family][i] == 0 || others.at[family][i] != local->port) {
            continue;
        }
        if (now.ns < atomic_load_explicit(&board->until_ns, memory_order_relaxed)) {
            return STUN_OTHER_ASK;
        }
        memcpy(out->ip, others.ip[family], sizeof(out->ip));
        out->port = others.other[family][i];
        return STUN_OTHER_KNOWN;
    }
    return STUN_OTHER_NONE;
}

enum stun_verdict stun_board_take(const struct stun_board *board, const struct endpoint *from,
                                  struct mono now)
{
    return stun_limit_take(board->limit, from, now);
}
