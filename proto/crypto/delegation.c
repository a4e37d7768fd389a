/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts, relays and the link all ask here, so that they cannot judge a delegation differently. */
#include "proto/crypto/delegation.h"

#include "proto/crypto/signed.h"

#include <string.h>

int delegation_sign(uint8_t out[RECORD_SIGNED_SIZE_MAX], size_t *size,
                    const struct identity *ziglan, const uint8_t entry_key[KEY_SIZE], uint32_t days,
                    uint64_t wall_ms)
{
    struct record_delegation record = {
        .header = {.type = RECORD_TYPE_DELEGATION,
                   .sequence = wall_ms,
                   .created_ms = wall_ms,
                   .lifetime_s = days * 24 * 3600},
        .rights = RECORD_RIGHT_ADMIT_FLAG | RECORD_RIGHT_REVOKE_FLAG | RECORD_RIGHT_INVITE_FLAG,
        .expires_ms = wall_ms + (uint64_t)days * 24 * 3600 * 1000,
    };
    uint8_t bytes[RECORD_SIZE_MAX];
    size_t bytes_size = 0;
    int rc;

    memcpy(record.header.key, ziglan->public_key, KEY_SIZE);
    memcpy(record.entry_key, entry_key, KEY_SIZE);
    rc = record_delegation_encode(bytes, &bytes_size, &record);
    return rc == ERR_OK ? signed_make(out, RECORD_SIGNED_SIZE_MAX, size, ziglan, bytes, bytes_size)
                        : rc;
}

bool delegation_in_force(const struct record_delegation *delegation, uint64_t wall_ms)
{
    return record_live(&delegation->header, wall_ms) &&
           record_unexpired(delegation->expires_ms, wall_ms);
}

enum delegation_verdict delegation_verify(struct record_delegation *out, const uint8_t *data,
                                          size_t size, const uint8_t *ziglan_key,
                                          const uint8_t *entry_key, uint64_t wall_ms)
{
    struct record_delegation record;
    struct record_parts parts;

    if (signed_open(&parts, RECORD_TYPE_DELEGATION, data, size) != ERR_OK ||
        record_delegation_decode(&record, parts.record, parts.record_size) != ERR_OK ||
        (ziglan_key != NULL && memcmp(record.header.key, ziglan_key, KEY_SIZE) != 0) ||
        (entry_key != NULL && memcmp(record.entry_key, entry_key, KEY_SIZE) != 0) ||
        record.rights == 0) {
        return DELEGATION_NOT_BELIEVED;
    }
    *out = record;
    return delegation_in_force(&record, wall_ms) ? DELEGATION_BELIEVED : DELEGATION_NOT_IN_FORCE;
}
