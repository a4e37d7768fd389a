/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making and judging attachments; the codec is in proto/wire/record.h. */
#include "proto/crypto/attachment.h"

#include "proto/crypto/signed.h"

#include <string.h>

int attachment_sign(uint8_t out[ATTACHMENT_SIZE], const struct identity *host,
                    const uint8_t relay_key[KEY_SIZE], uint64_t sequence, uint64_t wall_ms)
{
    struct record_attachment attachment = {
        .header =
            {
                .sequence = sequence,
                .created_ms = wall_ms,
                .lifetime_s = ATTACHMENT_MS_MAX / 1000,
            },
        .expires_ms = wall_ms + ATTACHMENT_MS_MAX,
    };
    uint8_t record[RECORD_SIZE_MAX];
    size_t size = 0;
    int rc;

    memcpy(attachment.header.key, host->public_key, KEY_SIZE);
    memcpy(attachment.relay_key, relay_key, KEY_SIZE);
    rc = record_attachment_encode(record, &size, &attachment);
    return rc == ERR_OK ? signed_make(out, ATTACHMENT_SIZE, &size, host, record, size) : rc;
}

bool attachment_is_brief(const struct record_attachment *attachment)
{
    const struct record_header *header = &attachment->header;

    return header->lifetime_s <= ATTACHMENT_MS_MAX / 1000 &&
           attachment->expires_ms >= header->created_ms &&
           attachment->expires_ms - header->created_ms <= ATTACHMENT_MS_MAX;
}

bool attachment_verify(struct record_attachment *out, const uint8_t *data, size_t size,
                       const uint8_t *host_key, uint64_t wall_ms)
{
    struct record_attachment m;
    struct record_parts parts;

    if (size != ATTACHMENT_SIZE ||
        signed_open(&parts, RECORD_TYPE_ATTACHMENT, data, size) != ERR_OK ||
        record_attachment_decode(&m, parts.record, parts.record_size) != ERR_OK) {
        return false;
    }
    if (host_key != NULL && memcmp(m.header.key, host_key, KEY_SIZE) != 0) {
        return false;
    }
    if (!attachment_is_brief(&m) || !record_live(&m.header, wall_ms) ||
        !record_unexpired(m.expires_ms, wall_ms)) {
        return false;
    }
    *out = m;
    return true;
}
