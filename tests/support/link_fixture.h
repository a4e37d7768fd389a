/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two hubs of the link joined by a wire in memory, in virtual time and with seeded randomness.
 * Fuzzers and benchmarks use it too, so a failure aborts instead of failing a cmocka test.
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
    Ziglan__Hello *hello; /* a copy of the event's; NULL if it has none */
    uint8_t *data;        /* a copy of the event's data; NULL if it has none */
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
    bool (*hook)(struct net *net, struct wire_packet *packet); /* as that of the wire; or NULL */
    void *hook_context;                                        /* for the test's hook */
    uint64_t hash;                /* over all datagrams that were sent, and when they were */
    struct net_event *events;     /* kept by net_poll */
    size_t events_count;          /* at most NET_EVENTS_MAX */
    bool keep_datagrams;          /* keep the events of datagrams too */
    uint64_t datagrams[NET_HUBS]; /* how many each hub received */
};

/** Make hub i from configs[i]; also again after link_hub_free. */
void net_hub_start(struct net *net, int i);

/** Make all but the hubs, and start the library. net_start makes the hubs, so that a test can
 * change their configs before. */
void net_init(struct net *net, uint64_t seed);

/** Make both hubs. */
void net_start(struct net *net);

/** Forget the events that were kept. */
void net_forget_events(struct net *net);

/** Free all that the net holds. Afterwards net_init may be called on it again. */
void net_fini(struct net *net);

/** Keep the events of hub i. Those of datagrams are counted, and kept only if keep_datagrams. */
void net_poll(struct net *net, int i);

/** Send what hub i wants to send. It also stays in net->box until the next call. */
void net_transmit(struct net *net, int i);

/** All that hub `from` wants to send arrives at the other of two at once, before anything else
 * happens; its wire is not asked. */
void net_shovel(struct net *net, int from);

/** Let everything happen for `ms` milliseconds of virtual time. */
void net_run(struct net *net, uint64_t ms);

/** The first kept event of this type at a hub, or NULL. */
struct net_event *net_find(struct net *net, int hub, enum link_event_type type);

/** How many events of this type are kept from a hub. */
size_t net_count(const struct net *net, int hub, enum link_event_type type);

/** The server, to be dialled as a host; key is borrowed, `want` and it as in struct link_dial. */
struct link_dial net_whom(const struct net *net, enum link_want want, const uint8_t *key);

/** The client dials the server; `want` and `key` as for net_whom. */
struct handle net_dial(struct net *net, enum link_want want, const uint8_t key[KEY_SIZE]);

/** Open a session; *client and *server name its two ends. False if it did not open within three
 * seconds. */
bool net_open(struct net *net, struct handle *client, struct handle *server);

/** How many bytes of heap one idle session takes at one end: the mean over this number of sessions
 * and over both ends. 0 if not all opened, or if the allocator in use is not glibc's. */
size_t net_session_heap(struct net *net, size_t sessions);
