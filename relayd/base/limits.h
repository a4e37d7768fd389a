/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rates and caps that protect the relay and its owner: for each session, each key, each
 * address, and in all (docs/security.md has the table). A caller asks a function ..._take or
 * ..._enter for one more of something. True means that it may have it, and that it is counted as
 * used.
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
#include "relayd/base/stun_limit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONTROL_PER_S = 20, /* control messages of one session */
    CONTROL_BURST = 100,
    BROADCAST_COST = 5, /* tokens; each key gets one token a second: see limits_broadcast_take */
    BROADCAST_BURST = 100 * BROADCAST_COST,
    BROADCAST_KEYS_MAX = 16384,
    STRANGER_BYTES_PER_S = 20 * 1000 * 1000 / 8, /* 20 Mbit/s of one key */
    STRANGER_BURST_S = 2,
    STRANGER_ADDRESS_SHARES = 4, /* keys' worth of bytes for all of one IPv4 address or IPv6 /56 */
    STRANGER_KEYS_MAX = 65536,   /* whose use is known */
    STRANGERS_PER_ADDRESS = 64,  /* IPv4 address or IPv6 /56 */
    STRANGERS_PER_NET = 512,     /* IPv4 /24 or IPv6 /48 */
    NEIGHBOURS_PER_NET = 4,      /* relays that dialled us, of such a network */
    NEIGHBOUR_CONTROL_PER_S = 200, /* control messages of a relay, which speaks for many */
    NEIGHBOUR_CONTROL_BURST = 1000,
    LOCATE_PER_S = 2, /* questions where a key is, and which relays there are, of one session */
    LOCATE_BURST = 20,
    LOCATE_NET_PER_S = 20, /* of all strangers of an IPv4 /24 or IPv6 /48 */
    LOCATE_NET_BURST = 200,
    LOCATE_NETS_MAX = 16384, /* networks whose rate is remembered */
    JOIN_NET_PER_S = 20,     /* Joins of all strangers of such a network: a signature each */
    JOIN_NET_BURST = 200,
    OPEN_COST = 60, /* of a new member of an open ziglan, in tokens; one comes each second */
    OPEN_NET_BURST = 32 * OPEN_COST, /* of all newcomers of such a network */
    GONE_MARKS = 8,                  /* keys that one session is told about per second */
    GONE_EVERY_MS = 1000,
    REFUSAL_EVERY_MS = 1000, /* between two answers "too many requests" to a session */
    HTTP_PER_S = 10, /* pages to one IPv4 address or IPv6 /56 */
    HTTP_BURST = 50,
    HTTP_ADDRESSES_MAX = 4096,
};

/** What one stranger's key may have forwarded in a day. */
#define STRANGER_BYTES_PER_DAY UINT64_C(20000000000)

/** Remembers that a Gone was sent: the next one for the same key waits GONE_EVERY_MS. */
struct gone_mark {
    bool used;
    uint8_t dst[KEY_SIZE];
    struct mono at;
};

/** What one session has left. */
struct client_limits {
    struct bucket control_bucket;
    struct bucket locate_bucket;
    struct mono refused_at; /* the last answer "too many requests" */
    bool refused_once;
    struct gone_mark gone[GONE_MARKS];
    bool counted;           /* as a stranger, at the address counted_as */
    bool counted_neighbour; /* as a relay that dialled us, likewise */
    struct endpoint counted_as;
};

/** What all sessions, and all who ask by STUN or HTTP, have left. */
struct limits {
    struct relay_counters *counters; /* borrowed; for refusals of STUN and pages */
    struct map *strangers_by_address, *strangers_by_net, *neighbours_by_net;
    /* Bytes of strangers' frames. By key, not by session: a new session gives nothing more. */
    struct bucket_table *stranger_rate_by_key, *stranger_day_by_key, *stranger_rate_by_address;
    struct bucket_table *broadcast_by_key;
    struct bucket_table *moves_by_key;
    struct stun_limit *stun; /* workers take from it, too */
    struct bucket_table *http_addresses;
    struct bucket_table *questions_by_net, *joins_by_net, *opens_by_net;
};

/** Make limits of which nothing is used yet. session_max and the STUN rates come from cfg, where
 * they are not 0. counters is borrowed and outlives the limits; env gives hash keys, during the
 * call only. ERR_NOMEM; limits_fini then releases what was made. */
