/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two hubs joined by a wire of memory, in virtual time and with seeded randomness. What does not
 * work aborts, since fuzzers and benchmarks use it, too.
 */
#pragma once

#include "proto/crypto/identity.h"
#include "proto/link/link.h"
#include "tests/support/env.h"
#include "tests/support/wire.h"

enum { NET_SERVER = 0, NET_CLIENT = 1, NET_HUBS = 2, NET_EVENTS_MAX = 20000 };

/** What a hub reported. */
struct net_event {
    int hub;
    struct link_event event; /* its pointers lead to the copies below */
    struct link_peer peer;
    struct link_request request;
    uint8_t *data; /* copy */
};

struct net {
    struct test_env ports;
    struct mono now;
    struct link_hub *hubs[NET_HUBS];
    struct link_config configs[NET_HUBS];
    struct endpoint addrs[NET_HUBS];
    struct identity identities[NET_HUBS];
    struct outbox box;
    struct wire wire;
    bool (*hook)(struct net *net, struct wire_packet *packet); /* of the wire; may be NULL */
    void *hook_context;
    uint64_t hash; /* over all that was sent, and when */
    struct net_event *events;
    size_t events_count;
    bool keep_datagrams; /* store their events too */
    uint64_t datagrams[NET_HUBS];
};

/** Make hub i of its config, also again after link_hub_free. */
void net_hub_start(struct net *net, int i);

/** The env and the library; hubs come with net_start, so that configs can be changed between. */
void net_init(struct net *net, uint64_t seed);

/** Make both hubs. */
void net_start(struct net *net);

/** Forget the events that were kept. */
void net_forget_events(struct net *net);

/** Free all of it. A net that stays in memory can be made again. */
void net_fini(struct net *net);

/** Keep what hub i has to report. Datagrams are counted, and kept if keep_datagrams. */
void net_poll(struct net *net, int i);

/** Put what hub i wants to send on the wire; it stands in the box until the next call. */
void net_transmit(struct net *net, int i);

/** Let everything happen for `ms` milliseconds of virtual time. */
void net_run(struct net *net, uint64_t ms);

/** The first kept event of a type at a hub, or NULL. */
struct net_event *net_find(struct net *net, int hub, enum link_event_type type);

/** How many events of a type were kept from a hub. */
size_t net_count(const struct net *net, int hub, enum link_event_type type);

/** Dial the server as `want` says. */
struct handle net_dial(struct net *net, enum link_want want, const uint8_t key[KEY_SIZE]);

/** A session open at both ends; *client and *server name it. False if it did not open. */
bool net_open(struct net *net, struct handle *client, struct handle *server);

/** Bytes of heap that one idle session takes at one end, mean of `sessions` and of both ends. 0 if
 * they did not all open, or if glibc's allocator is not the one in use. */
size_t net_session_heap(struct net *net, size_t sessions);
