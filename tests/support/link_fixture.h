/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two hubs joined by a wire of memory, in virtual time and with seeded randomness: delay, loss,
 * a limit of the datagram size, and a hook that may change or eat packets.
 */
#pragma once

#include "proto/base/wbuf.h"
#include "proto/crypto/signed.h"
#include "proto/link/link.h"
#include "proto/wire/record.h"
#include "tests/support/env.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NET_SERVER = 0, NET_CLIENT = 1, NET_HUBS = 2, NET_EVENTS_MAX = 20000 };

struct net_packet {
    struct net_packet *next;
    struct mono at;
    struct endpoint from, to;
    size_t size;
    uint8_t data[];
};

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
    struct net_packet *flying;
    uint64_t delay_us;
    uint32_t loss_per_mille;
    size_t size_max;                                          /* of a UDP payload, 0: any */
    bool cut;                                                 /* nothing passes */
    bool (*hook)(struct net *net, struct net_packet *packet); /* false: eaten */
    void *hook_context;
    uint64_t sent, lost, too_large, hash;
    struct net_event *events;
    size_t events_count;
    bool keep_datagrams; /* store their events too */
    uint64_t datagrams[NET_HUBS];
};

static inline void net_hub_start(struct net *net, int i)
{
    if (link_hub_new(&net->hubs[i], &net->configs[i], &net->ports.env, net->now) != ERR_OK) {
        abort();
    }
}

/* The env and the library; hubs come with net_start, so that configs can be changed between. */
static inline void net_init(struct net *net, uint64_t seed)
{
    static const uint8_t server_ip[4] = {192, 0, 2, 1}, client_ip[4] = {198, 51, 100, 2};

    memset(net, 0, sizeof(*net));
    test_env_init(&net->ports, seed);
    net->ports.clock = &net->now;
    net->now.ns = NS_PER_S;
    net->delay_us = 5000;
    net->addrs[NET_SERVER] = endpoint_v4(server_ip, 4433);
    net->addrs[NET_CLIENT] = endpoint_v4(client_ip, 5000);
    for (int i = 0; i < NET_HUBS; i++) {
        uint8_t id_seed[IDENTITY_SEED_SIZE] = {(uint8_t)(i + 1)};

        identity_from_seed(&net->identities[i], id_seed);
        net->configs[i].identity = &net->identities[i];
        net->configs[i].server = i == NET_SERVER;
        net->configs[i].connection_max = 2000;
        memset(net->configs[i].reset_secret, 7 + i, 32);
    }
    net->events = calloc(NET_EVENTS_MAX, sizeof(*net->events));
    if (identity_library_init() != ERR_OK || link_library_init(&net->ports.env) != ERR_OK ||
        outbox_init(&net->box, 1 << 20, 1024) != ERR_OK || net->events == NULL) {
        abort();
    }
}

static inline void net_start(struct net *net)
{
    for (int i = 0; i < NET_HUBS; i++) {
        net_hub_start(net, i);
    }
}

static inline void net_forget_events(struct net *net)
{
    for (size_t i = 0; i < net->events_count; i++) {
        free(net->events[i].data);
    }
    net->events_count = 0;
}

static inline void net_fini(struct net *net)
{
    for (int i = 0; i < NET_HUBS; i++) {
        link_hub_free(net->hubs[i]);
    }
    while (net->flying != NULL) {
        struct net_packet *packet = net->flying;

        net->flying = packet->next;
        free(packet);
    }
    net_forget_events(net);
    free(net->events);
    outbox_fini(&net->box);
    link_library_fini();
}

