/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A relay core on its loop: the UDP sockets, and the pump that moves datagrams between them and the
 * core. It ends the loop when the core has said goodbye to everybody.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/net/endpoint.h"
#include "relayd/admin/metrics.h"
#include "relayd/core/core.h"

#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct relay_engine;

enum { RELAY_ENGINE_SOCKETS_MAX = 9 /* those of the configuration, and the spare one */ };

/** What an engine is made of. */
struct relay_engine_options {
    struct ev_loop *loop; /* these are borrowed and outlive it */
    struct relay_core *core;
    const struct env *env;
    const struct endpoint *listen; /* listen_count addresses that must be had; for the call */
    size_t listen_count;
    uint16_t spare_port; /* also at listen[0] with this port, if it can be had; 0: not */
};

/** Open the sockets and start. ERR_SYSTEM, ERR_NOMEM; fault says why. */
int relay_engine_open(struct relay_engine **out, const struct relay_engine_options *options,
                      struct fault *fault) MUST_CHECK;

/** Stop and close the sockets; what the core still has to say is lost: see relay_engine_drain. */
void relay_engine_close(struct relay_engine *engine);

/** Send what the core has to say for at most budget_ms milliseconds: before a stop. */
void relay_engine_drain(struct relay_engine *engine, unsigned budget_ms);

/** Let the core send what a call from outside made it want to send. */
void relay_engine_kick(struct relay_engine *engine);

/** Where it listens, for people: "ADDRESS:PORT, ...". Borrowed for the engine's life. */
const char *relay_engine_listen_text(const struct relay_engine *engine);

/** What the sockets saw so far, summed. */
struct socket_use relay_engine_socket_use(const struct relay_engine *engine);
