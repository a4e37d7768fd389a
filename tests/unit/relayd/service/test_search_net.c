/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts search relays for an application, over relays that know each other or do not. */
#include "rendezvous/store/store_memory.h"

#include "tests/support/net_host.h"
#include "tests/support/relay_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 6 };

static struct relay_peers peers_of[RELAY_NET_MAX];

/* Relay i has pools of these types. */
static void apps_set(struct relay_net *net, size_t i, const char *app)
{
    struct app_pool_config *pools = &net->nodes[i].cfg.pools;

    (void)snprintf(pools->apps[0], RECORD_APP_SIZE, "%s", "other");
    (void)snprintf(pools->apps[1], RECORD_APP_SIZE, "%s", app);
    pools->apps_count = 2;
}

/* Open relays, all but the first of which know the first. The last one has a pool of "chess". */
static struct relay_net *net_of(size_t count, uint64_t seed)
{
    struct relay_net *net = relay_net_new(count, seed);

    for (size_t i = 0; i < count; i++) {
        relay_node_set_open(&net->nodes[i]);
        relay_net_peer(net, i, 0, &peers_of[i]);
    }
    apps_set(net, count - 1, "chess");
    return net;
}

static struct search_service *search(struct relay_net *net, size_t i)
{
    return &net->nodes[i].core->search;
}

/* The host searches for so many relays that help this application, of this kind of NAT (0: any).
 * Returns the milliseconds until it is answered. */
static uint64_t look_for(struct net_host *host, const char *app, uint32_t nat_kind, uint32_t count)
{
    Ziglan__Find body = ZIGLAN__FIND__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    char *apps[] = {control_text(app)};
    struct mono begin = host->net->now;

    body.apps = apps;
    body.n_apps = 1;
    body.nat_kinds = &nat_kind;
    body.n_nat_kinds = nat_kind != 0 ? 1 : 0;
    body.count = count;
    message.body_case = ZIGLAN__CONTROL__BODY_FIND;
    message.find = &body;
    net_host_send(host, &message);
    relay_net_run(host->net, 2500);
    assert_non_null(host->answer);
    return mono_ms_between(begin, host->answered_at);
}

static uint64_t look(struct net_host *host, uint32_t count)
{
    return look_for(host, "chess", 0, count);
}

static uint64_t queries(struct relay_net *net)
{
    uint64_t count = 0;

    for (size_t i = 0; i < net->count; i++) {
        count += find_stats(search(net, i)->find)->queries;
    }
    return count;
}

static const Ziglan__FindResult *found(const struct net_host *host)
{
    assert_int_equal(host->answer->body_case, ZIGLAN__CONTROL__BODY_FIND_RESULT);
    return host->answer->find_result;
}

static void is_relay(const Ziglan__FoundRelay *relay, struct relay_net *net, size_t i)
{
    struct record_node record;
    const ProtobufCBinaryData *bytes = &relay->node->record;

    assert_int_equal(record_node_decode(&record, bytes->data, bytes->len - SIGNATURE_SIZE), ERR_OK);
    assert_memory_equal(record.header.key, relay_net_key(net, i), KEY_SIZE);
    assert_true(endpoint_equal(&record.addresses[0], &net->nodes[i].address));
    assert_string_equal(relay->app, "chess");
}

static void relays_that_are_known_are_told_at_once(void **state)
{
    struct relay_net *net = net_of(COUNT, 31);
    struct net_host host;

    (void)state;
    relay_net_start(net);
    relay_net_run(net, 120000);
    net_host_init(&host, net, 1);
    net_host_dial(&host, 1);
    assert_true(look(&host, 1) < 200);
    assert_int_equal(found(&host)->n_relays, 1);
    is_relay(found(&host)->relays[0], net, COUNT - 1);
    assert_int_equal(queries(net), 0);
    /* Of those that it knows it looks only at those that have pools. */
    struct node_found all[COUNT];
    assert_int_equal(mesh_sample_helping(search(net, 1)->mesh, all, COUNT), 1);
    assert_int_equal(mesh_sample(search(net, 1)->mesh, all, COUNT), COUNT - 1);
    net_host_fini(&host);
    relay_net_free(net);
}

