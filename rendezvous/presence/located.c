/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A short sorted list. */
#include "rendezvous/presence/located.h"

#include <string.h>

bool located_has(const struct located *located, const struct presence_record *record)
{
    for (size_t i = 0; i < located->count; i++) {
        const struct presence_record *r = &located->records[i];

        if (r->sequence == record->sequence && r->created_ms == record->created_ms &&
            r->expires_ms == record->expires_ms && r->lifetime_s == record->lifetime_s &&
            r->rights == record->rights && memcmp(r->relay, record->relay, KEY_SIZE) == 0 &&
            memcmp(r->key, record->key, KEY_SIZE) == 0 &&
            memcmp(r->signature, record->signature, SIGNATURE_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

static void take_out(struct located *located, size_t at)
{
    located->count--;
    for (size_t i = at; i < located->count; i++) {
        located->records[i] = located->records[i + 1];
    }
}

void located_add(struct located *located, const struct presence_record *record)
{
    size_t at;

    for (size_t i = 0; i < located->count; i++) {
        if (memcmp(located->records[i].relay, record->relay, KEY_SIZE) == 0) {
            if (located->records[i].sequence >= record->sequence) {
                return;
            }
            take_out(located, i);
            break;
        }
    }
    at = located->count;
    while (at > 0 && located->records[at - 1].sequence < record->sequence) {
        at--;
    }
    if (at == PRESENCE_PER_KEY_MAX) {
        return;
    }
    if (located->count < PRESENCE_PER_KEY_MAX) {
        located->count++;
    }
    for (size_t i = located->count - 1; i > at; i--) {
        located->records[i] = located->records[i - 1];
    }
    located->records[at] = *record;
}

void located_deny(struct located *located, const uint8_t relay[KEY_SIZE], uint64_t sequence)
{
    for (size_t i = located->count; i > 0; i--) {
        const struct presence_record *record = &located->records[i - 1];

        if (memcmp(record->relay, relay, KEY_SIZE) == 0 && record->sequence <= sequence) {
            take_out(located, i - 1);
        }
    }
}

void located_settle(struct located *located, uint64_t wall_ms)
{
    for (size_t i = located->count; i > 0; i--) {
        if (presence_record_time(&located->records[i - 1], wall_ms) != PRESENCE_OK) {
            take_out(located, i - 1);
        }
    }
}
