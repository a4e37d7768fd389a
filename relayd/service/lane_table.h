/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lanes of a relay (docs/protocol.md, section 18). A lane joins two sessions; each end has a
 * label, at which its host's frames are known, a secret, by which the host proves itself, and the
 * address that it proved last. Of a lane over two relays one session is the other relay's, and the
 * end of that has the same label at both. The table owns the lanes and finds them; it sends and
 * decides nothing.
 */
#pragma once

#include "proto/base/bucket.h"
#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/map.h"
#include "proto/base/mono.h"
#include "proto/base/slab.h"
#include "proto/crypto/lane.h"
#include "proto/net/endpoint.h"
#include "relayd/base/relay_client.h"
#include "relayd/service/lane_share.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LANES_MAX = 16384,           /* of which lanes with a stranger may be half */
    LANES_PER_MEMBER_MAX = 256,  /* that it opened, and as many that others opened to it */
    LANES_PER_STRANGER_MAX = 16, /* the same */
    LANES_PER_RELAY_MAX = 1024,  /* the same, of a neighbour */
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
    struct bucket bucket;   /* where lanes have a limit; filled by its first use */
    uint64_t frames, bytes; /* forwarded for this end */
    uint32_t pass;          /* its number for workers (lane_board.h), or LANE_PASS_NONE */
    uint64_t unpaid;        /* bytes of frames that workers forwarded, still to be charged */
    bool refused;           /* a charge, at refused_at: workers forward nothing for it */
    struct mono refused_at;
    struct mono way_at; /* of a neighbour: when its frames are to keep the way to it again */
    LIST_ENTRY(lane_end) in_owner;
};

struct relay_lane {
    struct handle handle;
    bool stranger;           /* one of its hosts was no member when it was opened */
    struct mono used_at;     /* a bind or a forwarded frame */
    struct lane_end ends[2]; /* the first one is of who asked for it */
    /* Of a lane over two relays: */
    struct lane_end *far_end; /* whose owner is the neighbour; else NULL */
    uint8_t far[KEY_SIZE];    /* the host there */
    bool given;               /* the neighbour asked, and the far end is bound there: */
    struct lane binding;
    bool binds; /* in the table's list */
    LIST_ENTRY(relay_lane) in_binding;
};

/** What was drawn for an end elsewhere, or earlier. */
struct lane_drawn {
    uint64_t label;
    const uint8_t *secret; /* LANE_SECRET_SIZE bytes */
};

/** The host of a lane that is at a neighbour. */
struct lane_far {
    const uint8_t *key;      /* KEY_SIZE bytes */
    struct lane_drawn drawn; /* if the neighbour asks: for both ends between the relays */
};

struct lane_table {
    const struct env *env; /* borrowed */
    uint32_t workers;      /* as lane_table_init has them */
    struct slab *lanes;
    struct map *by_label;
    struct lane_end *found; /* last; most frames come in trains */
    uint32_t strangers_count;
    LIST_HEAD(, relay_lane) binding; /* those whose far end is to be bound */
};

/** An empty table; env is borrowed. Labels that it draws belong to one of so many workers:
 * four bits of their upper half are its number, so that it stays theirs beside more workers
 * (relayd/engine/workers.c). 0: there are none. ERR_NOMEM; lane_table_fini is legal then, and for
 * zeros. */
int lane_table_init(struct lane_table *table, const struct env *env, uint32_t workers) MUST_CHECK;

/** Free all lanes; their owners must not be looked at any more. */
void lane_table_fini(struct lane_table *table);

/** The end of `from` of the lane between two sessions, NULL: there is none. */
struct lane_end *lane_table_between(const struct relay_client *from, const struct relay_client *to);

/** A lane between two sessions between which there is none, asked for by `from`. *out is its end.
 * ERR_LIMIT if one of them or the table has too many, ERR_NOMEM; *out is untouched then. */
int lane_table_open(struct lane_table *table, struct lane_end **out, struct relay_client *from,
                    struct relay_client *to, struct mono now) MUST_CHECK;

/** The same between a host here and one at a neighbour; one of the two sessions is the neighbour's.
 * If that is `from`, it drew the label and secret: ERR_DROP if the label is 0 or is here. */
int lane_table_open_far(struct lane_table *table, struct lane_end **out, struct relay_client *from,
                        struct relay_client *to, const struct lane_far *far,
                        struct mono now) MUST_CHECK;

/** The same as before between two hosts here, with what was drawn then for each end. ERR_DROP if a
 * label is 0 or is here. */
int lane_table_restore(struct lane_table *table, struct lane_end **out, struct relay_client *from,
                       struct relay_client *to, const struct lane_drawn drawn[2],
                       struct mono now) MUST_CHECK;

/** Another client of the same key owns this end from now on. */
void lane_table_give(struct lane_end *end, struct relay_client *to);

/** An end of a host of a lane to the host of a key, wherever that is; NULL: there is none. */
struct lane_end *lane_table_to(const struct relay_client *from, const uint8_t key[KEY_SIZE]);

/** The same, of a lane to a host at this neighbour. */
struct lane_end *lane_table_through(const struct relay_client *from, const uint8_t key[KEY_SIZE],
                                    const struct relay_client *neighbour);

/** True for the end of a lane over two relays whose owner is the other relay. */
bool lane_end_is_relays(const struct lane_end *end);

/** The key of the host with which this end's host, or the host at this end's relay, talks. */
const uint8_t *lane_end_peer(const struct lane_end *end);

/** The far end of this lane is to be bound, or need not be any more. */
void lane_table_binds(struct lane_table *table, struct relay_lane *lane, bool binds);

/** The end with this label, or NULL. */
struct lane_end *lane_table_find(struct lane_table *table, uint64_t label);

/** Take out and free the lane of this end. */
void lane_table_close(struct lane_table *table, struct lane_end *end);

/** Visit all lanes, as slab_next does; any may be closed meanwhile. */
struct relay_lane *lane_table_next(const struct lane_table *table, struct handle *cursor);

/** How many there are. */
uint32_t lane_table_count(const struct lane_table *table);
