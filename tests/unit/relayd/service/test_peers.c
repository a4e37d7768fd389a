/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Relays that the operator names: reached, reached again, and no longer kept when they go from the
 * configuration. */
#include "relayd/service/peers.h"

#include "tests/support/relay_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void peer_add(struct relay_peers *peers, const struct relay_net *net, size_t i)
{
    struct url_relay *peer = &peers->list[peers->count];
    char text[ENDPOINT_TEXT_SIZE];

    memcpy(peer->key, relay_net_key(net, i), KEY_SIZE);
    (void)snprintf(peer->host.name, sizeof(peer->host.name), "%s",
                   endpoint_ip_text(&net->nodes[i].address, text));
    peer->host.port = net->nodes[i].address.port;
    peer->host.numeric = true;
    peers->count++;
}

static bool has(struct relay_net *net, size_t from, size_t to)
{
    return neighbour_of_key(relay_net_neighbours(net, from), relay_net_key(net, to)) != NULL;
}

static void reload(struct relay_net *net, size_t i, const struct relay_peers *peers)
{
    net->nodes[i].cfg.peers = peers;
    relay_core_reload(net->nodes[i].core, &net->nodes[i].cfg, net->now);
}

static void a_named_relay_is_reached_and_reached_again(void **state)
{
    struct relay_net *net = relay_net_new(2, 7);
    struct relay_peers peers = {.count = 0};

    (void)state;
    peer_add(&peers, net, 1);
    net->nodes[0].cfg.peers = &peers;
    relay_net_start(net);
    relay_net_run(net, 500);
    assert_true(has(net, 0, 1));
    relay_net_run(net, 10 * NEIGHBOUR_IDLE_MS);
    assert_true(has(net, 0, 1));
    /* It is away for long: it is dialled ever less, but at least once a minute. */
    relay_core_shutdown(net->nodes[1].core, 1000, false, net->now);
    relay_net_run(net, 400);
    relay_node_stop(&net->nodes[1]);
    assert_false(has(net, 0, 1));
    uint64_t before = link_hub_stats(net->nodes[0].core->base.hub)->dialled;
    relay_net_run(net, 600000);
    assert_in_range(link_hub_stats(net->nodes[0].core->base.hub)->dialled - before, 10, 25);
    relay_node_start(&net->nodes[1], net->now);
    relay_net_run(net, PEER_RETRY_MS_MAX + NEIGHBOUR_DIAL_MS);
    assert_true(has(net, 0, 1));
    /* A crash and a fast start are noticed by a reset, and cost little more than a second. */
    relay_node_stop(&net->nodes[1]);
    relay_node_start(&net->nodes[1], net->now);
    relay_net_run(net, LINK_KEEPALIVE_MS + 2500);
    assert_true(has(net, 0, 1));
    relay_net_free(net);
}

static void a_reload_adds_and_drops_peers(void **state)
{
    struct relay_net *net = relay_net_new(3, 8);
    struct relay_peers one = {.count = 0}, other = {.count = 0};

    (void)state;
    peer_add(&one, net, 1);
    peer_add(&other, net, 2);
    relay_net_start(net);
    reload(net, 0, &one);
    relay_net_run(net, 500);
    assert_true(has(net, 0, 1));
    reload(net, 0, &other);
    relay_net_run(net, 500);
    assert_true(has(net, 0, 2));
    /* The one that is not named any more goes, and nobody looks for it. */
    relay_node_stop(&net->nodes[1]);
    relay_net_run(net, NEIGHBOUR_IDLE_MS + 1000);
    assert_false(has(net, 0, 1));
    assert_true(has(net, 0, 2));
    reload(net, 0, &other); /* nothing changed: the session is the same */
    relay_net_run(net, 500);
    assert_int_equal(net->nodes[2].core->base.counters.neighbours_opened, 1);
    relay_net_free(net);
}

