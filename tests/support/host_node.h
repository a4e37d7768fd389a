/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A host for tests: a host core on a memory store, a box for what it sends, and a TUN device that
 * remembers its last packet. It has neither a clock nor a wire: its owner says what time it is and
 * takes the datagrams out of the box.
 */
#pragma once

#include "client/core/core.h"
#include "client/path/spare_sockets.h"
#include "client/tunnel/packet.h"
#include "proto/crypto/identity.h"
#include "proto/net/dgram.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host_node {
    const struct env *env; /* kept; a change takes effect at the next start */
    struct identity identity;
    struct endpoint address;
    uint8_t prefix_bits;    /* of its address */
    struct host_config cfg; /* a change takes effect at the next start */
    struct store *store;
    struct host_core *core;
    struct outbox box;
    struct packet_box tun;
    struct host_io io;                   /* names the two boxes */
    uint16_t sockets[SPARE_SOCKETS_MAX]; /* ports of those that the core wants besides the first */
    size_t sockets_count, sockets_most;  /* now, and at most so far */
    uint16_t sockets_next;               /* the next port */
    size_t delivered;                    /* packets that came out of its TUN device */
    uint8_t last[INNER_MTU_MAX];         /* the last of them, last_size bytes */
    size_t last_size;
    /* Takes the datagrams in node->box, which is cleared afterwards. */
    void (*send)(void *context, const struct host_node *node);
    /* Called with each packet that came out of the TUN device; may be NULL. */
    void (*arrived)(void *context, const struct packet *packet);
    void *context; /* of both */
};

/** Make a host at this address that does not run yet. The caller sets `send`, and in cfg what the
 * test needs. Like all functions here it aborts if memory is short. */
void host_node_init(struct host_node *node, const struct env *env, const struct identity *identity,
                    const struct endpoint *address);
void host_node_fini(struct host_node *node);

/** Start the core on the node's store, after an end without any goodbye if it runs, and tell it its
 * address. */
void host_node_start(struct host_node *node, struct mono now);

/** Tell the core its address, as after a change of the network. */
void host_node_tell_network(struct host_node *node, struct mono now);

/** Empty the boxes after a call to the core, and then send what its sessions want to send. Returns
 * how many datagrams and packets that were. */
size_t host_node_pump(struct host_node *node, struct mono now);

/** True if one of its sockets has this port. */
bool host_node_has_socket(const struct host_node *node, uint16_t port);

/** A datagram arrived, an application sent a packet, or the node's time came; then pump. The result
 * is that of host_node_pump. */
size_t host_node_receive(struct host_node *node, const struct dgram *in, struct mono now);
size_t host_node_packet(struct host_node *node, struct packet *packet, struct mono now);
size_t host_node_expire(struct host_node *node, struct mono now);

/** Send an IPv4 ICMP echo request of `size` bytes, 28 at least, to the peer that the host knows by
 * this name; false if it knows none. */
bool host_node_ping(struct host_node *node, const char *peer, size_t size, struct mono now);

/** How the host reaches the peer of this name, as its `peers` answer says: "direct", "relayed",
 * ...; "" if it knows no such peer. Valid until the next call. */
const char *host_node_path(struct host_node *node, const char *peer, struct mono now);

/** True if what it sends to that peer goes by a lane, as the same answer says. */
bool host_node_on_lane(struct host_node *node, const char *peer, struct mono now);

/** True once every ziglan that the host has joined has either admitted or refused it. */
bool host_node_settled(const struct host_node *node);

/** True if the host's `status` answer says that it is connected to a relay at this address, which
 * is as endpoint_text writes it. */
bool host_node_is_at(struct host_node *node, const char *relay, struct mono now);

/** True if its `relays` answer says that the relay with this key is one of its home relays, and, if
 * `connected`, that there is a session to it that answers. */
bool host_node_is_home(struct host_node *node, const uint8_t relay_key[KEY_SIZE], bool connected,
                       struct mono now);

/** Print the host's `peers` answer on standard error. */
void host_node_describe(struct host_node *node, struct mono now);
