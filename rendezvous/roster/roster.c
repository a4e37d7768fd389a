/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The roster as its host sees it: delegations, changes, expiry, finding. */
#include "rendezvous/roster/roster.h"

#include "proto/base/rbuf.h"
#include "proto/crypto/delegation.h"
#include "proto/net/addrplan.h"
#include "proto/wire/record.h"
#include "rendezvous/roster/roster_internal.h"
#include "rendezvous/roster/roster_load.h"
#include "rendezvous/roster/roster_names.h"
#include "rendezvous/roster/roster_save.h"
#include "rendezvous/roster/roster_slots.h"

#include <stdlib.h>
#include <string.h>

/* What became of a delegation. */
enum taken { TAKEN_NOT, TAKEN_BEFORE, TAKEN_NEW };

/* True if a newer delegation of the same entry point is known and in force. (One that a wrong clock
 * made is not in force when the clock is right, and must not stand in the way then.) */
static bool is_superseded(const struct record_delegation *delegation,
                          const struct record_delegation *known, uint64_t wall_ms)
{
    return known->header.sequence > delegation->header.sequence &&
           delegation_in_force(known, wall_ms);
}

static enum taken delegation_take(struct roster *roster, const uint8_t *delegation, size_t size)
{
    uint64_t wall_ms = env_wall_ms(roster->env);
    struct record_delegation entry;
    struct roster_entry *kept;
    size_t at = 0;

    if (delegation_verify(&entry, delegation, size, roster->ziglan_key, NULL, wall_ms) !=
            DELEGATION_BELIEVED ||
        size > sizeof(kept->bytes)) {
        return TAKEN_NOT;
    }
    while (at < roster->entry_count &&
           memcmp(roster->entries[at].record.entry_key, entry.entry_key, KEY_SIZE) != 0) {
        at++;
    }
    if (at < roster->entry_count && is_superseded(&entry, &roster->entries[at].record, wall_ms)) {
        return TAKEN_BEFORE;
    }
    if (at == ROSTER_ENTRY_COUNT_MAX) {
        at = roster->entry_next;
        roster->entry_next = (roster->entry_next + 1) % ROSTER_ENTRY_COUNT_MAX;
    } else if (at == roster->entry_count) {
        roster->entry_count++;
    }
    kept = &roster->entries[at];
    kept->record = entry;
    if (kept->size == size && memcmp(kept->bytes, delegation, size) == 0) {
        return TAKEN_BEFORE;
    }
    memcpy(kept->bytes, delegation, size);
    kept->size = size;
    return TAKEN_NEW;
}

/* Those that are not in force by this clock are not believed, and stay in the store until others
 * come. */
static int delegations_load(struct roster *r)
{
    uint8_t value[STORE_VALUE_SIZE_MAX];
    size_t size;
    int rc = roster_read_delegations(r, value, &size);
    struct rbuf all = rbuf_over(value, size);

    while (rc == ERR_OK && all.at < all.end && !all.failed) {
        size_t each = rbuf_u16(&all);
        const uint8_t *bytes = rbuf_take(&all, each);

        if (bytes != NULL) {
            (void)delegation_take(r, bytes, each);
        }
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
    r->forget_ms = UINT64_MAX;
    rc = roster_slots_init(r);
    if (rc == ERR_OK) {
        rc = roster_load(r);
    }
    if (rc == ERR_OK) {
        rc = delegations_load(r);
    }
    if (rc != ERR_OK) {
        roster_free(r);
        return rc;
    }
    *out = r;
    return ERR_OK;
}

void roster_free(struct roster *roster)
{
    if (roster == NULL) {
        return;
    }
    roster_slots_fini(roster);
    free(roster);
}

int roster_set_delegation(struct roster *roster, const uint8_t *delegation, size_t size)
{
    enum taken taken = delegation_take(roster, delegation, size);

    if (taken == TAKEN_NEW && roster_save_delegations(roster) != ERR_OK) {
        /* No harm: after a restart the entry point shows it again. */
        env_trace(roster->env, TRACE_LEVEL_WARN, "roster.unsaved", "what=delegations");
    }
    return taken == TAKEN_NOT ? ERR_DROP : ERR_OK;
}

/* ---- changes ---- */

/* The delegation of the entry point that signed a change; NULL if none is known. */
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
        if (memcmp(r->entries[i].record.entry_key, header.key, KEY_SIZE) == 0) {
            return &r->entries[i].record;
        }
    }
    return NULL;
}

static int apply_revocation(struct roster *r, const struct member *member,
                            enum roster_effect *effect)
{
    struct roster_slot *slot = roster_slot_find(r, member->key);
    uint64_t known = 0;
    int rc;

    if (slot != NULL && slot->member.sequence > member->sequence) {
        r->stats.refused_old++; /* the member was admitted again after this */
        return ERR_DROP;
    }
    if (slot == NULL && map_find(r->revoked, member->key, &known) && known >= member->sequence) {
        return ERR_OK;
    }
    if (slot != NULL) {
        *effect = slot->over ? ROSTER_EFFECT_NONE : ROSTER_EFFECT_REMOVED;
        roster_slot_remove(r, slot);
        r->stats.revoked++;
    }
    rc = roster_revoked_put(r, member->key, member->sequence);
    return rc == ERR_OK ? roster_save_revoked(r, member->key, member->sequence) : rc;
}

