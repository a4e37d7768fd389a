/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A host as a sans-IO state machine: it holds sessions to the entry points of its ziglans, knows
 * their members, talks to peers through Noise sessions over the relay or directly, and turns IP
 * packets into frames and back. UDP payloads, IP packets and instants go in; UDP payloads and IP
 * packets come out through the two boxes of `struct host_io`. The same core runs in the simulator.
 */
#pragma once

#include "client/tunnel/packet.h"
#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "proto/crypto/identity.h"
#include "proto/net/addrplan.h"
#include "proto/net/dgram.h"
#include "proto/net/endpoint.h"
#include "proto/wire/name.h"
#include "rendezvous/store/store.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host_core;

enum {
    HOST_LOCAL_ADDRS_MAX = 16,
};

/** Where the core puts what is to leave, in every call that takes one. The shell empties both
 * boxes after each call (or each small batch of calls). */
struct host_io {
    struct outbox *net;     /* UDP payloads */
    struct packet_box *tun; /* IP packets for the TUN device */
};

/** What a host core is made of; copied, except the identity, which is borrowed. */
struct host_config {
    const struct identity *identity;
    char name[NAME_TEXT_SIZE]; /* wished name in ziglans; empty: none */
    uint8_t pool[4];           /* IPv4 pool: base ... */
    uint8_t pool_bits;         /* ... and prefix length; 0: the default 100.64.0.0/16 */
    uint16_t mtu;              /* of the TUN device, 0: INNER_MTU_DEFAULT */
    const uint8_t *psk;        /* 32 bytes shared with all peers (Noise IKpsk2), or NULL */
    uint8_t fixed[ADDRPLAN_FIXED_MAX]
                 [EUI64_SIZE]; /* EUI-64s of our fixed addresses, claimed in the member part */
    size_t fixed_count;
};

/** One local underlay address with its prefix length, for candidates. */
struct host_local_addr {
    uint8_t ip[16];      /* IPv4 in its mapped form */
    uint8_t prefix_bits; /* of the 16-byte form: an IPv4 /24 is 120 */
};

/** A name to be resolved by the shell for the core. */
struct host_resolve {
    uint32_t ticket;
    char host[HOST_TEXT_SIZE];
};

/** Make a core on the host's own store. ERR_NOMEM, ERR_SYSTEM (the store's content is unusable). */
int host_core_new(struct host_core **out, const struct host_config *cfg, struct store *store,
                  const struct env *env, struct mono now) MUST_CHECK;
void host_core_free(struct host_core *core);

/** One received UDP payload, any content. */
void host_core_receive(struct host_core *core, const struct dgram *in, struct host_io *io,
                       struct mono now);

/** A batch of IP packets that the kernel routed into the TUN device. */
void host_core_packets(struct host_core *core, struct packet *packets, size_t count,
                       struct host_io *io, struct mono now);

/** Timers up to now. */
void host_core_expire(struct host_core *core, struct host_io *io, struct mono now);

/** Append what the sessions want to send. */
void host_core_transmit(struct host_core *core, struct host_io *io, struct mono now);

/** When to call expire and transmit again; `now` or earlier while output is queued. */
struct mono host_core_deadline(const struct host_core *core);

/** The underlay changed (or is told for the first time): its addresses, the UDP port, and that
 * every path is to be probed again. */
void host_core_network(struct host_core *core, const struct host_local_addr *addrs, size_t count,
                       uint16_t port, struct mono now);

/** Poll a name that wants resolving; false if none. */
bool host_core_resolve_wanted(struct host_core *core, struct host_resolve *out, struct mono now);

/** Answer of the resolver: addresses (ports are ignored), count 0 for failure. */
void host_core_resolved(struct host_core *core, uint32_t ticket, const struct endpoint *addrs,
                        size_t count, struct mono now);

/** The key-derived address of a peer, and whether it is (still) one. */
struct host_prefix {
    uint8_t v6[16];
    bool wanted;
};

/** Poll what changed among the peers since it was asked last, for a shell that routes each of them;
 * false if nothing did. Who does not ask misses nothing but memory of one address for each peer. */
bool host_core_prefix(struct host_core *core, struct host_prefix *out);

/** The shell lost the routes that it was told: all are told again. */
void host_core_prefixes_again(struct host_core *core);

/** The TUN device takes partial checksums and TCP super-packets (until told: it does not). */
void host_core_set_tun_offload(struct host_core *core, bool offload);

/** Say goodbye to relays before a stop. */
void host_core_shutdown(struct host_core *core, struct mono now);

/** This host's own addresses in its view, and the resolver's address. */
void host_core_addresses(const struct host_core *core, uint8_t v4[4], uint8_t v6[16],
                         uint8_t resolver_v4[4], uint8_t *pool_bits);

/**
 * Join a ziglan by URL (proto/wire/url.h), now or again. Remembered in the store before this
 * returns ERR_OK. On ERR_DROP `error` tells what is wrong with the URL, with place and remedy.
 *
 * wished   the name to wish for in this ziglan (any text, it is made legal), NULL: the host's
 */
int host_core_join(struct host_core *core, const char *url, const char *wanted, char *error,
                   size_t error_size, struct mono now) MUST_CHECK;

/** Leave a ziglan by its name or key; ERR_DROP if it is not joined. */
int host_core_leave(struct host_core *core, const char *name_or_key, struct mono now) MUST_CHECK;

/** True once every joined ziglan has either admitted or refused us. */
bool host_core_settled(const struct host_core *core);

/**
 * Answer one request of the local control socket: {"do":"status"|"peers"|"whoami"|"join"|"leave"|
 * "ping"...}. Returns a new object, given to the caller: {"ok":true,...} or
 * {"ok":false,"error":"..."}. "ping" answers at once with {"ok":true,"ticket":n}; its result is
 * fetched by {"do":"ping_result","ticket":n} ("pending" while it is on its way).
 */
json_t *host_core_admin(struct host_core *core, const json_t *request, struct mono now);

/** An address record of the Magic DNS. */
struct host_name_record {
    bool has_v4, has_v6;
    uint8_t v4[4];
    uint8_t v6[16];
};

/** Look up a name below zignet, without that suffix and without trailing dot, any case: a key, a
 * name, or name.ziglan. False if unknown. */
bool host_core_lookup_name(struct host_core *core, const char *name, struct host_name_record *out);

/** Name (below zignet, without the suffix) of a local view address of 4 or 16 bytes: the shortest
 * one that leads back to it, else the key's text. False if nobody has it. */
bool host_core_lookup_address(struct host_core *core, const uint8_t *ip, size_t size, char *name,
                              size_t name_size);
