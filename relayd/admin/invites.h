/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operator's verbs about invites, as JSON (relayd/admin/admin.h). Each answer is given; NULL
 * only without memory. Requests are borrowed and may be any JSON.
 */
#pragma once

#include "proto/base/mono.h"
#include "relayd/service/operator.h"

#include <jansson.h>

/** Make an invite: "uses" (1), "expires_ms" (in seven days; 0: never), "name" (none), and what
 * terms_common_read reads. Answers with its "url". public_hosts is what the configuration has, and
 * may be empty. */
json_t *invites_make(struct operator_service *service, const char *public_hosts,
                     const json_t *request);

/** List the invites that may still be used; none of them can be made a URL again. */
json_t *invites_list(struct operator_service *service, struct mono now);

/** Withdraw the "invite" with this id, or of this URL. */
json_t *invites_withdraw(struct operator_service *service, const json_t *request, struct mono now);
