/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Groups, notes and ends in requests and answers (relayd/admin/admin.h). What reads returns NULL if
 * the request has a good one or none, else the refusal, which is given. Requests are borrowed and
 * may be any JSON.
 */
#pragma once

#include "rendezvous/directory/directory_groups.h"
#include "rendezvous/directory/directory_invite.h"

#include <jansson.h>
#include <stdint.h>

/** Add the groups in the list `field` to out. */
json_t *terms_groups_read(struct directory_groups *out, const json_t *request, const char *field);

/** Read "note"; empty if there is none. */
json_t *terms_note_read(char note[DIRECTORY_NOTE_TEXT_SIZE], const json_t *request);

/** Read "ends_ms" (wall clock); 0 if there is none. */
json_t *terms_ends_read(uint64_t *ends_ms, const json_t *request);

/** Read "note", "groups" and "ends_ms" into terms. */
json_t *terms_common_read(struct directory_terms *terms, const json_t *request);

/** Groups as an array of texts; given. */
json_t *terms_groups_json(const struct directory_groups *groups);
