/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The underlay changed, perhaps: which addresses count, and who is told. */
#include "client/core/network.h"

#include "client/core/core_internal.h"
#include "client/core/lan.h"
#include "client/core/mapping.h"
#include "client/peer/guesswork.h"
#include "client/peer/pathfinder.h"

static struct conversation *conversation_of(const struct host_core *core, size_t i)
{
    return core->peers.list[i] == NULL ? NULL : core->peers.list[i]->conversation;
}

/* ---- which addresses ---- */

static bool has_peer_in_prefix(const struct host_core *core, const struct host_local_addr *addr)
{
    for (size_t i = 0; i < core->peers.count; i++) {
        const struct conversation *a = conversation_of(core, i);

        for (size_t k = 0; a != NULL && k < a->candidates.list.count; k++) {
            if (address_has_in_prefix(addr, a->candidates.list.list[k].ip)) {
                return true;
            }
        }
    }
    return false;
}

static size_t choose(const struct host_core *core, struct host_local_addr *out,
                     const struct host_local_addr *addrs, size_t count)
{
    bool peers[ADDRESS_CHOICE_MAX] = {false};

    /* Where all fit, it does not matter who is where. */
    for (size_t i = 0; count > OWN_ADDRESSES_MAX && i < count && i < ADDRESS_CHOICE_MAX; i++) {
        peers[i] = has_peer_in_prefix(core, &addrs[i]);
    }
    return address_choose(out, OWN_ADDRESSES_MAX, addrs, peers, count);
}

/* ---- who is told ---- */

void host_core_network(struct host_core *core, const struct host_local_addr *addrs, size_t count,
                       uint16_t port, const struct way_finder *ways, struct mono now)
{
    struct network_change change = {.ways = ways};
    struct host_local_addr chosen[OWN_ADDRESSES_MAX];

    count = choose(core, chosen, addrs, count);
    change.more = own_addresses_set(&core->underlay, chosen, count, port);
    change.moved = relay_set_on_network(&core->relays, ways, now) || ways == NULL;
    if (change.moved) {
        mapping_doubt(core, now);
        core->conversations.guesswork.forbidden = false;
        guesswork_stop(&core->conversations, now);
    }
    if (change.more || change.moved) {
        lan_on_network(core, change.moved, now);
    }
    for (size_t i = 0; i < core->peers.count; i++) {
        if (conversation_of(core, i) != NULL) {
            pathfinder_on_network(conversation_of(core, i), &change, now);
        }
    }
}

void host_core_network_begins(struct host_core *core, const struct way_finder *ways)
{
    for (size_t i = 0; i < core->peers.count; i++) {
        if (conversation_of(core, i) != NULL) {
            pathfinder_hold(conversation_of(core, i), ways);
        }
    }
}

void host_core_learn_ways(struct host_core *core, const struct way_finder *ways)
{
    relay_set_learn_ways(&core->relays, ways);
    for (size_t i = 0; i < core->peers.count; i++) {
        if (conversation_of(core, i) != NULL) {
            pathfinder_learn_ways(conversation_of(core, i), ways);
        }
    }
}
