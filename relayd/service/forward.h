/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames from session to session (docs/protocol.md, section 3). The sender names the receiver's
 * key. The relay puts in its place the key that the sender's session proved.
 */
#pragma once

#include "proto/link/link.h"
#include "relayd/service/forward_relay.h"

#include <stdbool.h>

/** Forward the HTTP datagram of a DATAGRAM event of a host, which has any content. What is not
 * forwarded is counted. A frame for a key without a session here goes to forward_relay_take. */
void forward_on_datagram(struct forward_relay *relays, const struct link_event *event,
                         struct mono now);

/** True if the two may exchange frames and punches through this relay. */
bool forward_allowed(const struct relay_base *base, const struct relay_client *from,
                     const struct relay_client *to);

/** Charge a sender for a frame of `size` bytes to dst, by what it and what all may use. False if it
 * may not have it: that is counted, and the sender is told by Gone. */
bool forward_charge(struct relay_base *base, struct relay_client *from, const uint8_t dst[KEY_SIZE],
                    size_t size, struct mono now);
