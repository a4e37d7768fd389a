/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines of the log that others can cause, as often as they like: of one cause at most one a minute
 * is written, and the next one says how many were left out. A cause is a small number of the
 * caller's; how it is called in the log is the caller's affair, too.
 */
#pragma once

#include "proto/base/mono.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LOG_GATE_CAUSES_MAX = 32,
    LOG_GATE_EVERY_MS = 60 * 1000,
};

/** A zeroed gate is open for every cause. */
struct log_gate {
    struct {
        struct mono open_at;
        uint32_t left_out;
    } causes[LOG_GATE_CAUSES_MAX];
};

/** True if a line of this cause (below LOG_GATE_CAUSES_MAX) is to be written. *left_out is how many
 * were not since the one before. */
bool log_gate_take(struct log_gate *gate, unsigned cause, uint32_t *left_out, struct mono now);
