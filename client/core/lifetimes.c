/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was measured stands in the memory of networks. */
#include "client/core/lifetimes.h"

#include "client/core/core_internal.h"
#include "client/core/networks.h"

#include <string.h>

/* ---- what is known here ---- */

/* NULL: it was not measured here, or this host is nowhere. */
static struct network_lifetime *known_here(struct host_core *core)
{
    const struct lifetimes *l = &core->lifetimes;
    struct network_known *network = l->somewhere ? networks_find(core, l->network) : NULL;

    return network != NULL && network->lifetime.measured_ms != 0 ? &network->lifetime : NULL;
}

const struct network_lifetime *host_core_lifetime(struct host_core *core)
{
    return known_here(core);
}

const struct keepalive *host_core_keepalive(const struct host_core *core)
{
    return &core->relays.keepalive;
}

static uint32_t smaller(uint32_t ms, uint32_t most)
{
    return most != 0 && ms > most ? most : ms;
}

static void keepalive_follow(struct host_core *core, struct mono now)
{
    const struct network_lifetime *known = known_here(core);
    struct keepalive keepalive = keepalive_unmeasured();
    uint32_t most = core->lifetimes.keepalive_ms_max;

    if (known != NULL) {
        keepalive =
            keepalive_of(lifetime_young_ms(&known->found), lifetime_span_ms(&known->found.kept));
        most = known->keepalive_ms_max;
    }
    keepalive.young_ms = smaller(keepalive.young_ms, most);
    keepalive.kept_ms = smaller(keepalive.kept_ms, most);
    if (keepalive.young_ms != core->relays.keepalive.young_ms ||
        keepalive.kept_ms != core->relays.keepalive.kept_ms) {
        core->lifetimes.judged_from =
            mono_add_ms(now, core->relays.keepalive.kept_ms + LIFETIMES_CHANGE_MS);
    }
    core->relays.keepalive = keepalive;
}

/* ---- where this host is, and what happens there ---- */

/* True if a NAT forgot a mapping: a relay sees another port, or first packets after silences get
 * lost. */
static bool a_mapping_died(struct host_core *core, struct mono now)
{
    struct lifetimes *l = &core->lifetimes;
    uint64_t lost = core->dataplane.counters.silences_lost;
    bool changed = lost - l->silences_lost >= LIFETIMES_SILENCES;
    struct relay_session *relay;

    if (changed || !mono_due(l->judged_from, now)) {
        l->silences_lost = lost;
    }
    TAILQ_FOREACH(relay, &core->relays.list, in_set)
    {
        changed = relay_session_take_port_changed(relay) || changed;
    }
    return changed;
}

/* Whatever was measured, the NAT forgot a mapping that should have lasted. */
static void on_early_death(struct host_core *core, struct mono now)
{
    struct lifetimes *l = &core->lifetimes;
    struct network_lifetime *known = known_here(core);
    uint32_t ms = core->relays.keepalive.kept_ms;
    uint32_t most = ms > KEEPALIVE_MS_UNMEASURED ? KEEPALIVE_MS_UNMEASURED : ms / 2;

    most = most < KEEPALIVE_MS_MIN ? KEEPALIVE_MS_MIN : most;
    l->doubted = true;
    if (known == NULL) {
        l->keepalive_ms_max = most;
    } else {
        known->keepalive_ms_max = most;
        networks_save(core);
    }
    keepalive_follow(core, now);
    env_trace(core->env, TRACE_LEVEL_INFO, "nat.forgot", "keepalive_ms=%u now_ms=%u", ms, most);
}

void lifetimes_look(struct host_core *core, struct mono now)
{
    struct lifetimes *l = &core->lifetimes;
    uint8_t network[NETWORKS_ID_SIZE];
    bool died = a_mapping_died(core, now);

    if (!networks_here(core, network)) {
        return;
    }
    if (!l->somewhere || memcmp(l->network, network, sizeof(network)) != 0) {
        memcpy(l->network, network, sizeof(network));
        l->somewhere = true;
        l->doubted = false;
        l->keepalive_ms_max = 0;
        l->silences_lost = core->dataplane.counters.silences_lost;
        l->next_at = mono_add_ms(now, LIFETIMES_SETTLE_MS);
        if (mono_before(l->next_at, l->spared_until)) {
            l->next_at = l->spared_until;
        }
        keepalive_follow(core, now);
    } else if (died && mono_due(l->judged_from, now)) {
        on_early_death(core, now);
    }
}

/* ---- measurements ---- */

bool host_core_lifetime_wanted(struct host_core *core, struct mono now)
{
    const struct lifetimes *l = &core->lifetimes;

    return l->somewhere && mono_due(l->next_at, now) && (l->doubted || known_here(core) == NULL);
}

void host_core_lifetime_begins(struct host_core *core, struct mono now)
{
    core->lifetimes.next_at = mono_add_ms(now, LIFETIMES_AGAIN_MS);
    core->lifetimes.spared_until = mono_add_ms(now, LIFETIMES_EVERY_MS);
}

void host_core_lifetime_measured(struct host_core *core, const struct lifetime_found *found,
                                 struct mono now)
{
    struct lifetimes *l = &core->lifetimes;

    if (found->unable || !l->somewhere) {
        return;
    }
    networks_enter(core, l->network)->lifetime =
        (struct network_lifetime){.found = *found, .measured_ms = env_wall_ms(core->env)};
    l->doubted = false;
    l->keepalive_ms_max = 0;
    networks_save(core);
    keepalive_follow(core, now);
    env_trace(core->env, TRACE_LEVEL_INFO, "nat.lifetime", "kept_ms=%u quiet_ms=%u keepalive_ms=%u",
              lifetime_span_ms(&found->kept), lifetime_span_ms(&found->quiet),
              core->relays.keepalive.kept_ms);
}

uint64_t host_core_packets_count(const struct host_core *core)
{
    return core->dataplane.counters.packets_in + core->dataplane.counters.packets_out;
}
