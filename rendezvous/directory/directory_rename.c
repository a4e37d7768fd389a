/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The admission is signed anew with the new name; everything else about the member stays. */
#include "rendezvous/directory/directory_rename.h"

#include "proto/crypto/signed.h"
#include "proto/wire/name.h"
#include "rendezvous/directory/directory_entry.h"
#include "rendezvous/directory/directory_internal.h"
#include "rendezvous/directory/directory_name.h"
#include "rendezvous/directory/directory_write.h"

#include <string.h>

/* Sign the member's admission for another name. Its groups and its end stay. */
static int admission_renew(struct directory *d, const struct directory_entry *entry,
                           const char *name, uint64_t sequence,
                           uint8_t out[RECORD_OTHER_SIGNED_SIZE_MAX], size_t *size)
{
    struct record_admission admission;
    uint8_t record[RECORD_SIZE_MAX];
    size_t record_size;
    uint64_t now_ms = env_wall_ms(d->env);
    int rc = record_admission_decode(&admission, entry->admission,
                                     entry->admission_size - SIGNATURE_SIZE);

    if (rc != ERR_OK) {
        return rc;
    }
    memcpy(admission.header.key, d->identity->public_key, KEY_SIZE);
    admission.header.sequence = sequence;
    admission.header.created_ms = now_ms;
    admission.header.lifetime_s = /* the end of the body counts; this must not be before it */
        admission.expires_ms > now_ms ? (uint32_t)((admission.expires_ms - now_ms) / 1000 + 1) : 1;
    memset(admission.granted_name, 0, sizeof(admission.granted_name));
    memcpy(admission.granted_name, name, strlen(name));
    rc = record_admission_encode(record, &record_size, &admission);
    return rc == ERR_OK ? signed_make(out, RECORD_OTHER_SIGNED_SIZE_MAX, size, d->identity, record,
                                      record_size)
                        : rc;
}

/* Inside a transaction. The former name comes last: a torn store rather has it held by nobody. */
static int rename_write(struct directory *d, const struct directory_entry *entry, const char *name,
                        uint64_t sequence)
{
    uint8_t admission[RECORD_OTHER_SIGNED_SIZE_MAX];
    size_t size;
    int rc = admission_renew(d, entry, name, sequence, admission, &size);

    if (rc == ERR_OK) {
        rc = store_write(d->store, STORE_TABLE_ADMISSIONS, entry->key, KEY_SIZE, admission, size);
    }
    if (rc == ERR_OK) {
        rc = directory_name_hold(d, name, entry->key);
    }
    if (rc == ERR_OK) {
        rc = directory_mark(d, entry->key, entry->sequence, sequence);
    }
    return rc == ERR_OK ? directory_name_free(d, entry->name, entry->key) : rc;
}

enum verdict directory_rename(struct directory *directory, const uint8_t key[KEY_SIZE],
                              const char *name, uint8_t holder[KEY_SIZE])
{
    struct directory *d = directory;
    struct directory_name found = {0};
    struct directory_entry entry;
    uint64_t sequence = directory_sequence_next(d);
    int rc;

    if (name_problem(name, strlen(name)) != NULL) {
        return VERDICT_BAD_REQUEST;
    }
    rc = directory_load(d, key, &entry);
    if (rc == ERR_OK && !directory_entry_is_member(&entry)) {
        return VERDICT_NOT_FOUND;
    }
    if (rc == ERR_OK && strcmp(entry.name, name) == 0) {
        return VERDICT_OK;
    }
    if (rc == ERR_OK) {
        rc = directory_name_read(d, name, &found);
    }
    if (rc == ERR_OK && found.found && found.freed_ms == 0) {
        memcpy(holder, found.key, KEY_SIZE);
        return VERDICT_NAME_TAKEN;
    }
    if (rc == ERR_OK) {
        rc = store_begin(d->store);
    }
    if (rc == ERR_OK) {
        rc = directory_finish(d, rename_write(d, &entry, name, sequence));
    }
    if (rc != ERR_OK) {
        return directory_unavailable(d, "rename", rc);
    }
    d->sequence = sequence;
    return VERDICT_OK;
}
