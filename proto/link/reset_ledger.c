/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A row is written so that a crash in the middle leaves an empty row and never a wrong one. */
#include "proto/link/reset_ledger.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

int reset_ledger_open(struct reset_ledger *ledger, struct link_reset_row *rows, uint32_t capacity,
                      struct mono now)
{
    uint32_t count = 0;

    *ledger = (struct reset_ledger){.rows = rows, .capacity = capacity, .turn_at = now};
    for (uint32_t i = 0; i < capacity; i++) {
        count += rows[i].used == 1 ? 1 : 0;
    }
    if (count == 0) {
        return ERR_OK;
    }
    ledger->missed = calloc(count, sizeof(*ledger->missed));
    if (ledger->missed == NULL) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < capacity; i++) {
        if (rows[i].used == 1) {
            ledger->missed[ledger->missed_count] = rows[i];
            ledger->missed_count++;
            reset_ledger_strike(ledger, i);
        }
    }
    return ERR_OK;
}

void reset_ledger_close(struct reset_ledger *ledger)
{
    free(ledger->missed);
    *ledger = (struct reset_ledger){.capacity = 0};
}

void reset_ledger_keep(struct reset_ledger *ledger, uint32_t index, const struct endpoint *local,
                       const struct endpoint *remote, const uint8_t *cid)
{
    struct link_reset_row *row;

    if (index >= ledger->capacity) {
        return;
    }
    row = &ledger->rows[index];
    if (row->used == 1 && memcmp(row->cid, cid, sizeof(row->cid)) == 0 &&
        endpoint_equal(&row->remote, remote) && endpoint_equal(&row->local, local)) {
        return;
    }
    row->used = 0;
    atomic_signal_fence(memory_order_seq_cst);
    row->local = *local;
    row->remote = *remote;
    memcpy(row->cid, cid, sizeof(row->cid));
    atomic_signal_fence(memory_order_seq_cst);
    row->used = 1;
}

void reset_ledger_strike(struct reset_ledger *ledger, uint32_t index)
{
    if (index < ledger->capacity) {
        memset(&ledger->rows[index], 0, sizeof(ledger->rows[index]));
    }
}

bool reset_ledger_next(struct reset_ledger *ledger, struct link_reset_row *out)
{
    if (ledger->missed_count == 0) {
        return false;
    }
    ledger->missed_count--;
    *out = ledger->missed[ledger->missed_count];
    return true;
}

void reset_ledger_rest(struct reset_ledger *ledger, struct mono now)
{
    ledger->turn_at = mono_add_ms(now, RESET_LEDGER_TURN_MS);
    if (ledger->missed_count == 0) {
        free(ledger->missed);
        ledger->missed = NULL;
    }
}

struct mono reset_ledger_deadline(const struct reset_ledger *ledger)
{
    return ledger->missed_count > 0 ? ledger->turn_at : MONO_NEVER;
}
