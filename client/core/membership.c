/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a change of a roster means for peers and their conversations. */
#include "client/core/membership.h"

#include "client/peer/life.h"
#include "client/peer/pathfinder.h"
#include "client/peer/presence.h"

#include <string.h>

static void find_relays(struct peer *peer, struct mono now)
{
    if (peer != NULL && peer->conversation != NULL) {
        pathfinder_on_relays(peer->conversation, now);
    }
}

/* A member was added or changed; came: perhaps it has another session to its relay. */
static void on_known(struct host_core *core, struct peer *peer, bool online, bool came,
                     struct mono now)
{
    find_relays(peer, now);
    if (peer == NULL) {
        return;
    }
    if (!online) {
        presence_on_away(peer, &core->ziglans, now);
        return;
    }
    if (!came) {
        presence_on_named(peer);
        return;
    }
    presence_on_here(peer);
    if (peer->conversation != NULL) {
        revival_on_came(peer->conversation, now);
    }
}

/* From now on, who was not mentioned is not there. */
static void on_told(struct host_core *core, const struct ziglan *ziglan, struct mono now)
{
    for (size_t i = 0; i < roster_count(ziglan->roster); i++) {
        const struct roster_member *member = roster_at(ziglan->roster, i);
        struct peer *peer = member->online ? NULL : peer_find(&core->peers, member->key);

        if (peer != NULL) {
            presence_on_away(peer, &core->ziglans, now);
        }
    }
}

void membership_drop(struct host_core *core, struct peer *peer)
{
    ping_request_forget(&core->conversations.pings, peer);
    life_end(peer->conversation);
    peer_drop(&core->peers, peer);
    peer_trim(&core->peers);
}

static void forget(struct host_core *core, struct ziglan *ziglan, const uint8_t key[KEY_SIZE],
                   struct mono now)
{
    struct peer *peer = peer_leave(&core->peers, &core->ziglans, ziglan, key);

    if (peer == NULL) {
        find_relays(peer_find(&core->peers, key), now);
        return;
    }
    membership_drop(core, peer);
}

void membership_on_effect(struct host_core *core, struct ziglan *ziglan, enum roster_effect effect,
                          const uint8_t key[KEY_SIZE], struct mono now)
{
    const struct roster_member *known;

    switch (effect) {
    case ROSTER_EFFECT_NONE:
        break;
    case ROSTER_EFFECT_ADDED:
    case ROSTER_EFFECT_CHANGED:
    case ROSTER_EFFECT_ONLINE:
    case ROSTER_EFFECT_CAME:
        known = roster_find_key(ziglan->roster, key);
        if (known != NULL && memcmp(key, core->local.identity->public_key, KEY_SIZE) == 0) {
            ziglan_renamed(ziglan, known->name);
        } else if (known != NULL) {
            on_known(core, peer_learn(&core->peers, ziglan, known), known->online,
                     effect != ROSTER_EFFECT_ONLINE, now);
        }
        break;
    case ROSTER_EFFECT_REMOVED:
        forget(core, ziglan, key, now);
        break;
    }
}

/* A member that the roster knew already may be no peer, because there was no memory for it when it
 * came. The part only names a key here: it is the roster that is believed. */
static void learn_again(struct host_core *core, struct ziglan *ziglan, const Ziglan__Member *member,
                        struct mono now)
{
    struct record_header part;

    if (record_header_peek(&part, member->member_part.data, member->member_part.len) == ERR_OK &&
        peer_find(&core->peers, part.key) == NULL) {
        membership_on_effect(core, ziglan, ROSTER_EFFECT_ADDED, part.key, now);
    }
}

void membership_on_member(struct host_core *core, struct ziglan *ziglan,
                          const Ziglan__Member *member, struct mono now)
{
    uint8_t key[KEY_SIZE];
    enum roster_effect effect = ziglan_apply(ziglan, member, key);

    if (effect == ROSTER_EFFECT_NONE) {
        learn_again(core, ziglan, member, now);
    } else {
        membership_on_effect(core, ziglan, effect, key, now);
    }
}

