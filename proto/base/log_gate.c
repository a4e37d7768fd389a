/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One instant for each cause. */
#include "proto/base/log_gate.h"

#include "proto/base/bytes.h"

bool log_gate_take(struct log_gate *gate, unsigned cause, uint32_t *left_out, struct mono now)
{
    CHECK(cause < LOG_GATE_CAUSES_MAX);
    if (!mono_due(gate->causes[cause].open_at, now)) {
        gate->causes[cause].left_out++;
        return false;
    }
    *left_out = gate->causes[cause].left_out;
    gate->causes[cause].left_out = 0;
    gate->causes[cause].open_at = mono_add_ms(now, LOG_GATE_EVERY_MS);
    return true;
}
