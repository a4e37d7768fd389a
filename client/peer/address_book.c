/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/peer/address_book.h"

#include "proto/base/bytes.h"
#include "proto/base/map.h"

#include <stdlib.h>
#include <string.h>

/* Everything known of one key: an assignment, and while the peer is in the view its addresses. */
struct entry {
    uint8_t key[KEY_SIZE];
    bool has_v4;
    uint8_t v4[4];
    bool present; /* in the view: added (or this host) */
    bool self;
    uint32_t peer;
    uint8_t v6[16];
    uint8_t fixed[VIEW_FIXED_MAX][EUI64_SIZE];
    size_t fixed_count;
    struct entry *older, *newer; /* its neighbours among the absent */
};

struct view {
    struct view_config cfg;
    struct map *by_key;   /* every entry, owned */
    struct map *by_v4;    /* entries with an assignment, present or not */
    struct map *by_v6;    /* present entries */
    struct map *by_eui64; /* claims of present entries */
    uint32_t present_count;
    struct entry *oldest, *newest; /* of the absent: entries with an assignment, not present */
    size_t absent_count;
};

int view_new(struct view **out, const struct view_config *cfg, const struct env *env)
{
    struct view *view = calloc(1, sizeof(*view));
    size_t present_max = (size_t)cfg->peers_max + 1;
    size_t assigned_max = addrplan_pool_size(&cfg->pool);

    *out = NULL;
    if (view == NULL) {
        return ERR_NOMEM;
    }
    view->cfg = *cfg;
    int rc = map_new(&view->by_key, KEY_SIZE, present_max + assigned_max, env);

    if (rc == ERR_OK) {
        rc = map_new(&view->by_v4, 4, assigned_max, env);
    }
    if (rc == ERR_OK) {
        rc = map_new(&view->by_v6, 16, present_max, env);
    }
    if (rc == ERR_OK) {
        rc = map_new(&view->by_eui64, EUI64_SIZE, present_max * VIEW_FIXED_MAX, env);
    }
    if (rc != ERR_OK) {
        view_free(view);
        return rc;
    }
    *out = view;
    return ERR_OK;
}

void view_free(struct view *view)
{
    size_t cursor = 0;
    const void *key;
    uint64_t value;

    if (view == NULL) {
        return;
    }
    while (view->by_key != NULL && map_next(view->by_key, &cursor, &key, &value)) {
        free(map_find_pointer(view->by_key, key));
    }
    map_free(view->by_key);
    map_free(view->by_v4);
    map_free(view->by_v6);
    map_free(view->by_eui64);
    free(view);
}

static bool assignable(const struct view *view, uint32_t ip)
{
    const struct addrplan_pool *pool = &view->cfg.pool;
    uint32_t offset = ip - pool->base;

    return offset != 0 && offset < addrplan_pool_size(pool) - 1 && offset != VIEW_RESOLVER_OFFSET;
}

static bool available(const struct view *view, uint32_t ip, uint8_t ip4[4])
{
    be32_write(ip4, ip);
    return assignable(view, ip) && map_find_pointer(view->by_v4, ip4) == NULL;
}

/* The entry of a key, made if need be; NULL and *rc set if it cannot. */
static struct entry *entry_take(struct view *view, const uint8_t key[KEY_SIZE], int *rc)
{
    struct entry *entry = map_find_pointer(view->by_key, key);

    *rc = ERR_OK;
    if (entry != NULL) {
        return entry;
    }
    entry = calloc(1, sizeof(*entry));
    if (entry == NULL) {
        *rc = ERR_NOMEM;
        return NULL;
    }
    memcpy(entry->key, key, KEY_SIZE);
    *rc = map_put_pointer(view->by_key, key, entry);
    if (*rc != ERR_OK) {
        free(entry);
        return NULL;
    }
    return entry;
}

static void absent_add(struct view *view, struct entry *entry)
{
    entry->older = view->newest;
    entry->newer = NULL;
    *(view->newest != NULL ? &view->newest->newer : &view->oldest) = entry;
    view->newest = entry;
    view->absent_count++;
}

static void absent_remove(struct view *view, struct entry *entry)
{
    *(entry->older != NULL ? &entry->older->newer : &view->oldest) = entry->newer;
    *(entry->newer != NULL ? &entry->newer->older : &view->newest) = entry->older;
    view->absent_count--;
}

/* Drop an entry that says nothing any more. */
static void entry_release(struct view *view, struct entry *entry)
{
    if (!entry->present && !entry->has_v4) {
        map_remove(view->by_key, entry->key, NULL);
        free(entry);
    }
}

