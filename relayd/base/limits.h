/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every number that protects a volunteer: rates, quotas and caps, by session, by key, by address
 * and in all (docs/security.md has the table). A function asks for one more of something and is
 * told yes, which counts it, or no.
 */
#pragma once

#include "proto/base/bucket.h"
#include "proto/base/bucket_table.h"
#include "proto/base/env.h"
#include "proto/base/map.h"
#include "proto/net/endpoint.h"
#include "proto/wire/frame.h"
#include "relayd/base/counters.h"
#include "relayd/base/relay_config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONTROL_PER_S = 20, /* control messages of one session */
    CONTROL_BURST = 100,
    BROADCAST_COST = 5, /* tokens, of which a member gets one a second: see limits_broadcast_take */
    BROADCAST_BURST = 100 * BROADCAST_COST,
    BROADCAST_KEYS_MAX = 16384,
    STRANGER_BYTES_PER_S = 20 * 1000 * 1000 / 8, /* 20 Mbit/s of one key */
    STRANGER_BURST_S = 2,
    STRANGERS_PER_ADDRESS = 64, /* IPv4 address or IPv6 /56 */
    STRANGERS_PER_NET = 512,    /* IPv4 /24 or IPv6 /48 */
    GONE_MARKS = 8,             /* keys that one session is told about per second */
    GONE_EVERY_MS = 1000,
    REFUSAL_EVERY_MS = 1000, /* answers "too many requests" to one session */
    STUN_ADDRESSES_MAX = 65536,
    HTTP_PER_S = 10, /* pages to one IPv4 address or IPv6 /56 */
    HTTP_BURST = 50,
    HTTP_ADDRESSES_MAX = 4096,
};

/** A Gone that was sent: none for the same key within GONE_EVERY_MS. */
struct gone_mark {
    bool used;
    uint8_t dst[KEY_SIZE];
    struct mono at;
};

/** What one session has left. */
struct client_limits {
    struct bucket control_bucket;
    struct bucket forward_bucket;
    struct mono refused_at; /* the last answer "too many requests" */
    bool refused_once;
    struct gone_mark gone[GONE_MARKS];
    bool counted; /* as a stranger of this address */
    struct endpoint counted_as;
};

/** What all sessions and foreign clients have left. */
struct limits {
    struct relay_counters *counters; /* borrowed: where a refusal is counted */
    struct map *strangers_by_address, *strangers_by_net;
    struct bucket_table *broadcast_by_key;
    struct bucket_table *stun_addresses;
    struct bucket_table *http_addresses;
    struct bucket stun_bucket;
    struct bucket_rate stun_rate;
};

/** Empty limits for the sessions and STUN rates of cfg, whose numbers are not 0. counters is
 * borrowed and outlives them; env is used for hash keys only, during the call. ERR_NOMEM; then
 * limits_fini releases what there is. */
int limits_init(struct limits *limits, const struct relay_config *cfg,
                struct relay_counters *counters, const struct env *env, struct mono now) MUST_CHECK;
void limits_fini(struct limits *limits);

/** Take the rates of STUN from the configuration. */
void limits_stun_set(struct limits *limits, const struct relay_config *cfg, struct mono now);

/** True if one more STUN answer may go to this address; counted if not. */
bool limits_stun_take(struct limits *limits, const struct endpoint *from, struct mono now);

/** True if one more page may be made for this address; counted if not. */
bool limits_http_take(struct limits *limits, const struct endpoint *from, struct mono now);

/** Take one piece of what a member can make the relay do for all others, or over the whole
 * directory: a change of its records, its coming and moving, a Watch. 100 at once and one in 5 s
 * for each key, whatever the number of its sessions; false: too much. */
bool limits_broadcast_take(struct limits *limits, const uint8_t key[KEY_SIZE], struct mono now);

/** Count a stranger's session that comes from `remote`; false if that address has too many. */
bool limits_stranger_enter(struct limits *limits, struct client_limits *client,
                           const struct endpoint *remote);

/** The stranger is none any more, or gone; no-op if it was not counted. */
void limits_stranger_leave(struct limits *limits, struct client_limits *client);

/** A new session: full buckets, nothing refused yet. */
void limits_client_init(struct client_limits *client, struct mono now);

/** Take one control message of a session; false: too much. */
bool limits_control_take(struct client_limits *client, struct mono now);

/** Take the bytes of a stranger's frame; false: too much. */
bool limits_forward_take(struct client_limits *client, size_t size, struct mono now);

/** True if this session may be told now that it asks too much; remembers it. */
bool limits_refusal_take(struct client_limits *client, struct mono now);

/** True if a Gone about dst may be sent to this session now; remembers it. */
bool limits_gone_take(struct client_limits *client, const uint8_t dst[KEY_SIZE], struct mono now);
