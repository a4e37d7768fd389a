/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compares the indexes with the records and makes them fit, so that everything else can trust them.
 * After an orderly stop this writes nothing, but reads a lot: for 10,000 members some 60,000 values
 * of a warm store.
 */
#include "rendezvous/directory/directory_repair.h"

#include "proto/base/bytes.h"
#include "proto/crypto/identity.h"
#include "rendezvous/directory/directory_details.h"
#include "rendezvous/directory/directory_entry.h"
#include "rendezvous/directory/directory_internal.h"
#include "rendezvous/directory/directory_invite.h"
#include "rendezvous/directory/directory_name.h"
#include "rendezvous/directory/directory_use.h"
#include "rendezvous/directory/directory_write.h"

#include <string.h>

struct repair {
    struct directory *d;
    uint32_t repairs; /* writes that were needed */
};

/* Make sure that a table has `value` (at most STORE_KEY_SIZE_MAX bytes) under a key. */
static int ensure(struct repair *r, enum store_table table, const void *key, size_t key_size,
                  const uint8_t *value, size_t value_size)
{
    uint8_t present[STORE_KEY_SIZE_MAX];
    size_t size;
    int rc = store_read(r->d->store, table, key, key_size, present, sizeof(present), &size);

    if (rc == ERR_OK && (size != value_size || memcmp(present, value, value_size) != 0)) {
        r->repairs++;
        rc = store_write(r->d->store, table, key, key_size, value, value_size);
    }
    return rc;
}

/* Remove what is wrong. */
static int drop(struct repair *r, enum store_table table, const void *key, size_t key_size)
{
    r->repairs++;
    return store_remove(r->d->store, table, key, key_size);
}

/* Drop the rows whose values are larger than any that the directory writes: whoever reads them
 * later has no room for more. */
static int drop_too_large(struct repair *r, enum store_table table, size_t size_max)
{
    struct store_cursor cursor = store_cursor_from(table, NULL, 0);
    uint8_t value[STORE_VALUE_SIZE_MAX];
    size_t size;

    for (;;) {
        int rc = store_next(r->d->store, &cursor, value, sizeof(value), &size);

        if (rc != ERR_OK || size == STORE_NONE) {
            return rc;
        }
        rc = size > size_max ? drop(r, table, cursor.key, cursor.key_size) : ERR_OK;
        if (rc != ERR_OK) {
            return rc;
        }
    }
}

static int drop_all_too_large(struct repair *r)
{
    static const struct {
        enum store_table table;
        size_t size_max;
    } tables[] = {
        {STORE_TABLE_REVOCATIONS, RECORD_OTHER_SIGNED_SIZE_MAX},
        {STORE_TABLE_ADMISSIONS, RECORD_OTHER_SIGNED_SIZE_MAX},
        {STORE_TABLE_MEMBERS, RECORD_SIGNED_SIZE_MAX},
        {STORE_TABLE_FORMER, NAME_SIZE_MAX},
        {STORE_TABLE_NAMES, DIRECTORY_NAME_VALUE_SIZE},
        {STORE_TABLE_ADDRESSES, KEY_SIZE},
        {STORE_TABLE_CHANGES, KEY_SIZE},
        {STORE_TABLE_INVITES, DIRECTORY_INVITE_VALUE_SIZE_MAX},
        {STORE_TABLE_DETAILS, DIRECTORY_DETAILS_ROW_SIZE_MAX},
        {STORE_TABLE_USE, DIRECTORY_USE_ROW_SIZE},
    };
    int rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < sizeof(tables) / sizeof(tables[0]); i++) {
        rc = drop_too_large(r, tables[i].table, tables[i].size_max);
    }
    return rc;
}

/* ---- records to indexes ---- */

static int repair_change(struct repair *r, const struct directory_entry *entry)
{
    uint8_t number[8];

    if (entry->sequence > r->d->sequence) {
        r->d->sequence = entry->sequence;
    }
    be64_write(number, entry->sequence);
    return ensure(r, STORE_TABLE_CHANGES, number, sizeof(number), entry->key, KEY_SIZE);
}

static int repair_member(struct repair *r, const struct directory_entry *entry)
{
    struct record_member part;
    struct directory_name holder;
    int rc = repair_change(r, entry);

    if (rc == ERR_OK) {
        rc = directory_name_read(r->d, entry->name, &holder);
    }
    if (rc == ERR_OK &&
        (!holder.found || holder.freed_ms != 0 || memcmp(holder.key, entry->key, KEY_SIZE) != 0)) {
        r->repairs++;
        rc = directory_name_hold(r->d, entry->name, entry->key);
    }
    if (rc == ERR_OK && directory_entry_part(entry, &part)) {
        uint8_t ip6[16];
        key_ip6(ip6, entry->key);
        rc = ensure(r, STORE_TABLE_ADDRESSES, ip6, sizeof(ip6), entry->key, KEY_SIZE);
        if (rc == ERR_OK) {
            rc = directory_addresses_move(r->d, entry->key, NULL, &part);
        }
    }
    return rc;
}

