/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of peers, in step with rosters and address book. */
#include "client/peer/peer.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY_FIRST = 64 };

int peer_table_init(struct peer_table *table, const struct env *env, struct store *store,
                    const uint8_t own_key[KEY_SIZE], const struct tunnel_host *own,
                    struct address_book *book, const struct blocks *blocks)
{
    *table = (struct peer_table){
        .env = env, .store = store, .own_key = own_key, .own = own, .book = book, .blocks = blocks};
    return map_new(&table->by_key, KEY_SIZE, PEERS_MAX, env);
}

void peer_table_fini(struct peer_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        free(table->list[i]);
    }
    free(table->list);
    free(table->places_free);
    map_free(table->by_key);
    *table = (struct peer_table){0};
}

/* ---- finding ---- */

struct peer *peer_find(const struct peer_table *table, const uint8_t key[KEY_SIZE])
{
    return map_find_pointer(table->by_key, key);
}

struct peer *peer_find_in(const struct peer_table *table, const struct ziglan *ziglan,
                          const uint8_t *key, size_t size)
{
    return size == KEY_SIZE && roster_find_key(ziglan->roster, key) != NULL ? peer_find(table, key)
                                                                            : NULL;
}

struct peer *peer_at(const struct peer_table *table, uint32_t id)
{
    return id < table->count ? table->list[id] : NULL;
}

struct peer *peer_of_address(const struct peer_table *table, const uint8_t *ip, size_t size)
{
    uint32_t id;

    return address_book_find(table->book, ip, size, &id) == ADDRESS_BOOK_OWNER_PEER
               ? peer_at(table, id)
               : NULL;
}

const struct roster_member *peer_member(const struct peer *peer)
{
    return peer->ziglan == NULL ? NULL : roster_find_key(peer->ziglan->roster, peer->key);
}

const char *peer_name(const struct peer *peer)
{
    const char *given = peer->contact == NULL ? "" : contact_name(peer->contact);
    const struct roster_member *member = given[0] == '\0' ? peer_member(peer) : NULL;

    return member == NULL ? given : member->name;
}

const char *peer_ziglan_name(const struct peer *peer)
{
    return peer->ziglan == NULL ? "" : peer->ziglan->record.name;
}

/* ---- coming ---- */

static bool grow(struct peer_table *table)
{
    size_t capacity = table->capacity == 0 ? CAPACITY_FIRST : 2 * table->capacity;
    struct peer **list = realloc(table->list, capacity * sizeof(*list));

    table->list = list != NULL ? list : table->list;
    uint32_t *places = realloc(table->places_free, capacity * sizeof(*places));

    table->places_free = places != NULL ? places : table->places_free;
    if (list == NULL || places == NULL) {
        return false;
    }
    table->capacity = capacity;
    return true;
}

static void place_changed(struct peer_table *table, size_t place)
{
    table->changed_from = place < table->changed_from ? place : table->changed_from;
}

static struct peer *make(struct peer_table *table, const uint8_t key[KEY_SIZE])
{
    if (table->places_free_count == 0 && table->count == table->capacity && !grow(table)) {
        return NULL;
    }
    struct peer *peer = calloc(1, sizeof(*peer));
    if (peer == NULL || map_put_pointer(table->by_key, key, peer) != ERR_OK) {
        free(peer);
        return NULL;
    }
    peer->id = table->places_free_count > 0 ? table->places_free[--table->places_free_count]
                                            : (uint32_t)table->count++;
    memcpy(peer->key, key, KEY_SIZE);
    peer->traffic.last_seen_at = MONO_NEVER;
    peer->gone_at = MONO_NEVER;
    peer->blocked = blocks_have(table->blocks, key);
    table->list[peer->id] = peer;
    place_changed(table, peer->id);
    return peer;
}

/* A fixed address that somebody else had first keeps its place in the peer's list, but stands for
 * nobody. Only members tell theirs. */
static void claim_fixed(struct peer_table *table, struct peer *peer,
                        const struct roster_member *member)
{
    struct tunnel_host *host = &peer->pair.peer;

    if (member == NULL) {
        return;
    }
    host->fixed_count = member->eui64_count;
    address_book_unclaim(table->book, peer->key); /* it may have given up some */
    for (size_t i = 0; i < member->eui64_count; i++) {
        if (address_book_claim(table->book, peer->key, member->eui64s[i]) == ERR_OK) {
            memcpy(host->fixed[i], member->eui64s[i], EUI64_SIZE);
        } else {
            memset(host->fixed[i], 0, EUI64_SIZE);
        }
    }
}

