/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding by key, name and address, and the listing. */
#include "rendezvous/directory/directory_find.h"

#include "rendezvous/directory/directory_details.h"
#include "rendezvous/directory/directory_internal.h"
#include "rendezvous/directory/directory_name.h"
#include "rendezvous/directory/directory_write.h"

#include <string.h>

enum directory_status directory_status(struct directory *directory, const uint8_t key[KEY_SIZE])
{
    struct directory_entry entry;
    int rc = directory_load(directory, key, &entry);

    if (rc != ERR_OK) {
        (void)directory_unavailable(directory, "status", rc);
        return DIRECTORY_STATUS_STRANGER;
    }
    if (directory_entry_is_revoked(&entry)) {
        return DIRECTORY_STATUS_REVOKED;
    }
    return directory_entry_is_member(&entry) ? DIRECTORY_STATUS_MEMBER : DIRECTORY_STATUS_STRANGER;
}

struct directory_until directory_admitted_until(struct directory *directory,
                                                const uint8_t key[KEY_SIZE])
{
    struct directory_until until = {0};
    struct directory_details details;
    struct directory_entry entry;

    if (directory_load(directory, key, &entry) != ERR_OK || !directory_entry_is_member(&entry) ||
        directory_details_read(directory, key, &details) != ERR_OK) {
        return until;
    }
    if (!directory_is_ended(details.ends_ms, env_wall_ms(directory->env))) {
        until.ms = entry.expires_ms;
        until.ends = details.ends_ms != 0 && details.ends_ms <= entry.expires_ms;
    }
    return until;
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

static enum verdict find_member(struct directory *d, const uint8_t key[KEY_SIZE],
                                struct directory_entry *out)
{
    enum verdict verdict = directory_find_key(d, key, out);

    return verdict == VERDICT_OK && out->admission_size == 0 ? VERDICT_NOT_FOUND : verdict;
}

enum verdict directory_find_name(struct directory *directory, const char *name,
                                 struct directory_entry *out)
{
    char lower[NAME_TEXT_SIZE];
    struct directory_name holder;

    if (!name_fold(lower, name, strlen(name))) {
        return VERDICT_NOT_FOUND;
    }
    int rc = directory_name_read(directory, lower, &holder);
    if (rc != ERR_OK) {
        return directory_unavailable(directory, "find", rc);
    }
    if (!holder.found || holder.freed_ms != 0) {
        return VERDICT_NOT_FOUND;
    }
    return find_member(directory, holder.key, out);
}

enum verdict directory_find_address(struct directory *directory, const uint8_t address[16],
                                    struct directory_entry *out)
{
    uint8_t key[KEY_SIZE];
    bool found;
    int rc = directory_address_read(directory, address, key, &found);

    if (rc != ERR_OK) {
        return directory_unavailable(directory, "find", rc);
    }
    return found ? find_member(directory, key, out) : VERDICT_NOT_FOUND;
}

/* ---- the listing ---- */

/* The next key of a table after `key`; *found is false at the end of the table. */
static int next_key(struct directory *d, enum store_table table, const uint8_t key[KEY_SIZE],
                    uint8_t next[KEY_SIZE], bool *found)
{
    uint8_t record[RECORD_SIGNED_SIZE_MAX];
    struct store_cursor cursor = store_cursor_from(table, key, KEY_SIZE);
    size_t size;
    int rc;

    cursor.started = true; /* go on behind `key` */
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
        if (verdict != VERDICT_NOT_FOUND) { /* that one is damaged */
            return verdict;
        }
    }
}