static int entry_assign(struct view *view, struct entry *entry, const uint8_t ip4[4])
{
    int rc = map_put_pointer(view->by_v4, ip4, entry);

    if (rc == ERR_OK) {
        memcpy(entry->v4, ip4, 4);
        entry->has_v4 = true;
    }
    return rc;
}

/* A free address: hashed choices first, then the pool in order from the last of them. */
static int address_choose(const struct view *view, const uint8_t key[KEY_SIZE], uint8_t ip4[4])
{
    uint32_t size = addrplan_pool_size(&view->cfg.pool);
    uint32_t base = view->cfg.pool.base;
    uint32_t reserved = VIEW_RESOLVER_OFFSET < size - 1 ? 3 : 2;
    uint32_t offset = 0;

    if (map_count(view->by_v4) >= size - reserved) {
        return ERR_LIMIT;
    }
    for (uint32_t attempt = 0; attempt < VIEW_ATTEMPTS_MAX; attempt++) {
        offset = view->cfg.ip4_hash(key, attempt) % size;
        if (available(view, base + offset, ip4)) {
            return ERR_OK;
        }
    }
    for (uint32_t i = 1; i < size; i++) {
        if (available(view, base + (uint32_t)(((uint64_t)offset + i) % size), ip4)) {
            return ERR_OK;
        }
    }
    return ERR_LIMIT;
}

int view_remember(struct view *view, const uint8_t key[KEY_SIZE], const uint8_t v4[4])
{
    struct entry *taken = map_find_pointer(view->by_v4, v4);
    int rc;

    if (!addrplan_pool_contains(&view->cfg.pool, v4) || !assignable(view, be32_read(v4)) ||
        (taken != NULL && memcmp(taken->key, key, KEY_SIZE) != 0)) {
        return ERR_DROP;
    }
    struct entry *entry = entry_take(view, key, &rc);

    if (entry == NULL) {
        return rc;
    }
    if (entry->has_v4) {
        return memcmp(entry->v4, v4, 4) == 0 ? ERR_OK : ERR_DROP; /* the first one told stays */
    }
    rc = entry_assign(view, entry, v4);
    if (rc == ERR_OK && !entry->present) {
        absent_add(view, entry);
    }
    entry_release(view, entry);
    return rc;
}

bool view_trim(struct view *view, uint8_t key[KEY_SIZE])
{
    size_t share = addrplan_pool_size(&view->cfg.pool) / VIEW_ABSENT_SHARE;
    struct entry *entry = view->oldest;

    if (view->absent_count <= (share < VIEW_ABSENT_MAX ? share : VIEW_ABSENT_MAX)) {
        return false;
    }
    memcpy(key, entry->key, KEY_SIZE);
    absent_remove(view, entry);
    map_remove(view->by_v4, entry->v4, NULL);
    entry->has_v4 = false;
    entry_release(view, entry);
    return true;
}

static void addresses_of(const struct entry *entry, struct view_addresses *out)
{
    out->has_v4 = entry->has_v4;
    memcpy(out->v4, entry->v4, 4);
    memcpy(out->v6, entry->v6, 16);
}

/* Put a key into the view. ERR_LIMIT with entry->present: no IPv4 address. */
static int enter(struct view *view, const uint8_t key[KEY_SIZE], bool self, uint32_t peer,
                 struct view_addresses *out, bool *fresh)
{
    uint8_t ip4[4];
    int rc;
    struct entry *entry = entry_take(view, key, &rc);

    if (entry == NULL) {
        return rc;
    }
    bool added = !entry->present;

    if (added) {
        view->cfg.ip6(entry->v6, key);
        rc = map_find_pointer(view->by_v6, entry->v6) != NULL
                 ? ERR_LIMIT /* 96 equal bits of two hashes: an attack, the first one stays */
                 : map_put_pointer(view->by_v6, entry->v6, entry);
        if (rc != ERR_OK) {
            entry_release(view, entry);
            return rc;
        }
        if (entry->has_v4) {
            absent_remove(view, entry);
        }
        entry->present = true;
        entry->self = self;
        entry->peer = peer;
        view->present_count += self ? 0 : 1;
    }
    rc = ERR_OK;
    if (!entry->has_v4) {
        rc = address_choose(view, key, ip4);
        if (rc == ERR_OK) {
            rc = entry_assign(view, entry, ip4);
        }
        *fresh = rc == ERR_OK;
    }
    if (rc == ERR_NOMEM && added) {
        view_remove(view, key);
        return rc;
    }
    addresses_of(entry, out);
    return rc;
}

