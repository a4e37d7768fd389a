/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gone (docs/protocol.md, section 4): a host hears that its frame went nowhere, and why.
 */
#pragma once

#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"

/** Tell the sender that its frame for dst went nowhere, once a second for each key. On a relay that
 * is not open a stranger hears the same of every key, so it cannot find out who is here. */
void gone_send(struct relay_base *base, struct relay_client *client, const uint8_t dst[KEY_SIZE],
               enum gone_reason reason, struct mono now);

/** The same about one relay of the way that the host named. */
void gone_send_relay(struct relay_base *base, struct relay_client *client,
                     const uint8_t dst[KEY_SIZE], enum gone_reason reason,
                     const uint8_t relay[KEY_SIZE], struct mono now);
