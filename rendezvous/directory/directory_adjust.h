/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the operator changes about a member beside its name: when its membership ends, its groups,
 * the note about it.
 *
 * All: NOT_FOUND (no member), BAD_REQUEST (not what may stand there), UNAVAILABLE (the store
 * failed, which was traced; nothing changed).
 */
#pragma once

#include "proto/wire/frame.h"
#include "proto/wire/verdict.h"
#include "rendezvous/directory/directory_groups.h"

#include <stdint.h>

struct directory;

/** The membership ends at ends_ms (wall clock, not past; 0: never): the key stays known, but is
 * refused from then on, until it gets another end. Its admission is signed anew, and is over then.
 */
enum verdict directory_set_end(struct directory *directory, const uint8_t key[KEY_SIZE],
                               uint64_t ends_ms);

/** The member is in these groups and in no others; its admission is signed anew, and ends when the
 * former one would have. */
enum verdict directory_set_groups(struct directory *directory, const uint8_t key[KEY_SIZE],
                                  const struct directory_groups *groups);

/** Keep this note; empty: none. */
enum verdict directory_set_note(struct directory *directory, const uint8_t key[KEY_SIZE],
                                const char *note);
