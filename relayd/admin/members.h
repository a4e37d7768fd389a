/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operator's verbs about members, as JSON (relayd/admin/admin.h). Each answer is given; NULL
 * only without memory. Requests are borrowed and may be any JSON. A name that fits several is
 * refused with a sentence that lists them with their keys.
 */
#pragma once

#include "proto/base/mono.h"
#include "relayd/service/operator.h"

#include <jansson.h>

/** List members and revoked keys, in the order "sort" (relayd/admin/member_order.h). */
json_t *members_list(struct operator_service *verbs, const json_t *request, struct mono now);

/** What is said about a verb that did nothing. `wanted` is whom it is for: "member". The request
 * says for "who". */
json_t *members_refusal(const json_t *request, const char *wanted, const struct who_fits *fits,
                        enum verdict verdict);

/** Revoke "who", or with "undo" take that back. Answers with its "key", "name", what it was
 * ("before"), and whether it was "online". */
json_t *members_revoke(struct operator_service *verbs, const json_t *request, struct mono now);

/** Give "who" the "name". Answers with "key", "name", and the "former" one. */
json_t *members_rename(struct operator_service *verbs, const json_t *request, struct mono now);

/** Forget "who". Answers as members_revoke. */
json_t *members_forget(struct operator_service *verbs, const json_t *request, struct mono now);
