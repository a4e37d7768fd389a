/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signing admissions. What differs between a join, another name, other groups and another end is
 * filled in by the caller.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/record.h"
#include "rendezvous/directory/directory_entry.h"

#include <stddef.h>
#include <stdint.h>

struct directory;

/** How long an admission is valid, if the membership does not end before. */
#define DIRECTORY_ADMISSION_MS (UINT64_C(7) * 24 * 3600 * 1000)

/** When an admission that is signed now ends, of a membership that ends then (wall clock; 0:
 * never): it never outlives that. */
uint64_t directory_admission_end(const struct directory *directory, uint64_t ends_ms);

/** Sign an admission as this relay's change `sequence`, with the member's key, name, groups and
 * end as they stand in it; its header and ziglan key are set here. ERR_LIMIT: it is too large. */
int directory_admission_sign(const struct directory *directory, struct record_admission *admission,
                             uint64_t sequence, uint8_t out[RECORD_OTHER_SIGNED_SIZE_MAX],
                             size_t *size) MUST_CHECK;

/** Inside a transaction: sign it anew and put it in the place of the entry's, as the change
 * `sequence`. */
int directory_admission_replace(struct directory *directory, const struct directory_entry *entry,
                                struct record_admission *admission, uint64_t sequence) MUST_CHECK;

/** The admission of an entry, decoded. False if it has none. */
bool directory_entry_admission(const struct directory_entry *entry, struct record_admission *out);
