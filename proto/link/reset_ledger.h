/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reset ledger: who has a session here, in flat memory of somebody else that outlives a crash
 * (a mapped file, docs/operations.md). A server that starts anew tells each of them by a stateless
 * reset (RFC 9000, section 10.3) that its session is gone; without it, a host that is silent at
 * that moment would be unreachable until its next keep-alive. In order to be told, a peer must have
 * proved its address in the life before.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/link/link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RESET_LEDGER_PER_TURN = 32, /* resets at once, each RESET_LEDGER_TURN_MS */
    RESET_LEDGER_TURN_MS = 20,
};

/** What a hub knows of its ledger. All zero: it has none. */
struct reset_ledger {
    struct link_reset_row *entries; /* borrowed: one per index of a connection */
    uint32_t capacity;
    struct link_reset_row *missed; /* of the life before, not told yet; missed_count of them */
    uint32_t missed_count;
    struct mono turn_at;
};

/** Take the memory over: who stands there is to be told, and the memory is cleared. ERR_NOMEM. */
int reset_ledger_open(struct reset_ledger *ledger, struct link_reset_row *entries,
                      uint32_t capacity, struct mono now) MUST_CHECK;
void reset_ledger_close(struct reset_ledger *ledger);

/** The session of connection `index` is reached so, and its peer uses this connection id of ours
 * (LINK_RESET_CID_SIZE bytes). Cheap if nothing changed. */
void reset_ledger_keep(struct reset_ledger *ledger, uint32_t index, const struct endpoint *local,
                       const struct endpoint *remote, const uint8_t *cid);

/** It ended. */
void reset_ledger_strike(struct reset_ledger *ledger, uint32_t index);

/** The next one to be told; false: all were. The caller waits for reset_ledger_deadline. */
bool reset_ledger_next(struct reset_ledger *ledger, struct link_reset_row *out);

/** A turn is over: the next one begins RESET_LEDGER_TURN_MS later. */
void reset_ledger_rest(struct reset_ledger *ledger, struct mono now);

/** When the next turn begins, MONO_NEVER if all were told. */
struct mono reset_ledger_deadline(const struct reset_ledger *ledger);
