/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rendezvous/directory/directory.h"

#include "proto/base/bytes.h"
#include "proto/crypto/signed.h"
#include "proto/wire/name.h"
#include "rendezvous/directory/directory_internal.h"

#include <stdlib.h>
#include <string.h>

static const char sequence_name[] = "directory.sequence";

int directory_new(struct directory **out, const struct directory_config *cfg)
{
    struct directory *d = calloc(1, sizeof(*d));
    int rc;

    *out = NULL;
    if (d == NULL) {
        return ERR_NOMEM;
    }
    d->store = cfg->store;
    d->env = cfg->env;
    d->identity = cfg->identity;
    memcpy(d->ziglan_key, cfg->ziglan_key, KEY_SIZE);
    d->member_max = cfg->member_max != 0 ? cfg->member_max : DIRECTORY_MEMBER_COUNT_MAX;
    d->invite_max = cfg->invite_max != 0 ? cfg->invite_max : DIRECTORY_INVITE_COUNT_MAX;
    d->sweep_invites = store_cursor_from(STORE_TABLE_INVITES, NULL, 0);
    d->sweep_names = store_cursor_from(STORE_TABLE_NAMES, NULL, 0);
    d->sweep_revocations = store_cursor_from(STORE_TABLE_REVOCATIONS, NULL, 0);
    uint8_t stored[8];
    size_t size;
    rc = store_read(d->store, STORE_TABLE_META, sequence_name, sizeof(sequence_name) - 1, stored,
                    sizeof(stored), &size);
    if (rc == ERR_OK) {
        d->sequence = size == sizeof(stored) ? be64_read(stored) : 0;
        rc = directory_repair(d);
    }
    if (rc != ERR_OK) {
        free(d);
        return rc;
    }
    *out = d;
    return ERR_OK;
}

void directory_free(struct directory *directory)
{
    free(directory);
}

uint64_t directory_sequence(const struct directory *directory)
{
    return directory->sequence;
}

uint32_t directory_member_count(const struct directory *directory)
{
    return directory->member_count;
}

uint32_t directory_revoked_count(const struct directory *directory)
{
    return directory->revoked_count;
}

uint32_t directory_invite_count(const struct directory *directory)
{
    return directory->invite_count;
}

/* ---- shared by the other files ---- */

int directory_finish(struct directory *directory, int rc)
{
    if (rc != ERR_OK) {
        store_abort(directory->store);
        return rc;
    }
    return store_commit(directory->store);
}

enum verdict directory_unavailable(const struct directory *directory, const char *what, int rc)
{
    env_trace(directory->env, TRACE_LEVEL_ERROR, "directory.failed", "what=%s error=%s", what,
              err_name(rc));
    return VERDICT_UNAVAILABLE;
}

uint64_t directory_sequence_next(const struct directory *directory)
{
    uint64_t next = directory->sequence + 1;
    uint64_t wall_ms = env_wall_ms(directory->env);

    return next > wall_ms ? next : wall_ms;
}

int directory_mark(struct directory *directory, const uint8_t key[KEY_SIZE], uint64_t before,
                   uint64_t sequence)
{
    uint8_t number[8];
    int rc = ERR_OK;

    if (before != 0) {
        be64_write(number, before);
        rc = store_remove(directory->store, STORE_TABLE_CHANGES, number, sizeof(number));
    }
    be64_write(number, sequence);
    if (rc == ERR_OK) {
        rc = store_write(directory->store, STORE_TABLE_CHANGES, number, sizeof(number), key,
                         KEY_SIZE);
    }
    if (rc == ERR_OK) {
        rc = store_write(directory->store, STORE_TABLE_META, sequence_name,
                         sizeof(sequence_name) - 1, number, sizeof(number));
    }
    return rc;
}

/* Read one record of a key; its size is 0 where there is none. */
static int load_record(struct directory *d, enum store_table table, const uint8_t key[KEY_SIZE],
                       uint8_t *record, size_t capacity, size_t *size)
{
    int rc = store_read(d->store, table, key, KEY_SIZE, record, capacity, size);

    if (rc != ERR_OK || *size == STORE_NONE) {
        *size = 0;
    }
    return rc;
}

/* What the deciding record says: admission, or revocation if there is one. A record that does not
   decode (we wrote it, so the disk is at fault) counts as not there. */
