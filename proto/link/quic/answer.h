/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets that the hub sends without a connection: Retry, Version Negotiation, stateless reset. An
 * answer waits here for the next transmit. One that finds no room or exceeds the rate is dropped;
 * the peer asks again. No answer is larger than the packet that it answers.
 */
#pragma once

#include "proto/base/bucket.h"
#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "proto/link/link.h"
#include "proto/link/quic/older_quic.h"
#include "proto/link/quic/retry_token.h"
#include "proto/link/reset_ledger.h"
#include "proto/net/dgram.h"

#include <stddef.h>
#include <stdint.h>

#include <ngtcp2/ngtcp2.h>

enum {
    ANSWER_SIZE_MAX = 256,
    ANSWERS_MAX = 64,     /* that wait */
    ANSWERS_PER_S = 2000, /* of all kinds together, so that a flood costs little */
    RESET_SIZE_MIN = 21,  /* RFC 9000, section 10.3 */
    RESET_SIZE_MAX = 43,
};

struct answer {
    struct endpoint local, remote;
    size_t size;
    uint8_t bytes[ANSWER_SIZE_MAX];
};

struct answers {
    const struct env *env;    /* borrowed */
    struct link_stats *stats; /* borrowed: counted here */
    struct bucket bucket;
    struct retry_token_key token_key;
    uint8_t reset_secret[32];
    struct answer waiting[ANSWERS_MAX];
    size_t count;
};

/** Zeroed memory becomes an empty queue of answers with a new token key. reset_secret is copied;
 * env and stats are borrowed. */
void answers_init(struct answers *answers, const uint8_t reset_secret[32], struct link_stats *stats,
                  const struct env *env, struct mono now);

/** The stateless reset token of a connection id of ours: a hash of it under the reset secret. */
void answer_reset_token(const struct answers *answers, const uint8_t *cid, size_t size,
                        ngtcp2_stateless_reset_token *token);

/** Tell the sender which versions we speak. */
void answer_version(struct answers *answers, const struct dgram *in, const ngtcp2_version_cid *vc,
                    struct mono now);

/** Ask the sender of an Initial to prove its address. */
void answer_retry(struct answers *answers, const struct dgram *in, const ngtcp2_pkt_hd *hd,
                  struct mono now);

/** Tell the sender of a short-header packet that its connection is gone. A reset is smaller than
 * the packet that it answers, and one that answers what may be a reset itself is the smallest that
 * there is, which nobody answers: two ends without state fall silent after two. (One byte less each
 * time, as RFC 9000, section 10.3, would have it for looks, made twenty packets of a forged one.)
 */
void answer_reset(struct answers *answers, const struct dgram *in, const ngtcp2_version_cid *vc,
                  struct mono now);

/** If a turn of the ledger is due, write its resets to the outbox. The ledger has a rate of its
 * own, and its resets do not count for ANSWERS_PER_S. */
void answer_ledger(struct answers *answers, struct reset_ledger *ledger, struct outbox *out,
                   struct mono now);

/** Move the answers that wait to the outbox, as far as there is room. */
void answers_transmit(struct answers *answers, struct outbox *out);
