/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows are written so that a crash in between leaves none, not a wrong one. */
#include "proto/link/reset_ledger.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

int reset_ledger_open(struct reset_ledger *ledger, struct link_reset_row *entries,
                      uint32_t capacity, struct mono now)
{
    uint32_t count = 0;

    *ledger = (struct reset_ledger){.entries = entries, .capacity = capacity, .turn_at = now};
    for (uint32_t i = 0; i < capacity; i++) {
        count += entries[i].used == 1 ? 1 : 0;
    }
    if (count == 0) {
        return ERR_OK;
    }
    ledger->missed = calloc(count, sizeof(*ledger->missed));
    if (ledger->missed == NULL) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < capacity; i++) {
        if (entries[i].used == 1) {
            ledger->missed[ledger->missed_count] = entries[i];
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
    struct link_reset_row *entry;

    if (index >= ledger->capacity) {
        return;
    }
    entry = &ledger->entries[index];
    if (entry->used == 1 && memcmp(entry->cid, cid, sizeof(entry->cid)) == 0 &&
        endpoint_equal(&entry->remote, remote) && endpoint_equal(&entry->local, local)) {
        return;
    }
    /* A crash between these lines leaves no entry, not a wrong one. */
    entry->used = 0;
    atomic_signal_fence(memory_order_seq_cst);
    entry->local = *local;
    entry->remote = *remote;
    memcpy(entry->cid, cid, sizeof(entry->cid));
    atomic_signal_fence(memory_order_seq_cst);
    entry->used = 1;
}

void reset_ledger_strike(struct reset_ledger *ledger, uint32_t index)
{
    if (index < ledger->capacity) {
        memset(&ledger->entries[index], 0, sizeof(ledger->entries[index]));
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
