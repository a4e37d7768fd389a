/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lanes of a relay (docs/protocol.md, section 18). A lane joins two sessions; each end has a
 * label, at which its host's frames are known, a secret, by which the host proves itself, and the
 * address that it proved last. The table owns the lanes and finds them; it sends and decides
 * nothing.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/map.h"
#include "proto/base/mono.h"
#include "proto/base/slab.h"
#include "proto/net/endpoint.h"
#include "relayd/base/relay_client.h"
#include "relayd/service/lane_share.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LANES_MAX = 16384,           /* of which lanes with a stranger may be half */
    LANES_PER_MEMBER_MAX = 256,  /* that it opened, and as many that others opened to it */
    LANES_PER_STRANGER_MAX = 16, /* the same */
};

struct lane_end {
    uint64_t label; /* random, never 0 */
    uint64_t nonce; /* the largest of a bind with a right mac; 0: none yet */
    uint8_t secret[LANE_SECRET_SIZE];
    struct relay_client *owner; /* borrowed: lane_table_close comes before its end */
    struct lane_end *other;
    struct relay_lane *lane;
    bool bound;
    struct endpoint local, remote; /* once bound: its frames come from remote to local */
    struct mono challenged_at;     /* because of a frame from elsewhere; NEVER: not yet */
    struct lane_share share;
    uint64_t frames, bytes; /* forwarded for this end */
    uint32_t pass;          /* its number for workers (lane_board.h), or LANE_PASS_NONE */
    uint64_t unpaid;        /* bytes of frames that workers forwarded, still to be charged */
    bool refused;           /* a charge, at refused_at: workers forward nothing for it */
    struct mono refused_at;
    LIST_ENTRY(lane_end) in_owner;
};

struct relay_lane {
    struct handle handle;
    bool stranger;           /* one of its hosts was no member when it was opened */
    struct mono used_at;     /* a bind or a forwarded frame */
    struct lane_end ends[2]; /* the first one is of who asked for it */
};

struct lane_table {
    const struct env *env; /* borrowed */
    struct slab *lanes;
    struct map *by_label;
    struct lane_end *found; /* last; most frames come in trains */
    uint32_t strangers_count;
};

/** An empty table; env is borrowed. ERR_NOMEM; lane_table_fini is legal then, and for zeros. */
int lane_table_init(struct lane_table *table, const struct env *env) MUST_CHECK;

/** Free all lanes; their owners must not be looked at any more. */
void lane_table_fini(struct lane_table *table);

/** The end of `from` of the lane between two sessions, NULL: there is none. */
struct lane_end *lane_table_between(const struct relay_client *from, const struct relay_client *to);

/** A lane between two sessions between which there is none, asked for by `from`. *out is its end.
 * ERR_LIMIT if one of them or the table has too many, ERR_NOMEM; *out is untouched then. */
int lane_table_open(struct lane_table *table, struct lane_end **out, struct relay_client *from,
                    struct relay_client *to, struct mono now) MUST_CHECK;

/** The end with this label, or NULL. */
struct lane_end *lane_table_find(struct lane_table *table, uint64_t label);

/** Take out and free the lane of this end. */
void lane_table_close(struct lane_table *table, struct lane_end *end);

/** Visit all lanes, as slab_next does; any may be closed meanwhile. */
struct relay_lane *lane_table_next(const struct lane_table *table, struct handle *cursor);

/** How many there are. */
uint32_t lane_table_count(const struct lane_table *table);
