/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The nodes of the simulator: thin shells around the real cores, as the programs' engines are, but
 * on the simulated underlay. A relay's shell also counts what it sends to addresses that have not
 * proved themselves; a host's shell has a TUN device of memory.
 */
#pragma once

#include "client/core/core.h"
#include "proto/wire/url.h"
#include "relayd/core/core.h"
#include "rendezvous/store/store_memory.h"
#include "tests/sim/traffic.h"
#include "tests/sim/underlay.h"
#include "tests/support/env.h"

enum { RELAY_WATCHED_MAX = 256, RELAY_PORT = 4433, NODE_URL_SIZE = URL_SIZE_MAX + 1 };

/** The world as a core sees it, one for each. */
struct node_env {
    struct test_env ports;
    const char *name;
    struct journal *journal;
};

/** Fill it in; it must not move afterwards. */
void node_env_init(struct node_env *env, const char *name, uint64_t seed, struct journal *journal);

/** Its wall clock is wrong by this from now on, in all. */
void node_env_step_wall(struct node_env *env, int64_t wrong_by_ms);

/** What a relay exchanged with one address before the address proved itself, by sending after
 * something from the relay had reached it. */
struct relay_watched {
    struct endpoint address;
    uint64_t in_bytes, out_bytes;
    struct mono reached_at; /* NEVER: nothing has reached it yet */
    bool proved;
};

struct relay_node {
    struct node_env env;
    struct underlay *net;
    int attachment;
    struct endpoint address;
    struct identity identity, ziglan_identity;
    char public_host[ENDPOINT_TEXT_SIZE];
    struct relay_config cfg;
    struct store *store;
    struct relay_core *core; /* NULL while it is down */
    struct outbox box;
    struct relay_watched watched[RELAY_WATCHED_MAX];
    size_t watched_count;
    uint64_t amplified;    /* bytes beyond three times what came in */
    uint8_t initial[2048]; /* the first QUIC Initial that came, for replays */
    size_t initial_size;
    unsigned idle_steps; /* wanted to run, did nothing, and time stood still */
};

/** A relay at this address; not running yet. Aborts if memory is short, as everything here. */
void relay_node_init(struct relay_node *relay, struct underlay *net, int attachment, uint64_t seed);
void relay_node_fini(struct relay_node *relay);

/** Start the program on its store, or end it without any goodbye. */
void relay_node_start(struct relay_node *relay, struct mono now);
void relay_node_stop(struct relay_node *relay);

/** A datagram arrived; the node's time came. */
void relay_node_receive(struct relay_node *relay, struct underlay_flying *flying, struct mono now);
void relay_node_expire(struct relay_node *relay, struct mono now);
struct mono relay_node_deadline(const struct relay_node *relay);

/** Something that the relay sent arrived at a node behind this address. */
void relay_node_reached(struct relay_node *relay, const struct endpoint *address, struct mono now);

/** What a host is, besides its place. */
struct host_setup {
    size_t index;
    const char *name, *peer_name;
    uint16_t port, mtu;
    uint8_t prefix_bits; /* of its own address */
};

enum host_path { HOST_PATH_NONE, HOST_PATH_RELAYED, HOST_PATH_DIRECT };

struct host_node {
    struct node_env env;
    struct underlay *net;
    int attachment;
    size_t index;
    const char *name, *peer_name;
    struct endpoint address;
    struct host_setup setup;
    struct identity identity;
    struct store *store;
    struct host_core *core;
    struct outbox box;
    struct packet_box tun;
    struct traffic *traffic;
    struct traffic_view view;
    bool view_known;
    const char *wrong; /* what traffic_arrived said; NULL: all was right */
    unsigned idle_steps;
    bool asleep;          /* nothing runs, nothing is received */
    uint64_t behind_ns;   /* its clock that nobody sets stood still for so long in all */
    struct mono timer_at; /* its shell's timer runs late: not before */
};

void host_node_init(struct host_node *host, struct underlay *net, int attachment,
                    const struct host_setup *setup, struct traffic *traffic, uint64_t seed,
                    struct mono now);
void host_node_fini(struct host_node *host);

/** End the program without any goodbye, and start it on its store. */
void host_node_restart(struct host_node *host, struct mono now);

/** It has another address in the same place from now on. */
void host_node_move(struct host_node *host, const struct endpoint *address, struct mono now);

/** The machine is suspended: it stops in the middle of everything. */
void host_node_suspend(struct host_node *host);

/** It goes on, `asleep_ms` after it was suspended. If its clock counts the time asleep, as Linux's
 * does, libev's timers nevertheless stood still, so the shell notices late_ms later and tells the
 * core. If the clock stood still as well, nobody notices: the wall clock jumped, and that is all.
 */
void host_node_resume(struct host_node *host, uint64_t asleep_ms, bool counted, uint64_t late_ms,
                      struct mono now);

void host_node_receive(struct host_node *host, struct underlay_flying *flying, struct mono now);
void host_node_expire(struct host_node *host, struct mono now);
struct mono host_node_deadline(const struct host_node *host);

/** Join by URL; NULL, or what is wrong. */
const char *host_node_join(struct host_node *host, const char *url, struct mono now);

/** True once it knows a member of this name. */
bool host_node_knows(struct host_node *host, const char *name);

/** True once it knows its peer by name; its view is filled in then. */
bool host_node_knows_peer(struct host_node *host);

/** An application on this host sends one packet to the peer. */
void host_node_send(struct host_node *host, size_t mtu, struct rng *rng, struct mono now);

/** How the host says that it reaches its peer; NONE while it is asleep. */
enum host_path host_node_path(struct host_node *host, struct mono now);

/** What the host says about its peers, for the log of a failure. */
void host_node_describe(struct host_node *host, struct mono now);
