/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/link/reset_ledger.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

int roll_open(struct roll *roll, struct link_roll_entry *entries, uint32_t capacity,
              struct mono now)
{
    uint32_t count = 0;

    *roll = (struct roll){.entries = entries, .capacity = capacity, .turn_at = now};
    for (uint32_t i = 0; i < capacity; i++) {
        count += entries[i].used == 1 ? 1 : 0;
    }
    if (count == 0) {
        return ERR_OK;
    }
    roll->missed = calloc(count, sizeof(*roll->missed));
    if (roll->missed == NULL) {
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < capacity; i++) {
        if (entries[i].used == 1) {
            roll->missed[roll->missed_count] = entries[i];
            roll->missed_count++;
            roll_strike(roll, i);
        }
    }
    return ERR_OK;
}

void roll_close(struct roll *roll)
{
    free(roll->missed);
    *roll = (struct roll){.capacity = 0};
}

void roll_keep(struct roll *roll, uint32_t index, const struct endpoint *local,
               const struct endpoint *remote, const uint8_t *cid)
{
    struct link_roll_entry *entry;

    if (index >= roll->capacity) {
        return;
    }
    entry = &roll->entries[index];
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

void roll_strike(struct roll *roll, uint32_t index)
{
    if (index < roll->capacity) {
        memset(&roll->entries[index], 0, sizeof(roll->entries[index]));
    }
}

bool roll_next(struct roll *roll, struct link_roll_entry *out)
{
    if (roll->missed_count == 0) {
        return false;
    }
    roll->missed_count--;
    *out = roll->missed[roll->missed_count];
    return true;
}

void roll_rest(struct roll *roll, struct mono now)
{
    roll->turn_at = mono_add_ms(now, ROLL_TURN_MS);
    if (roll->missed_count == 0) {
        free(roll->missed);
        roll->missed = NULL;
    }
}

struct mono roll_deadline(const struct roll *roll)
{
    return roll->missed_count > 0 ? roll->turn_at : MONO_NEVER;
}
