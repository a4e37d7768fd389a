/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The records of a key: read from the store, decoded, and removed. */
#include "rendezvous/directory/directory_entry.h"

#include "rendezvous/directory/directory_internal.h"
#include "rendezvous/directory/directory_name.h"

#include <string.h>

/* Read one record of a key; *size is 0 if it is absent, or on an error. */
static int load_record(struct directory *d, enum store_table table, const uint8_t key[KEY_SIZE],
                       uint8_t *record, size_t capacity, size_t *size)
{
    int rc = store_read(d->store, table, key, KEY_SIZE, record, capacity, size);

    if (rc != ERR_OK || *size == STORE_NONE) {
        *size = 0;
    }
    return rc;
}

/* Fill in what the records say. The revocation decides if there is one, else the admission. A
   record that does not decode, or is about another key, was damaged on the disk and counts as
   absent. */
static void fill_from_records(struct directory_entry *e)
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

/* The name that a revoked key had, for people to read. What is no name counts as absent. */
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
        fill_from_records(out);
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

bool directory_entry_is_revoked(const struct directory_entry *entry)
{
    struct record_revocation revocation;

    return entry->revocation_size > SIGNATURE_SIZE &&
           record_revocation_decode(&revocation, entry->revocation,
                                    entry->revocation_size - SIGNATURE_SIZE) == ERR_OK &&
           revocation.reason != DIRECTORY_REASON_LEFT;
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
    int rc = ERR_OK;

    /* Only the admission tells the name. So the name is kept before the admission goes: a torn
       store may end between the two. */
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
        rc = store_remove(directory->store, STORE_TABLE_DETAILS, entry->key, KEY_SIZE);
    }
    if (rc == ERR_OK) {
        rc = store_remove(directory->store, STORE_TABLE_USE, entry->key, KEY_SIZE);
    }
    if (rc == ERR_OK) {
        rc = directory_addresses_free(directory, entry->key, has_part ? &part : NULL);
    }
    if (rc == ERR_OK && entry->name[0] != '\0') {
        rc = directory_name_free(directory, entry->name, entry->key);
    }
    return rc;
}

int directory_revocation_remove(struct directory *directory, const uint8_t key[KEY_SIZE])
{
    int rc = store_remove(directory->store, STORE_TABLE_REVOCATIONS, key, KEY_SIZE);

    return rc == ERR_OK ? store_remove(directory->store, STORE_TABLE_FORMER, key, KEY_SIZE) : rc;
}
