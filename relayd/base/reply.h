/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Control messages to a session (docs/protocol.md, section 4). All services speak through this.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/link/link.h"
#include "proto/wire/control.h"
#include "proto/wire/verdict.h"
#include "relayd/base/counters.h"
#include "relayd/base/relay_client.h"

#include <stdint.h>

/** What a session is told at its end. */
struct go_away {
    enum goaway reason;
    uint32_t reconnect_in_ms;
    uint32_t lanes_ms; /* its lanes outlive it by so much */
    const char *text;  /* a sentence for people, or NULL where the reason says all */
};

struct reply {
    const struct env *env;            /* borrowed */
    struct link_hub *hub;             /* borrowed */
    struct relay_counters *counters;  /* borrowed */
    uint8_t packed[CONTROL_SIZE_MAX]; /* scratch of one message */
};

/** Send one message to a session. Nothing happens if it is not active any more, and a message that
 * breaks the rules of section 4 is traced and dropped. If the peer lets too much pile up, the link
 * closes the connection; its CLOSED event follows. */
void reply_send(struct reply *reply, const struct relay_client *client,
                const Ziglan__Control *message);

/** Tell a session to go, and when to come back. */
void reply_go_away(struct reply *reply, const struct relay_client *client,
                   const struct go_away *why);

/** Answer a request by an Error with `verdict` and `text`; text may be NULL for the verdict's own.
 * It is counted by its code. Nothing is sent if request_id is 0: it wants no answer. */
void reply_refuse(struct reply *reply, const struct relay_client *client, uint32_t request_id,
                  enum verdict verdict, const char *text);

/** Answer a request by Done, or by an Error with `verdict` if that is not VERDICT_OK. As above if
 * request_id is 0. */
void reply_result(struct reply *reply, const struct relay_client *client, uint32_t request_id,
                  enum verdict verdict);
