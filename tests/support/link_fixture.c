/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two hubs of the link on a wire of memory, and what they reported. */
#include "tests/support/link_fixture.h"

#include "proto/base/bytes.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void net_hub_start(struct net *net, int i)
{
    if (link_hub_new(&net->hubs[i], &net->configs[i], &net->ports.env, net->now) != ERR_OK) {
        abort();
    }
}

static bool pass_to_hook(void *context, struct wire_packet *packet)
{
    struct net *net = context;

    return net->hook == NULL || net->hook(net, packet);
}

void net_init(struct net *net, uint64_t seed)
{
    static const uint8_t server_ip[4] = {192, 0, 2, 1}, client_ip[4] = {198, 51, 100, 2};

    memset(net, 0, sizeof(*net));
    test_env_init(&net->ports, seed);
    net->ports.clock = &net->now;
    net->now.ns = NS_PER_S;
    wire_init(&net->wire, &net->ports.rng);
    net->wire.delay_us = 5000;
    net->wire.hook = pass_to_hook;
    net->wire.hook_context = net;
    net->addrs[NET_SERVER] = endpoint_v4(server_ip, 4433);
    net->addrs[NET_CLIENT] = endpoint_v4(client_ip, 5000);
    for (int i = 0; i < NET_HUBS; i++) {
        uint8_t id_seed[IDENTITY_SEED_SIZE] = {(uint8_t)(i + 1)};

        identity_from_seed(&net->identities[i], id_seed);
        net->configs[i].identity = &net->identities[i];
        net->configs[i].server = i == NET_SERVER;
        net->configs[i].connection_max = 2000;
        memset(net->configs[i].reset_secret, 7 + i, 32);
        memset(net->configs[i].tls_seed, 9 + i, LINK_TLS_SEED_SIZE);
    }
    net->events = calloc(NET_EVENTS_MAX, sizeof(*net->events));
    if (identity_library_init() != ERR_OK || link_library_init(&net->ports.env) != ERR_OK ||
        outbox_init(&net->box, 1 << 20, 1024) != ERR_OK || net->events == NULL) {
        abort();
    }
}

void net_start(struct net *net)
{
    for (int i = 0; i < NET_HUBS; i++) {
        net_hub_start(net, i);
    }
}

void net_forget_events(struct net *net)
{
    for (size_t i = 0; i < net->events_count; i++) {
        free(net->events[i].data);
        if (net->events[i].hello != NULL) {
            ziglan__hello__free_unpacked(net->events[i].hello, NULL);
        }
    }
    net->events_count = 0;
}

void net_fini(struct net *net)
{
    for (int i = 0; i < NET_HUBS; i++) {
        link_hub_free(net->hubs[i]);
    }
    wire_fini(&net->wire);
    net_forget_events(net);
    free(net->events);
    outbox_fini(&net->box);
    link_library_fini();
}

static void hash(struct net *net, const void *data, size_t size)
{
    const uint8_t *at = data;

    for (size_t i = 0; i < size; i++) {
        net->hash = (net->hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
}

static Ziglan__Hello *hello_copy(const Ziglan__Hello *hello)
{
    static uint8_t packed[CONTROL_SIZE_MAX];
    Ziglan__Hello *copy;

    if (hello == NULL) {
        return NULL;
    }
    CHECK(ziglan__hello__get_packed_size(hello) <= sizeof(packed));
    copy = ziglan__hello__unpack(NULL, ziglan__hello__pack(hello, packed), packed);
    CHECK(copy != NULL);
    return copy;
}

void net_poll(struct net *net, int i)
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
        CHECK(net->events_count < NET_EVENTS_MAX);
        kept->hub = i;
        kept->event = event;
        kept->peer = *event.peer;
        kept->event.peer = &kept->peer;
        if (event.request != NULL) {
            kept->request = *event.request;
            kept->event.request = &kept->request;
        }
        kept->hello = hello_copy(event.hello);
        kept->event.hello = kept->hello;
        kept->data = NULL;
        if (event.size > 0) {
            kept->data = malloc(event.size);
            CHECK(kept->data != NULL);
            memcpy(kept->data, event.data, event.size);
        }
        net->events_count++;
    }
}

void net_transmit(struct net *net, int i)
{
    outbox_clear(&net->box);
    link_hub_transmit(net->hubs[i], &net->box, net->now);
    for (size_t k = 0; k < net->box.items_count; k++) {
        const struct outbox_item *item = &net->box.items[k];

        /* Answers leave from the address that was asked. */
        CHECK(i != NET_SERVER || endpoint_equal(&item->local, &net->addrs[NET_SERVER]));
        hash(net, &net->now, sizeof(net->now));
        hash(net, net->box.bytes + item->offset, item->size);
    }
    wire_send_box(&net->wire, &net->addrs[i], &net->box, net->now);
}

static void deliver(struct net *net)
{
    struct wire_packet *packet = wire_take(&net->wire, net->now);

    for (; packet != NULL; packet = wire_take(&net->wire, net->now)) {
        struct dgram in = wire_packet_dgram(packet);

        for (int i = 0; i < NET_HUBS; i++) {
            if (net->hubs[i] != NULL && endpoint_equal(&packet->to, &net->addrs[i])) {
                link_hub_receive(net->hubs[i], &in, net->now);
                net_poll(net, i);
            }
        }
        wire_packet_free(&net->wire, packet);
    }
}

void net_shovel(struct net *net, int from)
{
    outbox_clear(&net->box);
    link_hub_transmit(net->hubs[from], &net->box, net->now);
    for (size_t i = 0; i < net->box.items_count; i++) {
        const struct dgram in = {.local = net->addrs[1 - from],
                                 .remote = net->addrs[from],
                                 .data = net->box.bytes + net->box.items[i].offset,
                                 .size = net->box.items[i].size};

        link_hub_receive(net->hubs[1 - from], &in, net->now);
    }
}

void net_run(struct net *net, uint64_t ms)
{
    struct mono until = mono_add_ms(net->now, ms);

    for (;;) {
        struct mono next = wire_deadline(&net->wire);

        for (int i = 0; i < NET_HUBS; i++) {
            if (net->hubs[i] != NULL) {
                next = mono_min(next, link_hub_deadline(net->hubs[i]));
            }
        }
        if (next.ns > until.ns) {
            break;
        }
        net->now = next.ns > net->now.ns ? next : net->now;
        deliver(net);
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

struct net_event *net_find(struct net *net, int hub, enum link_event_type type)
{
    for (size_t i = 0; i < net->events_count; i++) {
        if (net->events[i].hub == hub && net->events[i].event.type == type) {
            return &net->events[i];
        }
    }
    return NULL;
}

size_t net_count(const struct net *net, int hub, enum link_event_type type)
{
    size_t count = 0;

    for (size_t i = 0; i < net->events_count; i++) {
        count += net->events[i].hub == hub && net->events[i].event.type == type;
    }
    return count;
}

struct link_dial net_whom(const struct net *net, enum link_want want, const uint8_t *key)
{
    return (struct link_dial){
        .remote = net->addrs[NET_SERVER], .want = want, .key = key, .roles = LINK_ROLE_HOST};
}

struct handle net_dial(struct net *net, enum link_want want, const uint8_t key[KEY_SIZE])
{
    struct handle handle = {0, 0};
    struct link_dial dial = net_whom(net, want, key);

    if (link_hub_dial(net->hubs[NET_CLIENT], &handle, &dial, net->now) != ERR_OK) {
        abort();
    }
    return handle;
}

bool net_open(struct net *net, struct handle *client, struct handle *server)
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

size_t net_session_heap(struct net *net, size_t sessions)
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