/* True if something newer is known. An old record must not undo it, whoever repeats the record. */
static bool is_old(const struct roster *r, const struct member *member)
{
    const struct roster_slot *slot = roster_slot_find(r, member->key);
    uint64_t revoked_at;

    if (map_find(r->revoked, member->key, &revoked_at) && revoked_at >= member->sequence) {
        return true;
    }
    return slot != NULL && (slot->member.sequence > member->sequence ||
                            slot->part_sequence > member->part_sequence);
}

/* Note what the entry point says of its presence. */
static enum roster_effect note_online(struct roster_member *member,
                                      const struct roster_change *change)
{
    bool flag_changed = member->online != change->online;
    bool session_changed = change->session == 0 ? flag_changed : member->session != change->session;

    member->online = change->online;
    if (!change->online) {
        return flag_changed ? ROSTER_EFFECT_ONLINE : ROSTER_EFFECT_NONE;
    }
    member->session = change->session;
    return session_changed ? ROSTER_EFFECT_CAME
           : flag_changed  ? ROSTER_EFFECT_ONLINE
                           : ROSTER_EFFECT_NONE;
}

static int apply_admission(struct roster *r, const struct roster_change *change,
                           const struct member *member, enum roster_effect *effect)
{
    struct roster_slot *slot = roster_slot_find(r, member->key), *taken = NULL;
    bool added;
    int rc;

    if (is_old(r, member)) {
        r->stats.refused_old++;
        return ERR_DROP;
    }
    if (roster_slot_is_live(slot) && slot->member.sequence == member->sequence) {
        *effect = note_online(&slot->member, change);
        return ERR_OK;
    }
    rc = roster_slot_put(r, member, &taken, &added);
    if (taken == NULL) {
        return rc;
    }
    (void)note_online(&taken->member, change);
    *effect = added ? ROSTER_EFFECT_ADDED : ROSTER_EFFECT_CHANGED;
    (void)map_remove(r->revoked, member->key, NULL);
    int saved = roster_save_member(r, member->key, change->part, change->admission);
    return rc != ERR_OK ? rc : saved;
}

/* True if this is a member that is known as it stands here, and only our clock calls its admission
 * over, or not begun yet. Then there is nothing new in it but whether it is there. */
static bool is_known(const struct roster *r, const struct record_delegation *entry,
                     const struct roster_change *change, struct member *member)
{
    static const struct member_bytes none;
    const struct roster_slot *slot;
    struct record_header header;

    if (change->revocation.size > 0 ||
        record_header_peek(&header, change->admission.data, change->admission.size) != ERR_OK ||
        member_verify(member, entry, change->part, change->admission, none, header.created_ms) !=
            ERR_OK) {
        return false;
    }
    slot = roster_slot_find(r, member->key);
    return roster_slot_is_live(slot) && slot->member.sequence == member->sequence &&
           slot->part_sequence == member->part_sequence;
}

int roster_apply(struct roster *roster, const struct roster_change *change,
                 enum roster_effect *effect, uint8_t key[KEY_SIZE])
{
    const struct record_delegation *entry = change_entry(roster, change);
    struct member member;
    int rc;

    *effect = ROSTER_EFFECT_NONE;
    if (entry == NULL ||
        (member_verify(&member, entry, change->part, change->admission, change->revocation,
                       env_wall_ms(roster->env)) != ERR_OK &&
         !is_known(roster, entry, change, &member))) {
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
        /* No harm: after a restart the host asks for some changes again. */
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

/* Hide a member, or show it again; returns what to tell about it. */
static enum roster_effect over_set(struct roster *r, struct roster_slot *slot, bool over,
                                   uint8_t key[KEY_SIZE])
{
    memcpy(key, slot->member.key, KEY_SIZE);
    slot->member.online = false;
    if (roster_slot_set_over(r, slot, over) != ERR_OK) {
        env_trace(r->env, TRACE_LEVEL_WARN, "roster.unsaved", "what=name");
    }
    return over ? ROSTER_EFFECT_REMOVED : ROSTER_EFFECT_ADDED;
}

enum roster_effect roster_expire(struct roster *roster, uint64_t now_ms, uint64_t settled_ms,
                                 uint8_t key[KEY_SIZE])
{
    for (size_t i = roster->slot_count; i-- > roster->live_count;) {
        struct roster_slot *slot = roster->slots[i];
        if (record_unexpired(slot->member.expires_ms, now_ms)) {
            return over_set(roster, slot, false, key);
        }
        if (!record_unexpired(slot->member.expires_ms, settled_ms)) {
            roster_slot_forget(roster, slot);
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
    roster_slots_clear(roster);
    roster->sequence = 0;
    roster->names.binding_count = 0;
    roster->forget_ms = UINT64_MAX;
    return roster_erase_saved(roster);
}

/* ---- finding ---- */

static const struct roster_member *member_of(const struct roster_slot *slot)
{
    return roster_slot_is_live(slot) ? &slot->member : NULL;
}

const struct roster_member *roster_find_key(const struct roster *roster,
                                            const uint8_t key[KEY_SIZE])
{
    return member_of(roster_slot_find(roster, key));
}

const struct roster_member *roster_find_name(const struct roster *roster, const char *name,
                                             size_t size)
{
    char wanted[NAME_TEXT_SIZE];

    return name_fold(wanted, name, size) ? member_of(map_find_pointer(roster->by_name, wanted))
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

    return name_fold(wanted, name, size) &&
           roster_binding_read(roster, wanted, size, key, &found) == ERR_OK && found;
}

int roster_accept_name(struct roster *roster, const uint8_t key[KEY_SIZE])
{
    struct roster_slot *slot = roster_slot_find(roster, key);

    return roster_slot_is_live(slot) ? roster_name_take(roster, slot) : ERR_DROP;
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