/* Walk a table whose keys are nodes' keys, and give each entry to `visit`. */
static int walk_entries(struct repair *r, enum store_table table,
                        int (*visit)(struct repair *, const struct directory_entry *))
{
    struct store_cursor cursor = store_cursor_from(table, NULL, 0);
    uint8_t record[RECORD_SIGNED_SIZE_MAX];
    struct directory_entry entry;
    size_t size;

    for (;;) {
        int rc = store_next(r->d->store, &cursor, record, sizeof(record), &size);
        if (rc != ERR_OK || size == STORE_NONE) {
            return rc;
        }
        if (cursor.key_size != KEY_SIZE) {
            rc = drop(r, table, cursor.key, cursor.key_size);
        } else {
            rc = directory_load(r->d, cursor.key, &entry);
            if (rc == ERR_OK) {
                rc = visit(r, &entry);
            }
        }
        if (rc != ERR_OK) {
            return rc;
        }
    }
}

static int visit_revocation(struct repair *r, const struct directory_entry *entry)
{
    if (entry->revocation_size == 0) {
        return drop(r, STORE_TABLE_REVOCATIONS, entry->key, KEY_SIZE);
    }
    r->d->revoked_count++;
    if (entry->admission_size > 0) {
        r->repairs++;
        int rc = directory_member_remove(r->d, entry);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return repair_change(r, entry);
}

static int visit_admission(struct repair *r, const struct directory_entry *entry)
{
    if (entry->admission_size == 0) {
        return drop(r, STORE_TABLE_ADMISSIONS, entry->key, KEY_SIZE);
    }
    r->d->member_count++;
    return repair_member(r, entry);
}

static int visit_part(struct repair *r, const struct directory_entry *entry)
{
    return directory_entry_is_member(entry) && entry->member_part_size > 0
               ? ERR_OK
               : drop(r, STORE_TABLE_MEMBERS, entry->key, KEY_SIZE);
}

/* What is kept of a member goes with it. */
static int visit_kept(struct repair *r, const struct directory_entry *entry, enum store_table table)
{
    return directory_entry_is_member(entry) ? ERR_OK : drop(r, table, entry->key, KEY_SIZE);
}

static int visit_details(struct repair *r, const struct directory_entry *entry)
{
    return visit_kept(r, entry, STORE_TABLE_DETAILS);
}

static int visit_use(struct repair *r, const struct directory_entry *entry)
{
    return visit_kept(r, entry, STORE_TABLE_USE);
}

static int visit_former(struct repair *r, const struct directory_entry *entry)
{
    return entry->revocation_size > 0 && entry->name[0] != '\0'
               ? ERR_OK
               : drop(r, STORE_TABLE_FORMER, entry->key, KEY_SIZE);
}

/* ---- indexes to records ---- */

/* A name is held, but its holder is no member or has another name: so it was freed. When is not
   known any more, and now is the safe answer. */
static int check_name(struct repair *r, const struct store_cursor *at)
{
    char name[NAME_TEXT_SIZE] = "";
    struct directory_name holder;
    struct directory_entry entry;
    int rc;

    if (at->key_size >= sizeof(name) || memchr(at->key, '\0', at->key_size) != NULL) {
        return drop(r, STORE_TABLE_NAMES, at->key, at->key_size);
    }
    memcpy(name, at->key, at->key_size);
    rc = directory_name_read(r->d, name, &holder);
    if (rc == ERR_OK && !holder.found) {
        return drop(r, STORE_TABLE_NAMES, at->key, at->key_size);
    }
    if (rc != ERR_OK || holder.freed_ms != 0) {
        return rc;
    }
    rc = directory_load(r->d, holder.key, &entry);
    if (rc == ERR_OK && (!directory_entry_is_member(&entry) || strcmp(entry.name, name) != 0)) {
        r->repairs++;
        rc = directory_name_free(r->d, name, holder.key);
    }
    return rc;
}

/* True if the entry is of a member whose address this is (its own IPv6), or who claims it. */
static bool entry_claims(const struct directory_entry *entry, const uint8_t *address, size_t size)
{
    struct record_member part;
    uint8_t ip6[16];

    if (!directory_entry_is_member(entry) || !directory_entry_part(entry, &part)) {
        return false;
    }
    key_ip6(ip6, entry->key);
    if (size == sizeof(ip6)) {
        return memcmp(ip6, address, size) == 0;
    }
    for (size_t i = 0; i < part.fixed_count && size == sizeof(part.fixed[0]); i++) {
        if (memcmp(part.fixed[i], address, size) == 0) {
            return true;
        }
    }
    return false;
}

/* A row of ADDRESSES or CHANGES leads to a key; the entry of that key must say the same. */
static int check_index(struct repair *r, const struct store_cursor *at, const uint8_t *value,
                       size_t size)
{
    struct directory_entry entry;
    bool agrees;

    if (size != KEY_SIZE) {
        return drop(r, at->table, at->key, at->key_size);
    }
    int rc = directory_load(r->d, value, &entry);
    if (rc != ERR_OK) {
        return rc;
    }
    if (at->table == STORE_TABLE_ADDRESSES) {
        agrees = entry_claims(&entry, at->key, at->key_size);
    } else {
        agrees = at->key_size == 8 && entry.sequence == be64_read(at->key) &&
                 (entry.admission_size > 0 || entry.revocation_size > 0);
    }
    return agrees ? ERR_OK : drop(r, at->table, at->key, at->key_size);
}

static int walk_index(struct repair *r, enum store_table table)
{
    struct store_cursor cursor = store_cursor_from(table, NULL, 0);
    uint8_t value[STORE_KEY_SIZE_MAX];
    size_t size;

    for (;;) {
        int rc = store_next(r->d->store, &cursor, value, sizeof(value), &size);
        if (rc != ERR_OK || size == STORE_NONE) {
            return rc;
        }
        rc = table == STORE_TABLE_NAMES ? check_name(r, &cursor)
                                        : check_index(r, &cursor, value, size);
        if (rc != ERR_OK) {
            return rc;
        }
    }
}

static int count_invites(struct repair *r)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_INVITES, NULL, 0);
    uint8_t value[STORE_VALUE_SIZE_MAX];
    size_t size;

    for (;;) {
        int rc = store_next(r->d->store, &cursor, value, sizeof(value), &size);
        if (rc != ERR_OK || size == STORE_NONE) {
            return rc;
        }
        r->d->invite_count++;
    }
}

