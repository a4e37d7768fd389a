/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a process uses, as metrics. Pure: proto/host/process.h reads it.
 */
#pragma once

#include "proto/admin/exposition.h"

#include <stdint.h>

/** What the process uses, as the kernel tells. */
struct process_use {
    double cpu_s;        /* user and system time */
    double start_time_s; /* since 1970 UTC */
    uint64_t resident_bytes, virtual_bytes;
    uint64_t open_fds, max_fds;
};

/** Write it under the names that all Prometheus client libraries use; the prefix is then "". */
void process_use_print(struct exposition *to, const struct process_use *use);
