/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reset ledger: where the peer of each open session is reached, in borrowed memory that
 * outlives a crash (relayd maps the file `reset-ledger` of docs/operations.md). A server that
 * starts after a crash sends each of them a stateless reset (RFC 9000, section 10.3). Without that,
 * a host that is silent at that moment could not be reached until its next keep-alive. Only peers
 * whose Hello was verified stand in the ledger, so nobody is sent a packet at an address that it
 * has not proved.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/link/link.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    RESET_LEDGER_PER_TURN = 32, /* resets in one turn */
    RESET_LEDGER_TURN_MS = 20,  /* from one turn to the next */
};

/** What a hub knows of its ledger. All zero: it has none. */
struct reset_ledger {
    struct link_reset_row *rows;   /* borrowed; the row of a connection has its index in the slab */
    uint32_t capacity;             /* rows */
    struct link_reset_row *missed; /* found at the start and not told yet, missed_count of them */
    uint32_t missed_count;
    struct mono turn_at; /* of the next turn */
};

/** Take the rows over: peers that stand there are to be told, and the rows are cleared for the
 * sessions to come. rows is borrowed until reset_ledger_close. ERR_NOMEM: the rows stay as they
 * are.
 */
int reset_ledger_open(struct reset_ledger *ledger, struct link_reset_row *rows, uint32_t capacity,
                      struct mono now) MUST_CHECK;

/** Let go of the rows, which stay as they are. Zeroed is fine, too. */
void reset_ledger_close(struct reset_ledger *ledger);

/** Keep where the session of connection `index` is reached, and the connection id of ours
 * (LINK_RESET_CID_SIZE bytes) that its peer uses. Cheap if nothing changed. Nothing happens if the
 * ledger has no such row. */
void reset_ledger_keep(struct reset_ledger *ledger, uint32_t index, const struct endpoint *local,
                       const struct endpoint *remote, const uint8_t *cid);

/** The session of connection `index` is over: clear its row, if there is one. */
void reset_ledger_strike(struct reset_ledger *ledger, uint32_t index);

/** Take the next peer to be told; false if all were. At most RESET_LEDGER_PER_TURN times in one
 * turn, and not before reset_ledger_deadline. */
bool reset_ledger_next(struct reset_ledger *ledger, struct link_reset_row *out);

/** End a turn: the next one begins RESET_LEDGER_TURN_MS later. */
void reset_ledger_rest(struct reset_ledger *ledger, struct mono now);

/** When the next turn begins, MONO_NEVER if all were told. */
struct mono reset_ledger_deadline(const struct reset_ledger *ledger);
