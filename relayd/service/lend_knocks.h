/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a relay sends so that somebody finds out what its NAT lets in (docs/protocol.md, section 2,
 * "Lent addresses"): LEND_COPIES STUN indications of 28 bytes to one address. On its own account it
 * sends them from another port, to an address that has proved itself; for a neighbour, which
 * vouches for that, it sends them from its usual port, and within narrow limits.
 *
 * For a stock client of a neighbour it sends one STUN answer instead (RFC 5780). Nobody vouches for
 * the address of such a one, so these have limits of their own and cannot use up those of the
 * others.
 */
#pragma once

#include "proto/base/bucket.h"
#include "proto/base/bucket_table.h"
#include "proto/net/dgram.h"
#include "proto/wire/lend.h"
#include "proto/wire/stun.h"
#include "relayd/base/relay_base.h"

#include <stdbool.h>

enum {
    LEND_KNOCKS_MAX = 128, /* being sent, at a time */
    /* Of jobs for neighbours, of each of both kinds: */
    LEND_NEIGHBOUR_PER_S = 10,
    LEND_NEIGHBOUR_BURST = 40,
    LEND_NET_PER_S = 1, /* to one IPv4 /24 or IPv6 /48 */
    LEND_NET_BURST = 8,
    LEND_NETS_MAX = 4096, /* remembered */
    LEND_JOBS_PER_S = 100,
};

struct lend_knock {
    struct endpoint local, remote;
    uint8_t transaction[STUN_ID_SIZE];
    bool answer;   /* an answer from `local`, not an indication */
    uint32_t left; /* copies; 0: the place is free */
    struct mono due;
};

/** What may be done for neighbours: for each of them, to each network, and in all. */
struct lend_budget {
    struct bucket_table *neighbours, *nets;
    struct bucket all;
};

struct lend_knocks {
    struct relay_base *base; /* borrowed */
    struct lend_knock list[LEND_KNOCKS_MAX];
    struct lend_budget knocks, answers;
};

/** A job of a neighbour; all is borrowed. */
struct lend_lent {
    const uint8_t *neighbour;   /* its key */
    const struct endpoint *own; /* this relay's address, and the port to answer from */
    struct endpoint remote;
    const uint8_t *transaction; /* STUN_ID_SIZE bytes */
};

/** base is borrowed and outlives it. ERR_NOMEM; lend_knocks_fini is legal then. */
int lend_knocks_init(struct lend_knocks *knocks, struct relay_base *base,
                     struct mono now) MUST_CHECK;
void lend_knocks_fini(struct lend_knocks *knocks);

/** Begin to send from local to remote. False if too much is being sent. */
bool lend_knocks_begin(struct lend_knocks *knocks, const struct endpoint *local,
                       const struct endpoint *remote, const uint8_t transaction[STUN_ID_SIZE],
                       struct mono now);

/** The same for a neighbour, within its limits and those of the network that it names. False if it
 * is refused, which is counted. */
bool lend_knocks_begin_lent(struct lend_knocks *knocks, const struct lend_lent *lent,
                            struct mono now);

/** The same with one answer from lent->own instead. */
bool lend_knocks_answer_lent(struct lend_knocks *knocks, const struct lend_lent *lent,
                             struct mono now);

/** Append what is due; and when that is. */
void lend_knocks_transmit(struct lend_knocks *knocks, struct outbox *out, struct mono now);
struct mono lend_knocks_deadline(const struct lend_knocks *knocks);
