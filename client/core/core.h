/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A host as a sans-IO state machine: it holds sessions to relays, knows the members of its ziglans,
 * talks to peers through Noise sessions, by way of a relay or directly, and turns IP packets into
 * frames and back. UDP payloads, IP packets and instants go in; UDP payloads and IP
 * packets come out through the two boxes of `struct host_io`. The same core runs in the simulator.
 */
#pragma once

#include "client/names/names.h"
#include "client/names/trust.h"
#include "client/path/candidates.h"
#include "client/peer/peer_prefix.h"
#include "client/stun2/way.h"
#include "client/tunnel/host_io.h"
#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "proto/crypto/aead.h"
#include "proto/crypto/identity.h"
#include "proto/net/addrplan.h"
#include "proto/net/dgram.h"
#include "proto/net/endpoint.h"
#include "proto/wire/name.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host_core;

/** What a host core is made of. Copied; identity and psk are borrowed for the core's life. */
struct host_config {
    const struct identity *identity;
    char name[NAME_TEXT_SIZE]; /* wanted name in ziglans; empty: none */
    uint8_t pool[4];           /* IPv4 pool: base ... */
    uint8_t pool_bits;         /* ... and prefix length; 0: the default 100.64.0.0/16 */
    uint16_t mtu;              /* of the TUN device, 0: INNER_MTU_DEFAULT */
    const uint8_t *psk;        /* 32 bytes shared with all peers (Noise IKpsk2), or NULL */
    uint8_t fixed[ADDRPLAN_FIXED_MAX]
                 [EUI64_SIZE]; /* EUI-64s of our fixed addresses, claimed in the member part */
    size_t fixed_count;
    bool lanes;             /* ask relays for lanes, and use those that peers opened */
    struct aead_list aeads; /* in order of preference; empty: aead_list_local() */
};

/** A name to be resolved by the shell for the core. */
struct host_resolve {
    uint64_t ticket;
    char host[HOST_TEXT_SIZE];
};

/** Make a core on the host's own store. store and env are borrowed for its life. ERR_NOMEM,
 * ERR_LIMIT (the pool has no address for this host), ERR_SYSTEM (the store fails). */
int host_core_new(struct host_core **out, const struct host_config *cfg, struct store *store,
                  const struct env *env, struct mono now) MUST_CHECK;

/** Was the store written with this key? If not, *same is false, and `other` is the key of what was
 * joined: to go on would only be refused everywhere. ERR_NOMEM, ERR_SYSTEM. */
int host_core_key_check(struct store *store, const uint8_t key[KEY_SIZE], uint8_t other[KEY_SIZE],
                        bool *same) MUST_CHECK;

/** Free it, without telling the relays (host_core_shutdown). NULL is fine. */
void host_core_free(struct host_core *core);

/** One received UDP payload, any content. */
void host_core_receive(struct host_core *core, const struct dgram *in, struct host_io *io,
                       struct mono now);

/** If the way out is slow, or earlier ones still wait, IP packets that the kernel sent into the TUN
 * device wait for host_core_transmit, in a fair order (fair_queue.h). They are copied. False: they
 * need not, and are the caller's to hand to host_core_packets. */
bool host_core_packets_queue(struct host_core *core, const struct packet *packets, size_t count,
                             bool slow, struct mono now);

/** A batch of IP packets that the kernel sent into the TUN device. */
void host_core_packets(struct host_core *core, struct packet *packets, size_t count,
                       struct host_io *io, struct mono now);

/** The hypervisor says that this machine is a copy of another, or went back to an earlier state:
 * the next verb forgets all keys of sessions before it seals anything. Call it, and then kick the
 * loop, before anything else. */
void host_core_copied(struct host_core *core);

/** Timers up to now. */
void host_core_expire(struct host_core *core, struct host_io *io, struct mono now);

/** Append what the sessions want to send. */
void host_core_transmit(struct host_core *core, struct host_io *io, struct mono now);

/** When to call expire and transmit again; `now` or earlier while output is queued. */
struct mono host_core_deadline(const struct host_core *core);

/** Poll a name that wants resolving; false if none. */
bool host_core_resolve_wanted(struct host_core *core, struct host_resolve *out, struct mono now);

/** The resolver's answer: addresses (ports are ignored); count 0: the name did not resolve. */
void host_core_resolved(struct host_core *core, uint64_t ticket, const struct endpoint *addrs,
                        size_t count, struct mono now);

