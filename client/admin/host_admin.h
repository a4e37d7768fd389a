/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the command line asks of a running host, as JSON. Numbers are in base units; the fields
 * stand in docs/operations.md.
 *
 *   {"do":"status"|"peers"|"relays"|"whoami"}          report.h
 *   {"do":"join","url":URL,"name":NAME}                name may be missing
 *   {"do":"leave","ziglan":NAME or KEY}
 *   {"do":"peer_add","key":KEY,"name":NAME}            name may be missing
 *   {"do":"peer_remove","peer":NAME or KEY}
 *   {"do":"block"|"unblock","peer":NAME or KEY}
 *   {"do":"relay_pin"|"relay_unpin","relay":KEY or URL}
 *   {"do":"ping","peer":NAME, KEY or ADDRESS}          {"ticket":n}
 *   {"do":"ping_result","ticket":n}                    {"pending":true}, or its result
 */
#pragma once

#include "client/core/core.h"

#include <jansson.h>

/** Answer one request (borrowed) in the shape of proto/admin/answer.h. The answer is given; NULL
 * only without memory. */
json_t *host_admin_request(struct host_core *core, const json_t *request, struct mono now);
