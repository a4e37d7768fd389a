/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host node as a guest of the net. */
#include "tests/support/net_user.h"

#include "client/core/contacting.h"
#include "proto/base/bytes.h"

#include <stdio.h>
#include <string.h>

static void node_sends(void *context, const struct host_node *node)
{
    struct net_user *user = context;

    wire_send_box(&user->net->wire, &node->address, &node->box, user->net->now);
}

static void guest_receive(void *context, struct dgram *in)
{
    struct net_user *user = context;

    (void)host_node_receive(&user->node, in, user->net->now);
}

static struct mono guest_deadline(void *context)
{
    struct net_user *user = context;

    return host_core_deadline(user->node.core);
}

static void guest_turn(void *context)
{
    struct net_user *user = context;

    (void)host_node_expire(&user->node, user->net->now);
}

void net_user_init(struct net_user *user, struct relay_net *net, uint8_t n)
{
    const uint8_t seed[IDENTITY_SEED_SIZE] = {60, n};
    const uint8_t ip[4] = {198, 51, (uint8_t)(100 + n), 1};
    struct endpoint address = endpoint_v4(ip, 5000);
    struct identity identity;

    memset(user, 0, sizeof(*user));
    user->net = net;
    identity_from_seed(&identity, seed);
    host_node_init(&user->node, &net->ports.env, &identity, &address);
    (void)snprintf(user->node.cfg.name, sizeof(user->node.cfg.name), "user%u", n);
    user->node.send = node_sends;
    user->node.context = user;
    user->guest = (struct relay_net_guest){.context = user,
                                           .address = address,
                                           .receive = guest_receive,
                                           .deadline = guest_deadline,
                                           .turn = guest_turn};
    relay_net_guest_add(net, &user->guest);
    host_node_start(&user->node, net->now);
}

void net_user_fini(struct net_user *user)
{
    host_node_fini(&user->node);
}

void net_user_use(struct net_user *user, size_t i)
{
    const struct endpoint *address = &user->net->nodes[i].address;
    struct url url = {.kind = URL_KIND_RELAY, .hosts_count = 1};

    memcpy(url.key, relay_net_key(user->net, i), KEY_SIZE);
    (void)endpoint_ip_text(address, url.hosts[0].name);
    url.hosts[0].port = address->port;
    url.hosts[0].numeric = true;
    CHECK(host_core_add_relay(user->node.core, &url, user->net->now) != 0);
    (void)host_node_pump(&user->node, user->net->now);
}

void net_user_name(struct net_user *user, const struct net_user *peer, const char *name)
{
    char key[KEY_TEXT_SIZE];
    char error[URL_ERROR_SIZE];

    CHECK(contacting_add(user->node.core, key_text(peer->node.identity.public_key, key), name,
                         error, sizeof(error), user->net->now) == ERR_OK);
}

uint64_t net_user_ping(struct net_user *user, struct net_user *peer, const char *name,
                       uint64_t most_ms)
{
    size_t before = peer->node.delivered;
    uint64_t ms = 0;

    CHECK(host_node_ping(&user->node, name, 84, user->net->now));
    while (ms < most_ms && peer->node.delivered == before) {
        relay_net_run(user->net, 1);
        ms++;
    }
    return ms;
}
