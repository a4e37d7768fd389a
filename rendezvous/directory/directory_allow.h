/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys that the operator allows: who has one may join without an invite, as often as it likes, and
 * gets the name, the groups, the note and the end that stand here. That a key is taken out ends no
 * membership.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"
#include "proto/wire/verdict.h"
#include "rendezvous/directory/directory_invite.h"

#include <stdbool.h>
#include <stdint.h>

struct directory;

enum {
    DIRECTORY_ALLOWED_COUNT_MAX = 10000,
    DIRECTORY_ALLOWED_ROW_SIZE_MAX =
        1 + 1 + NAME_SIZE_MAX + 1 + DIRECTORY_NOTE_SIZE_MAX + DIRECTORY_GROUPS_ROW_SIZE_MAX + 8,
};

/** Allow a key, or give one that is allowed other terms, of which name, groups, note and ends_ms
 * count. BAD_REQUEST: one is none, or the end is past. LIMIT: as many keys are allowed as may be.
 * UNAVAILABLE. */
enum verdict directory_allow(struct directory *directory, const uint8_t key[KEY_SIZE],
                             const struct directory_terms *terms);

/** Allow it no more. NOT_FOUND, UNAVAILABLE. */
enum verdict directory_disallow(struct directory *directory, const uint8_t key[KEY_SIZE]);

/** How an allowed key may join now. *found is false if it may not, or on an error: ERR_NOMEM,
 * ERR_SYSTEM. */
int directory_allowed_find(struct directory *directory, const uint8_t key[KEY_SIZE],
                           struct directory_terms *out, bool *found) MUST_CHECK;

/** The next allowed key, also one whose end is past. `key` is where the listing is: begin with all
 * zero. NOT_FOUND at the end, UNAVAILABLE. */
enum verdict directory_allowed_next(struct directory *directory, uint8_t key[KEY_SIZE],
                                    struct directory_terms *out);
