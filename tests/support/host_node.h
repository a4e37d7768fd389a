/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A host for tests: a host core on a store of memory, with a box for what it sends and a TUN device
 * that remembers its last packet. It has no clock and no wire: its owner says when, and takes what
 * stands in the box.
 */
#pragma once

#include "client/core/core.h"
#include "client/tunnel/packet.h"
#include "proto/crypto/identity.h"
#include "proto/net/dgram.h"
#include "rendezvous/store/store.h"

#include <stddef.h>
#include <stdint.h>

struct host_node {
    const struct env *env; /* kept; another counts from the next start on */
    struct identity identity;
    struct endpoint address;
    uint8_t prefix_bits;    /* of its address */
    struct host_config cfg; /* counts from the next start on */
    struct store *store;
    struct host_core *core;
    struct outbox box;
    struct packet_box tun;
    struct host_io io; /* of the two boxes */
    size_t delivered;  /* packets that came out of its TUN device, and the last of them */
    uint8_t last[INNER_MTU_MAX];
    size_t last_size;
    /* Takes all that stands in the box, which is cleared afterwards. */
    void (*send)(void *context, const struct host_node *node);
    /* Hears of each packet that came out of the TUN device; may be NULL. */
    void (*arrived)(void *context, const struct packet *packet);
    void *context; /* of both */
};

/** A host at this address, without a name; not running yet. What its config shall say, and send,
 * are the caller's to set. Aborts if memory is short, as all functions here. */
void host_node_init(struct host_node *node, const struct env *env, const struct identity *identity,
                    const struct endpoint *address);
void host_node_fini(struct host_node *node);

/** Start the program on its store, again if it runs, and tell it its address. */
void host_node_start(struct host_node *node, struct mono now);

/** Tell it its address, as when that has changed. */
void host_node_tell_network(struct host_node *node, struct mono now);

/** Let go what a call to the core has put into the boxes, and then what its sessions want to send.
 * Returns how many datagrams and packets that were. */
size_t host_node_pump(struct host_node *node, struct mono now);

/** A datagram arrived, an application sent a packet, or the node's time came; then pump. The result
 * is that of host_node_pump. */
size_t host_node_receive(struct host_node *node, const struct dgram *in, struct mono now);
size_t host_node_packet(struct host_node *node, struct packet *packet, struct mono now);
size_t host_node_expire(struct host_node *node, struct mono now);

/** How it says that it reaches the peer of this name: "direct", "relayed", ...; "" if it knows
 * none. Valid until the next call. */
const char *host_node_path(struct host_node *node, const char *peer, struct mono now);

/** Print what it says about its peers on standard error. */
void host_node_describe(struct host_node *node, struct mono now);
