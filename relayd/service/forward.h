/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames from session to session (docs/protocol.md): the sender says to whom, the relay says from
 * whom, by the key that the sender's session proved.
 */
#pragma once

#include "proto/link/link.h"
#include "relayd/base/relay_base.h"

#include <stdbool.h>

/** One HTTP datagram of a session, any content. */
void forward_on_datagram(struct relay_base *base, const struct link_event *event, struct mono now);

/** True if the two may exchange frames and punches through this relay. */
bool forward_allowed(const struct relay_base *base, const struct relay_client *from,
                     const struct relay_client *to);
