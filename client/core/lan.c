/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What we say to the LAN, and what follows from what others say. */
#include "client/core/lan.h"

#include "client/core/core_internal.h"
#include "client/peer/initiation.h"
#include "client/peer/pathfinder.h"
#include "client/peer/presence.h"

#include <string.h>

int host_core_lan_begin(struct host_core *core, struct mono now)
{
    int rc = lan_places_init(&core->conversations.lan, core->env, now);

    if (rc == ERR_OK) {
        lan_turns_begin(&core->lan);
        lan_expire(core, now);
    }
    return rc;
}

void lan_expire(struct host_core *core, struct mono now)
{
    lan_turns_match(&core->lan, &core->ziglans, now);
    if (core->conversations.lan.wanted && lan_turns_seek(&core->lan, now)) {
        core->conversations.lan.wanted = false;
    }
    lan_turns_expire(&core->lan, core->env, now);
}

struct mono lan_deadline(const struct host_core *core)
{
    struct mono at = lan_turns_deadline(&core->lan);

    return core->conversations.lan.wanted ? mono_min(at, lan_turns_seek_at(&core->lan)) : at;
}

void lan_on_network(struct host_core *core, bool moved, struct mono now)
{
    if (moved && core->lan.on) {
        lan_places_leave(&core->conversations.lan);
    }
    lan_turns_again(&core->lan, now);
}

/* ---- what we say ---- */

static bool is_for_lan(const struct host_local_addr *addr, const struct endpoint *at)
{
    return (addr->use == ADDRESS_USE_OUTWARD || addr->use == ADDRESS_USE_LINK) &&
           endpoint_scope(at) != ENDPOINT_SCOPE_NEVER;
}

/* False if there is nothing to say: this machine has no address. */
static bool notice_make(struct host_core *core, struct lan_notice *notice)
{
    struct conversations *shared = &core->conversations;

    *notice = (struct lan_notice){.port = core->underlay.port};
    for (size_t i = 0; i < core->underlay.count && notice->count < LAN_NOTICE_ADDRESSES_MAX; i++) {
        const struct host_local_addr *addr = &core->underlay.addrs[i];
        struct endpoint at = endpoint_v6(addr->ip, core->underlay.port);

        if (is_for_lan(addr, &at)) {
            memcpy(notice->ips[notice->count++], addr->ip, sizeof(addr->ip));
        }
    }
    if (notice->count == 0 || notice->port == 0) {
        return false;
    }
    /* The numbers of our handshakes grow over restarts, too. One that could not be stored is used
     * all the same: at worst others take our notices for old ones after a restart. */
    if (growing_next(&shared->timestamps, shared->store, INITIATION_MARK, env_wall_ms(core->env),
                     &notice->sequence) != ERR_OK) {
        env_trace(core->env, TRACE_LEVEL_ERROR, "lan.store",
                  "the time mark could not be stored; free some disk space");
    }
    return true;
}

bool host_core_lan_wanted(struct host_core *core, uint8_t out[LAN_NOTICE_SIZE], struct mono now)
{
    uint8_t nonce[LAN_NOTICE_NONCE_SIZE], ziglan_key[KEY_SIZE];
    struct lan_notice notice;
    bool asks;

    while (lan_turns_take(&core->lan, ziglan_key, &asks, now)) {
        if (notice_make(core, &notice)) {
            notice.asks = asks;
            env_random(core->env, nonce, sizeof(nonce));
            lan_notice_write(out, &notice, core->local.identity, ziglan_key, nonce);
            core->dataplane.counters.lan_said++;
            return true;
        }
    }
    return false;
}

/* ---- what others say ---- */

/* The signature is looked at last, because it costs most. */
static bool counts(struct host_core *core, const struct ziglan *ziglan, const struct peer *peer,
                   const struct lan_notice_signed *read, struct mono now)
{
    return peer != NULL && !peer->blocked &&
           lan_places_is_newer(&core->conversations.lan, peer->key, read->notice.sequence) &&
           lan_places_may_verify(&core->conversations.lan, now) &&
           lan_notice_verify(read, ziglan->record.url.key);
}

static void hear(struct host_core *core, const struct ziglan *ziglan,
                 const struct lan_notice_signed *read, struct mono now)
{
    struct peer *peer = peer_find_in(&core->peers, ziglan, read->notice.key, KEY_SIZE);
    const struct lan_place *place;

    if (!counts(core, ziglan, peer, read, now)) {
        core->dataplane.counters.lan_dropped++;
        return;
    }
    core->dataplane.counters.lan_heard++;
    place = lan_places_hear(&core->conversations.lan, &read->notice, &core->underlay, now);
    if (read->notice.asks) {
        lan_turns_answer(&core->lan, ziglan->record.url.key, core->env, now);
    }
    if (place == NULL || place->count == 0) {
        return;
    }
    presence_on_here(peer);
    if (peer->conversation != NULL) {
        pathfinder_on_lan(peer->conversation, place, now);
    }
}

void host_core_lan_receive(struct host_core *core, const uint8_t *data, size_t size,
                           struct mono now)
{
    struct lan_notice_signed read;
    const struct ziglan *ziglan;

    if (!core->lan.on || !lan_places_may_read(&core->conversations.lan, now)) {
        core->dataplane.counters.lan_dropped++;
        return;
    }
    TAILQ_FOREACH(ziglan, &core->ziglans.head, in_list)
    {
        if (lan_notice_read(&read, ziglan->record.url.key, data, size) == ERR_OK) {
            if (memcmp(read.notice.key, core->local.identity->public_key, KEY_SIZE) != 0) {
                hear(core, ziglan, &read, now);
            }
            return;
        }
    }
    core->dataplane.counters.lan_dropped++;
}
