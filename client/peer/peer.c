/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/core/core_internal.h"
#include "client/peer/conversation.h"

#include <stdlib.h>
#include <string.h>

enum { PEERS_CAPACITY_FIRST = 64 };

struct peer *peer_find(const struct host_core *core, const uint8_t key[KEY_SIZE])
{
    return map_find_pointer(core->peers_by_key, key);
}

struct peer *peer_find_in(const struct host_core *core, const struct ziglan *ziglan,
                          const uint8_t *key, size_t size)
{
    return size == KEY_SIZE && roster_find_key(ziglan->roster, key) != NULL ? peer_find(core, key)
                                                                            : NULL;
}

struct peer *peer_at(const struct host_core *core, uint32_t id)
{
    return id < core->peers_count ? core->peers[id] : NULL;
}

const struct roster_member *peer_member(const struct peer *peer)
{
    return roster_find_key(peer->ziglan->roster, peer->key);
}

static struct peer *by_address(const struct host_core *core, const uint8_t *ip, size_t size)
{
    uint32_t id;

    return address_book_find(core->book, ip, size, &id) == ADDRESS_BOOK_OWNER_PEER
               ? peer_at(core, id)
               : NULL;
}

struct peer *peer_by_v4(const struct host_core *core, const uint8_t ip[4])
{
    return by_address(core, ip, 4);
}

struct peer *peer_by_v6(const struct host_core *core, const uint8_t ip[16])
{
    return by_address(core, ip, 16);
}

static bool places_grow(struct host_core *core)
{
    size_t capacity = core->peers_capacity == 0 ? PEERS_CAPACITY_FIRST : 2 * core->peers_capacity;
    struct peer **peers = realloc(core->peers, capacity * sizeof(*peers));

    core->peers = peers != NULL ? peers : core->peers;
    struct told_prefix *told = realloc(core->told, capacity * sizeof(*told));

    core->told = told != NULL ? told : core->told;
    uint32_t *places = realloc(core->places_free, capacity * sizeof(*places));

    core->places_free = places != NULL ? places : core->places_free;
    if (peers == NULL || told == NULL || places == NULL) {
        return false;
    }
    core->peers_capacity = capacity;
    return true;
}

static void prefix_changed(struct host_core *core, size_t place)
{
    core->told_at = place < core->told_at ? place : core->told_at;
}

static struct peer *peer_make(struct host_core *core, const uint8_t key[KEY_SIZE])
{
    if (core->places_free_count == 0 && core->peers_count == core->peers_capacity &&
        !places_grow(core)) {
        return NULL;
    }
    struct peer *peer = calloc(1, sizeof(*peer));
    if (peer == NULL || map_put_pointer(core->peers_by_key, key, peer) != ERR_OK) {
        free(peer);
        return NULL;
    }
    if (core->places_free_count > 0) {
        peer->id = core->places_free[--core->places_free_count];
    } else {
        peer->id = (uint32_t)core->peers_count++;
        core->told[peer->id].told = false;
    }
    memcpy(peer->key, key, KEY_SIZE);
    peer->last_seen_at = MONO_NEVER;
    core->peers[peer->id] = peer;
    prefix_changed(core, peer->id);
    return peer;
}

/* Everything that knows the peer forgets it. */
static void peer_drop(struct host_core *core, struct peer *peer)
{
    for (size_t i = 0; i < CORE_PINGS_MAX; i++) {
        if (core->pings[i].peer == peer) {
            core->pings[i].peer = NULL;
        }
    }
    conversation_free(peer->conversation);
    address_book_remove(core->book, peer->key);
    (void)map_remove(core->peers_by_key, peer->key, NULL);
    core->peers[peer->id] = NULL;
    core->places_free[core->places_free_count++] = peer->id;
    prefix_changed(core, peer->id);
    free(peer);
}

void peers_free(struct host_core *core)
{
    for (size_t i = 0; i < core->peers_count; i++) {
        if (core->peers[i] != NULL) {
            conversation_free(core->peers[i]->conversation);
            free(core->peers[i]);
        }
    }
    free(core->peers);
    free(core->told);
    free(core->places_free);
}

