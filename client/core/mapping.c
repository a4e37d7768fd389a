/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which relay is asked, and who is told of what it showed. */
#include "client/core/mapping.h"

#include "client/core/core_internal.h"

/* Peers are told with the list of our addresses, as soon as they are there. */
static void tell(struct host_core *core, struct mono now)
{
    const struct endpoint *proven = mapping_check_proven(&core->mapping);
    char text[ENDPOINT_TEXT_SIZE];

    if (!own_addresses_set_mapped(&core->underlay, proven)) {
        return;
    }
    env_trace(core->env, TRACE_LEVEL_INFO, "portmap.proven", "others get through to it: %s",
              proven != NULL ? endpoint_text(proven, text) : "no");
    for (size_t i = 0; i < core->peers.count; i++) {
        if (core->peers.list[i] != NULL && core->peers.list[i]->conversation != NULL) {
            conversation_wake(core->peers.list[i]->conversation, now);
        }
    }
}

void host_core_mapped(struct host_core *core, uint16_t port, struct mono now)
{
    mapping_check_set(&core->mapping, core->env, port, now);
    tell(core, now);
}

bool host_core_mapped_is_proven(const struct host_core *core)
{
    return mapping_check_proven(&core->mapping) != NULL;
}

void mapping_doubt(struct host_core *core, struct mono now)
{
    mapping_check_doubt(&core->mapping, now);
    tell(core, now);
}

bool mapping_on_stun(struct host_core *core, const struct dgram *in, struct mono now)
{
    bool is_ours = mapping_check_on_stun(&core->mapping, in, now);

    tell(core, now);
    return is_ours;
}

/* A relay to which packets go by IPv4, which alone is mapped; NULL: there is none. */
static const struct relay_session *relay_to_ask(const struct host_core *core)
{
    const struct relay_session *relay;

    TAILQ_FOREACH(relay, &core->relays.list, in_set)
    {
        if (relay->open && !relay->stalled && endpoint_is_v4(&relay->remote)) {
            return relay;
        }
    }
    return NULL;
}

void mapping_expire(struct host_core *core, struct outbox *out, struct mono now)
{
    const struct endpoint local = {.port = core->underlay.port};
    const struct relay_session *relay;

    if (mapping_check_due(&core->mapping, now)) {
        relay = relay_to_ask(core);
        mapping_check_ask(&core->mapping, &local, relay != NULL ? &relay->remote : NULL, out, now);
        tell(core, now);
    }
}
