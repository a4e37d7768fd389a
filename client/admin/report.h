/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of a host as JSON: what status, peers and whoami answer. */
#pragma once

#include "client/core/core_internal.h"

#include <jansson.h>

/** The answer to "relays": those of status. NULL without memory. */
json_t *report_relays(struct host_core *core, struct mono now);

/** Fields of an answer; given, NULL without memory. */
json_t *report_status(struct host_core *core, struct mono now);
json_t *report_peers(struct host_core *core, struct mono now);
json_t *report_whoami(struct host_core *core);

/** How the peer is reached, as in the table of peers: "direct", "relayed", "connecting", "online",
 * "offline" or "unknown". */
const char *report_peer_state(const struct host_core *core, const struct peer *peer,
                              struct mono now);

/** How the session to a relay stands: "connected", "stalled", "connecting" or "waiting". */
const char *report_relay_state(const struct relay_session *relay, struct mono now);

/** Why packets went no further, as one word. */
const char *report_drop_word(enum tunnel_drop why);

/** The path in use, for people: "direct 192.0.2.1:4433", "relayed" or "none". Writes at most size
 * bytes into text, which is returned. */
const char *report_path(const struct conversation *a, char *text, size_t size);
