/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Control messages of relays (docs/protocol.md, section 4), as far as an agent heeds them. */
#pragma once

#include "client/libstun2/agent_parts.h"

#include <stddef.h>
#include <stdint.h>

/** A control message of any content came from a relay. */
void relay_messages_take(struct stun2 *agent, struct relay_session *from, const uint8_t *data,
                         size_t size, struct mono now);

/** The session of this relay is over: tell the application why. */
void relay_messages_closed(struct stun2 *agent, const struct relay_session *relay,
                           const char *text);
