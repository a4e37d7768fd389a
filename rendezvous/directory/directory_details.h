/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the operator keeps of a member beside the records that all see: since when it is one, when
 * that ends, and a note. A key that is no member has none.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"
#include "rendezvous/directory/directory_groups.h"

#include <stdbool.h>
#include <stdint.h>

struct directory;

enum { DIRECTORY_DETAILS_ROW_SIZE_MAX = 1 + 8 + 8 + 1 + DIRECTORY_NOTE_SIZE_MAX };

struct directory_details {
    uint64_t joined_ms; /* wall clock; 0: it joined under a version that did not note it */
    uint64_t ends_ms;   /* its membership ends then; 0: never */
    char note[DIRECTORY_NOTE_TEXT_SIZE];
};

/** Read them; all zero for who has none, or if they are damaged. ERR_NOMEM, ERR_SYSTEM. */
int directory_details_read(struct directory *directory, const uint8_t key[KEY_SIZE],
                           struct directory_details *out) MUST_CHECK;

/** Write them, whatever was there. ERR_NOMEM, ERR_SYSTEM. */
int directory_details_write(struct directory *directory, const uint8_t key[KEY_SIZE],
                            const struct directory_details *details) MUST_CHECK;

/** True if a membership that ends then (wall clock; 0: never) is over at now_ms. */
bool directory_is_ended(uint64_t ends_ms, uint64_t now_ms);
