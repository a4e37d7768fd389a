/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A running host: the core with its store, UDP socket, TUN device, name resolution and network
 * watch, driven by one libev loop. It also runs without a TUN device, for verbs while no daemon
 * runs. The engine decides nothing of the protocol: it wakes the core, and carries its packets.
 */
#pragma once

#include "client/core/core.h"
#include "client/platform/tun.h"
#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/crypto/aead.h"
#include "proto/net/addrplan.h"
#include "proto/portmap/portmap_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct engine;
struct nat_watch;
struct lifetime_watch;

/** What an engine is made of. loop, env, identity and context are borrowed and outlive it; the rest
 * is borrowed for the call. */
/* tidy-ok: struct-fields most are keys of the configuration */
struct engine_options {
    struct ev_loop *loop;
    const struct env *env;
    const struct identity *identity;
    const char *name;                   /* wanted name */
    const uint8_t (*fixed)[EUI64_SIZE]; /* EUI-64s of fixed addresses, fixed_count of them */
    size_t fixed_count;
    uint8_t pool[4];
    uint8_t pool_prefix; /* 0: the stored pool, or at the first start one that hides nothing */
    uint16_t mtu;
    uint16_t listen_port;      /* 0: the kernel chooses */
    enum portmap_mode portmap; /* whether the router is to let that port in; only with interface */
    bool lan;                  /* look for peers on the LAN; only with interface */
    bool fair_queue;           /* packets wait by flow where the own line is slow */
    unsigned threads;          /* that read from the TUN device; 0: the loop does; at most
                                  TUN_QUEUES_MAX; not with fair_queue */
    bool lanes;                /* ask relays for lanes, and use those of peers */
    enum aead cipher;          /* the preferred one; AEAD_NONE: the fastest */
    bool no_guesses;           /* of ports of NATs that give each destination another one */
    const char *store_path;    /* directory of the LMDB store */
    const char *config_path;   /* for advice to the user */
    const char *interface;     /* name of the TUN device, NULL: none */
    uint8_t resolver[4];       /* Magic DNS address; all zero: the core's choice in the pool */
    /** Somebody removed the TUN device: nothing passes any more. Called once, from the loop. */
    void (*interface_gone)(void *context);
    void *context;
};

/** Open everything and start. If there is an interface, it is up and has its addresses when this
 * returns ERR_OK. Else *out is NULL, nothing is left open and fault says why: ERR_SYSTEM,
 * ERR_NOMEM. */
int engine_open(struct engine **out, const struct engine_options *options,
                struct fault *fault) MUST_CHECK;

/** Start the threads that the options wanted; nothing without a device. Apart from engine_open, so
 * that what the process gave up before counts for them, too. To be called outside of the loop. As
 * long as first_fd (-1: none) is readable, the loop goes before them. ERR_SYSTEM, ERR_NOMEM with
 * fault; the engine goes on without them then. */
int engine_threads_start(struct engine *engine, int first_fd, struct fault *fault) MUST_CHECK;

/** Say goodbye to the relays (blocks for 200 ms at most) and close everything; the TUN device
 * disappears. NULL is fine. */
void engine_close(struct engine *engine);

/** Its store; borrowed for its life. */
struct store *engine_store(const struct engine *engine);

/** The core, for calls that need no host_io. Call engine_kick after one that changes something. */
struct host_core *engine_core(struct engine *engine);

/** What measures this host's NAT (client/engine/nat_watch.h); it runs if there is a device.
 * Borrowed for the engine's life. */
struct nat_watch *engine_nat(struct engine *engine);

/** What measures lifetimes (client/engine/lifetime_watch.h), likewise. */
struct lifetime_watch *engine_lifetime(struct engine *engine);

/** Let the core send what it wants to send since a call from outside. */
void engine_kick(struct engine *engine);

/** What the engine knows and its core does not. */
struct engine_facts {
    uint8_t resolver[4];     /* Magic DNS address: that of the options, or the core's choice */
    uint16_t port;           /* the UDP port in use */
    struct tun_counters tun; /* what went wrong at the device since the start */
    struct addrplan_pool pool;
    const char *pool_advice; /* a sentence if the pool overlaps with the machine's network; "" */
    const char *rule_advice; /* one if policy rules of others take the peers' addresses; "" */
    char portmap[PORTMAP_TEXT_SIZE]; /* how the router's mapping of the port stands */
    bool portmap_proven;             /* others get through to it */
    bool ipv6_off;                   /* the kernel has no IPv6 for the interface */
    bool interface_down;             /* somebody set it down */
};

/** The facts as they are now. */
struct engine_facts engine_facts(const struct engine *engine);