static void a_relay_tells_of_itself_how_many_are_in_its_pool(void **state)
{
    struct relay_net *net = net_of(COUNT, 32);
    Ziglan__PoolJoin body = ZIGLAN__POOL_JOIN__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    struct net_host host;

    (void)state;
    relay_net_start(net);
    relay_net_run(net, 120000);
    net_host_init(&host, net, 1);
    net_host_dial(&host, COUNT - 1);
    body.app = control_text("chess");
    body.nat_kind = 1;
    message.body_case = ZIGLAN__CONTROL__BODY_POOL_JOIN;
    message.pool_join = &body;
    net_host_send(&host, &message);
    relay_net_run(net, 200);
    assert_int_equal(host.answer->body_case, ZIGLAN__CONTROL__BODY_POOL_JOINED);
    (void)look(&host, 1);
    assert_int_equal(found(&host)->n_relays, 1);
    is_relay(found(&host)->relays[0], net, COUNT - 1);
    assert_int_equal(found(&host)->relays[0]->size, 1);
    net_host_fini(&host);
    relay_net_free(net);
}

static void who_wants_more_than_is_known_waits_for_what_others_know(void **state)
{
    struct relay_net *net = net_of(COUNT, 33);
    struct net_host host;
    uint64_t took_ms;

    (void)state;
    relay_net_start(net);
    relay_net_run(net, 120000);
    net_host_init(&host, net, 1);
    net_host_dial(&host, 1);
    took_ms = look(&host, 5);
    assert_in_range(took_ms, FIND_WAIT_MS, FIND_WAIT_MS + 200);
    assert_int_equal(found(&host)->n_relays, 1);
    assert_true(queries(net) >= FIND_FANOUT && queries(net) < COUNT);
    assert_int_equal(find_stats(search(net, 1)->find)->relays_refused, 0);
    assert_true(find_stats(search(net, 1)->find)->results > 0);
    net_host_fini(&host);
    relay_net_free(net);
}

static void kinds_of_nat_and_types_are_heeded(void **state)
{
    static const struct {
        const char *app;
        uint32_t nat_kind;
        size_t found;
    } cases[] = {{"chess", 1, 1}, {"chess", 3, 0}, {"other", 1, 1}, {"go", 0, 0}};
    struct relay_net *net = net_of(3, 38);
    struct net_host host;

    (void)state;
    relay_net_start(net);
    relay_net_run(net, 120000);
    net_host_init(&host, net, 1);
    net_host_dial(&host, 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)look_for(&host, cases[i].app, cases[i].nat_kind, 1);
        assert_int_equal(found(&host)->n_relays, cases[i].found);
    }
    net_host_fini(&host);
    relay_net_free(net);
}

/* The relay forgot whom it knew. Its neighbour tells it of the one that is looked for, but it
 * believes that only when it has reached that one itself. */
static void a_relay_that_knows_nobody_believes_no_result_and_finds_soon(void **state)
{
    struct relay_net *net = net_of(COUNT, 34);
    struct net_host host;
    struct relay_node *node = &net->nodes[1];

    (void)state;
    relay_net_start(net);
    relay_net_run(net, 120000);
    relay_node_stop(node);
    store_close(node->store);
    assert_int_equal(store_memory_new(&node->store), ERR_OK);
    relay_node_start(node, net->now);
    net_host_init(&host, net, 1);
    for (unsigned i = 0;
         i < 50 && neighbour_of_key(relay_net_neighbours(net, 1), relay_net_key(net, 0)) == NULL;
         i++) {
        relay_net_run(net, 20);
    }
    net_host_dial(&host, 1);
    (void)look(&host, 1);
    assert_true(find_stats(search(net, 1)->find)->results > 0);
    for (size_t i = 0; i < found(&host)->n_relays; i++) {
        is_relay(found(&host)->relays[i], net, COUNT - 1);
    }
    relay_net_run(net, 20000);
    (void)look(&host, 1);
    assert_int_equal(found(&host)->n_relays, 1);
    is_relay(found(&host)->relays[0], net, COUNT - 1);
    net_host_fini(&host);
    relay_net_free(net);
}

