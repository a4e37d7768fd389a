/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the control thread tells workers of lanes, and they it (docs/architecture.md, "Workers").
 * The control thread writes passes: where frames with a label come from, and where they go. Workers
 * read them without locks, while they change, and count what they forwarded. Pure; the functions of
 * the control thread may be called by that thread only.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/endpoint.h"
#include "relayd/base/relay_defaults.h"
#include "relayd/service/lane_share.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LANE_WORKERS_MAX = RELAY_WORKERS_MAX,
    LANE_BOARD_PASSES_MAX = 36864, /* two of each lane, and those that rest (lane_board.c) */
    LANE_BOARD_PORTS_MAX = 16,
    LANE_PASS_NONE = 0, /* no number of a pass */
};

/** Who deals with the frames of one label. */
enum lane_pass_to {
    LANE_PASS_TO_CONTROL, /* the control thread, whatever has to be done */
    LANE_PASS_TO_OTHER,   /* they go on to the other end */
};

struct lane_pass {
    uint64_t label, other_label;         /* what is on a frame, and what takes its place */
    struct endpoint from, local, remote; /* a frame comes from `from`, and goes from local to remote
                                          */
    uint8_t to;                          /* enum lane_pass_to */
};

/** What one worker, or all, counted since they began. */
struct lane_worker_counts {
    uint64_t received_dgrams, received_bytes; /* the handed ones are not in it */
    uint64_t frames, bytes;                   /* forwarded, without lane headers */
    uint64_t drop_frame, drop_unknown, drop_share;
    uint64_t drop_blocked; /* forwarded, and then the socket took them not */
    uint64_t handed;       /* to the control thread */
    uint64_t drop_ring;    /* which had no room for them */
    /* STUN (relayd/service/stun_switch.h). */
    uint64_t stun_answered, stun_error_answered, stun_malformed;
    uint64_t stun_limited_address, stun_limited_all;
    uint64_t stun_sent_bytes;
};

struct lane_board;

/** A board for 1 to LANE_WORKERS_MAX workers, without passes. ERR_NOMEM leaves *out NULL. */
int lane_board_new(struct lane_board **out, unsigned workers) MUST_CHECK;

/** Free it, when no worker runs any more. NULL is fine. */
void lane_board_free(struct lane_board *board);

/* ---- for the control thread ---- */

/** At which ports workers listen, at most LANE_BOARD_PORTS_MAX: a pass from or to another one is
 * the control thread's. Called before any pass is made; without it there are none. */
void lane_board_set_ports(struct lane_board *board, const uint16_t *ports, size_t count);

/** Make a pass (*number is LANE_PASS_NONE) or change one. `owner` is kept until it is removed, for
 * lane_board_use. Should there be no room, no worker knows the label, and drops its frames. */
void lane_board_put(struct lane_board *board, uint32_t *number, const struct lane_pass *pass,
                    void *owner);

/** Take a pass away; *number becomes LANE_PASS_NONE, and may have been it. A worker in the middle
 * of a batch still uses it to the end of that. */
void lane_board_remove(struct lane_board *board, uint32_t *number);

/** What workers forwarded by one pass since the last time it was told. One of the two may be ahead
 * of the other. */
struct lane_use {
    void *owner;
    uint64_t frames, bytes;
};

/** Visit what was used: start with *cursor 0. False at the end. Passes may be changed and removed
 * meanwhile. */
bool lane_board_use(struct lane_board *board, size_t *cursor, struct lane_use *out);

/** All that the workers counted, summed; while they count, some of it may be ahead of the rest. */
struct lane_worker_counts lane_board_counts(const struct lane_board *board);

/** The control thread looks no more unless it is told (lane_worker_tells). What a worker counted
 * before is seen by lane_board_counts after this, or the worker tells. */
void lane_board_sleep(struct lane_board *board);

/* ---- for workers; `worker` is below the number of them, and each has one thread ---- */

/** Look a label up: a copy of its pass and its number. False if there is none. */
bool lane_board_find(const struct lane_board *board, uint64_t label, struct lane_pass *out,
                     uint32_t *number);

/** Count what was forwarded by a pass; bytes without lane headers. */
void lane_board_count(struct lane_board *board, unsigned worker, uint32_t number, uint64_t frames,
                      uint64_t bytes);

/** The worker's own share of each pass, for lane_share_take. */
struct lane_share *lane_board_share(struct lane_board *board, unsigned worker, uint32_t number);

/** Tell what the worker counted so far; once in a batch, at its end. True if the control thread has
 * to be woken, so that it looks: for frames, which are charged, and not for what is only counted
 * (`frames` is false), which it sees when it looks. */
bool lane_worker_tells(struct lane_board *board, unsigned worker,
                       const struct lane_worker_counts *counts, bool frames);