int view_own(struct view *view, struct view_addresses *out, bool *fresh)
{
    memset(out, 0, sizeof(*out));
    *fresh = false;
    return enter(view, view->cfg.own_key, true, 0, out, fresh);
}

int view_add(struct view *view, const uint8_t key[KEY_SIZE], uint32_t peer,
             struct view_addresses *out, bool *fresh)
{
    const struct entry *entry = map_find_pointer(view->by_key, key);
    bool present = entry != NULL && entry->present;

    memset(out, 0, sizeof(*out));
    *fresh = false;
    if (memcmp(key, view->cfg.own_key, KEY_SIZE) == 0 ||
        (!present && view->present_count >= view->cfg.peers_max)) {
        return ERR_LIMIT;
    }
    return enter(view, key, false, peer, out, fresh);
}

static void unclaim(struct view *view, struct entry *entry)
{
    for (size_t i = 0; i < entry->fixed_count; i++) {
        map_remove(view->by_eui64, entry->fixed[i], NULL);
    }
    memset(entry->fixed, 0, sizeof(entry->fixed));
    entry->fixed_count = 0;
}

void view_unclaim(struct view *view, const uint8_t key[KEY_SIZE])
{
    struct entry *entry = map_find_pointer(view->by_key, key);

    if (entry != NULL) {
        unclaim(view, entry);
    }
}

void view_remove(struct view *view, const uint8_t key[KEY_SIZE])
{
    struct entry *entry = map_find_pointer(view->by_key, key);

    if (entry == NULL || !entry->present || entry->self) {
        return;
    }
    unclaim(view, entry);
    map_remove(view->by_v6, entry->v6, NULL);
    entry->present = false;
    view->present_count--;
    if (entry->has_v4) {
        absent_add(view, entry);
    }
    entry_release(view, entry);
}

int view_claim(struct view *view, const uint8_t key[KEY_SIZE], const uint8_t eui64[EUI64_SIZE])
{
    static const uint8_t zero[EUI64_SIZE];
    struct entry *entry = map_find_pointer(view->by_key, key);
    const struct entry *holder = map_find_pointer(view->by_eui64, eui64);

    if (entry == NULL || !entry->present || (holder != NULL && holder != entry) ||
        memcmp(eui64, zero, EUI64_SIZE) == 0) {
        return ERR_DROP;
    }
    if (holder == entry) {
        return ERR_OK;
    }
    if (entry->fixed_count == VIEW_FIXED_MAX) {
        return ERR_LIMIT;
    }
    int rc = map_put_pointer(view->by_eui64, eui64, entry);

    if (rc == ERR_OK) {
        memcpy(entry->fixed[entry->fixed_count], eui64, EUI64_SIZE);
        entry->fixed_count++;
    }
    return rc;
}

static const struct entry *find6(const struct view *view, const uint8_t ip[16])
{
    uint8_t ip4[4];
    uint8_t middle[ADDRPLAN_MIDDLE_SIZE];
    uint8_t eui64[EUI64_SIZE];

    switch (addrplan_kind(ip)) {
    case ADDRPLAN_KIND_AUTO:
        return map_find_pointer(view->by_v6, ip);
    case ADDRPLAN_KIND_4IN6:
        return addrplan_4in6_extract(ip4, ip) ? map_find_pointer(view->by_v4, ip4) : NULL;
    case ADDRPLAN_KIND_FIXED:
        return addrplan_fixed_extract(middle, eui64, ip) ? map_find_pointer(view->by_eui64, eui64)
                                                         : NULL;
    case ADDRPLAN_KIND_NONE:
    case ADDRPLAN_KIND_RESERVED:
        break;
    }
    return NULL;
}

enum view_owner view_find(const struct view *view, const uint8_t *ip, size_t size, uint32_t *peer)
{
    const struct entry *entry = NULL;

    if (size == 4) {
        entry = map_find_pointer(view->by_v4, ip);
    } else if (size == 16) {
        entry = find6(view, ip);
    }
    if (entry == NULL || !entry->present) {
        return VIEW_OWNER_NONE;
    }
    if (entry->self) {
        return VIEW_OWNER_SELF;
    }
    *peer = entry->peer;
    return VIEW_OWNER_PEER;
}

bool view_lookup(const struct view *view, const uint8_t key[KEY_SIZE], struct view_addresses *out)
{
    const struct entry *entry = map_find_pointer(view->by_key, key);

    if (entry == NULL || !entry->present || entry->self) {
        return false;
    }
    addresses_of(entry, out);
    return true;
}

size_t view_assigned_count(const struct view *view)
{
    return map_count(view->by_v4);
}
