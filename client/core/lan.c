/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Notices of our own by the clock, and what follows from those of others. */
#include "client/core/lan.h"

#include "client/core/core_internal.h"
#include "client/peer/initiation.h"
#include "client/peer/pathfinder.h"
#include "client/peer/presence.h"
#include "proto/base/bytes.h"

#include <string.h>

static const struct bucket_rate read_rate = {LAN_READS_PER_S, 2 * LAN_READS_PER_S};
static const struct bucket_rate verify_rate = {LAN_VERIFIES_PER_S, 5 * LAN_VERIFIES_PER_S};

int host_core_lan_begin(struct host_core *core, struct mono now)
{
    int rc = lan_places_init(&core->conversations.lan, core->env);

    if (rc == ERR_OK) {
        core->lan = (struct lan){.on = true, .asked_at = MONO_NEVER};
        bucket_init(&core->lan.reads, &read_rate, now);
        bucket_init(&core->lan.verifies, &verify_rate, now);
        lan_expire(core, now);
    }
    return rc;
}

/* ---- when we say something ---- */

static struct lan_turn *turn_of(struct lan *lan, const uint8_t ziglan_key[KEY_SIZE])
{
    for (size_t i = 0; i < lan->turns_count; i++) {
        if (memcmp(lan->turns[i].ziglan_key, ziglan_key, KEY_SIZE) == 0) {
            return &lan->turns[i];
        }
    }
    return NULL;
}

static void burst_begin(struct lan_turn *turn, struct mono now)
{
    turn->at = now;
    turn->burst = LAN_BURST - 1;
    turn->asks = true;
}

/* One turn for each ziglan that is joined; those that are new begin at once. */
static void turns_match(struct host_core *core, struct mono now)
{
    struct lan *lan = &core->lan;
    struct lan next = *lan;
    const struct ziglan *ziglan;

    next.turns_count = 0;
    TAILQ_FOREACH(ziglan, &core->ziglans.head, in_list)
    {
        const struct lan_turn *known = turn_of(lan, ziglan->record.url.key);
        struct lan_turn *turn = &next.turns[next.turns_count++];

        if (known != NULL) {
            *turn = *known;
        } else {
            *turn = (struct lan_turn){.said_at = MONO_NEVER};
            memcpy(turn->ziglan_key, ziglan->record.url.key, KEY_SIZE);
            burst_begin(turn, now);
        }
    }
    *lan = next;
}

static bool was_lately(struct mono at, uint64_t ms, struct mono now)
{
    return at.ns != MONO_NEVER.ns && mono_ms_between(at, now) < ms;
}

/* Somebody is sought who was not heard: ask, but not without end for one that is not there. */
static void ask_for_wanted(struct host_core *core, struct mono now)
{
    struct lan *lan = &core->lan;

    if (!core->conversations.lan.wanted || was_lately(lan->asked_at, LAN_QUESTION_AGAIN_MS, now)) {
        return;
    }
    core->conversations.lan.wanted = false;
    lan->asked_at = now;
    for (size_t i = 0; i < lan->turns_count; i++) {
        lan->turns[i].at = now;
        lan->turns[i].asks = true;
    }
}

static struct mono next_at(struct host_core *core, struct lan_turn *turn, struct mono now)
{
    if (turn->burst > 0) {
        turn->burst--;
        return mono_add_ms(now, (uint64_t)LAN_BURST_MS * (LAN_BURST - 1 - turn->burst));
    }
    return mono_add_ms(now, LAN_EVERY_MS - env_random_below(core->env, LAN_EVERY_MS / 6));
}

void lan_expire(struct host_core *core, struct mono now)
{
    if (!core->lan.on) {
        return;
    }
    turns_match(core, now);
    ask_for_wanted(core, now);
    for (size_t i = 0; i < core->lan.turns_count; i++) {
        struct lan_turn *turn = &core->lan.turns[i];

        if (mono_due(turn->at, now)) {
            turn->at = next_at(core, turn, now);
            turn->due = true;
        }
    }
}

struct mono lan_deadline(const struct host_core *core)
{
    const struct lan *lan = &core->lan;
    struct mono at = MONO_NEVER;

    if (lan->on && core->conversations.lan.wanted) {
        at = lan->asked_at.ns == MONO_NEVER.ns ? (struct mono){0}
                                               : mono_add_ms(lan->asked_at, LAN_QUESTION_AGAIN_MS);
    }
    for (size_t i = 0; i < core->lan.turns_count; i++) {
        at = mono_min(at, core->lan.turns[i].at);
    }
    return at;
}

void lan_on_network(struct host_core *core, bool moved, struct mono now)
{
    if (moved && core->lan.on) {
        lan_places_leave(&core->conversations.lan);
    }
    for (size_t i = 0; i < core->lan.turns_count; i++) {
        burst_begin(&core->lan.turns[i], now);
    }
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
    uint8_t nonce[LAN_NOTICE_NONCE_SIZE];
    struct lan_notice notice;

    for (size_t i = 0; i < core->lan.turns_count; i++) {
        struct lan_turn *turn = &core->lan.turns[i];

        bool due = turn->due;

        turn->due = false;
        if (!due || !notice_make(core, &notice)) {
            continue;
        }
        notice.asks = turn->asks;
        turn->asks = turn->burst > 0;
        turn->said_at = now;
        env_random(core->env, nonce, sizeof(nonce));
        lan_notice_write(out, &notice, core->local.identity, turn->ziglan_key, nonce);
        core->dataplane.counters.lan_said++;
        return true;
    }
    return false;
}

/* ---- what others say ---- */

static void answer(struct host_core *core, const struct ziglan *ziglan, struct mono now)
{
    struct lan_turn *turn = turn_of(&core->lan, ziglan->record.url.key);
    struct mono at = mono_add_ms(now, env_random_below(core->env, LAN_ANSWER_SPREAD_MS));

    if (turn != NULL && !was_lately(turn->said_at, LAN_ANSWER_AGAIN_MS, now)) {
        turn->at = mono_min(turn->at, at);
    }
}

/* The signature is looked at last, because it costs most. */
static bool is_news(struct host_core *core, const struct ziglan *ziglan, const struct peer *peer,
                    const struct lan_notice_signed *read, struct mono now)
{
    return peer != NULL && !peer->blocked &&
           lan_places_is_newer(&core->conversations.lan, peer->key, read->notice.sequence) &&
           bucket_take(&core->lan.verifies, &verify_rate, 1, now) &&
           lan_notice_verify(read, ziglan->record.url.key);
}

static void hear(struct host_core *core, const struct ziglan *ziglan,
                 const struct lan_notice_signed *read, struct mono now)
{
    struct peer *peer = peer_find_in(&core->peers, ziglan, read->notice.key, KEY_SIZE);
    const struct lan_place *place;

    if (!is_news(core, ziglan, peer, read, now)) {
        core->dataplane.counters.lan_dropped++;
        return;
    }
    core->dataplane.counters.lan_heard++;
    place = lan_places_hear(&core->conversations.lan, &read->notice, &core->underlay, now);
    if (read->notice.asks) {
        answer(core, ziglan, now);
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

    if (!core->lan.on || !bucket_take(&core->lan.reads, &read_rate, 1, now)) {
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
