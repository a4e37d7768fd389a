/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The UDP sockets of a relay, and the pump that moves datagrams between them and the core. It ends
 * the loop when the core has stopped (relay_core_stopped).
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/net/endpoint.h"
#include "proto/portmap/portmap_text.h"
#include "relayd/admin/metrics.h"
#include "relayd/core/core.h"
#include "relayd/engine/script_runner.h"

#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct relay_engine;

enum {
    /* Eight of the configuration, the spare port's, the one to measure neighbours from, and the one
     * that hosts want something sent from. */
    RELAY_ENGINE_SOCKETS_MAX = 11,
    RELAY_ENGINE_PORTMAP_SIZE = PORTMAP_TEXT_SIZE,
};

/** What an engine is made from. */
struct relay_engine_options {
    struct ev_loop *loop; /* these are borrowed and outlive it */
    struct relay_core *core;
    const struct env *env;
    const struct endpoint *listen; /* 1 or more addresses for sockets; borrowed for the call */
    size_t listen_count;
    uint16_t spare_port; /* one more socket: listen[0] with this port, if it can be had; 0: none */
    enum portmap_mode portmap;       /* whether the router is to let the port of listen[0] in */
    const struct identity *identity; /* the relay's; borrowed for the call */
    int script;       /* socket to the process that runs the program which admits; -1: none */
    unsigned workers; /* threads for lanes and STUN, as the core's configuration says; 0: none */
    void (*opened)(void *context); /* called once, when all sockets are open and before threads
                                      start: what the process gives up here, its threads do not have
                                      either. NULL: nobody */
    void *context;                 /* of opened */
};

/** Open the sockets and start. ERR_SYSTEM, ERR_NOMEM; then fault says why and *out is NULL. That
 * the spare port cannot be had is no error. */
int relay_engine_open(struct relay_engine **out, const struct relay_engine_options *options,
                      struct fault *fault) MUST_CHECK;

/** Stop, end the mapping of the port, which takes a moment, and close the sockets. What the core
 * still wants to send is lost, so call relay_engine_drain before. NULL is fine. */
void relay_engine_close(struct relay_engine *engine);

/** Send what the core wants to send, for at most budget_ms milliseconds. */
void relay_engine_drain(struct relay_engine *engine, unsigned budget_ms);

/** Pump now: to be called after each call of the core's verbs that is not the engine's own. */
void relay_engine_kick(struct relay_engine *engine);

/** The addresses of its sockets, for people: "ADDRESS:PORT, ...". Borrowed for the engine's life.
 */
const char *relay_engine_listen_text(const struct relay_engine *engine);

/** Their ports: "4433, 443". Borrowed likewise. */
const char *relay_engine_ports_text(const struct relay_engine *engine);

/** Why the spare port could not be had; "" if it could, or was not asked for. Borrowed likewise. */
const char *relay_engine_spare_problem(const struct relay_engine *engine);

/** How many workers run. */
unsigned relay_engine_workers(const struct relay_engine *engine);

/** Why none of those that were asked for runs; "" otherwise. Borrowed likewise. */
const char *relay_engine_workers_problem(const struct relay_engine *engine);

/** Take another mode. */
void relay_engine_portmap(struct relay_engine *engine, enum portmap_mode mode);

/** Which program admits hosts, from now on. */
void relay_engine_script(struct relay_engine *engine, const struct script_options *options);

/** How the mapping of the port stands, for people. Writes and returns text. */
const char *relay_engine_portmap_text(const struct relay_engine *engine,
                                      char text[RELAY_ENGINE_PORTMAP_SIZE]);

/** What the sockets saw so far, summed. */
struct socket_use relay_engine_socket_use(const struct relay_engine *engine);
