/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a datagram costs: two hubs in one process pass 1300-byte datagrams through memory. Printed
 * is the number of datagrams per second of CPU time, which sender and receiver share, so ns_each is
 * the cost of one datagram at both ends together. The hubs' clock is virtual, with 100 us per
 * round, so that the round trip time does not depend on the speed that is measured. Printed last is
 * the heap of one idle session, mean of the two ends. usage: bench_link [SECONDS]
 */
#include "proto/link/link.h"
#include "tests/support/link_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAYLOAD_SIZE = 1300, BURST = 128, ROUND_US = 100, SESSIONS = 200 };

static uint64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void drain(struct net *net, int hub)
{
    struct link_event event;

    while (link_hub_event(net->hubs[hub], &event)) {
        net->datagrams[hub] += event.type == LINK_EVENT_DATAGRAM;
    }
}

/* Hand what one hub sends straight to the other. */
static void shovel(struct net *net, int from)
{
    int to = 1 - from;

    outbox_clear(&net->box);
    link_hub_transmit(net->hubs[from], &net->box, net->now);
    for (size_t i = 0; i < net->box.items_count; i++) {
        struct dgram in = {.local = net->addrs[to],
                           .remote = net->addrs[from],
                           .data = net->box.bytes + net->box.items[i].offset,
                           .size = net->box.items[i].size};

        link_hub_receive(net->hubs[to], &in, net->now);
        drain(net, to);
    }
}

static size_t session_heap(void)
{
    static struct net net;
    size_t bytes;

    net_init(&net, 2);
    net.wire.size_max = 1472;
    net_start(&net);
    bytes = net_session_heap(&net, SESSIONS);
    net_fini(&net);
    return bytes;
}

int main(int argc, char **argv)
{
    static struct net net;
    static uint8_t payload[PAYLOAD_SIZE];
    struct handle client, server;
    uint64_t seconds = argc > 1 ? strtoull(argv[1], NULL, 10) : 3, start, end, elapsed;

    net_init(&net, 1);
    net.wire.delay_us = 50;
    net.wire.size_max = 1472;
    net_start(&net);
    if (!net_open(&net, &client, &server)) {
        fputs("no session\n", stderr);
        return 1;
    }
    net_run(&net, 2000);
    net.datagrams[NET_SERVER] = 0;
    start = clock_ns();
    end = start + seconds * NS_PER_S;
    while (clock_ns() < end) {
        for (int i = 0; i < BURST; i++) {
            if (!link_hub_datagram(net.hubs[NET_CLIENT], client, payload, 33, payload + 33,
                                   PAYLOAD_SIZE - 33)) {
                break; /* the queue is full */
            }
        }
        net.now.ns += ROUND_US / 2 * NS_PER_US;
        link_hub_expire(net.hubs[NET_CLIENT], net.now);
        link_hub_expire(net.hubs[NET_SERVER], net.now);
        shovel(&net, NET_CLIENT);
        net.now.ns += ROUND_US / 2 * NS_PER_US;
        shovel(&net, NET_SERVER);
    }
    elapsed = clock_ns() - start;
    printf("datagrams=%llu per_s=%.0f gbit_per_s=%.2f ns_each=%.0f dropped=%llu capsules=%llu ",
           (unsigned long long)net.datagrams[NET_SERVER],
           (double)net.datagrams[NET_SERVER] * 1e9 / (double)elapsed,
           (double)net.datagrams[NET_SERVER] * PAYLOAD_SIZE * 8 / (double)elapsed,
           (double)elapsed / (double)(net.datagrams[NET_SERVER] + 1),
           (unsigned long long)link_hub_stats(net.hubs[NET_CLIENT])->dgram_dropped_queue,
           (unsigned long long)link_hub_stats(net.hubs[NET_CLIENT])->dgram_capsule_sent);
    net_fini(&net);
    printf("session_bytes=%zu\n", session_heap());
    return 0;
}
