/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of relays that an operator gets. */
#include "relayd/admin/nodes.h"

#include "tests/support/relay_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct relay_peers peers_of[4];

static void reward_set(struct relay_net *net, size_t i, const char *address)
{
    struct record_reward *reward = &net->nodes[i].cfg.rewards.list[0];

    (void)snprintf(reward->chain, sizeof(reward->chain), "sol");
    (void)snprintf(reward->address, sizeof(reward->address), "%s", address);
    net->nodes[i].cfg.rewards.count = 1;
}

/* The row of relay i. */
static const json_t *row_of(struct relay_net *net, const json_t *list, size_t i)
{
    char address[ENDPOINT_TEXT_SIZE];

    (void)endpoint_text(&net->nodes[i].address, address);
    for (size_t k = 0; k < json_array_size(list); k++) {
        const json_t *row = json_array_get(list, k);

        if (strcmp(json_string_value(json_object_get(row, "address")), address) == 0) {
            return row;
        }
    }
    fail_msg("%s is not listed", address);
    return NULL;
}

static json_int_t group_of(struct relay_net *net, const json_t *list, size_t i)
{
    return json_integer_value(json_object_get(row_of(net, list, i), "group"));
}

static void relays_of_one_reward_address_are_listed_as_a_group(void **state)
{
    struct relay_net *net = relay_net_new(4, 51);
    const json_t *list;
    json_t *answer;

    (void)state;
    for (size_t i = 1; i < 4; i++) {
        struct url_relay *peer = &peers_of[i].list[0];

        peers_of[i].count = 1;
        memcpy(peer->key, relay_net_key(net, 0), KEY_SIZE);
        (void)endpoint_ip_text(&net->nodes[0].address, peer->host.name);
        peer->host.port = 4433;
        peer->host.numeric = true;
        net->nodes[i].cfg.peers = &peers_of[i];
    }
    reward_set(net, 0, "one");
    reward_set(net, 1, "two");
    reward_set(net, 3, "one");
    relay_net_start(net);
    relay_net_run(net, 120000);
    answer = nodes_list(net->nodes[0].core);
    list = json_object_get(answer, "nodes");
    assert_int_equal(json_array_size(list), 4);
    assert_true(group_of(net, list, 0) != 0 && group_of(net, list, 1) != 0);
    assert_int_equal(group_of(net, list, 0), group_of(net, list, 3));
    assert_int_not_equal(group_of(net, list, 0), group_of(net, list, 1));
    assert_int_equal(group_of(net, list, 2), 0);
    json_decref(answer);
    relay_net_free(net);
}

/* Of two relays one is behind a NAT, and nobody else is there to measure. */
static void what_only_neighbours_measured_is_said_so(void **state)
{
    static const uint8_t inside[4] = {192, 168, 7, 2}, outside[4] = {198, 51, 100, 30};
    struct relay_net *net = relay_net_new(2, 21);
    char text[REACH_TEXT_SIZE];

    (void)state;
    net->nodes[1].address = endpoint_v4(inside, 4433);
    net->outside[1] = endpoint_v4(outside, 4433);
    relay_net_peers(net);
    relay_net_start(net);
    relay_net_run(net, 30000);
    assert_string_equal(reach_text(net->nodes[1].core, text),
                        "yes, at 198.51.100.30:4433, behind a NAT; only relays to which this one "
                        "sends measured it");
    assert_null(strstr(reach_text(net->nodes[0].core, text), "NAT"));
    relay_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relays_of_one_reward_address_are_listed_as_a_group),
        cmocka_unit_test(what_only_neighbours_measured_is_said_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