bool host_core_prefix(struct host_core *core, struct host_prefix *out)
{
    for (; core->told_at < core->peers_count; core->told_at++) {
        struct told_prefix *told = &core->told[core->told_at];
        const struct peer *peer = core->peers[core->told_at];

        if (told->told && (peer == NULL || memcmp(told->v6, peer->pair.peer.v6, 16) != 0)) {
            told->told = false;
            if (peer_by_v6(core, told->v6) == NULL) { /* nor has it come back to another place */
                memcpy(out->v6, told->v6, sizeof(out->v6));
                out->wanted = false;
                return true;
            }
        }
        if (peer != NULL && !told->told) {
            told->told = true;
            memcpy(told->v6, peer->pair.peer.v6, sizeof(told->v6));
            memcpy(out->v6, told->v6, sizeof(out->v6));
            out->wanted = true;
            return true;
        }
    }
    return false;
}

void host_core_prefixes_again(struct host_core *core)
{
    for (size_t i = 0; i < core->peers_count; i++) {
        struct told_prefix *told = &core->told[i];
        const struct peer *peer = core->peers[i];

        /* One that is still to be taken away may be there all the same. */
        if (peer != NULL && memcmp(told->v6, peer->pair.peer.v6, sizeof(told->v6)) == 0) {
            told->told = false;
        }
    }
    prefix_changed(core, 0);
}

/* Put its addresses in our view into the pair that the tunnel works with. */
static bool give_addresses(struct host_core *core, struct peer *peer,
                           const struct roster_member *member)
{
    struct address_book_addresses addresses = {0};
    bool fresh = false;
    int rc = address_book_add(core->book, peer->key, peer->id, &addresses, &fresh);

    if (rc == ERR_NOMEM || (rc == ERR_LIMIT && addresses.v6[0] == 0)) {
        return false;
    }
    if (fresh && store_write(core->store, STORE_TABLE_ADDRESS_BOOK, peer->key, KEY_SIZE,
                             addresses.v4, sizeof(addresses.v4)) != ERR_OK) {
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
    address_book_unclaim(core->book, peer->key); /* it may have given up some */
    for (size_t i = 0; i < member->eui64_count; i++) {
        if (address_book_claim(core->book, peer->key, member->eui64s[i]) == ERR_OK) {
            memcpy(peer->pair.peer.fixed[i], member->eui64s[i], EUI64_SIZE);
        } else { /* somebody had it first: it keeps its place in the list, but stands for nobody */
            memset(peer->pair.peer.fixed[i], 0, EUI64_SIZE);
        }
    }
    return true;
}

struct peer *peer_learn(struct host_core *core, struct ziglan *ziglan,
                        const struct roster_member *member)
{
    struct peer *peer = peer_find(core, member->key);
    bool known = peer != NULL;

    if (memcmp(member->key, core->local.identity->public_key, KEY_SIZE) == 0) {
        return NULL; /* that is us */
    }
    if (!known) {
        peer = peer_make(core, member->key);
    }
    if (peer != NULL && !give_addresses(core, peer, member) && !known) {
        peer_drop(core, peer);
        peer = NULL;
    }
    if (peer == NULL) {
        env_trace(core->env, TRACE_LEVEL_WARN, "peer.limit", "a member found no room");
        return NULL;
    }
    if (!known) {
        peer->ziglan = ziglan;
    }
    return peer;
}

void peer_trim(struct host_core *core)
{
    uint8_t key[KEY_SIZE];

    while (address_book_trim(core->book, key)) {
        if (store_remove(core->store, STORE_TABLE_ADDRESS_BOOK, key, KEY_SIZE) != ERR_OK) {
            env_trace(core->env, TRACE_LEVEL_WARN, "view.store", "an address stays remembered");
        }
    }
}

void peer_forget(struct host_core *core, struct ziglan *ziglan, const uint8_t key[KEY_SIZE])
{
    struct peer *peer = peer_find(core, key);

    if (peer == NULL || peer->ziglan != ziglan) {
        return;
    }
    for (size_t i = 0; i < core->ziglans_count; i++) {
        if (core->ziglans[i] != ziglan && roster_find_key(core->ziglans[i]->roster, key) != NULL) {
            peer->ziglan = core->ziglans[i];
            return;
        }
    }
    peer_drop(core, peer);
    peer_trim(core);
}

void peer_learn_all(struct host_core *core, struct ziglan *ziglan)
{
    bool begun = store_begin(core->store) == ERR_OK; /* one write for all fresh addresses */

    for (size_t i = 0; i < roster_count(ziglan->roster); i++) {
        (void)peer_learn(core, ziglan, roster_at(ziglan->roster, i));
    }
    if (begun && store_commit(core->store) != ERR_OK) {
        env_trace(core->env, TRACE_LEVEL_ERROR, "view.store",
                  "addresses could not be remembered; free some disk space");
    }
}
