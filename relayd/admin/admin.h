/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operator's verbs on a running relay, as JSON: one object asks, one answers. The daemon reads
 * requests from the control socket and calls this, which is pure.
 *
 *   {"do":"status"}                                     -> {"ok":true,"uptime_ms":n,...}
 *   {"do":"invite","uses":1,"expires_ms":n,"name":"x"}  -> {"ok":true,"url":"ziglan://...",...}
 *   {"do":"invites"}                                    -> {"ok":true,"invites":[...],...}
 *   {"do":"uninvite","invite":"ID or URL"}              -> {"ok":true,"id":"..."}
 *   {"do":"members","sort":"seen"}                      -> {"ok":true,"members":[...],...}
 *   {"do":"nodes"}                                      -> {"ok":true,"nodes":[...],...}
 *   {"do":"revoke","who":"KEY or NAME","undo":false}    -> {"ok":true,"key":"...",...}
 *   {"do":"rename","who":"KEY or NAME","name":"x"}      -> {"ok":true,"key":"...",...}
 *   {"do":"forget","who":"KEY or NAME"}                 -> {"ok":true,"key":"...",...}
 *   {"do":"expire","who":"KEY or NAME","ends_ms":n}     -> {"ok":true,"key":"...",...}
 *   {"do":"group","who":"KEY or NAME","add":["x"],"remove":[]}  -> {"ok":true,"groups":["x"],...}
 *   {"do":"note","who":"KEY or NAME","note":"x"}        -> {"ok":true,"key":"...",...}
 *   {"do":"allow","member":"KEY","name":"x"}            -> {"ok":true,"key":"...",...}
 *   {"do":"disallow","member":"KEY"}                    -> {"ok":true,"key":"...",...}
 *   {"do":"allowed"}                                    -> {"ok":true,"allowed":[...],...}
 *
 * The daemon itself answers one more (rendezvous/store/backup/copy_request.h).
 *
 * docs/operations.md lists the fields, proto/admin/answer.h has the shape of answers and refusals.
 */
#pragma once

#include "proto/base/mono.h"
#include "relayd/core/core.h"

#include <jansson.h>

/** What answers are made from; all borrowed for the call. */
struct admin_context {
    struct relay_core *core;
    const char *name;         /* of the ziglan */
    const char *public_hosts; /* may be empty */
    const char *listen;       /* the addresses of its sockets, for people */
    const char *portmap;      /* how the mapping of its port stands, likewise */
};

/** Answer one request, which is borrowed and may be any JSON. The answer is given; NULL only
 * without memory. */
json_t *admin_request(const struct admin_context *context, const json_t *request, struct mono now);

/** The local health page, one line of JSON: {"status":"ok" or "storage failing","sessions":n}. It
 * is given (free()); NULL without memory. */
char *admin_health(const struct relay_snapshot *snapshot);

/** The page of a relay for its operator (relayd/service/front_page.h). name is that of its ziglan;
 * NULL: it serves none. text is given: malloc'ed, *size bytes and a NUL. ERR_NOMEM. */
int admin_page(char **text, size_t *size, const struct relay_snapshot *snapshot,
               const char *name) MUST_CHECK;
