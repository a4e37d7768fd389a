/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/association.h"
#include "client/state.h"

#include <stdlib.h>
#include <string.h>

enum { PEERS_CAPACITY_FIRST = 64 };

struct peer *peer_find(const struct host_core *core, const uint8_t key[KEY_SIZE])
{
    return map_find_pointer(core->peers_by_key, key);
}

struct peer *peer_at(const struct host_core *core, uint32_t id)
{
    return id < core->peers_count ? core->peers[id] : NULL;
}

const struct roster_member *peer_member(const struct peer *peer)
{
    return peer->ziglan == NULL ? NULL : roster_find_key(peer->ziglan->roster, peer->key);
}

static struct peer *by_address(const struct host_core *core, const uint8_t *ip, size_t size)
{
    uint32_t id;

    return view_find(core->view, ip, size, &id) == VIEW_OWNER_PEER ? peer_at(core, id) : NULL;
}

struct peer *peer_by_v4(const struct host_core *core, const uint8_t ip[4])
{
    return by_address(core, ip, 4);
}

struct peer *peer_by_v6(const struct host_core *core, const uint8_t ip[16])
{
    return by_address(core, ip, 16);
}

static struct peer *peer_make(struct host_core *core, const uint8_t key[KEY_SIZE])
{
    if (core->peers_count == CORE_PEERS_MAX) {
        return NULL;
    }
    if (core->peers_count == core->peers_capacity) {
        size_t capacity =
            core->peers_capacity == 0 ? PEERS_CAPACITY_FIRST : 2 * core->peers_capacity;
        struct peer **more = realloc(core->peers, capacity * sizeof(struct peer *));

        if (more == NULL) {
            return NULL;
        }
        core->peers = more;
        core->peers_capacity = capacity;
    }
    struct peer *peer = calloc(1, sizeof(*peer));
    if (peer == NULL || map_put_pointer(core->peers_by_key, key, peer) != ERR_OK) {
        free(peer);
        return NULL;
    }
    memcpy(peer->key, key, KEY_SIZE);
    peer->id = (uint32_t)core->peers_count;
    peer->last_seen_at = MONO_NEVER;
    core->peers[core->peers_count++] = peer;
    return peer;
}

/* Put its addresses in our view into the pair that the tunnel works with. */
static bool give_addresses(struct host_core *core, struct peer *peer,
                           const struct roster_member *member)
{
    struct view_addresses addresses = {0};
    bool fresh = false;
    int rc = view_add(core->view, peer->key, peer->id, &addresses, &fresh);

    if (rc == ERR_NOMEM || (rc == ERR_LIMIT && addresses.v6[0] == 0)) {
        return false;
    }
    if (fresh && store_write(core->store, STORE_TABLE_VIEWS, peer->key, KEY_SIZE, addresses.v4,
                             sizeof(addresses.v4)) != ERR_OK) {
        env_trace(core->env, TRACE_LEVEL_ERROR, "view.store",
                  "an address could not be remembered; free some disk space");
    }
    memcpy(peer->pair.own.v4, core->own_v4, sizeof(core->own_v4));
    memcpy(peer->pair.own.v6, core->own_v6, sizeof(core->own_v6));
    memcpy(peer->pair.own.fixed, core->cfg.fixed, sizeof(core->cfg.fixed));
    peer->pair.own.fixed_count = core->cfg.fixed_count;
    memcpy(peer->pair.peer.v4, addresses.v4, sizeof(addresses.v4));
    memcpy(peer->pair.peer.v6, addresses.v6, sizeof(addresses.v6));
    peer->pair.peer.fixed_count = member->eui64_count;
    for (size_t i = 0; i < member->eui64_count; i++) {
        if (view_claim(core->view, peer->key, member->eui64s[i]) == ERR_OK) {
            memcpy(peer->pair.peer.fixed[i], member->eui64s[i], EUI64_SIZE);
        } else { /* somebody had it first: it keeps its place in the list, but stands for nobody */
            memset(peer->pair.peer.fixed[i], 0, EUI64_SIZE);
        }
    }
    return true;
}

struct peer *peer_learn(struct host_core *core, struct ziglan *ziglan,
                        const struct roster_member *member, struct mono now)
{
    struct peer *peer = peer_find(core, member->key);

    (void)now;
    if (memcmp(member->key, core->local.identity->public_key, KEY_SIZE) == 0) {
        return NULL; /* that is us */
    }
    if (peer == NULL) {
        peer = peer_make(core, member->key);
    }
    if (peer == NULL || !give_addresses(core, peer, member)) {
        env_trace(core->env, TRACE_LEVEL_WARN, "peer.limit", "a member found no room");
        return NULL;
    }
    if (peer->ziglan == NULL) {
        peer->ziglan = ziglan;
    }
    return peer;
}

void peer_forget(struct host_core *core, struct ziglan *ziglan, const uint8_t key[KEY_SIZE])
{
    struct peer *peer = peer_find(core, key);

    if (peer == NULL || peer->ziglan != ziglan) {
        return;
    }
    peer->ziglan = NULL;
    for (size_t i = 0; i < core->ziglans_count; i++) {
        if (core->ziglans[i] != ziglan &&
            roster_find_key(core->ziglans[i]->roster, key) != NULL) {
            peer->ziglan = core->ziglans[i];
            return;
        }
    }
    association_free(peer->association);
    view_remove(core->view, key);
}

void peer_learn_all(struct host_core *core, struct ziglan *ziglan, struct mono now)
{
    bool begun = store_begin(core->store) == ERR_OK; /* one write for all fresh addresses */

    for (size_t i = 0; i < roster_count(ziglan->roster); i++) {
        (void)peer_learn(core, ziglan, roster_at(ziglan->roster, i), now);
    }
    if (begun && store_commit(core->store) != ERR_OK) {
        env_trace(core->env, TRACE_LEVEL_ERROR, "view.store",
                  "addresses could not be remembered; free some disk space");
    }
}
