/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Members in memory, and the maps that find them. */
#include "rendezvous/roster/roster_slots.h"

#include "proto/crypto/identity.h"
#include "rendezvous/roster/roster_internal.h"
#include "rendezvous/roster/roster_names.h"
#include "rendezvous/roster/roster_save.h"

#include <stdlib.h>
#include <string.h>

int roster_slots_init(struct roster *roster)
{
    size_t claims_max = (size_t)roster->member_max * ADDRPLAN_FIXED_MAX;
    int rc = map_new(&roster->by_key, KEY_SIZE, roster->member_max, roster->env);

    if (rc == ERR_OK) {
        rc = map_new(&roster->by_name, NAME_TEXT_SIZE, roster->member_max, roster->env);
    }
    if (rc == ERR_OK) {
        rc = map_new(&roster->by_ip6, 16, roster->member_max, roster->env);
    }
    if (rc == ERR_OK) {
        rc = map_new(&roster->by_eui64, EUI64_SIZE, claims_max, roster->env);
    }
    if (rc == ERR_OK) {
        rc = map_new(&roster->revoked, KEY_SIZE, roster->member_max, roster->env);
    }
    return rc;
}

static void slots_free(struct roster *r)
{
    for (size_t i = 0; i < r->slot_count; i++) {
        free(r->slots[i]);
    }
    r->slot_count = 0;
    r->live_count = 0;
    r->names.conflict_count = 0;
}

void roster_slots_fini(struct roster *roster)
{
    slots_free(roster);
    free(roster->slots);
    map_free(roster->by_key);
    map_free(roster->by_name);
    map_free(roster->by_ip6);
    map_free(roster->by_eui64);
    map_free(roster->revoked);
}

void roster_slots_clear(struct roster *roster)
{
    slots_free(roster);
    map_clear(roster->by_key);
    map_clear(roster->by_name);
    map_clear(roster->by_ip6);
    map_clear(roster->by_eui64);
    map_clear(roster->revoked);
}

struct roster_slot *roster_slot_find(const struct roster *roster, const uint8_t key[KEY_SIZE])
{
    return map_find_pointer(roster->by_key, key);
}

static void claims_release(struct roster *r, const struct roster_slot *slot)
{
    for (size_t i = 0; i < slot->member.eui64_count; i++) {
        if (map_find_pointer(r->by_eui64, slot->member.eui64s[i]) == slot) {
            (void)map_remove(r->by_eui64, slot->member.eui64s[i], NULL);
        }
    }
}

bool roster_slot_is_live(const struct roster_slot *slot)
{
    return slot != NULL && !slot->over;
}

/* Let the slot be found by the addresses that it claims, but those that a live member claimed
 * first. */
static int claims_take(struct roster *r, struct roster_slot *slot)
{
    uint8_t binding[1 + EUI64_SIZE];
    uint8_t bound[KEY_SIZE];
    bool found;
    int rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < slot->member.eui64_count; i++) {
        const uint8_t *eui64 = slot->member.eui64s[i];
        roster_eui64_binding(binding, eui64);
        rc = roster_binding_read(r, binding, sizeof(binding), bound, &found);
        bool own = found && memcmp(bound, slot->member.key, KEY_SIZE) == 0;
        if (rc != ERR_OK || (found && !own && roster_slot_is_live(roster_slot_find(r, bound)))) {
            continue;
        }
        if (!own) {
            rc = roster_binding_write(r, binding, sizeof(binding), slot->member.key);
        }
        if (rc == ERR_OK) {
            rc = map_put_pointer(r->by_eui64, eui64, slot);
        }
    }
    return rc;
}

/* Move a slot to an index; the slot there takes its place. */
static void slot_move(struct roster *r, struct roster_slot *slot, size_t to)
{
    struct roster_slot *other = r->slots[to];
    size_t from = slot->index;

    r->slots[from] = other;
    other->index = from;
    r->slots[to] = slot;
    slot->index = to;
}

int roster_slot_set_over(struct roster *roster, struct roster_slot *slot, bool over)
{
    if (slot->over == over) {
        return ERR_OK;
    }
    slot->over = over;
    if (over) {
        roster_name_release(roster, slot);
        claims_release(roster, slot);
        roster->live_count--;
        slot_move(roster, slot, roster->live_count);
        return ERR_OK;
    }
    slot_move(roster, slot, roster->live_count);
    roster->live_count++;
    int rc = roster_name_claim(roster, slot);
    int claims_rc = claims_take(roster, slot);
    return rc != ERR_OK ? rc : claims_rc;
}