static void load_meaning(struct directory_entry *e)
{
    struct record_admission admission;
    struct record_revocation revocation;
    struct record_member part;

    if (!directory_entry_part(e, &part) || memcmp(part.header.key, e->key, KEY_SIZE) != 0) {
        e->member_part_size = 0;
    }
    if (e->admission_size > SIGNATURE_SIZE &&
        record_admission_decode(&admission, e->admission, e->admission_size - SIGNATURE_SIZE) ==
            ERR_OK &&
        memcmp(admission.member_key, e->key, KEY_SIZE) == 0) {
        memcpy(e->name, admission.granted_name, sizeof(e->name));
        e->sequence = admission.header.sequence;
        e->expires_ms = admission.expires_ms;
    } else {
        e->admission_size = 0;
    }
    if (e->revocation_size > SIGNATURE_SIZE &&
        record_revocation_decode(&revocation, e->revocation, e->revocation_size - SIGNATURE_SIZE) ==
            ERR_OK &&
        memcmp(revocation.member_key, e->key, KEY_SIZE) == 0) {
        e->sequence = revocation.header.sequence;
    } else {
        e->revocation_size = 0;
    }
}

/* Only people read it; what is no name counts as not there. */
static int load_former_name(struct directory *d, struct directory_entry *e)
{
    char name[STORE_KEY_SIZE_MAX];
    size_t size;
    int rc = store_read(d->store, STORE_TABLE_FORMER, e->key, KEY_SIZE, name, sizeof(name), &size);

    if (rc == ERR_OK && size != STORE_NONE && name_is_label(name, size)) {
        memcpy(e->name, name, size);
        e->name[size] = '\0';
    }
    return rc;
}

int directory_load(struct directory *directory, const uint8_t key[KEY_SIZE],
                   struct directory_entry *out)
{
    int rc;

    memset(out, 0, sizeof(*out));
    memcpy(out->key, key, KEY_SIZE);
    rc = load_record(directory, STORE_TABLE_REVOCATIONS, key, out->revocation,
                     sizeof(out->revocation), &out->revocation_size);
    if (rc == ERR_OK) {
        rc = load_record(directory, STORE_TABLE_ADMISSIONS, key, out->admission,
                         sizeof(out->admission), &out->admission_size);
    }
    if (rc == ERR_OK) {
        rc = load_record(directory, STORE_TABLE_MEMBERS, key, out->member_part,
                         sizeof(out->member_part), &out->member_part_size);
    }
    if (rc == ERR_OK) {
        load_meaning(out);
    }
    if (rc == ERR_OK && out->revocation_size > 0 && out->admission_size == 0) {
        rc = load_former_name(directory, out);
    }
    return rc;
}

bool directory_entry_is_member(const struct directory_entry *entry)
{
    return entry->admission_size > 0 && entry->revocation_size == 0;
}

bool directory_entry_part(const struct directory_entry *entry, struct record_member *out)
{
    return entry->member_part_size > SIGNATURE_SIZE &&
           record_member_decode(out, entry->member_part,
                                entry->member_part_size - SIGNATURE_SIZE) == ERR_OK;
}

int directory_member_remove(struct directory *directory, const struct directory_entry *entry)
{
    struct record_member part;
    bool has_part = directory_entry_part(entry, &part);
    uint64_t now_ms = env_wall_ms(directory->env);
    int rc = ERR_OK;

    /* Before the admission goes, which a store that breaks off in between could not name again. */
    if (entry->name[0] != '\0') {
        rc = store_write(directory->store, STORE_TABLE_FORMER, entry->key, KEY_SIZE, entry->name,
                         strlen(entry->name));
    }
    if (rc == ERR_OK) {
        rc = store_remove(directory->store, STORE_TABLE_ADMISSIONS, entry->key, KEY_SIZE);
    }
    if (rc == ERR_OK) {
        rc = store_remove(directory->store, STORE_TABLE_MEMBERS, entry->key, KEY_SIZE);
    }
    if (rc == ERR_OK) {
        rc = directory_addresses_free(directory, entry->key, has_part ? &part : NULL);
    }
    if (rc == ERR_OK && entry->name[0] != '\0') {
        rc = directory_name_write(directory, entry->name, entry->key, now_ms == 0 ? 1 : now_ms);
    }
    return rc;
}