/** Poll what changed among the peers since it was asked last, for a shell that tells the kernel the
 * address of each (peer_prefix.h); false if nothing did. Other shells never ask. */
bool host_core_prefix(struct host_core *core, struct host_prefix *out);

/** Poll the prefixes of all peers, from place *at on; *at moves on, and false, when all were told,
 * sets it back to 0. What host_core_prefix tells is not changed. */
bool host_core_prefix_at(const struct host_core *core, size_t *at, struct host_prefix *out);

/** The kernel lost what the shell told it: all prefixes are told again. */
void host_core_prefixes_again(struct host_core *core);

/** What the TUN device takes besides plain packets; at first nothing. */
void host_core_set_tun_offload(struct host_core *core, struct packet_offload offload);

/** Before a stop: the next transmits say goodbye to peers and relays, and close all sessions, until
 * they have nothing more to send. */
void host_core_shutdown(struct host_core *core);

/** This host's own addresses, and the resolver's address. */
void host_core_addresses(const struct host_core *core, uint8_t v4[4], uint8_t v6[16],
                         uint8_t resolver_v4[4], uint8_t *pool_bits);

/**
 * Join a ziglan by URL (proto/wire/url.h), now or again. Remembered in the store before this
 * returns ERR_OK. Else `error` tells what is wrong and what to do; ERR_DROP: with the URL.
 *
 * wanted   the name to want in this ziglan (any text, it is made legal), NULL: the host's
 */
int host_core_join(struct host_core *core, const char *url, const char *wanted, char *error,
                   size_t error_size, struct mono now) MUST_CHECK;

/** Leave a ziglan by its name or key; its peers end, and its entry point is told, if not now then
 * when it answers, over restarts too. One that was left already is forgotten, told or not. key
 * receives which one it was. ERR_DROP if it is neither, ERR_LIMIT if several joined ones fit: then
 * nothing is left, and key is not written. */
int host_core_leave(struct host_core *core, const char *name_or_key, uint8_t key[KEY_SIZE],
                    struct mono now) MUST_CHECK;

/** What to say where host_core_leave found several. */
#define HOST_LEAVE_SEVERAL "several joined ziglans fit; say the key of one, as it stands in its URL"

/** The user agrees that a name, or that of a key, means another key from now on (names/trust.h). */
enum trust_result host_core_trust(struct host_core *core, const char *text,
                                  struct trust_outcome *out);

/** True once the entry point of this ziglan, which was left, knows it. */
bool host_core_said_farewell(const struct host_core *core, const uint8_t key[KEY_SIZE]);

/** True once this ziglan has either admitted or refused us, or was left; also if nothing is known
 * by which its entry point could be found. */
bool host_core_settled(const struct host_core *core, const uint8_t key[KEY_SIZE]);

/** The keys of ziglans whose names go before those of the others, as the configuration lists them.
 * The others keep their order. ERR_SYSTEM if it could not be stored. */
int host_core_order(struct host_core *core, const struct ziglan_order *first) MUST_CHECK;

/**
 * Hold a session to one more relay: of a ziglan that is joined (the URL of that ziglan, with an
 * invite where this relay wants one), or to one of no ziglan (relay://), which must be open to
 * strangers. Not remembered in the store. It is removed again if a session of ours leads to the
 * same relay already. Returns its number; 0: no such ziglan, a key that is not usable, too many
 * relays, or without memory.
 * Later: home relays and relays that a directory names.
 */
uint64_t host_core_add_relay(struct host_core *core, const struct url *url, struct mono now);

/** The peer with this key has a session to the relay of no ziglan with this number, too. Known as
 * long as the conversation with it lasts. False: no such peer, or no such relay of no ziglan; or
 * without memory. Later: presence that a subnet tells. */
bool host_core_peer_at_relay(struct host_core *core, const uint8_t key[KEY_SIZE], uint64_t number,
                             struct mono now);

/** Look up a name below zignet, without that suffix and without trailing dot, any case: a key, a
 * name, or name.ziglan. False if unknown. */
bool host_core_lookup_name(struct host_core *core, const char *name, struct host_name_record *out);

/** Whether this is the name of a joined ziglan in which somebody has a name (any case). */
bool host_core_knows_ziglan(const struct host_core *core, const char *name);

/** Name (below zignet, without the suffix) of an overlay address of 4 or 16 bytes: the shortest
 * one that leads back to it, else the key's text. False if nobody has it. */
bool host_core_lookup_address(struct host_core *core, const uint8_t *ip, size_t size, char *name,
                              size_t name_size);
