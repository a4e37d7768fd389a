/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What we say to the LAN, and what follows from what others say. */
#include "client/core/lan.h"

#include "client/core/core_internal.h"
#include "client/core/membership.h"
#include "client/peer/initiation.h"
#include "client/peer/pathfinder.h"
#include "client/peer/presence.h"
#include "rendezvous/roster/roster_proof.h"

#include <string.h>

enum { PROOF_SIGNATURES = 3 };

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

/* Why we are a member of this ziglan. False if that is not known, or too long. */
static bool proof_make(struct host_core *core, const uint8_t ziglan_key[KEY_SIZE],
                       uint8_t out[LAN_PROOF_SIZE])
{
    uint8_t nonce[LAN_SEAL_NONCE_SIZE], chain[LAN_PROOF_CHAIN_MAX];
    const struct ziglan *ziglan = ziglan_list_find(&core->ziglans, ziglan_key);
    size_t size;

    if (ziglan == NULL || roster_proof_write(ziglan->roster, core->local.identity->public_key,
                                             chain, sizeof(chain), &size) != ERR_OK) {
        return false;
    }
    env_random(core->env, nonce, sizeof(nonce));
    lan_proof_write(out, chain, size, ziglan_key, nonce);
    return true;
}

bool host_core_lan_wanted(struct host_core *core, uint8_t out[LAN_DATAGRAM_SIZE_MAX], size_t *size,
                          struct mono now)
{
    uint8_t nonce[LAN_NOTICE_NONCE_SIZE], ziglan_key[KEY_SIZE];
    struct lan_turns *turns = &core->lan;
    struct lan_notice notice;
    bool asks, shows;

    while (!turns->notice_waits && lan_turns_take(turns, ziglan_key, &asks, &shows, now)) {
        if (notice_make(core, &notice)) {
            notice.asks = asks;
            env_random(core->env, nonce, sizeof(nonce));
            lan_notice_write(turns->notice, &notice, core->local.identity, ziglan_key, nonce);
            turns->notice_waits = true;
            if (shows && proof_make(core, ziglan_key, out)) {
                *size = LAN_PROOF_SIZE;
                return true;
            }
        }
    }
    if (!turns->notice_waits) {
        return false;
    }
    turns->notice_waits = false;
    memcpy(out, turns->notice, sizeof(turns->notice));
    *size = sizeof(turns->notice);
    core->dataplane.counters.lan_said++;
    return true;
}

/* ---- what others say ---- */

/* The signature is looked at last, because it costs most. */
static bool counts(struct host_core *core, const struct ziglan *ziglan, const struct peer *peer,
                   const struct lan_notice_signed *read, struct mono now)
{
    return peer != NULL && !peer->blocked &&
           lan_places_is_newer(&core->conversations.lan, peer->key, read->notice.sequence) &&
           lan_places_may_verify(&core->conversations.lan, 1, now) &&
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

/* Somebody shows that somebody is a member. Who is one already is one without that. */
static bool proof_counts(struct host_core *core, const struct ziglan *ziglan,
                         const struct roster_proof *proof, struct mono now)
{
    if (roster_find_key(ziglan->roster, proof->key) != NULL) {
        return false;
    }
    if (!lan_places_may_verify(&core->conversations.lan, PROOF_SIGNATURES, now)) {
        core->dataplane.counters.lan_dropped++;
        return false;
    }
    return true;
}

static void proof_hear(struct host_core *core, struct ziglan *ziglan, const uint8_t *bytes,
                       size_t size, struct mono now)
{
    struct roster_proof proof;

    if (roster_proof_read(&proof, bytes, size) != ERR_OK) {
        core->dataplane.counters.lan_dropped++;
    } else if (proof_counts(core, ziglan, &proof, now) &&
               !membership_on_proof(core, ziglan, &proof, now)) {
        core->dataplane.counters.lan_dropped++;
    }
}

/* True if it is one of this ziglan. */
static bool proof_receive(struct host_core *core, struct ziglan *ziglan, const uint8_t *data,
                          size_t size, struct mono now)
{
    uint8_t body[LAN_PROOF_BODY_SIZE];
    const uint8_t *proof;
    size_t proof_size;

    if (lan_proof_read(body, &proof, &proof_size, ziglan->record.url.key, data, size) != ERR_OK) {
        return false;
    }
    proof_hear(core, ziglan, proof, proof_size, now);
    return true;
}

void host_core_lan_receive(struct host_core *core, const uint8_t *data, size_t size,
                           struct mono now)
{
    struct lan_notice_signed read;
    struct ziglan *ziglan;

    if (!core->lan.on || !lan_places_may_read(&core->conversations.lan, now)) {
        core->dataplane.counters.lan_dropped++;
        return;
    }
    TAILQ_FOREACH(ziglan, &core->ziglans.head, in_list)
    {
        if (proof_receive(core, ziglan, data, size, now)) {
            return;
        }
        if (lan_notice_read(&read, ziglan->record.url.key, data, size) == ERR_OK) {
            if (memcmp(read.notice.key, core->local.identity->public_key, KEY_SIZE) != 0) {
                hear(core, ziglan, &read, now);
            }
            return;
        }
    }
    core->dataplane.counters.lan_dropped++;
}