static inline void net_hash(struct net *net, const void *data, size_t size)
{
    const uint8_t *at = data;

    for (size_t i = 0; i < size; i++) {
        net->hash = (net->hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
}

/* Put one datagram on the wire. */
static inline void net_send(struct net *net, const struct endpoint *from, const struct endpoint *to,
                            const uint8_t *data, size_t size)
{
    struct net_packet *packet = malloc(sizeof(*packet) + size), **at = &net->flying;

    if (packet == NULL) {
        abort();
    }
    net->sent++;
    net_hash(net, &net->now, sizeof(net->now));
    net_hash(net, data, size);
    *packet = (struct net_packet){
        .at = {net->now.ns + net->delay_us * NS_PER_US}, .from = *from, .to = *to, .size = size};
    memcpy(packet->data, data, size);
    if (net->cut ||
        (net->loss_per_mille > 0 && rng_below(&net->ports.rng, 1000) < net->loss_per_mille)) {
        net->lost++;
        free(packet);
        return;
    }
    if (net->size_max > 0 && size > net->size_max) {
        net->too_large++;
        free(packet);
        return;
    }
    if (net->hook != NULL && !net->hook(net, packet)) {
        free(packet);
        return;
    }
    while (*at != NULL && (*at)->at.ns <= packet->at.ns) {
        at = &(*at)->next;
    }
    packet->next = *at;
    *at = packet;
}

static inline void net_poll(struct net *net, int i)
{
    struct link_event event;

    while (link_hub_event(net->hubs[i], &event)) {
        struct net_event *kept = &net->events[net->events_count];

        if (event.type == LINK_EVENT_DATAGRAM) {
            net->datagrams[i]++;
            if (!net->keep_datagrams) {
                continue;
            }
        }
        if (net->events_count == NET_EVENTS_MAX) {
            abort();
        }
        kept->hub = i;
        kept->event = event;
        kept->peer = *event.peer;
        kept->event.peer = &kept->peer;
        if (event.request != NULL) {
            kept->request = *event.request;
            kept->event.request = &kept->request;
        }
        kept->data = NULL;
        if (event.size > 0) {
            kept->data = malloc(event.size);
            if (kept->data == NULL) {
                abort();
            }
            memcpy(kept->data, event.data, event.size);
        }
        net->events_count++;
    }
}

static inline void net_transmit(struct net *net, int i)
{
    outbox_clear(&net->box);
    link_hub_transmit(net->hubs[i], &net->box, net->now);
    for (size_t k = 0; k < net->box.items_count; k++) {
        const struct outbox_item *item = &net->box.items[k];

        /* Answers leave from the address that was asked. */
        if (i == NET_SERVER && !endpoint_equal(&item->local, &net->addrs[NET_SERVER])) {
            abort();
        }
        net_send(net, &net->addrs[i], &item->remote, net->box.bytes + item->offset, item->size);
    }
}

static inline void net_deliver(struct net *net)
{
    while (net->flying != NULL && net->flying->at.ns <= net->now.ns) {
        struct net_packet *packet = net->flying;

        net->flying = packet->next;
        for (int i = 0; i < NET_HUBS; i++) {
            if (net->hubs[i] != NULL && endpoint_equal(&packet->to, &net->addrs[i])) {
                struct dgram in = {.local = net->addrs[i],
                                   .remote = packet->from,
                                   .data = packet->data,
                                   .size = packet->size};

                link_hub_receive(net->hubs[i], &in, net->now);
                net_poll(net, i);
            }
        }
        free(packet);
    }
}

/* Let everything happen for `ms` milliseconds of virtual time. */
static inline void net_run(struct net *net, uint64_t ms)
{
    struct mono until = mono_add_ms(net->now, ms);

    for (;;) {
        struct mono next = net->flying != NULL ? net->flying->at : MONO_NEVER;

        for (int i = 0; i < NET_HUBS; i++) {
            if (net->hubs[i] != NULL) {
                next = mono_min(next, link_hub_deadline(net->hubs[i]));
            }
        }
        if (next.ns > until.ns) {
            break;
        }
        net->now = next.ns > net->now.ns ? next : net->now;
        net_deliver(net);
        for (int i = 0; i < NET_HUBS; i++) {
            if (net->hubs[i] != NULL) {
                link_hub_expire(net->hubs[i], net->now);
                net_poll(net, i);
                net_transmit(net, i);
                net_poll(net, i);
            }
        }
    }
    net->now = until;
}

/* The first kept event of a type at a hub, or NULL. */
static inline struct net_event *net_find(struct net *net, int hub, enum link_event_type type)
{
    for (size_t i = 0; i < net->events_count; i++) {
        if (net->events[i].hub == hub && net->events[i].event.type == type) {
            return &net->events[i];
        }
    }
    return NULL;
}

/* Dial the server as `want` says. */
static inline struct handle net_dial(struct net *net, enum link_want want,
                                     const uint8_t key[KEY_SIZE])
{
    struct handle handle = {0, 0};
    struct endpoint any = {.port = 0};

    if (link_hub_dial(net->hubs[NET_CLIENT], &handle, &any, &net->addrs[NET_SERVER], NULL, want,
                      key, net->now) != ERR_OK) {
        abort();
    }
    return handle;
}

/* A session open at both ends; *client and *server name it. False if it did not open. */
static inline bool net_open(struct net *net, struct handle *client, struct handle *server)
{
    *client = net_dial(net, LINK_WANT_RELAY, net->identities[NET_SERVER].public_key);
    net_run(net, 3000);

    struct net_event *at_client = net_find(net, NET_CLIENT, LINK_EVENT_OPEN);
    struct net_event *at_server = net_find(net, NET_SERVER, LINK_EVENT_OPEN);

    if (at_client == NULL || at_server == NULL) {
        return false;
    }
    *server = at_server->event.handle;
    return true;
}

/* Bytes of heap that one idle session takes at one end, mean of `sessions` and of both ends. 0 if
 * they did not all open, or if glibc's allocator is not the one in use. */
static inline size_t net_session_heap(struct net *net, size_t sessions)
{
    size_t before = mallinfo2().uordblks;

    for (size_t i = 0; i < sessions; i++) {
        (void)net_dial(net, LINK_WANT_RELAY, net->identities[NET_SERVER].public_key);
        net_run(net, 200);
    }
    net_run(net, 20000);
    net_forget_events(net);
    if (link_hub_stats(net->hubs[NET_SERVER])->opened != sessions) {
        return 0;
    }
    return (mallinfo2().uordblks - before) / sessions / NET_HUBS;
}
