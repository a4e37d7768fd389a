/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operator's verbs about the end, the groups and the note of a member, as JSON
 * (relayd/admin/admin.h). Each answer is given; NULL only without memory. Requests are borrowed and
 * may be any JSON.
 */
#pragma once

#include "proto/base/mono.h"
#include "relayd/service/operator.h"

#include <jansson.h>

/** The membership of "who" ends at "ends_ms" (wall clock; 0: never). Answers with "key", "name",
 * "ends", "online". */
json_t *adjust_expire(struct operator_service *verbs, const json_t *request, struct mono now);

/** "who" gets the groups in "add" and loses those in "remove". Answers with "key", "name",
 * "groups". */
json_t *adjust_group(struct operator_service *verbs, const json_t *request, struct mono now);

/** Keep "note" about "who". Answers with "key", "name", "note". */
json_t *adjust_note(struct operator_service *verbs, const json_t *request, struct mono now);
