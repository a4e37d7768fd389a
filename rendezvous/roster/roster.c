/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rendezvous/roster/roster.h"

#include "proto/crypto/delegation.h"
#include "proto/crypto/identity.h"
#include "proto/net/addrplan.h"
#include "proto/wire/record.h"
#include "rendezvous/roster/roster_internal.h"

#include <stdlib.h>
#include <string.h>

static int maps_new(struct roster *r)
{
    size_t claims_max = (size_t)r->member_max * ADDRPLAN_FIXED_MAX;
    int rc = map_new(&r->by_key, KEY_SIZE, r->member_max, r->env);

    if (rc == ERR_OK) {
        rc = map_new(&r->by_name, NAME_TEXT_SIZE, r->member_max, r->env);
    }
    if (rc == ERR_OK) {
        rc = map_new(&r->by_ip6, 16, r->member_max, r->env);
    }
    if (rc == ERR_OK) {
        rc = map_new(&r->by_eui64, EUI64_SIZE, claims_max, r->env);
    }
    if (rc == ERR_OK) {
        rc = map_new(&r->revoked, KEY_SIZE, r->member_max, r->env);
    }
    return rc;
}

int roster_new(struct roster **out, struct store *store, const struct env *env,
               const uint8_t ziglan_key[KEY_SIZE], uint32_t member_max)
{
    struct roster *r = calloc(1, sizeof(*r));
    int rc;

    *out = NULL;
    if (r == NULL) {
        return ERR_NOMEM;
    }
    r->store = store;
    r->env = env;
    memcpy(r->ziglan_key, ziglan_key, KEY_SIZE);
    r->member_max = member_max != 0 ? member_max : ROSTER_MEMBER_COUNT_MAX;
    rc = maps_new(r);
    if (rc == ERR_OK) {
        rc = roster_load(r);
    }
    if (rc != ERR_OK) {
        roster_free(r);
        return rc;
    }
    *out = r;
    return ERR_OK;
}

static void slots_free(struct roster *r)
{
    for (size_t i = 0; i < r->slot_count; i++) {
        free(r->slots[i]);
    }
    r->slot_count = 0;
    r->live_count = 0;
}

void roster_free(struct roster *roster)
{
    if (roster == NULL) {
        return;
    }
    slots_free(roster);
    free(roster->slots);
    map_free(roster->by_key);
    map_free(roster->by_name);
    map_free(roster->by_ip6);
    map_free(roster->by_eui64);
    map_free(roster->revoked);
    free(roster);
}

int roster_set_delegation(struct roster *roster, const uint8_t *delegation, size_t size)
{
    struct record_delegation entry;
    size_t at = 0;

    if (delegation_verify(&entry, delegation, size, roster->ziglan_key, NULL,
                          env_wall_ms(roster->env)) != DELEGATION_BELIEVED) {
        return ERR_DROP;
    }
    while (at < roster->entry_count &&
           memcmp(roster->entries[at].entry_key, entry.entry_key, KEY_SIZE) != 0) {
        at++;
    }
    if (at == ROSTER_ENTRY_COUNT_MAX) {
        at = roster->entry_next;
        roster->entry_next = (roster->entry_next + 1) % ROSTER_ENTRY_COUNT_MAX;
    } else if (at == roster->entry_count) {
        roster->entry_count++;
    }
    roster->entries[at] = entry;
    return ERR_OK;
}

/* ---- memory ---- */

