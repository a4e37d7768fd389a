/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The relay as a sans-IO state machine: it answers STUN, owns the sessions, forwards datagrams by
 * dst_pubkey with the authenticated sender as source, serves the directory of the ziglan it hosts,
 * and introduces nodes to each other. Datagrams and instants go in; datagrams and counters come
 * out. The same core runs in the simulator.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/net/dgram.h"
#include "proto/wire/frame.h"
#include "relayd/base/counters.h"
#include "relayd/base/relay_config.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct operator_service;
struct relay_core;

/** Make a core on a store (rendezvous/store/store.h). ERR_NOMEM, ERR_SYSTEM. */
int relay_core_new(struct relay_core **out, const struct relay_config *cfg, struct store *store,
                   const struct env *env, struct mono now) MUST_CHECK;
void relay_core_free(struct relay_core *core);

/** One received UDP payload, any content. `in->local` is where it came to. */
void relay_core_receive(struct relay_core *core, const struct dgram *in, struct mono now);

/** Timers up to now. */
void relay_core_expire(struct relay_core *core, struct mono now);

/** Append what is to be sent, as much as there is room for. */
void relay_core_transmit(struct relay_core *core, struct outbox *out, struct mono now);

/** When to call expire and transmit again; `now` or earlier while output is queued. */
struct mono relay_core_deadline(const struct relay_core *core);

/** Tell all sessions to go elsewhere for a while (GoAway) and close them: before a stop. They are
 * gone, and relay_core_stopped says so, about 250 ms later. */
void relay_core_shutdown(struct relay_core *core, uint32_t reconnect_in_ms, struct mono now);

/** True once no session is left after relay_core_shutdown. */
bool relay_core_stopped(const struct relay_core *core);

/** Take over what may change while running: name, public hosts, limits, open_relay. session_max can
 * grow only up to what the core was made with (its connections were sized then). A newer
 * delegation is taken over if there was one before; one that is not this ziglan's is traced, and
 * the former one stays. */
void relay_core_reload(struct relay_core *core, const struct relay_config *cfg, struct mono now);

/** Everything there is to count, at `now`. */
void relay_core_snapshot(const struct relay_core *core, struct relay_snapshot *out,
                         struct mono now);

/** The ziglan's public key; false if the relay hosts none. */
bool relay_core_ziglan_key(const struct relay_core *core, uint8_t key[KEY_SIZE]);

/** What the operator can ask (relayd/service/operator.h); borrowed for the core's life. */
struct operator_service *relay_core_operator(struct relay_core *core);
