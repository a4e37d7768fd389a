/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Relays that all know the first, and a host at the first and at the last of them. */
#include "tests/support/far_hosts.h"

#include <string.h>

enum { HOURS_TO_NOON = 12, HOUR_MS = 3600 * 1000 };

void far_hosts_init(struct far_hosts *town, size_t relays)
{
    struct relay_net *net = relay_net_new(relays, 6);

    town->net = net;
    net->ports.wall_ms += (uint64_t)HOURS_TO_NOON * HOUR_MS;
    for (size_t i = 0; i < relays; i++) {
        relay_node_set_open(&net->nodes[i]);
    }
    relay_net_peers(net); /* all know the first when they start, and then each other */
    relay_net_start(net);
    relay_net_run(net, 60000);
    net_host_init(&town->a, net, 1);
    net_host_init(&town->b, net, 2);
    net_host_attach(&town->a, 0, 7);
    net_host_attach(&town->b, relays - 1, 7);
    net_host_dial(&town->a, 0);
    net_host_dial(&town->b, relays - 1);
    town->a_key = town->a.identity.public_key;
    town->b_key = town->b.identity.public_key;
    relay_net_run(net, 1000);
}

void far_hosts_fini(struct far_hosts *town)
{
    net_host_fini(&town->a);
    net_host_fini(&town->b);
    relay_net_free(town->net);
}

const struct relay_counters *far_hosts_counters(const struct far_hosts *town, size_t i)
{
    return &town->net->nodes[i].core->base.counters;
}

void far_hosts_name_way(struct net_host *from, const uint8_t *dst, const size_t *relays,
                        size_t count)
{
    ProtobufCBinaryData keys[RELAYED_VIA_MAX];
    Ziglan__Via body = ZIGLAN__VIA__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    for (size_t i = 0; i < count; i++) {
        keys[i] = control_bytes(relay_net_key(from->net, relays[i]), KEY_SIZE);
    }
    body.dst = control_bytes(dst, KEY_SIZE);
    body.relays = keys;
    body.n_relays = count;
    message.body_case = ZIGLAN__CONTROL__BODY_VIA;
    message.via = &body;
    net_host_send(from, &message);
    relay_net_run(from->net, 100);
}

bool net_host_done(const struct net_host *host)
{
    return host->answer != NULL && host->answer->body_case == ZIGLAN__CONTROL__BODY_DONE;
}

void far_hosts_talk(struct far_hosts *town, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        net_host_frame(&town->a, town->b_key, 1, FAR_FRAME_SIZE);
        net_host_frame(&town->b, town->a_key, 2, FAR_FRAME_SIZE);
        relay_net_run(town->net, 100);
    }
}
