/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A short sorted list. */
#include "rendezvous/presence/located.h"

#include <string.h>

bool located_has(const struct located *found, const struct presence_record *record)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct presence_record *r = &found->records[i];

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

static void take_out(struct located *found, size_t at)
{
    found->count--;
    for (size_t i = at; i < found->count; i++) {
        found->records[i] = found->records[i + 1];
    }
}

void located_add(struct located *found, const struct presence_record *record)
{
    size_t at;

    for (size_t i = 0; i < found->count; i++) {
        if (memcmp(found->records[i].relay, record->relay, KEY_SIZE) == 0) {
            if (found->records[i].sequence >= record->sequence) {
                return;
            }
            take_out(found, i);
            break;
        }
    }
    at = found->count;
    while (at > 0 && found->records[at - 1].sequence < record->sequence) {
        at--;
    }
    if (at == PRESENCE_PER_KEY_MAX) {
        return;
    }
    if (found->count < PRESENCE_PER_KEY_MAX) {
        found->count++;
    }
    for (size_t i = found->count - 1; i > at; i--) {
        found->records[i] = found->records[i - 1];
    }
    found->records[at] = *record;
}

void located_remove(struct located *found, const uint8_t relay[KEY_SIZE])
{
    for (size_t i = found->count; i > 0; i--) {
        if (memcmp(found->records[i - 1].relay, relay, KEY_SIZE) == 0) {
            take_out(found, i - 1);
        }
    }
}

void located_settle(struct located *found, uint64_t wall_ms)
{
    for (size_t i = found->count; i > 0; i--) {
        if (presence_record_time(&found->records[i - 1], wall_ms) != PRESENCE_OK) {
            take_out(found, i - 1);
        }
    }
}