static void a_name_is_looked_up_for_each_attempt(void **state)
{
    struct relay_net *net = relay_net_new(2, 9);
    struct relay_peers peers = {.count = 0};
    struct relay_core *core;
    char host[HOST_TEXT_SIZE];
    uint64_t ticket, later;

    (void)state;
    peer_add(&peers, net, 1);
    (void)snprintf(peers.list[0].host.name, HOST_TEXT_SIZE, "relay.example");
    peers.list[0].host.numeric = false;
    net->nodes[0].cfg.peers = &peers;
    relay_net_start(net);
    core = net->nodes[0].core;
    relay_net_run(net, 100);
    assert_true(relay_core_resolve_wanted(core, &ticket, host));
    assert_string_equal(host, "relay.example");
    assert_false(relay_core_resolve_wanted(core, &later, host));
    relay_core_resolved(core, ticket, NULL, 0, net->now);
    relay_net_run(net, PEER_RETRY_MS_MIN + 100);
    assert_true(relay_core_resolve_wanted(core, &later, host));
    assert_int_not_equal(later, ticket);
    relay_core_resolved(core, ticket, &net->nodes[1].address, 1, net->now); /* an old answer */
    relay_net_run(net, 500);
    assert_false(has(net, 0, 1));
    relay_core_resolved(core, later, &net->nodes[1].address, 1, net->now);
    relay_net_run(net, 500);
    assert_true(has(net, 0, 1));
    relay_net_free(net);
}

static void a_relay_that_names_itself_or_a_wrong_key_goes_on(void **state)
{
    struct relay_net *net = relay_net_new(3, 10);
    struct relay_peers peers = {.count = 0};

    (void)state;
    peer_add(&peers, net, 0);
    peer_add(&peers, net, 1);
    memcpy(peers.list[1].key, relay_net_key(net, 2), KEY_SIZE);
    net->nodes[0].cfg.peers = &peers;
    relay_net_start(net);
    relay_net_run(net, 200000);
    assert_int_equal(relay_net_neighbours(net, 0)->accepted_count, 0);
    assert_false(has(net, 0, 2));
    assert_true(link_hub_stats(net->nodes[0].core->base.hub)->dialled < 15);
    relay_net_free(net);
}

static void a_relay_that_stops_does_not_complain_that_its_sessions_ended(void **state)
{
    struct relay_net *net = relay_net_new(2, 11);
    struct relay_peers peers = {.count = 0};

    (void)state;
    peer_add(&peers, net, 1);
    net->nodes[0].cfg.peers = &peers;
    relay_net_start(net);
    relay_net_run(net, 500);
    assert_true(has(net, 0, 1));
    relay_core_shutdown(net->nodes[0].core, 1000, false, net->now);
    relay_net_run(net, 2000);
    assert_false(has(net, 0, 1));
    assert_int_equal(net->ports.warnings, 0);
    relay_net_free(net);
}

/* The relay says that it knows other relays, or, as older versions do, nothing of it. */
static void say_relays(struct relay_net *net, size_t i, bool known)
{
    struct relay_core *core = net->nodes[i].core;

    core->delegation.hello.capabilities = known ? LINK_CAPABILITY_RELAYS : 0;
    link_hub_set_hello(core->base.hub, &core->delegation.hello);
}

static void an_older_relay_is_told_once_and_asked_ever_less(void **state)
{
    struct relay_net *net = relay_net_new(2, 12);
    struct relay_peers peers = {.count = 0};

    (void)state;
    peer_add(&peers, net, 1);
    net->nodes[0].cfg.peers = &peers;
    relay_net_start(net);
    say_relays(net, 1, false);
    relay_net_run(net, 2 * 3600 * 1000);
    assert_false(has(net, 0, 1));
    assert_in_range(link_hub_stats(net->nodes[0].core->base.hub)->dialled, 3, 10);
    assert_int_equal(net->ports.warnings, 1);
    assert_int_equal(relay_net_neighbours(net, 0)->count, 0);
    say_relays(net, 1, true); /* its operator has updated it */
    relay_net_run(net, PEER_FULL_MS_MAX + NEIGHBOUR_DIAL_MS);
    assert_true(has(net, 0, 1));
    relay_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_named_relay_is_reached_and_reached_again),
        cmocka_unit_test(a_reload_adds_and_drops_peers),
        cmocka_unit_test(a_name_is_looked_up_for_each_attempt),
        cmocka_unit_test(a_relay_that_names_itself_or_a_wrong_key_goes_on),
        cmocka_unit_test(an_older_relay_is_told_once_and_asked_ever_less),
        cmocka_unit_test(a_relay_that_stops_does_not_complain_that_its_sessions_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
