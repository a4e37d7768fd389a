/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames from session to session (docs/protocol.md, section 3). The sender names the receiver's
 * key. The relay puts in its place the key that the sender's session proved.
 */
#pragma once

#include "proto/link/link.h"
#include "relayd/base/relay_base.h"

#include <stdbool.h>

/** Forward the HTTP datagram of a DATAGRAM event, which has any content. What is not forwarded is
 * counted; for a receiver without a session the sender gets Gone. */
void forward_on_datagram(struct relay_base *base, const struct link_event *event, struct mono now);

/** True if the two may exchange frames and punches through this relay. */
bool forward_allowed(const struct relay_base *base, const struct relay_client *from,
                     const struct relay_client *to);
