/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A relay's counters in the Prometheus text form (version 0.0.4). Pure: what the process and its
 * sockets use are parameters.
 */
#pragma once

#include "proto/base/err.h"
#include "relayd/base/counters.h"

#include <stddef.h>
#include <stdint.h>

/** What the process uses, as the kernel tells. */
struct process_use {
    double cpu_s;        /* user and system time */
    double start_time_s; /* since 1970 UTC */
    uint64_t resident_bytes, virtual_bytes;
    uint64_t open_fds, max_fds;
};

/** The port that the router lets in. */
struct mapping_use {
    const char *protocol; /* by which there is a mapping now, as a label; "" or NULL: none */
    uint64_t mapped, lost;
};

/** What its UDP sockets saw, summed over all of them. */
struct socket_use {
    uint64_t received_datagrams, sent_datagrams, sent_bytes;
    uint64_t too_large, send_errors, receive_errors, truncated;
    struct mapping_use mapping;
};

/**
 * Print all metrics of a relay.
 *
 * text   given: malloc'ed, *size bytes and a NUL
 *
 * Returns ERR_OK or ERR_NOMEM.
 */
int metrics_print(char **text, size_t *size, const struct relay_snapshot *snapshot,
                  const struct process_use *process, const struct socket_use *sockets) MUST_CHECK;
