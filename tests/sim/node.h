/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The nodes of the simulator: those of tests/support on the simulated underlay. A relay also counts
 * what it sends to addresses that have not proved themselves; a host looks at the packets that come
 * out of its TUN device, and its machine can be suspended.
 */
#pragma once

#include "client/core/core.h"
#include "client/netcheck/nat_facts.h"
#include "client/stun2/guess.h"
#include "proto/wire/url.h"
#include "relayd/core/core.h"
#include "rendezvous/directory/directory.h"
#include "rendezvous/store/store_memory.h"
#include "tests/sim/traffic.h"
#include "tests/sim/underlay.h"
#include "tests/support/env.h"
#include "tests/support/host_node.h"
#include "tests/support/relay_node.h"

enum {
    RELAY_WATCHED_MAX = 256,
    RELAY_PORT = 4433,
    RELAY_SECOND_PORT = 40000, /* by which it measures others */
    RELAY_THIRD_PORT = 40001,
    NODE_URL_SIZE = URL_SIZE_MAX + 1,
};

/** What a core gets from the world; each core has its own. */
struct node_env {
    struct test_env ports;
    const char *name;
    struct journal *journal;
};

/** Fill *env in, with a stream of random numbers that follows from the seed and the name. Then it
 * must stay where it is in memory; name and journal are kept. */
void node_env_init(struct node_env *env, const char *name, uint64_t seed, struct journal *journal);

/** From now on its wall clock is wrong by this in all: 0 sets it right. */
void node_env_step_wall(struct node_env *env, int64_t wrong_by_ms);

/** What a relay exchanged with one address. The address has proved itself once it has sent
 * something after something from the relay had reached it. */
struct relay_watched {
    struct endpoint address;
    uint64_t in_bytes, out_bytes;
    struct mono reached_at; /* NEVER: nothing has reached it yet */
    bool proved;
};

struct sim_relay {
    struct relay_node node;
    struct node_env env;
    struct underlay *net;
    int attachment;
    struct relay_watched watched[RELAY_WATCHED_MAX];
    size_t watched_count;
    uint64_t amplified;    /* bytes beyond three times what came in */
    uint8_t initial[2048]; /* the first QUIC Initial that came, for replays */
    size_t initial_size;
    unsigned idle_steps; /* in a row: its deadline was due, it sent nothing, and is due again */
    bool subnet;
};

/** What a relay is, besides its place. */
struct relay_setup {
    const char *name;              /* of its stream of random numbers, and in the journal */
    const struct identity *ziglan; /* whose entry point it is; NULL: of one of its own */
    bool open;                     /* of no ziglan instead, and open to strangers */
    bool subnet;                   /* it is of a subnet of relays, and open to strangers */
};

/** A relay at this address; not running yet. Aborts if memory is short, as everything here. */
void sim_relay_init(struct sim_relay *relay, struct underlay *net, int attachment,
                    const struct relay_setup *setup, uint64_t seed);
void sim_relay_fini(struct sim_relay *relay);

/** Its operator names another one, unless it is that itself; *peers is filled in, and kept. It
 * takes effect at the next start. */
void sim_relay_know(struct sim_relay *relay, const struct sim_relay *known,
                    struct relay_peers *peers);

/** Start the program on its store, or end it without any goodbye. */
void sim_relay_start(struct sim_relay *relay, struct mono now);
void sim_relay_stop(struct sim_relay *relay);

/** The relay says goodbye to all sessions. About 250 ms later they are gone, and it may be stopped.
 */
void sim_relay_shutdown(struct sim_relay *relay, uint32_t reconnect_in_ms, struct mono now);

/** The relay will be at this address, which its members are told beside the present one; or is
 * there now, and gone from where it was. Only the IP counts. */
void sim_relay_announce(struct sim_relay *relay, const struct endpoint *address, struct mono now);
void sim_relay_move(struct sim_relay *relay, const struct endpoint *address);

/** Make an invite on these terms; false if the relay does not. */
bool sim_relay_invite(struct sim_relay *relay, const struct directory_terms *terms,
                      char url[NODE_URL_SIZE]);

/** A datagram arrived; the relay's deadline is due. */
void sim_relay_receive(struct sim_relay *relay, struct underlay_flying *flying, struct mono now);
void sim_relay_expire(struct sim_relay *relay, struct mono now);
struct mono sim_relay_deadline(const struct sim_relay *relay);

/** Something that the relay sent arrived at a node behind this address. */
void sim_relay_reached(struct sim_relay *relay, const struct endpoint *address, struct mono now);

