/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The groups of a member, which its admission names (docs/protocol.md, section 5), and the
 * operator's note about it. An admission must stay below RECORD_SIZE_MAX with the longest name, so
 * the name of a group is shorter than a label may be. Pure.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"
#include "proto/wire/record.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    DIRECTORY_GROUP_SIZE_MAX = 31, /* of a group's name */
    DIRECTORY_GROUPS_MAX = RECORD_GROUPS_MAX,
    DIRECTORY_GROUPS_TEXT_SIZE = DIRECTORY_GROUPS_MAX * (DIRECTORY_GROUP_SIZE_MAX + 1) + 1,
    DIRECTORY_GROUPS_ROW_SIZE_MAX = 1 + DIRECTORY_GROUPS_MAX * (1 + DIRECTORY_GROUP_SIZE_MAX),
    DIRECTORY_NOTE_SIZE_MAX = 120, /* bytes of a note */
    DIRECTORY_NOTE_TEXT_SIZE = DIRECTORY_NOTE_SIZE_MAX + 1,
};

struct directory_groups {
    char list[DIRECTORY_GROUPS_MAX][DIRECTORY_GROUP_SIZE_MAX + 1];
    size_t count;
};

/** Add a group, at the end; one that is there already stays where it is. ERR_DROP: it is no label
 * of at most DIRECTORY_GROUP_SIZE_MAX characters. ERR_LIMIT: there are as many as there may be. The
 * groups are then as before. */
int directory_groups_add(struct directory_groups *groups, const char *name) MUST_CHECK;

/** Take a group out. False if it is not there. */
bool directory_groups_remove(struct directory_groups *groups, const char *name);

/** The groups as "family,servers"; writes and returns text. */
const char *directory_groups_text(const struct directory_groups *groups,
                                  char text[DIRECTORY_GROUPS_TEXT_SIZE]);

/** Groups from and to an admission. */
struct directory_groups directory_groups_of(const struct record_admission *admission);
void directory_groups_set(struct record_admission *admission,
                          const struct directory_groups *groups);

/** Groups from and to a row of the store; reading something else fails the reader. */
void directory_groups_write(struct wbuf *w, const struct directory_groups *groups);
void directory_groups_read(struct rbuf *r, struct directory_groups *out);

/** True for UTF-8 without control characters of at most DIRECTORY_NOTE_SIZE_MAX bytes; empty, too.
 */
bool directory_note_is(const char *note);

/** A note from and to a row of the store, likewise. */
void directory_note_write(struct wbuf *w, const char *note);
void directory_note_read(struct rbuf *r, char note[DIRECTORY_NOTE_TEXT_SIZE]);
