/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a record of each type: a record that is accepted encodes to the same bytes. */
#include "proto/base/bytes.h"
#include "proto/crypto/signed.h"
#include "proto/wire/record.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each record has only one encoding, so that its bytes cannot change while its meaning stays. */
#define TRY(kind)                                                                                  \
    do {                                                                                           \
        struct record_##kind record;                                                               \
        if (record_##kind##_decode(&record, data, size) == ERR_OK) {                               \
            CHECK(record_##kind##_encode(out, &out_size, &record) == ERR_OK);                      \
            CHECK(out_size == size && memcmp(out, data, size) == 0);                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t out[RECORD_MEMBER_SIZE_MAX];
    size_t out_size = 0;
    struct record_parts parts;
    struct record_header header;

    TRY(node);
    TRY(delegation);
    TRY(member);
    TRY(admission);
    TRY(revocation);
    TRY(attachment);
    TRY(administrator);
    TRY(attestation);
    if (record_header_peek(&header, data, size) == ERR_OK) {
        CHECK(signed_open(&parts, (enum record_type)header.type, data, size) != ERR_OK ||
              parts.record_size + SIGNATURE_SIZE == size);
    }
    return 0;
}
