/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Making and verifying signed records (docs/protocol.md, section 5): record || Ed25519 signature,
 * which is over "stun2 record 1" || type || record and by the key in the record's header.
 * proto/wire/record.h has the codecs of records.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/crypto/identity.h"
#include "proto/wire/record.h"

#include <stddef.h>
#include <stdint.h>

/**
 * Sign an encoded record (record_size bytes): write record || signature to out, which has room for
 * capacity bytes and may be the record's own buffer, and the length to *size. ERR_DROP if record is
 * none, or the key in its header is not the identity's; ERR_LIMIT if it does not fit. Nothing is
 * written then.
 */
int signed_make(uint8_t *out, size_t capacity, size_t *size, const struct identity *identity,
                const uint8_t *record, size_t record_size) MUST_CHECK;

/**
 * Take a signed record (size bytes of any content) apart and verify that it is of this type and
 * signed by the key in its header. out borrows from data. ERR_DROP, with out untouched, otherwise.
 * The caller decodes the body, and judges whether that key may sign such a record and whether the
 * record is live.
 */
int signed_open(struct record_parts *out, enum record_type type, const uint8_t *data,
                size_t size) MUST_CHECK;