int directory_revocation_remove(struct directory *directory, const uint8_t key[KEY_SIZE])
{
    int rc = store_remove(directory->store, STORE_TABLE_REVOCATIONS, key, KEY_SIZE);

    return rc == ERR_OK ? store_remove(directory->store, STORE_TABLE_FORMER, key, KEY_SIZE) : rc;
}

/* ---- finding ---- */

/* REVOKED also for one who left: its revocation is what watchers must see. */
static bool entry_was_revoked(const struct directory_entry *entry)
{
    struct record_revocation revocation;

    return entry->revocation_size > SIGNATURE_SIZE &&
           record_revocation_decode(&revocation, entry->revocation,
                                    entry->revocation_size - SIGNATURE_SIZE) == ERR_OK &&
           revocation.reason != DIRECTORY_REASON_LEFT;
}

enum directory_status directory_status(struct directory *directory, const uint8_t key[KEY_SIZE])
{
    struct directory_entry entry;
    int rc = directory_load(directory, key, &entry);

    if (rc != ERR_OK) {
        (void)directory_unavailable(directory, "status", rc);
        return DIRECTORY_STATUS_STRANGER;
    }
    if (entry_was_revoked(&entry)) {
        return DIRECTORY_STATUS_REVOKED;
    }
    return directory_entry_is_member(&entry) ? DIRECTORY_STATUS_MEMBER : DIRECTORY_STATUS_STRANGER;
}

uint64_t directory_admitted_until(struct directory *directory, const uint8_t key[KEY_SIZE])
{
    struct directory_entry entry;

    return directory_load(directory, key, &entry) == ERR_OK && directory_entry_is_member(&entry)
               ? entry.expires_ms
               : 0;
}

enum verdict directory_find_key(struct directory *directory, const uint8_t key[KEY_SIZE],
                                struct directory_entry *out)
{
    int rc = directory_load(directory, key, out);

    if (rc != ERR_OK) {
        return directory_unavailable(directory, "find", rc);
    }
    if (out->revocation_size > 0) {
        out->admission_size = 0;
        out->member_part_size = 0;
    }
    return out->admission_size > 0 || out->revocation_size > 0 ? VERDICT_OK : VERDICT_NOT_FOUND;
}

/* The next key of a table after `key`; false at its end. */
static int next_key(struct directory *d, enum store_table table, const uint8_t key[KEY_SIZE],
                    uint8_t next[KEY_SIZE], bool *found)
{
    uint8_t record[RECORD_SIGNED_SIZE_MAX];
    struct store_cursor cursor = store_cursor_from(table, key, KEY_SIZE);
    size_t size;
    int rc;

    cursor.started = true; /* beyond the key */
    rc = store_next(d->store, &cursor, record, sizeof(record), &size);
    *found = rc == ERR_OK && size != STORE_NONE && cursor.key_size == KEY_SIZE;
    if (*found) {
        memcpy(next, cursor.key, KEY_SIZE);
    }
    return rc;
}

enum verdict directory_next(struct directory *directory, uint8_t key[KEY_SIZE],
                            struct directory_entry *out)
{
    uint8_t member[KEY_SIZE], revoked[KEY_SIZE];
    bool has_member, has_revoked;

    for (;;) {
        int rc = next_key(directory, STORE_TABLE_ADMISSIONS, key, member, &has_member);
        if (rc == ERR_OK) {
            rc = next_key(directory, STORE_TABLE_REVOCATIONS, key, revoked, &has_revoked);
        }
        if (rc != ERR_OK) {
            return directory_unavailable(directory, "list", rc);
        }
        if (!has_member && !has_revoked) {
            return VERDICT_NOT_FOUND;
        }
        bool take_member = has_member && (!has_revoked || memcmp(member, revoked, KEY_SIZE) < 0);
        memcpy(key, take_member ? member : revoked, KEY_SIZE);
        enum verdict verdict = directory_find_key(directory, key, out);
        /* Those who left are in the changes, not in a list of members. */
        if (verdict == VERDICT_UNAVAILABLE ||
            (verdict == VERDICT_OK && (out->admission_size > 0 || entry_was_revoked(out)))) {
            return verdict;
        }
    }
}
