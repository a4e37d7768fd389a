/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One simulated world: relays, hosts, the underlay between them, virtual time that jumps to
 * the next thing to do, and what must hold after each step. One process runs one world, because
 * the libraries keep random state of their own.
 */
#pragma once

#include "tests/sim/journal.h"
#include "tests/sim/node.h"
#include "tests/sim/oracle.h"
#include "tests/sim/traffic.h"
#include "tests/sim/underlay.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    SIM_HOSTS = TRAFFIC_HOSTS, /* the hosts that talk to each other */
    SIM_NODES = SIM_HOSTS + 1, /* and a guest, which only is a member now and then */
    SIM_RELAYS = 4,            /* at most */
    SIM_FAILURE_SIZE = 256,
    SIM_INNER_MTU = 1420,
    SIM_SEND_MS = 50, /* an application's packets */
};

struct sim {
    uint64_t seed;
    struct mono now;
    struct journal journal;
    struct rng scenario, packets, sodium;
    struct node_env library; /* for what proto/link draws as a library */
    struct underlay net;
    struct sim_relay relays[SIM_RELAYS];
    size_t relays_count;
    struct sim_host hosts[SIM_NODES];
    size_t nodes_count; /* how many hosts there are, the guest included */
    bool guest_belongs; /* the guest was admitted (or will be as soon as possible), not revoked */
    struct traffic traffic;
    uint64_t sent_in_vain;          /* packets that were sent while none could arrive */
    struct mono send_at[SIM_HOSTS]; /* NEVER: this application is silent */
    bool answers[SIM_HOSTS];        /* it only sends a packet for each that came */
    uint64_t refused;               /* packets that came back as ICMP errors, so far */
    struct mono known_since;        /* the relay has sessions of both hosts; NEVER: it has not */
    struct mono look_at;            /* when the hosts' view of their paths is judged again */
    bool direct_possible;           /* what the oracle says */
    bool guesses;                   /* ports are guessed: then a NAT has more mappings */
    void (*each_second)(struct sim *sim, void *context); /* the scenario's; may be NULL */
    void *context;
    struct mono second_at;          /* when it is called next; NEVER if there is none */
    char failure[SIM_FAILURE_SIZE]; /* empty: all is well */
};

/** Make what all scenarios have in common; the scenario makes the nodes. sim_fini frees all. */
void sim_init(struct sim *sim, uint64_t seed, bool verbose);
void sim_fini(struct sim *sim);

/** Note a failure; only the first counts. Returns false. */
bool sim_fail(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Let ms of virtual time pass. False if something failed. */
bool sim_run(struct sim *sim, uint64_t ms);

/** Let time pass until `reached` is true, at most ms. False if it did not become true, which is
 * noted as a failure with `what`, or if something else failed. */
bool sim_run_until(struct sim *sim, uint64_t ms, bool (*reached)(struct sim *sim),
                   const char *what);

/** Host i joins the ziglan of the first relay with a new invite; it fails the world if it cannot.
 */
bool sim_join(struct sim *sim, size_t i);
