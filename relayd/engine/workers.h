/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Threads that forward frames on lanes, and answer STUN, beside the control thread
 * (docs/architecture.md, "Workers"). Each has a socket at every address at which the relay listens;
 * the kernel deals lane data to them by the label, binding requests by their transaction, and all
 * else to the control thread's socket. What reaches a worker all the same, and what it may not
 * decide, it hands to the control thread through a ring.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/host/udp_batch.h"
#include "proto/net/dgram.h"
#include "relayd/service/lane_board.h"
#include "relayd/service/stun_board.h"

#include <stdbool.h>
#include <stddef.h>

struct workers;

struct workers_options {
    struct lane_board *board;         /* borrowed; outlives the workers */
    struct stun_board *stun;          /* likewise */
    unsigned count;                   /* as the board was made for */
    struct udp_batch *const *sockets; /* the control thread's, which are at addresses that it tells
                                         others of; borrowed, outlive the workers */
    size_t sockets_count;
    void (*opened)(void *context); /* called between the two; NULL: nobody */
    void *context;
};

/** Open sockets beside these, and start threads. *out is NULL on error, and fault says why:
 * ERR_NOMEM, ERR_SYSTEM. The control thread's sockets go on as they were, in either case. */
int workers_start(struct workers **out, const struct workers_options *options,
                  struct fault *fault) MUST_CHECK;

/** End the threads, close their sockets. NULL is fine. */
void workers_stop(struct workers *workers);

/** Readable when a worker wants attention: handed something, or counted after a silence. */
int workers_fd(const struct workers *workers);

/** To be called when that is readable: it is not any more. Calls `take` for what was handed, at
 * most so many of each worker; true if more is left, and then it is readable again. */
bool workers_drain(struct workers *workers, size_t most,
                   void (*take)(void *context, const struct dgram *in), void *context);

/** Add what their sockets saw so far to *sum. NULL is fine. */
void workers_socket_counters(const struct workers *workers, struct udp_counters *sum);
