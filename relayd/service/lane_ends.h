/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the owners of a lane's ends are told, whether the two hosts may have it, and how it ends
 * (docs/protocol.md, section 18). An owner is a host, or the relay at which the other host is.
 */
#pragma once

#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/lane_table.h"
#include "relayd/service/lane_workers.h"

#include <stdbool.h>
#include <stdint.h>

/** Where lanes are; all is borrowed. */
struct lane_ends {
    struct relay_base *base;
    struct lane_table *table;
    struct lane_workers *workers;
};

/** True if a host here and that of a key at another relay may exchange frames, in both directions,
 * as far as this relay knows. */
bool lane_ends_far_allowed(const struct relay_base *base, const struct relay_client *here,
                           const uint8_t far[KEY_SIZE]);

/** True if the hosts of this end's lane may still exchange frames through this relay, in both
 * directions. */
bool lane_ends_allowed(const struct relay_base *base, const struct lane_end *end);

/** Tell the owner of an end, a host, of the lane that it asked for, or that the other one did. */
void lane_ends_tell_opened(struct relay_base *base, const struct lane_end *end,
                           uint32_t request_id);
void lane_ends_tell_incoming(struct relay_base *base, const struct lane_end *end);

/** Tell a client that there is no lane with this label, or none any more. */
void lane_ends_tell_closed(struct relay_base *base, const struct relay_client *client,
                           uint64_t label);

/** Close the lane of this end and tell the other one, and the owner of this one if `both`. */
void lane_ends_close(const struct lane_ends *ends, struct lane_end *end, bool both);
