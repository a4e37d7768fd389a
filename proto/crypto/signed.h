/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signed records (docs/protocol.md, section 5): record || Ed25519 signature over
 * "stun2 record 1" || type || record, by the key in the record's header. The bytes are those of
 * proto/wire/record.h.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/crypto/identity.h"
#include "proto/wire/record.h"

#include <stddef.h>
#include <stdint.h>

/**
 * Sign an encoded record: writes record || signature to out (capacity bytes, may be the record's
 * own buffer), length to *size. ERR_LIMIT if it does not fit; ERR_DROP if record is no record, or
 * its header's key is not the identity's.
 */
int signed_make(uint8_t *out, size_t capacity, size_t *size, const struct identity *identity,
                const uint8_t *record, size_t record_size) MUST_CHECK;

/**
 * Take a signed record apart (pointers borrowed from data) and verify that it is of this type and
 * signed by the key in its own header. ERR_DROP otherwise, out untouched. Whether that key may
 * say such a thing, and whether the record is still live, is for the caller to judge.
 */
int signed_open(struct record_parts *out, enum record_type type, const uint8_t *data,
                size_t size) MUST_CHECK;