/* The order matters. Revocations are first, because they remove admissions. Then goes what belongs
   to nobody: former names, member parts, details, use, addresses. Now that wrong claims are gone,
   members get what is theirs. Names and changes that fit nobody are last. */
static int repair_all(struct repair *r)
{
    int rc = walk_entries(r, STORE_TABLE_REVOCATIONS, visit_revocation);

    if (rc == ERR_OK) {
        rc = walk_entries(r, STORE_TABLE_FORMER, visit_former);
    }
    if (rc == ERR_OK) {
        rc = walk_entries(r, STORE_TABLE_MEMBERS, visit_part);
    }
    if (rc == ERR_OK) {
        rc = walk_entries(r, STORE_TABLE_DETAILS, visit_details);
    }
    if (rc == ERR_OK) {
        rc = walk_entries(r, STORE_TABLE_USE, visit_use);
    }
    if (rc == ERR_OK) {
        rc = walk_index(r, STORE_TABLE_ADDRESSES);
    }
    if (rc == ERR_OK) {
        rc = walk_entries(r, STORE_TABLE_ADMISSIONS, visit_admission);
    }
    if (rc == ERR_OK) {
        rc = walk_index(r, STORE_TABLE_NAMES);
    }
    if (rc == ERR_OK) {
        rc = walk_index(r, STORE_TABLE_CHANGES);
    }
    return rc == ERR_OK ? count_invites(r) : rc;
}

/* A value that is too large looks like a store that fails. To look for such values in every row at
   every start would cost too much. */
static int repair_or_drop(struct repair *r)
{
    struct directory *d = r->d;
    int rc = repair_all(r);

    if (rc != ERR_SYSTEM) {
        return rc;
    }
    d->member_count = 0;
    d->revoked_count = 0;
    d->invite_count = 0;
    rc = drop_all_too_large(r);
    return rc == ERR_OK ? repair_all(r) : rc;
}

int directory_repair(struct directory *directory)
{
    struct repair r = {.d = directory};
    int rc = store_begin(directory->store);

    if (rc == ERR_OK) {
        rc = directory_finish(directory, repair_or_drop(&r));
    }
    if (rc != ERR_OK) {
        env_trace(directory->env, TRACE_LEVEL_ERROR, "directory.unreadable", "error=%s",
                  err_name(rc));
        return rc;
    }
    if (r.repairs > 0) {
        env_trace(directory->env, TRACE_LEVEL_WARN, "directory.repaired", "changes=%u",
                  (unsigned)r.repairs);
    }
    return ERR_OK;
}
