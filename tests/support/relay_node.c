/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A relay core, and in memory what relayd gives it. */
#include "tests/support/relay_node.h"

#include "proto/base/bytes.h"
#include "rendezvous/store/store_memory.h"

#include <stdlib.h>
#include <string.h>

void relay_node_init(struct relay_node *node, const struct env *env,
                     const struct identity *identity, const struct identity *ziglan_identity,
                     const struct endpoint *address)
{
    const struct relay_config nothing_more = {0};

    memset(node, 0, sizeof(*node));
    node->env = env;
    node->identity = *identity;
    node->ziglan_identity = *ziglan_identity;
    node->address = *address;
    (void)endpoint_text(address, node->public_host);
    relay_node_configure(node, &nothing_more);
    CHECK(store_memory_new(&node->store) == ERR_OK);
    CHECK(outbox_init(&node->box, 1 << 20, 2048) == ERR_OK);
}

void relay_node_fini(struct relay_node *node)
{
    relay_node_stop(node);
    store_close(node->store);
    outbox_fini(&node->box);
    identity_wipe(&node->identity);
    identity_wipe(&node->ziglan_identity);
}

void relay_node_configure(struct relay_node *node, const struct relay_config *cfg)
{
    node->cfg = *cfg;
    node->cfg.identity = &node->identity;
    node->cfg.ziglan_identity = &node->ziglan_identity;
    node->cfg.ziglan_name = "home";
    node->cfg.public_hosts = node->public_host;
}

void relay_node_set_open(struct relay_node *node)
{
    node->cfg.ziglan_identity = NULL;
    node->cfg.ziglan_name = NULL;
    node->cfg.open_relay = true;
}

void relay_node_start(struct relay_node *node, struct mono now)
{
    CHECK(node->core == NULL);
    CHECK(relay_core_new(&node->core, &node->cfg, node->store, node->env, now) == ERR_OK);
}

void relay_node_stop(struct relay_node *node)
{
    relay_core_free(node->core);
    node->core = NULL;
}

size_t relay_node_restart(struct relay_node *node, struct mono now)
{
    size_t size, count;
    uint8_t *lanes = relay_core_lanes_save(node->core, &size);

    relay_node_stop(node);
    relay_node_start(node, now);
    count = lanes == NULL ? 0 : relay_core_lanes_load(node->core, lanes, size, now);
    free(lanes);
    return count;
}

size_t relay_node_pump(struct relay_node *node, struct mono now)
{
    size_t total = 0;
    size_t count;

    do {
        relay_core_transmit(node->core, &node->box, now);
        count = node->box.items_count;
        total += count;
        node->send(node->context, node);
        outbox_clear(&node->box);
    } while (count > 0);
    return total;
}

struct mono relay_node_deadline(const struct relay_node *node)
{
    return node->core == NULL ? MONO_NEVER : relay_core_deadline(node->core);
}
