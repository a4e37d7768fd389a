/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the sessions to relays and the measurement. */
#include "client/core/nat.h"

#include "client/core/core_internal.h"
#include "client/core/networks.h"
#include "client/stun2/relay_addresses.h"
#include "proto/base/bytes.h"

size_t host_core_nat_relays(const struct host_core *core, bool v4,
                            struct endpoint out[NETCHECK_RELAYS_MAX])
{
    return relay_addresses(&core->relays, v4, out, NETCHECK_RELAYS_MAX);
}

/* The peer is told with the next punch; then both know whether ports are to be guessed. */
static void punch_again(struct host_core *core, struct mono now)
{
    for (size_t i = 0; i < core->peers.count; i++) {
        struct conversation *a =
            core->peers.list[i] == NULL ? NULL : core->peers.list[i]->conversation;

        if (a != NULL && a->punching.id != 0 && path_table_direct(&a->paths) == NULL) {
            punching_begin_anew(&a->punching, now);
            conversation_wake(a, now);
        }
    }
}

void host_core_set_nat(struct host_core *core, enum nat_name name, const struct guess_ports *ports,
                       struct mono now)
{
    bool differs = core->conversations.nat_kind != (uint8_t)name;

    core->conversations.nat_kind = (uint8_t)name;
    core->conversations.guesswork.ports = ports != NULL ? *ports : (struct guess_ports){0};
    if (differs && name != NAT_NAME_UNKNOWN) {
        punch_again(core, now);
    }
}

void host_core_nat_measured(struct host_core *core, enum nat_name name,
                            const struct guess_ports *ports, struct mono now)
{
    uint8_t here[NETWORKS_ID_SIZE];

    host_core_set_nat(core, name, ports, now);
    if (name != NAT_NAME_UNKNOWN && networks_here(core, here)) {
        networks_enter(core, here)->nat = (struct network_nat){
            .name = name, .ports = *ports, .measured_ms = env_wall_ms(core->env)};
        networks_save(core);
    }
}

const struct network_nat *host_core_nat_known(struct host_core *core)
{
    uint8_t here[NETWORKS_ID_SIZE];
    const struct network_known *known =
        networks_here(core, here) ? networks_find(core, here) : NULL;

    return known != NULL && known->nat.name != NAT_NAME_UNKNOWN ? &known->nat : NULL;
}

size_t host_core_networks_count(const struct host_core *core)
{
    return core->networks.count;
}

bool host_core_nat_wanted(struct host_core *core)
{
    bool wanted = core->nat_wanted && core->conversations.nat_kind == NAT_NAME_UNKNOWN;

    core->nat_wanted = false;
    return wanted;
}

uint64_t host_core_nat_place(const struct host_core *core, struct mono now)
{
    const struct relay_session *relay;

    TAILQ_FOREACH(relay, &core->relays.list, in_set)
    {
        bool settled = relay->moved_at.ns == MONO_NEVER.ns ||
                       mono_due(mono_add_ms(relay->moved_at, NAT_SETTLE_MS), now);

        if (relay->open && relay->way.known && settled && !endpoint_is_none(&relay->observed)) {
            uint64_t place = 1;

            for (size_t i = 0; i < 16; i += 8) { /* a mark, not a secret */
                place = place * 1000003 + be64_read(relay->observed.ip + i);
                place = place * 1000003 + be64_read(relay->way.source + i);
                place = place * 1000003 + be64_read(relay->way.next_hop + i);
            }
            return place == 0 ? 1 : place;
        }
    }
    return 0;
}
