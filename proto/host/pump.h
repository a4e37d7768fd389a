/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Drives a sans-IO core from libev. A socket is readable: receive one batch, then pump. The timer
 * is due: expire, then pump. To pump is to let the core write to an outbox, to send that, and to
 * set the timer to the core's deadline. Nothing here knows a protocol. All batches are bounded, so
 * that signals and other watchers get their turn.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/host/udp_batch.h"
#include "proto/net/dgram.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct pump;

/** The core's verbs. `context` is handed to each, borrowed until pump_free. Each may append to
 * *out, which the pump empties before it is full as long as the sockets take datagrams. */
struct pump_core {
    void *context;
    void (*receive)(void *context, const struct dgram *in, struct outbox *out, struct mono now);
    void (*expire)(void *context, struct outbox *out, struct mono now);
    void (*transmit)(void *context, struct outbox *out, struct mono now);
    struct mono (*deadline)(void *context);
    /** A router prohibits what was sent from the socket bound to this port
     * (udp_batch_prohibited); may be NULL. */
    void (*prohibited)(void *context, uint16_t port, struct mono now);
    /** After each pump, for events and other outputs; may be NULL. */
    void (*settle)(void *context, struct mono now);
};

/**
 * Start driving `core` (copied) over `count` open sockets, 1 or more; they and loop are borrowed
 * and outlive the pump. A datagram leaves from the socket bound to its `local` address and port. If
 * there is none, it leaves from a socket of its remote's family, best one with that port. ERR_NOMEM
 * leaves *out NULL.
 */
int pump_new(struct pump **out, struct ev_loop *loop, const struct pump_core *core,
             struct udp_batch *const *sockets, size_t count) MUST_CHECK;

/** Drive one more socket, which is borrowed until pump_remove or pump_free. What has its port as
 * `local` port leaves from it, nothing else. May be called from `settle`. ERR_NOMEM, ERR_LIMIT (its
 * port is that of another one). */
int pump_add(struct pump *pump, struct udp_batch *udp) MUST_CHECK;

/** Stop driving the socket with this port that was added. What it still has to send is lost, or
 * leaves from another one. NULL: there is none; else it is the caller's to close. */
struct udp_batch *pump_remove(struct pump *pump, uint16_t port);

/** Stop driving; what is still in the outbox is lost (see pump_drain). NULL is fine. */
void pump_free(struct pump *pump);

/** From now on another thread receives from its first socket. A timer that comes late lets it go
 * first, for some ms: what came while the process did not run was in time. */
void pump_receive_elsewhere(struct pump *pump);

/** Until when the core sleeps, as the pump knows it. What changed the core elsewhere and made its
 * deadline earlier must pump_kick. */
struct mono pump_asleep_until(const struct pump *pump);

/** Something outside changed the core (a packet, a request): pump now. Not to be called from inside
 * the core's verbs. */
void pump_kick(struct pump *pump);

/** The pump's outbox, for calls into the core that append to it; follow them by pump_kick. */
struct outbox *pump_outbox(struct pump *pump);

/** True while a socket's buffer is full. Whoever feeds the core may wait until `settle` is called
 * and this is false. */
bool pump_blocked(const struct pump *pump);

/** Whether its first socket is prompt (udp_options). Then whoever feeds the core need not wait: the
 * core keeps in a fair order what has no room yet. */
bool pump_prompt(const struct pump *pump);

/** Bytes that had better be written to the outbox in one `transmit`, because a prompt socket
 * (udp_options) has a slow way: so that what comes after them is not late. 0: as many as there
 * are. */
size_t pump_portion(const struct pump *pump, struct mono now);

/** Before a stop: send what the core wants to send, and wait for sockets whose buffer is full.
 * Blocks for budget_ms at most. */
void pump_drain(struct pump *pump, unsigned budget_ms);
