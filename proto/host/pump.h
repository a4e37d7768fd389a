/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Drives a sans-IO core from libev: readable: receive one batch, then pump; timer: expire, then
 * pump; pump: let the core write to an outbox, send it, sleep until the core's deadline. Nothing
 * here knows a protocol. All batches are bounded, so that signals and other watchers get their
 * turn.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/base/mono.h"
#include "proto/host/udp_batch.h"
#include "proto/net/dgram.h"

#include <stdbool.h>
#include <stddef.h>

struct ev_loop;
struct pump;

/** The core's verbs. `context` is handed to each. Each may append to *out, which the pump empties
 * before it is full as long as the sockets take datagrams. */
struct pump_core {
    void *context;
    void (*receive)(void *context, const struct dgram *in, struct outbox *out, struct mono now);
    void (*expire)(void *context, struct outbox *out, struct mono now);
    void (*transmit)(void *context, struct outbox *out, struct mono now);
    struct mono (*deadline)(void *context);
    /** After each pump, for events and other outputs; may be NULL. */
    void (*settle)(void *context, struct mono now);
};

/**
 * Start driving `core` over `count` open sockets (borrowed, must outlive the pump). A datagram
 * leaves from the socket bound to its `local` address and port; where none is, from the first
 * socket of its family. ERR_NOMEM.
 */
int pump_new(struct pump **out, struct ev_loop *loop, const struct pump_core *core,
             struct udp_batch *const *sockets, size_t count) MUST_CHECK;
void pump_free(struct pump *pump);

/** Something outside changed the core (a packet, a request): pump now. Not from inside the core's
 * verbs. */
void pump_kick(struct pump *pump);

/** The pump's outbox, for calls into the core that append to it; follow them by pump_kick. */
struct outbox *pump_outbox(struct pump *pump);

/** True while a socket's buffer is full: whoever feeds the core may wait until `settle` is called.
 */
bool pump_blocked(const struct pump *pump);

/** Send what the core has for at most budget_ms milliseconds, waiting for the sockets: before a
 * stop. */
void pump_drain(struct pump *pump, unsigned budget_ms);

struct signals;

/** Call `caught` from the loop for each signal of the zero-terminated list. SIGPIPE is ignored from
 * now on. ERR_NOMEM. */
int signals_new(struct signals **out, struct ev_loop *loop, const int *list,
                void (*caught)(void *context, int signal), void *context) MUST_CHECK;
void signals_free(struct signals *signals);
