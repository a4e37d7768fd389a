/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operator's verbs about keys that may join without an invite, as JSON (relayd/admin/admin.h).
 * Each answer is given; NULL only without memory. Requests are borrowed and may be any JSON.
 */
#pragma once

#include "proto/base/mono.h"
#include "relayd/service/operator.h"

#include <jansson.h>

/** Allow "member", a key, with "name" and what terms_common_read reads. Answers with these. */
json_t *allow_add(struct operator_service *verbs, const json_t *request, struct mono now);

/** Allow "member" no more. Answers with its "key" and whether it "is_member" all the same. */
json_t *allow_remove(struct operator_service *verbs, const json_t *request, struct mono now);

/** List them as "allowed", those of the configuration first. */
json_t *allow_list(struct operator_service *verbs, const json_t *request, struct mono now);