/* Names are map keys of fixed size: lower case, padded with zeros. False if too long. */
static bool name_key(char out[NAME_TEXT_SIZE], const char *name, size_t size)
{
    if (size == 0 || size >= NAME_TEXT_SIZE) {
        return false;
    }
    memset(out, 0, NAME_TEXT_SIZE);
    for (size_t i = 0; i < size; i++) {
        out[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
    }
    return true;
}

static struct roster_slot *slot_find(const struct roster *r, const uint8_t key[KEY_SIZE])
{
    return map_find_pointer(r->by_key, key);
}

static void name_release(struct roster *r, const struct roster_slot *slot)
{
    char name[NAME_TEXT_SIZE];

    if (name_key(name, slot->member.name, strlen(slot->member.name)) &&
        map_find_pointer(r->by_name, name) == slot) {
        (void)map_remove(r->by_name, name, NULL);
    }
}

/* The slot's name finds it, unless another key is remembered under that name. */
static int name_claim(struct roster *r, struct roster_slot *slot)
{
    char name[NAME_TEXT_SIZE];
    uint8_t bound[KEY_SIZE];
    size_t size = strlen(slot->member.name);
    bool found;
    int rc = roster_binding_read(r, slot->member.name, size, bound, &found);

    if (rc == ERR_OK && !found) {
        rc = roster_binding_write(r, slot->member.name, size, slot->member.key);
    }
    if (rc != ERR_OK) {
        return rc;
    }
    bool conflict = found && memcmp(bound, slot->member.key, KEY_SIZE) != 0;
    if (conflict && !slot->member.name_conflict) {
        r->stats.conflicts++;
    }
    slot->member.name_conflict = conflict;
    if (conflict || !name_key(name, slot->member.name, size)) {
        return ERR_OK;
    }
    return map_put_pointer(r->by_name, name, slot);
}

static void claims_release(struct roster *r, const struct roster_slot *slot)
{
    for (size_t i = 0; i < slot->member.eui64_count; i++) {
        if (map_find_pointer(r->by_eui64, slot->member.eui64s[i]) == slot) {
            (void)map_remove(r->by_eui64, slot->member.eui64s[i], NULL);
        }
    }
}

static bool is_live(const struct roster_slot *slot)
{
    return slot != NULL && !slot->over;
}

/* A claim holds if nobody else's is remembered, or that one is no member any more. */
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
        if (rc != ERR_OK || (found && !own && is_live(slot_find(r, bound)))) {
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

/* Two slots change places. */
static void slots_swap(struct roster *r, struct roster_slot *a, size_t to)
{
    struct roster_slot *b = r->slots[to];
    size_t from = a->index;

    r->slots[from] = b;
    b->index = from;
    r->slots[to] = a;
    a->index = to;
}

int roster_over_set(struct roster *roster, struct roster_slot *slot, bool over)
{
    if (slot->over == over) {
        return ERR_OK;
    }
    slot->over = over;
    if (over) {
        name_release(roster, slot);
        claims_release(roster, slot);
        roster->live_count--;
        slots_swap(roster, slot, roster->live_count);
        return ERR_OK;
    }
    slots_swap(roster, slot, roster->live_count);
    roster->live_count++;
    int rc = name_claim(roster, slot);
    int claims_rc = claims_take(roster, slot);
    return rc != ERR_OK ? rc : claims_rc;
}

static void slot_remove(struct roster *r, struct roster_slot *slot)
{
    name_release(r, slot);
    claims_release(r, slot);
    (void)map_remove(r->by_ip6, slot->member.ip6, NULL);
    (void)map_remove(r->by_key, slot->member.key, NULL);
    if (!slot->over) { /* the gap moves to the end in two steps */
        r->live_count--;
        slots_swap(r, slot, r->live_count);
    }
    r->slot_count--;
    slots_swap(r, slot, r->slot_count);
    free(slot);
}

/* Forget one whose admission is over for good. */
static void slot_forget(struct roster *r, struct roster_slot *slot)
{
    uint8_t key[KEY_SIZE];

    memcpy(key, slot->member.key, KEY_SIZE);
    slot_remove(r, slot);
    r->stats.expired++;
    if (roster_remove_saved(r, key) != ERR_OK) {
        env_trace(r->env, TRACE_LEVEL_WARN, "roster.unsaved", "what=expiry");
    }
}

static int slot_new(struct roster *r, const uint8_t key[KEY_SIZE], struct roster_slot **out)
{
    struct roster_slot *slot;

    if (r->slot_count >= r->member_max && r->slot_count > r->live_count) {
        slot_forget(r, r->slots[r->slot_count - 1]); /* who is a member comes first */
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
    slots_swap(r, slot, r->live_count);
    r->live_count++;
    int rc = map_put_pointer(r->by_key, key, slot);
    if (rc == ERR_OK) {
        rc = map_put_pointer(r->by_ip6, slot->member.ip6, slot);
    }
    if (rc != ERR_OK) {
        slot_remove(r, slot);
        return rc;
    }
    *out = slot;
    return ERR_OK;
}

int roster_put(struct roster *roster, const struct member *member, bool online,
               struct roster_slot **slot, bool *added)
{
    struct roster_slot *s = slot_find(roster, member->key);
    bool fresh = s == NULL;
    int rc;

    if (added != NULL) {
        *added = !is_live(s);
    }
    if (fresh) {
        rc = slot_new(roster, member->key, &s);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    name_release(roster, s);
    claims_release(roster, s);
    memcpy(s->member.name, member->name, sizeof(s->member.name));
    s->member.online = online;
    s->member.relay_count = member->relay_count;
    memcpy(s->member.relays, member->relays, sizeof(s->member.relays));
    s->member.eui64_count = member->eui64_count;
    memcpy(s->member.eui64s, member->eui64s, sizeof(s->member.eui64s));
    s->member.expires_ms = member->expires_ms;
    s->member.sequence = member->sequence;
    s->part_sequence = member->part_sequence;
    *slot = s;
    if (s->over) {
        return roster_over_set(roster, s, false);
    }
    rc = name_claim(roster, s);
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

/* ---- changes ---- */

/* The entry point that signed this; NULL if none that the ziglan delegated to. */
static const struct record_delegation *change_entry(const struct roster *r,
                                                    const struct roster_change *change)
{
    struct member_bytes decider =
        change->revocation.size > 0 ? change->revocation : change->admission;
    struct record_header header;

    if (record_header_peek(&header, decider.data, decider.size) != ERR_OK) {
        return NULL;
    }
    for (size_t i = 0; i < r->entry_count; i++) {
        if (memcmp(r->entries[i].entry_key, header.key, KEY_SIZE) == 0) {
            return &r->entries[i];
        }
    }
    return NULL;
}

static int apply_revocation(struct roster *r, const struct member *member,
                            enum roster_effect *effect)
{
    struct roster_slot *slot = slot_find(r, member->key);
    uint64_t known = 0;
    int rc;

    if (slot != NULL && slot->member.sequence > member->sequence) {
        r->stats.refused_old++; /* it was admitted anew since */
        return ERR_DROP;
    }
    if (slot == NULL && map_find(r->revoked, member->key, &known) && known >= member->sequence) {
        return ERR_OK;
    }
    if (slot != NULL) {
        *effect = slot->over ? ROSTER_EFFECT_NONE : ROSTER_EFFECT_REMOVED;
        slot_remove(r, slot);
        r->stats.revoked++;
    }
    rc = roster_revoked_put(r, member->key, member->sequence);
    return rc == ERR_OK ? roster_save_revoked(r, member->key, member->sequence) : rc;
}

/* Old news must not undo newer ones, whoever repeats them. */
static bool is_old(const struct roster *r, const struct member *member)
{
    const struct roster_slot *slot = slot_find(r, member->key);
    uint64_t revoked_at;

    if (map_find(r->revoked, member->key, &revoked_at) && revoked_at >= member->sequence) {
        return true;
    }
    return slot != NULL && (slot->member.sequence > member->sequence ||
                            slot->part_sequence > member->part_sequence);
}

static int apply_admission(struct roster *r, const struct roster_change *change,
                           const struct member *member, enum roster_effect *effect)
{
    struct roster_slot *slot = slot_find(r, member->key);
    bool added;
    int rc;

    if (is_old(r, member)) {
        r->stats.refused_old++;
        return ERR_DROP;
    }
    if (is_live(slot) && slot->member.sequence == member->sequence) {
        if (slot->member.online != change->online) {
            slot->member.online = change->online;
            *effect = ROSTER_EFFECT_ONLINE;
        }
        return ERR_OK;
    }
    rc = roster_put(r, member, change->online, &slot, &added);
    if (rc == ERR_LIMIT || rc == ERR_NOMEM) {
        return rc;
    }
    *effect = added ? ROSTER_EFFECT_ADDED : ROSTER_EFFECT_CHANGED;
    (void)map_remove(r->revoked, member->key, NULL);
    int saved = roster_save_member(r, member->key, change->part, change->admission);
    return rc != ERR_OK ? rc : saved;
}

int roster_apply(struct roster *roster, const struct roster_change *change,
                 enum roster_effect *effect, uint8_t key[KEY_SIZE])
{
    const struct record_delegation *entry = change_entry(roster, change);
    struct member member;
    int rc;

    *effect = ROSTER_EFFECT_NONE;
    if (entry == NULL || member_verify(&member, entry, change->part, change->admission,
                                       change->revocation, env_wall_ms(roster->env)) != ERR_OK) {
        roster->stats.refused_signature++;
        return ERR_DROP;
    }
    rc = member.revoked ? apply_revocation(roster, &member, effect)
                        : apply_admission(roster, change, &member, effect);
    if (*effect != ROSTER_EFFECT_NONE) {
        roster->stats.applied++;
        if (key != NULL) {
            memcpy(key, member.key, KEY_SIZE);
        }
    }
    return rc;
}

void roster_progress(struct roster *roster, uint64_t sequence)
{
    if (sequence == roster->sequence) {
        return;
    }
    roster->sequence = sequence;
    if (roster_save_sequence(roster) != ERR_OK) {
        /* After a restart we only ask for more than we need. */
        env_trace(roster->env, TRACE_LEVEL_WARN, "roster.unsaved", "what=sequence");
    }
}

uint64_t roster_sequence(const struct roster *roster)
{
    return roster->sequence;
}

void roster_all_offline(struct roster *roster)
{
    for (size_t i = 0; i < roster->slot_count; i++) {
        roster->slots[i]->member.online = false;
    }
}

/* A member is hidden, or shown again. */
static enum roster_effect over_set(struct roster *r, struct roster_slot *slot, bool over,
                                   uint8_t key[KEY_SIZE])
{
    memcpy(key, slot->member.key, KEY_SIZE);
    slot->member.online = false;
    if (roster_over_set(r, slot, over) != ERR_OK) {
        env_trace(r->env, TRACE_LEVEL_WARN, "roster.unsaved", "what=name");
    }
    return over ? ROSTER_EFFECT_REMOVED : ROSTER_EFFECT_ADDED;
}

enum roster_effect roster_expire(struct roster *roster, uint64_t settled_ms, uint8_t key[KEY_SIZE])
{
    uint64_t now_ms = env_wall_ms(roster->env);

    for (size_t i = roster->slot_count; i-- > roster->live_count;) {
        struct roster_slot *slot = roster->slots[i];
        if (record_unexpired(slot->member.expires_ms, now_ms)) {
            return over_set(roster, slot, false, key);
        }
        if (!record_unexpired(slot->member.expires_ms, settled_ms)) {
            slot_forget(roster, slot);
        }
    }
    for (size_t i = 0; i < roster->live_count; i++) {
        struct roster_slot *slot = roster->slots[i];
        if (!record_unexpired(slot->member.expires_ms, now_ms)) {
            return over_set(roster, slot, true, key);
        }
    }
    if (roster_forget_revoked(roster, settled_ms) != ERR_OK) {
        env_trace(roster->env, TRACE_LEVEL_WARN, "roster.unsaved", "what=revocations");
    }
    return ROSTER_EFFECT_NONE;
}

int roster_erase(struct roster *roster)
{
    slots_free(roster);
    map_clear(roster->by_key);
    map_clear(roster->by_name);
    map_clear(roster->by_ip6);
    map_clear(roster->by_eui64);
    map_clear(roster->revoked);
    roster->sequence = 0;
    roster->binding_count = 0;
    return roster_erase_saved(roster);
}

/* ---- finding ---- */

static const struct roster_member *member_of(const struct roster_slot *slot)
{
    return is_live(slot) ? &slot->member : NULL;
}

const struct roster_member *roster_find_key(const struct roster *roster,
                                            const uint8_t key[KEY_SIZE])
{
    return member_of(slot_find(roster, key));
}

const struct roster_member *roster_find_name(const struct roster *roster, const char *name,
                                             size_t size)
{
    char wanted[NAME_TEXT_SIZE];

    return name_key(wanted, name, size) ? member_of(map_find_pointer(roster->by_name, wanted))
                                        : NULL;
}

const struct roster_member *roster_find_ip6(const struct roster *roster, const uint8_t ip6[16])
{
    uint8_t middle[ADDRPLAN_MIDDLE_SIZE], eui64[EUI64_SIZE];

    if (addrplan_fixed_extract(middle, eui64, ip6)) {
        return member_of(map_find_pointer(roster->by_eui64, eui64));
    }
    return member_of(map_find_pointer(roster->by_ip6, ip6));
}

bool roster_remembered(struct roster *roster, const char *name, size_t size, uint8_t key[KEY_SIZE])
{
    char wanted[NAME_TEXT_SIZE];
    bool found;

    return name_key(wanted, name, size) &&
           roster_binding_read(roster, wanted, size, key, &found) == ERR_OK && found;
}

int roster_accept_name(struct roster *roster, const uint8_t key[KEY_SIZE])
{
    struct roster_slot *slot = slot_find(roster, key);
    char name[NAME_TEXT_SIZE];
    int rc;

    if (!is_live(slot) || !name_key(name, slot->member.name, strlen(slot->member.name))) {
        return ERR_DROP;
    }
    rc = roster_binding_write(roster, name, strlen(name), key);
    if (rc != ERR_OK) {
        return rc;
    }
    struct roster_slot *holder = map_find_pointer(roster->by_name, name);
    if (holder != NULL && holder != slot) {
        holder->member.name_conflict = true;
    }
    slot->member.name_conflict = false;
    return map_put_pointer(roster->by_name, name, slot);
}

size_t roster_count(const struct roster *roster)
{
    return roster->live_count;
}

const struct roster_member *roster_at(const struct roster *roster, size_t index)
{
    return index < roster->live_count ? &roster->slots[index]->member : NULL;
}

const struct roster_stats *roster_stats(const struct roster *roster)
{
    return &roster->stats;
}