/** What a host is, besides its place. */
struct host_setup {
    size_t index;
    const char *name, *peer_name;
    uint16_t port, mtu;
    uint8_t prefix_bits; /* of its own address */
};

enum host_path { HOST_PATH_NONE, HOST_PATH_RELAYED, HOST_PATH_DIRECT };

struct sim_host {
    struct host_node node;
    struct node_env env;
    struct underlay *net;
    int attachment;
    size_t index;
    const char *name, *peer_name;
    struct traffic *traffic;
    struct traffic_view view;
    bool view_known;
    const char *wrong; /* what traffic_arrived said; NULL: all was right */
    uint64_t refused;  /* packets that came back as ICMP errors */
    uint64_t too_big;  /* packets whose sender was told of a smaller size */
    unsigned owed;     /* packets that came and that its application has not answered */
    unsigned idle_steps;
    bool asleep;          /* nothing runs, nothing is received */
    uint64_t behind_ns;   /* for so long in all its monotonic clock stood still */
    struct mono timer_at; /* after a sleep: its shell's timer does not run before this */
};

void sim_host_init(struct sim_host *host, struct underlay *net, int attachment,
                   const struct host_setup *setup, struct traffic *traffic, uint64_t seed,
                   struct mono now);
void sim_host_fini(struct sim_host *host);

/** End the program without any goodbye, and start it on its store. */
void sim_host_restart(struct sim_host *host, struct mono now);

/** End the program without any goodbye, or in order; and start it on its store, at another port. */
void sim_host_kill(struct sim_host *host);
void sim_host_end(struct sim_host *host, struct mono now);
void sim_host_start(struct sim_host *host, uint16_t port, struct mono now);

/** The host gets another address in the same place, and notices at once. */
void sim_host_move(struct sim_host *host, const struct endpoint *address, struct mono now);

/** The machine is suspended: it stops in the middle of everything. */
void sim_host_suspend(struct sim_host *host);

/** The machine goes on, asleep_ms after it was suspended. If `counted`, its clock counts the time
 * asleep; but the timers of the shell stood still, so the shell notices late_ms later and tells the
 * core. Otherwise the clock stood still as well, and nobody notices: only the wall clock jumped. */
void sim_host_resume(struct sim_host *host, uint64_t asleep_ms, bool counted, uint64_t late_ms,
                     struct mono now);

void sim_host_receive(struct sim_host *host, struct underlay_flying *flying, struct mono now);
void sim_host_expire(struct sim_host *host, struct mono now);
struct mono sim_host_deadline(const struct sim_host *host);

/** Join by URL. Returns NULL, or a sentence that says what is wrong, valid until the next call. */
const char *sim_host_join(struct sim_host *host, const char *url, struct mono now);

/** Hold a session to one more relay (host_core_add_relay). */
uint64_t sim_host_add_relay(struct sim_host *host, const struct url *url, struct mono now);

/** Pin a relay. Returns NULL, or a sentence that says what is wrong, valid until the next call. */
const char *sim_host_pin(struct sim_host *host, const struct sim_relay *relay, struct mono now);

/** Name the peer, which need not be of a common ziglan. */
void sim_host_name_peer(struct sim_host *host, const struct sim_host *peer, struct mono now);

/** True if it says that this is one of its home relays, and, if `connected`, that it has a session
 * there that answers. */
bool sim_host_is_home(struct sim_host *host, const struct sim_relay *relay, bool connected,
                      struct mono now);

/** Tell the host that its peer has a session to the relay of this number, too. */
void sim_host_peer_at_relay(struct sim_host *host, const struct sim_host *peer, uint64_t number,
                            struct mono now);

/** True if it says that it is connected to the relay at this address. */
bool sim_host_is_at(struct sim_host *host, const struct sim_relay *relay, struct mono now);

/** True once it knows a member of this name. */
bool sim_host_knows(struct sim_host *host, const char *name);

/** True once the host knows its peer by name; then it also fills in host->view. */
bool sim_host_knows_peer(struct sim_host *host);

/** An application on this host sends one packet to the peer. */
void sim_host_send(struct sim_host *host, size_t mtu, struct rng *rng, struct mono now);

/** It measured its NAT. */
void sim_host_set_nat(struct sim_host *host, enum nat_name name, const struct guess_ports *ports,
                      struct mono now);

/** How the host says that it reaches its peer; NONE while it is asleep. */
enum host_path sim_host_path(struct sim_host *host, struct mono now);

/** What the host says about its peers, for the log of a failure. */
void sim_host_describe(struct sim_host *host, struct mono now);
