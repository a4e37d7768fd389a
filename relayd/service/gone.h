/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Gone (docs/protocol.md, section 4): a host hears that its frame went nowhere, and why.
 */
#pragma once

#include "relayd/base/relay_base.h"

/** The numbers of Gone.reason in control.proto. */
enum gone_reason {
    GONE_NO_SESSION = 0,
    GONE_NOT_ALLOWED = 1,
    GONE_OVER_VOLUME = 2,
    GONE_RELAY_UNREACHED = 3, /* of the way that the host named, with that relay's key */
    GONE_RELAY_REFUSES = 4,
};

/** Tell the sender that its frame for dst went nowhere, once a second for each key. A stranger's
 * frames get this far on an open relay only, so elsewhere it cannot find out who is here. */
void gone_send(struct relay_base *base, struct relay_client *client, const uint8_t dst[KEY_SIZE],
               enum gone_reason reason, struct mono now);

/** The same about one relay of the way that the host named. */
void gone_send_relay(struct relay_base *base, struct relay_client *client,
                     const uint8_t dst[KEY_SIZE], enum gone_reason reason,
                     const uint8_t relay[KEY_SIZE], struct mono now);
