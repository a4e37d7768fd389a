/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operator's verbs on a running relay, as JSON: one object asks, one answers. The shell reads
 * them from the control socket; this part is pure.
 *
 *   {"do":"status"}                                     -> see admin.c
 *   {"do":"invite","uses":1,"expires_ms":0,"name":"x"}  -> {"ok":true,"url":"ziglan://..."}
 *   {"do":"members"}                                    -> {"ok":true,"members":[...]}
 *   {"do":"revoke","who":"KEY or NAME","undo":false}    -> {"ok":true,"key":"..."}
 *
 * The shape of answers and refusals is that of proto/admin/answer.h.
 */
#pragma once

#include "proto/base/mono.h"
#include "relayd/core/core.h"

#include <jansson.h>

/** Facts that the core does not know. */
struct admin_context {
    struct relay_core *core;
    const char *name;         /* of the ziglan */
    const char *public_hosts; /* may be empty */
    const char *listen;       /* addresses, for people */
};

/** Answer one request (borrowed). The answer is given; NULL only without memory. */
json_t *admin_request(const struct admin_context *context, const json_t *request, struct mono now);

/** The health page as a line of JSON: {"status":"ok" or "storage failing","sessions":n}. Given
 * (malloc); NULL without memory. */
char *admin_health(const struct relay_snapshot *snapshot);
