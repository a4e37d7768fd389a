/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the control thread tells workers that answer STUN (docs/architecture.md, "Workers"): the
 * other address of RFC 5780 that belongs to each port, and whether clients were told not to be told
 * of it. Workers read it without locks while it changes, and take from the one limit.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/net/endpoint.h"
#include "proto/wire/lend.h"
#include "relayd/base/stun_limit.h"

#include <stdbool.h>
#include <stdint.h>

enum { STUN_FAMILIES = 2 };

/** For IPv4 and IPv6, the other address, and its port for who asks at one of ours. */
struct stun_others {
    uint8_t ip[STUN_FAMILIES][16];
    uint16_t at[STUN_FAMILIES][LEND_ANSWER_PORTS_MAX]; /* 0: there is none */
    uint16_t other[STUN_FAMILIES][LEND_ANSWER_PORTS_MAX];
};

struct stun_board;

/** Nothing is told yet. limit is borrowed and outlives the board. ERR_NOMEM leaves *out NULL. */
int stun_board_new(struct stun_board **out, struct stun_limit *limit) MUST_CHECK;

/** Free it, when no worker runs any more. NULL is fine. */
void stun_board_free(struct stun_board *board);

/* ---- for the control thread ---- */

/** Tell the other addresses, and until when some clients are not to be told of them. Costs nothing
 * if it was told already. */
void stun_board_tell(struct stun_board *board, const struct stun_others *others, struct mono until);

/* ---- for workers ---- */

enum stun_other_state {
    STUN_OTHER_NONE,
    STUN_OTHER_KNOWN,
    STUN_OTHER_ASK, /* the control thread knows */
};

/** The other address for who asks at `local`; written if it is known. */
enum stun_other_state stun_board_other(const struct stun_board *board, const struct endpoint *local,
                                       struct mono now, struct endpoint *out);

/** Take one answer to this source. */
enum stun_verdict stun_board_take(const struct stun_board *board, const struct endpoint *from,
                                  struct mono now);