int limits_init(struct limits *limits, const struct relay_config *cfg,
                struct relay_counters *counters, const struct env *env) MUST_CHECK;
void limits_fini(struct limits *limits);

/** Set the rates of STUN to those of cfg; what all addresses have together is full again. */
void limits_stun_set(struct limits *limits, const struct relay_config *cfg);

/** Take one STUN answer to this address. False if there are too many, which is counted. Workers
 * take from the same (stun_limit.h). */
bool limits_stun_take(struct limits *limits, const struct endpoint *from, struct mono now);

/** Take one page for this address. False if there are too many, which is counted. */
bool limits_http_take(struct limits *limits, const struct endpoint *from, struct mono now);

/** Take one broadcast: something of a member that the relay tells to others, or for which it reads
 * the whole directory. These are a change of its records, opening a session, and a Watch. Each key
 * has 100 at once and one in 5 s, however many sessions it has. False: too much. */
bool limits_broadcast_take(struct limits *limits, const uint8_t key[KEY_SIZE], struct mono now);

/** Take one move of a session, of which the partners of its punches are told. Each key has as many
 * as broadcasts, and besides them: a host that moves often can still open a session. */
bool limits_move_take(struct limits *limits, const uint8_t key[KEY_SIZE], struct mono now);

/** Whose share is used up. */
enum limits_verdict {
    LIMITS_OK,
    LIMITS_ADDRESS, /* of an IPv4 address or IPv6 /56 */
    LIMITS_NET,     /* of an IPv4 /24 or IPv6 /48 */
    LIMITS_RATE,    /* of a key or an address, in this second */
    LIMITS_DAY,     /* of a key, in this day */
};

/** Count a stranger's session from `remote`. LIMITS_ADDRESS or LIMITS_NET, and nothing counted, if
 * there are too many. */
enum limits_verdict limits_stranger_enter(struct limits *limits, struct client_limits *client,
                                          const struct endpoint *remote);

/** A number for all who come from an IPv4 address or IPv6 /56, as strangers are counted. */
uint64_t limits_address_number(const struct endpoint *remote);

/** The client is gone or no longer a stranger: count it no more. No-op if it was not counted. */
void limits_stranger_leave(struct limits *limits, struct client_limits *client);

/** The same for a relay that dialled us, and only for its network. Its former session, or NULL,
 * makes room for it, and keeps its own place if there is none. */
bool limits_neighbour_enter(struct limits *limits, struct client_limits *client,
                            struct client_limits *former, const struct endpoint *remote);
void limits_neighbour_leave(struct limits *limits, struct client_limits *client);

/** Fill the buckets of a new session; the rest of *client is zero already. */
void limits_client_init(struct client_limits *client, struct mono now);

/** Take one control message of a session, a relay's or a host's; false: too much. */
bool limits_control_take(struct client_limits *client, bool relay, struct mono now);

/** Take the bytes of a frame of a stranger, whose session comes from `remote`: of its key's rate
 * and day, and of what all strangers of its address have. LIMITS_RATE or LIMITS_DAY if there are
 * too many, which is counted. */
enum limits_verdict limits_forward_take(struct limits *limits, const uint8_t key[KEY_SIZE],
                                        const struct endpoint *remote, size_t size,
                                        struct mono now);

/** Take one question where a key is, or which relays there are, of a session; false: too much.
 * stranger_at is where a stranger's session comes from, NULL for a member's: members share nothing.
 */
bool limits_question_take(struct limits *limits, struct client_limits *client,
                          const struct endpoint *stranger_at, struct mono now);

/** Take one Join of a stranger whose session comes from there; false: too many of its network. */
bool limits_join_take(struct limits *limits, const struct endpoint *stranger_at, struct mono now);

/** Take one new member of an open ziglan that comes from there: a network has 32 at once and one a
 * minute, so that it cannot fill the directory. False: too many. */
bool limits_open_take(struct limits *limits, const struct endpoint *stranger_at, struct mono now);

/** Take one answer "too many requests" to this session; once in REFUSAL_EVERY_MS. */
bool limits_refusal_take(struct client_limits *client, struct mono now);

/** Take one Gone about dst to this session: once in GONE_EVERY_MS for one key, and for GONE_MARKS
 * keys in that time. */
bool limits_gone_take(struct client_limits *client, const uint8_t dst[KEY_SIZE], struct mono now);
