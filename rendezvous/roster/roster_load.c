/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walks over what the store has of a ziglan: members become slots, revocations are remembered. */
#include "rendezvous/roster/roster_load.h"

#include "rendezvous/roster/roster_internal.h"
#include "rendezvous/roster/roster_names.h"
#include "rendezvous/roster/roster_save.h"
#include "rendezvous/roster/roster_slots.h"

#include <string.h>

/* Let no revocation that is saved be forgotten too late. */
static void forget_later(uint64_t *forget_ms, const struct roster_saved *saved)
{
    if (saved->forgotten_ms < *forget_ms) {
        *forget_ms = saved->forgotten_ms;
    }
}

/* Load one row. *good is false if we would not have written it, or if the roster is full: the row
 * is then removed. A member whose admission is over by the wall clock is kept: perhaps the clock is
 * wrong, and will be set in a minute. */
static int load_one(struct roster *r, const struct roster_saved *saved, bool *good)
{
    uint64_t now_ms = env_wall_ms(r->env);
    struct roster_slot *slot;
    struct member member;
    int rc;

    *good = false;
    if (saved->key == NULL) {
        return ERR_OK;
    }
    if (saved->revoked) {
        *good = true;
        forget_later(&r->forget_ms, saved);
        return roster_revoked_put(r, saved->key, saved->sequence);
    }
    if (member_decode(&member, r->ziglan_key, saved->part, saved->admission) != ERR_OK ||
        memcmp(member.key, saved->key, KEY_SIZE) != 0) {
        return ERR_OK;
    }
    rc = roster_slot_put(r, &member, &slot, NULL);
    *good = rc == ERR_OK;
    if (*good && !record_unexpired(member.expires_ms, now_ms)) {
        rc = roster_slot_set_over(r, slot, true);
    }
    return rc == ERR_LIMIT ? ERR_OK : rc;
}

static int load_members(struct roster *r)
{
    struct store_cursor cursor = roster_saved_first(r);
    uint8_t value[STORE_VALUE_SIZE_MAX];
    struct roster_saved saved;
    bool more;

    for (;;) {
        bool good;
        int rc = roster_saved_next(r, &cursor, value, &saved, &more);
        if (rc != ERR_OK || !more) {
            return rc;
        }
        rc = load_one(r, &saved, &good);
        if (rc == ERR_OK && !good) {
            env_trace(r->env, TRACE_LEVEL_DEBUG, "roster.forgot", "why=unreadable");
            rc = roster_saved_drop(r, &cursor);
        }
        if (rc != ERR_OK) {
            return rc;
        }
    }
}

int roster_load(struct roster *roster)
{
    int rc = roster_read_sequence(roster);

    if (rc == ERR_OK) {
        rc = roster_bindings_count(roster);
    }
    roster->names.loading = true;
    if (rc == ERR_OK) {
        rc = load_members(roster);
    }
    roster->names.loading = false;
    return rc == ERR_OK ? roster_names_again(roster) : rc;
}

int roster_forget_revoked(struct roster *roster, uint64_t settled_ms)
{
    struct store_cursor cursor = roster_saved_first(roster);
    uint8_t value[STORE_VALUE_SIZE_MAX];
    struct roster_saved saved;
    uint64_t next_ms = UINT64_MAX;
    bool more = roster->forget_ms <= settled_ms;

    if (!more) {
        return ERR_OK; /* none is due: do not read all rows for that */
    }
    while (more && map_count(roster->revoked) > 0) {
        int rc = roster_saved_next(roster, &cursor, value, &saved, &more);
        if (rc != ERR_OK) {
            return rc;
        }
        if (!more || saved.key == NULL || !saved.revoked) {
            continue;
        }
        if (saved.forgotten_ms > settled_ms) {
            forget_later(&next_ms, &saved);
            continue;
        }
        (void)map_remove(roster->revoked, saved.key, NULL);
        rc = roster_saved_drop(roster, &cursor);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    roster->forget_ms = next_ms;
    return ERR_OK;
}