bool membership_on_proof(struct host_core *core, struct ziglan *ziglan,
                         const struct roster_proof *proof, struct mono now)
{
    enum roster_effect effect = ROSTER_EFFECT_NONE;
    bool begun = store_begin(core->store) == ERR_OK;
    int rc = roster_proof_apply(ziglan->roster, proof, &effect);

    if (begun && store_commit(core->store) != ERR_OK) {
        env_trace(core->env, TRACE_LEVEL_ERROR, "roster.store",
                  "a member of the LAN could not be stored; free some disk space");
    }
    membership_on_effect(core, ziglan, effect, proof->key, now);
    return rc == ERR_OK;
}

/* One write to the disk for all of them. If it fails, they count in memory all the same. */
void membership_on_changes(struct host_core *core, struct ziglan *ziglan,
                           const Ziglan__Changes *changes, struct mono now)
{
    bool begun = store_begin(core->store) == ERR_OK;

    for (size_t i = 0; i < changes->n_members; i++) {
        membership_on_member(core, ziglan, changes->members[i], now);
    }
    if (!ziglan->clock.differs) { /* else what was not believed is asked for again */
        roster_progress(ziglan->roster, changes->sequence);
    }
    if (begun && store_commit(core->store) != ERR_OK) {
        env_trace(core->env, TRACE_LEVEL_ERROR, "roster.store",
                  "changes of members could not be stored; free some disk space");
    }
    if (ziglan_on_told(ziglan, changes->more)) {
        on_told(core, ziglan, now);
    }
}

void membership_end(struct host_core *core, struct ziglan *ziglan, struct mono now)
{
    for (size_t i = 0; i < core->peers.count; i++) {
        if (core->peers.list[i] != NULL) {
            forget(core, ziglan, core->peers.list[i]->key, now);
        }
    }
    for (size_t i = 0; i < core->peers.count; i++) {
        struct peer *peer = core->peers.list[i];

        if (peer != NULL && peer->conversation != NULL) {
            conversation_forget_relays(peer->conversation, ziglan);
        }
    }
}

void membership_relay_gone(struct host_core *core, const struct relay_session *relay)
{
    for (size_t i = 0; i < core->peers.count; i++) {
        struct peer *peer = core->peers.list[i];

        if (peer != NULL && peer->conversation != NULL) {
            path_table_forget_relay(&peer->conversation->paths, relay);
        }
    }
}

void membership_relays_changed(struct host_core *core, struct mono now)
{
    for (size_t i = 0; i < core->peers.count; i++) {
        find_relays(core->peers.list[i], now);
    }
}

void membership_relay_opened(struct host_core *core, const struct relay_session *relay,
                             struct mono now)
{
    for (size_t i = 0; i < core->peers.count; i++) {
        struct peer *peer = core->peers.list[i];

        if (peer != NULL && peer->conversation != NULL) {
            pathfinder_on_relay_open(peer->conversation, relay, now);
        }
    }
}

static void relay_late(struct host_core *core, const struct relay_session *relay,
                       struct host_io *io, struct mono now)
{
    char key[KEY_SHORT_SIZE];

    env_trace(core->env, TRACE_LEVEL_INFO, "relay.late", "relay=%s",
              key_short(relay->relay_key, key));
    for (size_t i = 0; i < core->peers.count; i++) {
        struct peer *peer = core->peers.list[i];

        if (peer != NULL && peer->conversation != NULL) {
            pathfinder_on_relay_late(peer->conversation, relay, io, now);
        }
    }
}

void membership_leave_late(struct host_core *core, struct host_io *io, struct mono now)
{
    const struct relay_session *relay;

    while ((relay = relay_set_take_late(&core->relays)) != NULL) {
        relay_late(core, relay, io, now);
    }
}
