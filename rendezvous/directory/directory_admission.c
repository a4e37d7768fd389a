/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The header says who signs, when, and as which change; the rest is the caller's. */
#include "rendezvous/directory/directory_admission.h"

#include "proto/crypto/signed.h"
#include "rendezvous/directory/directory_internal.h"
#include "rendezvous/directory/directory_write.h"

#include <string.h>

uint64_t directory_admission_end(const struct directory *directory, uint64_t ends_ms)
{
    uint64_t end_ms = env_wall_ms(directory->env) + DIRECTORY_ADMISSION_MS;

    return ends_ms != 0 && ends_ms < end_ms ? ends_ms : end_ms;
}

/* The end of the body counts, so the lifetime must not be over before it. */
static uint32_t lifetime_s(uint64_t expires_ms, uint64_t now_ms)
{
    return expires_ms > now_ms ? (uint32_t)((expires_ms - now_ms) / 1000 + 1) : 1;
}

int directory_admission_sign(const struct directory *directory, struct record_admission *admission,
                             uint64_t sequence, uint8_t out[RECORD_OTHER_SIGNED_SIZE_MAX],
                             size_t *size)
{
    uint8_t record[RECORD_SIZE_MAX];
    size_t record_size;
    uint64_t now_ms = env_wall_ms(directory->env);
    int rc;

    memcpy(admission->header.key, directory->identity->public_key, KEY_SIZE);
    admission->header.sequence = sequence;
    admission->header.created_ms = now_ms;
    admission->header.lifetime_s = lifetime_s(admission->expires_ms, now_ms);
    memcpy(admission->ziglan_key, directory->ziglan_key, KEY_SIZE);
    rc = record_admission_encode(record, &record_size, admission);
    return rc == ERR_OK ? signed_make(out, RECORD_OTHER_SIGNED_SIZE_MAX, size, directory->identity,
                                      record, record_size)
                        : rc;
}

int directory_admission_replace(struct directory *directory, const struct directory_entry *entry,
                                struct record_admission *admission, uint64_t sequence)
{
    uint8_t bytes[RECORD_OTHER_SIGNED_SIZE_MAX];
    size_t size;
    int rc = directory_admission_sign(directory, admission, sequence, bytes, &size);

    if (rc == ERR_OK) {
        rc = store_write(directory->store, STORE_TABLE_ADMISSIONS, entry->key, KEY_SIZE, bytes,
                         size);
    }
    return rc == ERR_OK ? directory_mark(directory, entry->key, entry->sequence, sequence) : rc;
}

bool directory_entry_admission(const struct directory_entry *entry, struct record_admission *out)
{
    return entry->admission_size > SIGNATURE_SIZE &&
           record_admission_decode(out, entry->admission, entry->admission_size - SIGNATURE_SIZE) ==
               ERR_OK;
}
