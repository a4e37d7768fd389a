/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A member ends by a revocation, which is signed, and the removal of its records. */
#include "rendezvous/directory/directory_revoke.h"

#include "proto/base/bytes.h"
#include "proto/crypto/signed.h"
#include "rendezvous/directory/directory_entry.h"
#include "rendezvous/directory/directory_internal.h"
#include "rendezvous/directory/directory_name.h"
#include "rendezvous/directory/directory_write.h"

#include <string.h>

static int revocation_make(struct directory *d, const uint8_t key[KEY_SIZE], uint64_t sequence,
                           uint8_t reason, uint8_t out[RECORD_OTHER_SIGNED_SIZE_MAX], size_t *size)
{
    struct record_revocation revocation = {0};
    uint8_t record[RECORD_SIZE_MAX];
    size_t record_size;
    int rc;

    memcpy(revocation.header.key, d->identity->public_key, KEY_SIZE);
    revocation.header.sequence = sequence;
    revocation.header.created_ms = env_wall_ms(d->env);
    revocation.header.lifetime_s = UINT32_MAX; /* the longest there is: meant for good */
    memcpy(revocation.ziglan_key, d->ziglan_key, KEY_SIZE);
    memcpy(revocation.member_key, key, KEY_SIZE);
    revocation.reason = reason;
    rc = record_revocation_encode(record, &record_size, &revocation);
    if (rc != ERR_OK) {
        return rc;
    }
    return signed_make(out, RECORD_OTHER_SIGNED_SIZE_MAX, size, d->identity, record, record_size);
}

/* The revocation is first: whatever a torn store keeps of the rest, the member is thrown out. */
int directory_end(struct directory *directory, const struct directory_entry *entry,
                  enum directory_reason reason, uint64_t sequence)
{
    uint8_t revocation[RECORD_OTHER_SIGNED_SIZE_MAX];
    size_t size = 0;
    int rc = revocation_make(directory, entry->key, sequence, (uint8_t)reason, revocation, &size);

    if (rc == ERR_OK) {
        rc = store_write(directory->store, STORE_TABLE_REVOCATIONS, entry->key, KEY_SIZE,
                         revocation, size);
    }
    if (rc == ERR_OK && entry->admission_size > 0) {
        rc = directory_member_remove(directory, entry);
    }
    if (rc == ERR_OK) {
        rc = directory_mark(directory, entry->key, entry->sequence, sequence);
    }
    return rc;
}

void directory_end_count(struct directory *directory, const struct directory_entry *entry)
{
    directory->member_count -= directory_entry_is_member(entry) ? 1 : 0;
    directory->revoked_count += entry->revocation_size == 0 ? 1 : 0;
}

/* One transaction. free_name (may be NULL) is a name that anybody may get afterwards. */
static enum verdict end_commit(struct directory *d, const struct directory_entry *entry,
                               enum directory_reason reason, const char *free_name)
{
    uint64_t sequence = directory_sequence_next(d);
    int rc = store_begin(d->store);

    if (rc == ERR_OK) {
        rc = directory_end(d, entry, reason, sequence);
        if (rc == ERR_OK && free_name != NULL) {
            rc = directory_name_remove(d, free_name);
        }
        rc = directory_finish(d, rc);
    }
    if (rc != ERR_OK) {
        return directory_unavailable(d, "revoke", rc);
    }
    d->sequence = sequence;
    directory_end_count(d, entry);
    return VERDICT_OK;
}

/* The cap is for those who leave and for strangers' keys. The operator can throw a member out in
   any case: else, after enough joins and leaves of others, nobody could be. */
static bool is_full(const struct directory *d, const struct directory_entry *entry)
{
    return entry->revocation_size == 0 && d->revoked_count >= d->member_max;
}

enum verdict directory_leave(struct directory *directory, const uint8_t key[KEY_SIZE])
{
    struct directory_entry entry;
    int rc = directory_load(directory, key, &entry);

    if (rc != ERR_OK) {
        return directory_unavailable(directory, "leave", rc);
    }
    if (!directory_entry_is_member(&entry)) {
        return VERDICT_NOT_MEMBER;
    }
    return is_full(directory, &entry) ? VERDICT_LIMIT
                                      : end_commit(directory, &entry, DIRECTORY_REASON_LEFT, NULL);
}

enum verdict directory_revoke(struct directory *directory, const uint8_t key[KEY_SIZE])
{
    struct directory_entry entry;
    int rc = directory_load(directory, key, &entry);

    if (rc != ERR_OK) {
        return directory_unavailable(directory, "revoke", rc);
    }
    if (directory_entry_is_revoked(&entry)) {
        return VERDICT_OK;
    }
    return !directory_entry_is_member(&entry) && is_full(directory, &entry)
               ? VERDICT_LIMIT
               : end_commit(directory, &entry, DIRECTORY_REASON_REVOKED, NULL);
}

enum verdict directory_forget(struct directory *directory, const uint8_t key[KEY_SIZE])
{
    struct directory_entry entry;
    int rc = directory_load(directory, key, &entry);

    if (rc != ERR_OK) {
        return directory_unavailable(directory, "forget", rc);
    }
    return directory_entry_is_member(&entry)
               ? end_commit(directory, &entry, DIRECTORY_REASON_LEFT, entry.name)
               : VERDICT_NOT_MEMBER;
}

enum verdict directory_forget_name(struct directory *directory, const char *name,
                                   uint8_t key[KEY_SIZE])
{
    struct directory_name holder;
    int rc = directory_name_read(directory, name, &holder);

    if (rc == ERR_OK && (!holder.found || holder.freed_ms == 0)) {
        return VERDICT_NOT_FOUND;
    }
    if (rc == ERR_OK) {
        rc = directory_name_remove(directory, name);
    }
    if (rc != ERR_OK) {
        return directory_unavailable(directory, "forget", rc);
    }
    memcpy(key, holder.key, KEY_SIZE);
    return VERDICT_OK;
}

static int restore_write(struct directory *d, const struct directory_entry *entry)
{
    uint8_t number[8];
    int rc = directory_revocation_remove(d, entry->key);

    be64_write(number, entry->sequence);
    if (rc == ERR_OK) {
        rc = store_remove(d->store, STORE_TABLE_CHANGES, number, sizeof(number));
    }
    return rc;
}

enum verdict directory_restore(struct directory *directory, const uint8_t key[KEY_SIZE])
{
    struct directory_entry entry;
    int rc = directory_load(directory, key, &entry);

    if (rc == ERR_OK && !directory_entry_is_revoked(&entry)) {
        return VERDICT_NOT_FOUND;
    }
    if (rc == ERR_OK) {
        rc = store_begin(directory->store);
    }
    if (rc == ERR_OK) {
        rc = directory_finish(directory, restore_write(directory, &entry));
    }
    if (rc != ERR_OK) {
        return directory_unavailable(directory, "restore", rc);
    }
    directory->revoked_count--;
    return VERDICT_OK;
}
