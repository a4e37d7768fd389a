/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signing and verifying put together what is signed with one function. */
#include "proto/crypto/signed.h"

#include <string.h>

static const char label[] = "stun2 record 1";

enum { MESSAGE_SIZE_MAX = 1 + RECORD_MEMBER_SIZE_MAX };

/* type || record, which follows the label. */
static size_t message_write(uint8_t message[MESSAGE_SIZE_MAX], const uint8_t *record, size_t size)
{
    message[0] = record[0];
    memcpy(message + 1, record, size);
    return size + 1;
}

int signed_make(uint8_t *out, size_t capacity, size_t *size, const struct identity *identity,
                const uint8_t *record, size_t record_size)
{
    uint8_t message[MESSAGE_SIZE_MAX];
    struct record_header header;

    if (record_size > RECORD_MEMBER_SIZE_MAX ||
        record_header_peek(&header, record, record_size) != ERR_OK ||
        memcmp(header.key, identity->public_key, KEY_SIZE) != 0) {
        return ERR_DROP;
    }
    if (capacity < record_size + SIGNATURE_SIZE) {
        return ERR_LIMIT;
    }
    size_t message_size = message_write(message, record, record_size);

    memmove(out, record, record_size);
    identity_sign(identity, label, message, message_size, out + record_size);
    *size = record_size + SIGNATURE_SIZE;
    return ERR_OK;
}

int signed_open(struct record_parts *out, enum record_type type, const uint8_t *data, size_t size)
{
    uint8_t message[MESSAGE_SIZE_MAX];
    struct record_parts parts;
    struct record_header header;

    if (record_split(&parts, data, size) != ERR_OK ||
        record_header_peek(&header, parts.record, parts.record_size) != ERR_OK ||
        header.type != type) {
        return ERR_DROP;
    }
    size_t message_size = message_write(message, parts.record, parts.record_size);

    if (!key_verify(header.key, label, message, message_size, parts.signature)) {
        return ERR_DROP;
    }
    *out = parts;
    return ERR_OK;
}
