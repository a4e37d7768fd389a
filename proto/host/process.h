/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What this process uses, read from the kernel for the metrics, and what it may use.
 */
#pragma once

#include "proto/admin/process_use.h"

/** How many cores this process may run on, at least 1. */
unsigned process_cores(void);

/** Fill everything but start_time_s. What cannot be read stays 0. */
void process_use_read(struct process_use *out);
