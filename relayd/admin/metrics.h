/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a relay counts, as text for Prometheus (proto/admin/exposition.h). Pure: what the process
 * and its sockets use are parameters.
 */
#pragma once

#include "proto/admin/exposition.h"
#include "proto/admin/process_use.h"
#include "proto/base/err.h"
#include "relayd/base/counters.h"

#include <stddef.h>
#include <stdint.h>

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
int metrics_print(char **text, size_t *size, enum exposition_form form,
                  const struct relay_snapshot *snapshot, const struct process_use *process,
                  const struct socket_use *sockets) MUST_CHECK;
