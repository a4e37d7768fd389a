/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signed records, made by the encoders of proto/wire and the keys of identities.c. */
#include "tests/support/parts.h"

#include "proto/base/bytes.h"
#include "proto/crypto/signed.h"
#include "tests/support/identities.h"

#include <string.h>

static struct part sign(const struct identity *identity, const uint8_t *bytes, size_t size)
{
    struct part part;

    CHECK(signed_make(part.bytes, sizeof(part.bytes), &part.size, identity, bytes, size) == ERR_OK);
    return part;
}

struct part part_sign(const struct identity *identity, struct record_member record)
{
    uint8_t bytes[RECORD_MEMBER_SIZE_MAX];
    size_t size;

    memcpy(record.header.key, identity->public_key, KEY_SIZE);
    CHECK(record_member_encode(bytes, &size, &record) == ERR_OK);
    return sign(identity, bytes, size);
}

struct part part_of(uint64_t wall_ms, uint32_t n, uint64_t sequence, uint8_t mac)
{
    struct identity identity = node_of(n);
    struct record_member record = {0};

    record.header.sequence = sequence;
    record.header.created_ms = wall_ms;
    record.header.lifetime_s = 30 * 24 * 3600;
    if (mac != 0) {
        memset(record.fixed[0], mac, sizeof(record.fixed[0]));
        record.fixed_count = 1;
    }
    return part_sign(&identity, record);
}

struct part delegation_of(uint64_t wall_ms, const struct identity *ziglan,
                          const struct identity *entry, uint32_t rights, uint64_t expires_ms)
{
    struct record_delegation record = {0};
    uint8_t bytes[RECORD_SIZE_MAX];
    size_t size;

    memcpy(record.header.key, ziglan->public_key, KEY_SIZE);
    record.header.sequence = 1;
    record.header.created_ms = wall_ms;
    record.header.lifetime_s = 365 * 24 * 3600;
    memcpy(record.entry_key, entry->public_key, KEY_SIZE);
    record.rights = rights;
    record.expires_ms = expires_ms;
    CHECK(record_delegation_encode(bytes, &size, &record) == ERR_OK);
    return sign(ziglan, bytes, size);
}

struct part attachment_of(uint64_t wall_ms, const struct identity *host,
                          const uint8_t relay[KEY_SIZE], uint64_t sequence, uint32_t lifetime_ms)
{
    struct record_attachment record = {
        .header = {.sequence = sequence, .created_ms = wall_ms, .lifetime_s = lifetime_ms / 1000},
        .expires_ms = wall_ms + lifetime_ms};
    uint8_t bytes[RECORD_SIZE_MAX];
    size_t size;

    memcpy(record.header.key, host->public_key, KEY_SIZE);
    memcpy(record.relay_key, relay, KEY_SIZE);
    CHECK(record_attachment_encode(bytes, &size, &record) == ERR_OK);
    return sign(host, bytes, size);
}
