/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which service answers which control message, and who may send it (docs/protocol.md, section 4).
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/link/link.h"

struct relay_core;

/** Serve the control message of a CONTROL event, which has any content. It is answered by Error if
 * its session may not send it, or if no service answers such messages. */
void dispatch_on_message(struct relay_core *core, const struct link_event *event, struct mono now);