static void a_stranger_of_a_closed_relay_is_told_what_is_known_and_no_more(void **state)
{
    struct relay_net *net = net_of(COUNT, 35);
    struct net_host host;

    (void)state;
    net->nodes[1].cfg.open_relay = false;
    relay_net_start(net);
    relay_net_run(net, 120000);
    net_host_init(&host, net, 1);
    net_host_dial(&host, 1);
    assert_true(look(&host, 24) < 200);
    assert_int_equal(found(&host)->n_relays, 1);
    assert_int_equal(queries(net), 0);
    net_host_fini(&host);
    relay_net_free(net);
}

static void a_search_too_many_is_refused(void **state)
{
    struct relay_net *net = net_of(3, 36);
    struct net_host host;

    (void)state;
    net->nodes[2].cfg.pools.apps_count = 0;
    relay_net_start(net);
    relay_net_run(net, 120000);
    net_host_init(&host, net, 1);
    net_host_dial(&host, 1);
    (void)look(&host, 1);
    assert_int_equal(found(&host)->n_relays, 0);
    (void)look(&host, 1); /* 2.5 s later: it may */
    assert_int_equal(found(&host)->n_relays, 0);
    assert_int_equal(find_stats(search(net, 1)->find)->searched, 2);
    (void)look(&host, 0);
    assert_int_equal(host.answer->error->code, VERDICT_BAD_REQUEST);
    net_host_fini(&host);
    relay_net_free(net);
}

static void a_relay_says_in_its_record_what_it_helps_and_where_to_reward_it(void **state)
{
    struct relay_net *net = net_of(3, 37);
    struct relay_config cfg;
    struct node_found node;
    struct record_node record;

    (void)state;
    net->nodes[2].cfg.rewards =
        (struct rewards){.list = {{"any", "address", "identity"}}, .count = 1};
    relay_net_start(net);
    relay_net_run(net, 120000);
    assert_true(mesh_find(search(net, 1)->mesh, relay_net_key(net, 2), &node));
    assert_int_equal(record_node_decode(&record, node.record, node.record_size - SIGNATURE_SIZE),
                     ERR_OK);
    assert_int_equal(record.apps_count, 2);
    assert_string_equal(record.apps[1], "chess");
    assert_int_equal(record.rewards_count, 1);
    assert_string_equal(record.rewards[0].address, "address");
    cfg = net->nodes[2].cfg;
    cfg.pools.apps_count = 1;
    relay_core_reload(net->nodes[2].core, &cfg, net->now);
    relay_net_run(net, 30000);
    assert_true(mesh_find(search(net, 1)->mesh, relay_net_key(net, 2), &node));
    assert_int_equal(record_node_decode(&record, node.record, node.record_size - SIGNATURE_SIZE),
                     ERR_OK);
    assert_int_equal(record.apps_count, 1);
    relay_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relays_that_are_known_are_told_at_once),
        cmocka_unit_test(a_relay_tells_of_itself_how_many_are_in_its_pool),
        cmocka_unit_test(who_wants_more_than_is_known_waits_for_what_others_know),
        cmocka_unit_test(kinds_of_nat_and_types_are_heeded),
        cmocka_unit_test(a_relay_that_knows_nobody_believes_no_result_and_finds_soon),
        cmocka_unit_test(a_stranger_of_a_closed_relay_is_told_what_is_known_and_no_more),
        cmocka_unit_test(a_search_too_many_is_refused),
        cmocka_unit_test(a_relay_says_in_its_record_what_it_helps_and_where_to_reward_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
