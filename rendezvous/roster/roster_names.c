/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The map of names, and what the store remembers under them. */
#include "rendezvous/roster/roster_names.h"

#include "proto/crypto/key_form.h"
#include "proto/wire/name.h"
#include "rendezvous/roster/roster_internal.h"
#include "rendezvous/roster/roster_save.h"

#include <string.h>

/* Mark a member, or not, and keep the count of those that are. */
static void mark(struct roster *r, struct roster_slot *slot, bool conflict)
{
    if (slot->member.name_conflict != conflict) {
        slot->member.name_conflict = conflict;
        r->names.conflict_count += conflict ? 1 : 0;
        r->names.conflict_count -= conflict ? 0 : 1;
    }
}

static void tell(const struct roster *r, const struct roster_slot *slot,
                 const uint8_t bound[KEY_SIZE], bool conflict)
{
    char key[KEY_SHORT_SIZE], other[KEY_SHORT_SIZE];

    if (conflict) {
        env_trace(r->env, TRACE_LEVEL_WARN, "name.conflict",
                  "name=%s is given to key=%s, but means key=%s here; to agree: sudo ziglan trust "
                  "%s",
                  slot->member.name, key_short(slot->member.key, key), key_short(bound, other),
                  slot->member.name);
    } else {
        env_trace(r->env, TRACE_LEVEL_INFO, "name.moved",
                  "name=%s means key=%s now; key=%s is no member any more", slot->member.name,
                  key_short(slot->member.key, key), key_short(bound, other));
    }
}

int roster_name_claim(struct roster *roster, struct roster_slot *slot)
{
    char name[NAME_TEXT_SIZE];
    uint8_t bound[KEY_SIZE];
    size_t size = strlen(slot->member.name);
    bool found;
    int rc = roster_binding_read(roster, slot->member.name, size, bound, &found);

    if (rc != ERR_OK) {
        return rc;
    }
    bool other = found && memcmp(bound, slot->member.key, KEY_SIZE) != 0;
    bool gone = other && !roster->names.loading && map_find_pointer(roster->by_key, bound) == NULL;
    if (other && !gone) {
        if (!slot->member.name_conflict) {
            roster->stats.conflicts++;
            if (!roster->names.loading) { /* it was told when it began */
                tell(roster, slot, bound, true);
            }
        }
        mark(roster, slot, true);
        return ERR_OK;
    }
    if (!found || gone) {
        rc = roster_binding_write(roster, slot->member.name, size, slot->member.key);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    if (gone) {
        tell(roster, slot, bound, false);
    }
    mark(roster, slot, false);
    return name_fold(name, slot->member.name, size) ? map_put_pointer(roster->by_name, name, slot)
                                                    : ERR_OK;
}

void roster_name_release(struct roster *roster, struct roster_slot *slot)
{
    char name[NAME_TEXT_SIZE];

    mark(roster, slot, false);
    if (name_fold(name, slot->member.name, strlen(slot->member.name)) &&
        map_find_pointer(roster->by_name, name) == slot) {
        (void)map_remove(roster->by_name, name, NULL);
    }
}

int roster_names_again(struct roster *roster)
{
    int rc = ERR_OK;

    for (size_t i = 0; i < roster->live_count && roster->names.conflict_count > 0; i++) {
        if (roster->slots[i]->member.name_conflict) {
            int claim_rc = roster_name_claim(roster, roster->slots[i]);
            rc = rc != ERR_OK ? rc : claim_rc;
        }
    }
    return rc;
}

int roster_name_take(struct roster *roster, struct roster_slot *slot)
{
    char name[NAME_TEXT_SIZE];
    int rc;

    if (!name_fold(name, slot->member.name, strlen(slot->member.name))) {
        return ERR_DROP;
    }
    rc = roster_binding_write(roster, name, strlen(name), slot->member.key);
    if (rc != ERR_OK) {
        return rc;
    }
    struct roster_slot *holder = map_find_pointer(roster->by_name, name);
    if (holder != NULL && holder != slot) {
        mark(roster, holder, true);
    }
    mark(roster, slot, false);
    return map_put_pointer(roster->by_name, name, slot);
}
