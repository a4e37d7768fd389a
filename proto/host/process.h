/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What this process uses, read from the kernel for the metrics.
 */
#pragma once

#include "proto/admin/process_use.h"

/** Fill everything but start_time_s. What cannot be read stays 0. */
void process_use_read(struct process_use *out);
