/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A control message on its way in: whose it is, whether it can be read, and whether its session
 * says too much. Which service answers it, relayd/core/dispatch.h decides.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/link/link.h"
#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"

/**
 * Take one control message of a session, any content.
 *
 * client   whose it is, written only if there is a message
 *
 * Returns the message, which lives in base->arena until the next call; NULL if there is nothing to
 * be served: no such session (any more), malformed (counted), or too many (counted, and answered
 * once a second).
 */
const Ziglan__Control *control_take(struct relay_base *base, const struct link_event *event,
                                    struct relay_client **client, struct mono now);
