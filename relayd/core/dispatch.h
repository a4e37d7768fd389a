/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which service answers which control message, and who may ask for it.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/link/link.h"

struct relay_core;

/** One control message of a session, any content. */
void dispatch_on_message(struct relay_core *core, const struct link_event *event, struct mono now);
