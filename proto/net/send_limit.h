/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How much may wait in the kernel below a socket: about SEND_LIMIT_WAIT_MS of what it was seen to
 * give up, so that what is written next is not late. It is the idea of the kernel's byte queue
 * limits (BQL, lib/dynamic_queue_limits.c) from above the socket. All sizes are as the kernel
 * counts them for the socket (SIOCOUTQ, SO_SNDBUF), overhead included. Time is a parameter. Pure.
 */
#pragma once

#include "proto/base/mono.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SEND_LIMIT_WAIT_MS = 4,      /* less than what CoDel in a queue below takes for too long */
    SEND_LIMIT_WAIT_MAX_MS = 60, /* where this process is woken late, as on a busy machine */
    SEND_LIMIT_MAX = 7 << 20,
    SEND_LIMIT_START = 256 << 10, /* while nothing is known: 2 ms of 1 Gb/s */
    SEND_LIMIT_MIN = 3 * 2304,    /* three full datagrams */
};

/** What was seen of one socket. Callers read the first field. */
struct send_limit {
    size_t bytes;   /* that may wait */
    uint64_t rate;  /* bytes per second that were given up while something waited; 0: unknown */
    size_t backlog; /* what waited at `at`; 0: nothing, or nobody looked */
    struct mono at;
    uint64_t busy_ns, drained; /* the sample that is being taken */
    uint64_t wait_ns;          /* the time for which `bytes` is enough */
    bool cut_short;            /* more was to be sent then */
    struct mono full_at;       /* when that was so last ... */
    bool full_ever;            /* ... if ever */
};

/** Begin: nothing is known. */
void send_limit_init(struct send_limit *limit);

/** Before sending: `backlog` bytes wait. True if `bytes` is another one now. */
bool send_limit_before(struct send_limit *limit, size_t backlog, struct mono now);

/** After sending: `backlog` bytes wait; `cut_short`: because of the limit, not all was taken. */
void send_limit_after(struct send_limit *limit, size_t backlog, bool cut_short, struct mono now);

/** Whether what is to be sent had better wait above the socket, in a fair order: the way is slow,
 * or the limit was reached in the last second. */
bool send_limit_is_slow(const struct send_limit *limit, struct mono now);

/** Bytes to hand to the socket at once: a quarter of what may wait, 1 or more. */
size_t send_limit_portion(const struct send_limit *limit);