void roster_slot_remove(struct roster *roster, struct roster_slot *slot)
{
    roster_name_release(roster, slot);
    claims_release(roster, slot);
    (void)map_remove(roster->by_ip6, slot->member.ip6, NULL);
    (void)map_remove(roster->by_key, slot->member.key, NULL);
    if (!slot->over) { /* first to the end of the live ones, below to the end of all */
        roster->live_count--;
        slot_move(roster, slot, roster->live_count);
    }
    roster->slot_count--;
    slot_move(roster, slot, roster->slot_count);
    free(slot);
    if (roster_names_again(roster) != ERR_OK) { /* its name may mean another member now */
        env_trace(roster->env, TRACE_LEVEL_WARN, "roster.unsaved", "what=name");
    }
}

void roster_slot_forget(struct roster *roster, struct roster_slot *slot)
{
    uint8_t key[KEY_SIZE];

    memcpy(key, slot->member.key, KEY_SIZE);
    roster_slot_remove(roster, slot);
    roster->stats.expired++;
    if (roster_remove_saved(roster, key) != ERR_OK) {
        env_trace(roster->env, TRACE_LEVEL_WARN, "roster.unsaved", "what=expiry");
    }
}

/* A new live slot, which key and key-derived address find. */
static int slot_new(struct roster *r, const uint8_t key[KEY_SIZE], struct roster_slot **out)
{
    struct roster_slot *slot;

    if (r->slot_count >= r->member_max && r->slot_count > r->live_count) {
        roster_slot_forget(r, r->slots[r->slot_count - 1]); /* one that is over makes room */
    }
    if (r->slot_count >= r->member_max) {
        r->stats.refused_limit++;
        return ERR_LIMIT;
    }
    if (r->slot_count == r->slot_capacity) {
        size_t capacity = r->slot_capacity == 0 ? 16 : r->slot_capacity * 2;
        struct roster_slot **slots = realloc(r->slots, capacity * sizeof(struct roster_slot *));
        if (slots == NULL) {
            return ERR_NOMEM;
        }
        r->slots = slots;
        r->slot_capacity = capacity;
    }
    slot = calloc(1, sizeof(*slot));
    if (slot == NULL) {
        return ERR_NOMEM;
    }
    memcpy(slot->member.key, key, KEY_SIZE);
    key_ip6(slot->member.ip6, key);
    slot->index = r->slot_count;
    r->slots[r->slot_count] = slot;
    r->slot_count++;
    slot_move(r, slot, r->live_count);
    r->live_count++;
    int rc = map_put_pointer(r->by_key, key, slot);
    if (rc == ERR_OK) {
        rc = map_put_pointer(r->by_ip6, slot->member.ip6, slot);
    }
    if (rc != ERR_OK) {
        roster_slot_remove(r, slot);
        return rc;
    }
    *out = slot;
    return ERR_OK;
}

int roster_slot_put(struct roster *roster, const struct member *member, struct roster_slot **slot,
                    bool *added)
{
    struct roster_slot *s = roster_slot_find(roster, member->key);
    bool fresh = s == NULL;
    int rc;

    if (added != NULL) {
        *added = !roster_slot_is_live(s);
    }
    if (fresh) {
        rc = slot_new(roster, member->key, &s);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    roster_name_release(roster, s);
    claims_release(roster, s);
    memcpy(s->member.name, member->name, sizeof(s->member.name));
    s->member.relay_count = member->relay_count;
    memcpy(s->member.relays, member->relays, sizeof(s->member.relays));
    s->member.eui64_count = member->eui64_count;
    memcpy(s->member.eui64s, member->eui64s, sizeof(s->member.eui64s));
    s->member.expires_ms = member->expires_ms;
    s->member.sequence = member->sequence;
    s->part_sequence = member->part_sequence;
    *slot = s;
    if (s->over) {
        return roster_slot_set_over(roster, s, false);
    }
    rc = roster_name_claim(roster, s);
    int claims_rc = claims_take(roster, s);
    return rc != ERR_OK ? rc : claims_rc;
}

int roster_revoked_put(struct roster *roster, const uint8_t key[KEY_SIZE], uint64_t sequence)
{
    int rc = map_put(roster->revoked, key, sequence);

    if (rc == ERR_LIMIT) {
        const void *oldest;
        size_t cursor = 0;
        if (map_next(roster->revoked, &cursor, &oldest, NULL)) {
            uint8_t gone[KEY_SIZE];
            memcpy(gone, oldest, KEY_SIZE);
            (void)map_remove(roster->revoked, gone, NULL);
            rc = roster_remove_saved(roster, gone);
            if (rc == ERR_OK) {
                rc = map_put(roster->revoked, key, sequence);
            }
        }
    }
    return rc;
}
