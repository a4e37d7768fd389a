/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Control messages to a session (docs/protocol.md): the one way in which the services speak.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/link/link.h"
#include "proto/wire/control.h"
#include "proto/wire/verdict.h"
#include "relayd/base/relay_client.h"

#include <stdint.h>

struct reply {
    const struct env *env; /* borrowed */
    struct link_hub *hub;  /* borrowed */
    uint8_t packed[CONTROL_SIZE_MAX];
};

/** Send one message to a session; nothing if it is not active any more. A full queue ends the
 * session by the link's own doing. */
void reply_send(struct reply *reply, const struct relay_client *client,
                const Ziglan__Control *message);

/** Answer a request with an Error, whose text is that of the verdict if `text` is NULL; nothing if
 * it wanted no answer (request_id 0). */
void reply_refuse(struct reply *reply, const struct relay_client *client, uint32_t request_id,
                  enum verdict verdict, const char *text);