/* Put the addresses that it has on this host into the pair that the tunnel works with. */
static bool give_addresses(struct peer_table *table, struct peer *peer,
                           const struct roster_member *member)
{
    struct address_book_addresses addresses = {0};
    bool fresh = false;
    int rc = address_book_add(table->book, peer->key, peer->id, &addresses, &fresh);

    if (rc == ERR_NOMEM || (rc == ERR_LIMIT && addresses.v6[0] == 0)) {
        return false;
    }
    if (fresh && store_write(table->store, STORE_TABLE_ADDRESS_BOOK, peer->key, KEY_SIZE,
                             addresses.v4, sizeof(addresses.v4)) != ERR_OK) {
        env_trace(table->env, TRACE_LEVEL_ERROR, "address_book.store",
                  "an address could not be remembered; free some disk space");
    }
    peer->pair.own = *table->own;
    memcpy(peer->pair.peer.v4, addresses.v4, sizeof(addresses.v4));
    memcpy(peer->pair.peer.v6, addresses.v6, sizeof(addresses.v6));
    claim_fixed(table, peer, member);
    return true;
}

/* The peer with this key, made if there is none; member may be NULL. */
static struct peer *learn(struct peer_table *table, const uint8_t key[KEY_SIZE],
                          const struct roster_member *member)
{
    struct peer *peer = peer_find(table, key);
    bool known = peer != NULL;

    if (memcmp(key, table->own_key, KEY_SIZE) == 0) {
        return NULL; /* that is us */
    }
    if (!known) {
        peer = make(table, key);
    }
    if (peer != NULL && !give_addresses(table, peer, member) && !known) {
        peer_drop(table, peer);
        peer = NULL;
    }
    if (peer == NULL) {
        env_trace(table->env, TRACE_LEVEL_WARN, "peer.limit", "a peer found no room");
    }
    return peer;
}

struct peer *peer_learn(struct peer_table *table, struct ziglan *ziglan,
                        const struct roster_member *member)
{
    struct peer *peer = learn(table, member->key, member);

    if (peer != NULL && peer->ziglan == NULL) {
        peer->ziglan = ziglan;
    }
    return peer;
}

struct peer *peer_learn_contact(struct peer_table *table, struct contact *contact)
{
    struct peer *peer = learn(table, contact->key, NULL);

    if (peer != NULL) {
        peer->contact = contact;
    }
    return peer;
}

void peer_learn_all(struct peer_table *table, struct ziglan *ziglan)
{
    bool begun = store_begin(table->store) == ERR_OK; /* one write for all fresh addresses */

    for (size_t i = 0; i < roster_count(ziglan->roster); i++) {
        (void)peer_learn(table, ziglan, roster_at(ziglan->roster, i));
    }
    if (begun && store_commit(table->store) != ERR_OK) {
        env_trace(table->env, TRACE_LEVEL_ERROR, "address_book.store",
                  "addresses could not be remembered; free some disk space");
    }
}

/* ---- going ---- */

struct peer *peer_leave(struct peer_table *table, const struct ziglan_list *ziglans,
                        const struct ziglan *ziglan, const uint8_t key[KEY_SIZE])
{
    struct peer *peer = peer_find(table, key);
    struct ziglan *other;

    if (peer == NULL || peer->ziglan != ziglan) {
        return NULL;
    }
    TAILQ_FOREACH(other, &ziglans->head, in_list)
    {
        if (other != ziglan && roster_find_key(other->roster, key) != NULL) {
            peer->ziglan = other;
            return NULL;
        }
    }
    if (peer->contact != NULL) {
        peer->ziglan = NULL;
        peer->pair.peer.fixed_count = 0;
        address_book_unclaim(table->book, peer->key);
        return NULL;
    }
    return peer;
}

void peer_drop(struct peer_table *table, struct peer *peer)
{
    address_book_remove(table->book, peer->key);
    (void)map_remove(table->by_key, peer->key, NULL);
    table->list[peer->id] = NULL;
    table->places_free[table->places_free_count++] = peer->id;
    place_changed(table, peer->id);
    free(peer);
}

void peer_trim(struct peer_table *table)
{
    uint8_t key[KEY_SIZE];

    while (address_book_trim(table->book, key)) {
        if (store_remove(table->store, STORE_TABLE_ADDRESS_BOOK, key, KEY_SIZE) != ERR_OK) {
            env_trace(table->env, TRACE_LEVEL_WARN, "address_book.store",
                      "an address stays remembered");
        }
    }
}
