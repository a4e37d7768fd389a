/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A record has one encoding only, so nothing is lost by keeping its values in place of its bytes.
 */
#include "rendezvous/presence/presence_record.h"

#include "proto/base/bytes.h"
#include "proto/crypto/attachment.h"
#include "proto/crypto/signed.h"

#include <string.h>

static void header_take(struct presence_record *out, const struct record_header *header)
{
    memcpy(out->key, header->key, KEY_SIZE);
    out->sequence = header->sequence;
    out->created_ms = header->created_ms;
    out->lifetime_s = header->lifetime_s;
}

static int attachment_read(struct presence_record *out, const struct record_parts *parts)
{
    struct record_attachment body;

    if (record_attachment_decode(&body, parts->record, parts->record_size) != ERR_OK ||
        !attachment_is_brief(&body)) {
        return ERR_DROP;
    }
    header_take(out, &body.header);
    memcpy(out->relay, body.relay_key, KEY_SIZE);
    out->expires_ms = body.expires_ms;
    return ERR_OK;
}

static int delegation_read(struct presence_record *out, const struct record_parts *parts)
{
    struct record_delegation body;

    if (record_delegation_decode(&body, parts->record, parts->record_size) != ERR_OK ||
        body.rights == 0) {
        return ERR_DROP;
    }
    header_take(out, &body.header);
    memcpy(out->relay, body.entry_key, KEY_SIZE);
    out->rights = body.rights;
    out->expires_ms = body.expires_ms;
    return ERR_OK;
}

int presence_record_read(struct presence_record *out, const uint8_t *data, size_t size)
{
    struct presence_record record = {.rights = 0};
    struct record_parts parts;
    int rc;

    if (record_split(&parts, data, size) != ERR_OK) {
        return ERR_DROP;
    }
    rc = parts.record[0] == RECORD_TYPE_ATTACHMENT ? attachment_read(&record, &parts)
                                                   : delegation_read(&record, &parts);
    if (rc == ERR_OK) {
        memcpy(record.signature, parts.signature, SIGNATURE_SIZE);
        *out = record;
    }
    return rc;
}

static struct record_header header_of(const struct presence_record *record)
{
    struct record_header header = {.sequence = record->sequence,
                                   .created_ms = record->created_ms,
                                   .lifetime_s = record->lifetime_s};

    memcpy(header.key, record->key, KEY_SIZE);
    return header;
}

/* Encode without the signature. What was read can be written again. */
static size_t record_write(const struct presence_record *record, uint8_t out[RECORD_SIZE_MAX])
{
    size_t size = 0;
    int rc;

    if (record->rights == 0) {
        struct record_attachment body = {.header = header_of(record),
                                         .expires_ms = record->expires_ms};
        memcpy(body.relay_key, record->relay, KEY_SIZE);
        rc = record_attachment_encode(out, &size, &body);
    } else {
        struct record_delegation body = {.header = header_of(record),
                                         .rights = record->rights,
                                         .expires_ms = record->expires_ms};
        memcpy(body.entry_key, record->relay, KEY_SIZE);
        rc = record_delegation_encode(out, &size, &body);
    }
    CHECK(rc == ERR_OK && size + SIGNATURE_SIZE <= PRESENCE_SIGNED_SIZE_MAX);
    return size;
}

size_t presence_record_write(const struct presence_record *record,
                             uint8_t out[PRESENCE_SIGNED_SIZE_MAX])
{
    uint8_t bytes[RECORD_SIZE_MAX];
    size_t size = record_write(record, bytes);

    memcpy(out, bytes, size);
    memcpy(out + size, record->signature, SIGNATURE_SIZE);
    return size + SIGNATURE_SIZE;
}

enum presence_verdict presence_record_time(const struct presence_record *record, uint64_t wall_ms)
{
    struct record_header header = header_of(record);

    if (record->created_ms > wall_ms && record->created_ms - wall_ms > RECORD_CLOCK_SKEW_MS) {
        return PRESENCE_FUTURE;
    }
    return record_live(&header, wall_ms) && record_unexpired(record->expires_ms, wall_ms)
               ? PRESENCE_OK
               : PRESENCE_OVER;
}

bool presence_record_signed(const struct presence_record *record)
{
    uint8_t bytes[PRESENCE_SIGNED_SIZE_MAX];
    size_t size = presence_record_write(record, bytes);
    struct record_parts parts;

    return signed_open(&parts, (enum record_type)bytes[0], bytes, size) == ERR_OK;
}

enum presence_verdict presence_record_open(struct presence_record *out, const uint8_t *data,
                                           size_t size, uint64_t wall_ms)
{
    struct presence_record record;
    enum presence_verdict verdict;

    if (presence_record_read(&record, data, size) != ERR_OK) {
        return PRESENCE_MALFORMED;
    }
    verdict = presence_record_time(&record, wall_ms);
    if (verdict != PRESENCE_OK) {
        return verdict;
    }
    if (!presence_record_signed(&record)) {
        return PRESENCE_FORGED;
    }
    *out = record;
    return PRESENCE_OK;
}
