/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The relay as a sans-IO state machine. It answers STUN, owns the sessions, forwards frames between
 * them, serves the directory of the ziglan that it hosts, and introduces nodes to each other.
 * Datagrams and instants go in; datagrams and counters come out. Whatever datagrams contain, the
 * core goes on. The simulator runs the same core.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/net/dgram.h"
#include "proto/wire/frame.h"
#include "relayd/base/relay_config.h"
#include "relayd/core/snapshot.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct admission_answer;
struct admission_question;
struct lane_board;
struct mesh_service;
struct operator_service;
struct reach_service;
struct relay_core;

/** Make a core. store (rendezvous/store/store.h) is borrowed and outlives it, as does what cfg and
 * env point to (relayd/base/relay_config.h says what is copied). ERR_NOMEM; ERR_SYSTEM for a
 * delegation that is not this relay's, or a store or a link that does not start. *out is written on
 * ERR_OK only. */
int relay_core_new(struct relay_core **out, const struct relay_config *cfg, struct store *store,
                   const struct env *env, struct mono now) MUST_CHECK;

/** Free the core; its sessions are told nothing. NULL is fine. */
void relay_core_free(struct relay_core *core);

/** Datagrams whose local port is this one leave from a socket of which no other relay is told. By
 * it neighbours are measured; without it they cannot be. */
void relay_core_second_port(struct relay_core *core, uint16_t port);

/** The ports of the other sockets, at most LEND_PORTS_MAX, for hosts that find out how their NAT
 * maps; the last one is for what hosts want sent from an address that they do not know. */
void relay_core_ports(struct relay_core *core, const uint16_t *ports, size_t count);

/** The ports at which this relay listens at its address, at most LEND_ANSWER_PORTS_MAX: those from
 * which it answers stock STUN clients of neighbours (RFC 5780). */
void relay_core_answer_ports(struct relay_core *core, const uint16_t *ports, size_t count);

/** The router before this machine lets this UDP port in for us, so it says; 0: none. Others measure
 * whether that is so. */
void relay_core_mapped(struct relay_core *core, uint16_t port, struct mono now);

/** Take one received UDP payload, any content. in->local is where it arrived. */
void relay_core_receive(struct relay_core *core, const struct dgram *in, struct mono now);

/** What workers read and write (relayd/service/lane_board.h); NULL: the configuration wants none.
 * They must have ended before the core is freed. */
struct lane_board *relay_core_lane_board(struct relay_core *core);

/** The same for STUN (relayd/service/stun_board.h). */
struct stun_board *relay_core_stun_board(struct relay_core *core);

/** A worker says that there is something to look at. */
void relay_core_workers(struct relay_core *core, struct mono now);

/** The hypervisor says that this machine is a copy of another, or went back to an earlier state:
 * the next transmit forgets the keys of all sessions before it sends anything. */
void relay_core_copied(struct relay_core *core);

/** Timers up to now. */
void relay_core_expire(struct relay_core *core, struct mono now);

/** Carry out the joins of this turn, and append what is to be sent, as much as there is room for.
 */
void relay_core_transmit(struct relay_core *core, struct outbox *out, struct mono now);

/** When to call expire and transmit again; already past while something waits for transmit. */
struct mono relay_core_deadline(const struct relay_core *core);

/** Before a stop: tell all sessions by GoAway to come back in reconnect_in_ms, and close them.
 * About 250 ms later they are gone, and relay_core_stopped says so. If keeps_lanes, another program
 * is to take over: lanes are kept for a while (relayd/service/lane_kept.h). */
void relay_core_shutdown(struct relay_core *core, uint32_t reconnect_in_ms, bool keeps_lanes,
                         struct mono now);

/** Before the end: the lanes that were kept, as bytes, which the caller frees. NULL: there are
 * none, or there is no memory. */
uint8_t *relay_core_lanes_save(const struct relay_core *core, size_t *size);

/** At the start: keep the lanes of the program before this one, bytes of any content; says how
 * many. */
size_t relay_core_lanes_load(struct relay_core *core, const uint8_t *data, size_t size,
                             struct mono now);

/** The last call before the end: close all connections that are left, also handshakes, so that
 * nobody waits for an answer. What is to be sent remains to be transmitted. */
void relay_core_end(struct relay_core *core, struct mono now);

/** True once no session is left after relay_core_shutdown. */
bool relay_core_stopped(const struct relay_core *core);

/** Poll the name of a relay that is to be resolved, and a ticket, which never comes again; false if
 * there is none. */
bool relay_core_resolve_wanted(struct relay_core *core, uint64_t *ticket,
                               char host[HOST_TEXT_SIZE]);

/** Poll the next question for the program that admits hosts (relayd/service/admission.h), and a
 * ticket, which never comes again; false if there is none. */
bool relay_core_script_wanted(struct relay_core *core, uint64_t *ticket,
                              struct admission_question *out);

/** The program's answer. */
void relay_core_script_answered(struct relay_core *core, uint64_t ticket,
                                const struct admission_answer *answer, struct mono now);

/** The resolver's answer: addresses (ports are ignored); count 0: the name did not resolve. */
void relay_core_resolved(struct relay_core *core, uint64_t ticket, const struct endpoint *addrs,
                         size_t count, struct mono now);

/** Take over the settings that may change while the core runs: name, public hosts, peers, limits,
 * open_relay. session_max is cut at the value with which the core was made. A newer delegation is
 * taken if there was one before; if it is not this ziglan's for this relay, that is traced and the
 * former one stays. */
void relay_core_reload(struct relay_core *core, const struct relay_config *cfg, struct mono now);

/** Show this certificate to browsers that ask for a name in it; as link_hub_certificate. */
enum link_certificate_problem relay_core_certificate(struct relay_core *core,
                                                     const struct link_certificate *certificate);

/** The relay's public key. */
const uint8_t *relay_core_key(const struct relay_core *core);

/** The pools of applications, and the rewards in force. Borrowed until the next verb. */
const struct app_pools *relay_core_pools(const struct relay_core *core);
const struct rewards *relay_core_rewards(const struct relay_core *core);

/** The ziglan's public key; false if the relay hosts none. */
bool relay_core_ziglan_key(const struct relay_core *core, uint8_t key[KEY_SIZE]);

/** Which relays it knows (relayd/service/mesh.h), and whether they reach it (reach.h), to be looked
 * at; borrowed for the core's life. */
const struct mesh_service *relay_core_mesh(const struct relay_core *core);
const struct reach_service *relay_core_reach(const struct relay_core *core);

/** For the operator's verbs (relayd/service/operator.h); borrowed for the core's life. */
struct operator_service *relay_core_operator(struct relay_core *core);
