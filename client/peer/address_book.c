/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Assignments of a pool, by key and by address, and who has been absent for longest. */
#include "client/peer/address_book.h"

#include "proto/base/bytes.h"
#include "proto/base/map.h"

#include <stdlib.h>
#include <string.h>

/* Everything known of one key: an assignment, and while the peer is in the book its addresses. */
struct row {
    uint8_t key[KEY_SIZE];
    bool has_v4;
    uint8_t v4[4];
    bool present; /* in the book: added (or this host) */
    bool self;
    uint32_t peer;
    uint8_t v6[16];
    uint8_t fixed[ADDRPLAN_FIXED_MAX][EUI64_SIZE];
    size_t fixed_count;
    struct row *older, *newer; /* its neighbours among the absent */
};

struct address_book {
    struct address_book_config cfg;
    struct map *by_key;   /* every row, owned */
    struct map *by_v4;    /* rows with an assignment, present or not */
    struct map *by_v6;    /* present rows */
    struct map *by_eui64; /* claims of present rows */
    uint32_t present_count;
    struct row *oldest, *newest; /* of the absent: rows with an assignment, not present */
    size_t absent_count;
};

int address_book_new(struct address_book **out, const struct address_book_config *cfg,
                     const struct env *env)
{
    struct address_book *book = calloc(1, sizeof(*book));
    size_t present_max = (size_t)cfg->peers_max + 1;
    size_t assigned_max = addrplan_pool_size(&cfg->pool);

    *out = NULL;
    if (book == NULL) {
        return ERR_NOMEM;
    }
    book->cfg = *cfg;
    int rc = map_new(&book->by_key, KEY_SIZE, present_max + assigned_max, env);

    if (rc == ERR_OK) {
        rc = map_new(&book->by_v4, 4, assigned_max, env);
    }
    if (rc == ERR_OK) {
        rc = map_new(&book->by_v6, 16, present_max, env);
    }
    if (rc == ERR_OK) {
        rc = map_new(&book->by_eui64, EUI64_SIZE, present_max * ADDRPLAN_FIXED_MAX, env);
    }
    if (rc != ERR_OK) {
        address_book_free(book);
        return rc;
    }
    *out = book;
    return ERR_OK;
}

void address_book_free(struct address_book *book)
{
    size_t cursor = 0;
    const void *key;
    uint64_t value;

    if (book == NULL) {
        return;
    }
    while (book->by_key != NULL && map_next(book->by_key, &cursor, &key, &value)) {
        free(map_find_pointer(book->by_key, key));
    }
    map_free(book->by_key);
    map_free(book->by_v4);
    map_free(book->by_v6);
    map_free(book->by_eui64);
    free(book);
}

static bool assignable(const struct address_book *book, uint32_t ip)
{
    const struct addrplan_pool *pool = &book->cfg.pool;
    uint32_t offset = ip - pool->base;

    return offset != 0 && offset < addrplan_pool_size(pool) - 1 &&
           offset != ADDRESS_BOOK_RESOLVER_OFFSET;
}

static bool available(const struct address_book *book, uint32_t ip, uint8_t ip4[4])
{
    be32_write(ip4, ip);
    return assignable(book, ip) && map_find_pointer(book->by_v4, ip4) == NULL;
}

/* The row of a key, made if need be; NULL and *rc set if it cannot. */
static struct row *row_take(struct address_book *book, const uint8_t key[KEY_SIZE], int *rc)
{
    struct row *row = map_find_pointer(book->by_key, key);

    *rc = ERR_OK;
    if (row != NULL) {
        return row;
    }
    row = calloc(1, sizeof(*row));
    if (row == NULL) {
        *rc = ERR_NOMEM;
        return NULL;
    }
    memcpy(row->key, key, KEY_SIZE);
    *rc = map_put_pointer(book->by_key, key, row);
    if (*rc != ERR_OK) {
        free(row);
        return NULL;
    }
    return row;
}

static void absent_add(struct address_book *book, struct row *row)
{
    row->older = book->newest;
    row->newer = NULL;
    *(book->newest != NULL ? &book->newest->newer : &book->oldest) = row;
    book->newest = row;
    book->absent_count++;
}

static void absent_remove(struct address_book *book, struct row *row)
{
    *(row->older != NULL ? &row->older->newer : &book->oldest) = row->newer;
    *(row->newer != NULL ? &row->newer->older : &book->newest) = row->older;
    book->absent_count--;
}

/* Drop a row that says nothing any more. */
static void row_release(struct address_book *book, struct row *row)
{
    if (!row->present && !row->has_v4) {
        map_remove(book->by_key, row->key, NULL);
        free(row);
    }
}

static int row_assign(struct address_book *book, struct row *row, const uint8_t ip4[4])
{
    int rc = map_put_pointer(book->by_v4, ip4, row);

    if (rc == ERR_OK) {
        memcpy(row->v4, ip4, 4);
        row->has_v4 = true;
    }
    return rc;
}

/* A free address: hashed choices first, then the pool in order from the last of them. */
static int address_choose(const struct address_book *book, const uint8_t key[KEY_SIZE],
                          uint8_t ip4[4])
{
    uint32_t size = addrplan_pool_size(&book->cfg.pool);
    uint32_t base = book->cfg.pool.base;
    uint32_t reserved = ADDRESS_BOOK_RESOLVER_OFFSET < size - 1 ? 3 : 2;
    uint32_t offset = 0;

    if (map_count(book->by_v4) >= size - reserved) {
        return ERR_LIMIT;
    }
    for (uint32_t attempt = 0; attempt < ADDRESS_BOOK_ATTEMPTS_MAX; attempt++) {
        offset = book->cfg.ip4_hash(key, attempt) % size;
        if (available(book, base + offset, ip4)) {
            return ERR_OK;
        }
    }
    for (uint32_t i = 1; i < size; i++) {
        if (available(book, base + (uint32_t)(((uint64_t)offset + i) % size), ip4)) {
            return ERR_OK;
        }
    }
    return ERR_LIMIT;
}

int address_book_remember(struct address_book *book, const uint8_t key[KEY_SIZE],
                          const uint8_t v4[4])
{
    struct row *taken = map_find_pointer(book->by_v4, v4);
    int rc;

    if (!addrplan_pool_contains(&book->cfg.pool, v4) || !assignable(book, be32_read(v4)) ||
        (taken != NULL && memcmp(taken->key, key, KEY_SIZE) != 0)) {
        return ERR_DROP;
    }
    struct row *row = row_take(book, key, &rc);

    if (row == NULL) {
        return rc;
    }
    if (row->has_v4) {
        return memcmp(row->v4, v4, 4) == 0 ? ERR_OK : ERR_DROP; /* the first one told stays */
    }
    rc = row_assign(book, row, v4);
    if (rc == ERR_OK && !row->present) {
        absent_add(book, row);
    }
    row_release(book, row);
    return rc;
}

bool address_book_trim(struct address_book *book, uint8_t key[KEY_SIZE])
{
    size_t share = addrplan_pool_size(&book->cfg.pool) / ADDRESS_BOOK_ABSENT_SHARE;
    struct row *row = book->oldest;

    if (book->absent_count <= (share < ADDRESS_BOOK_ABSENT_MAX ? share : ADDRESS_BOOK_ABSENT_MAX)) {
        return false;
    }
    memcpy(key, row->key, KEY_SIZE);
    absent_remove(book, row);
    map_remove(book->by_v4, row->v4, NULL);
    row->has_v4 = false;
    row_release(book, row);
    return true;
}

static void addresses_of(const struct row *row, struct address_book_addresses *out)
{
    out->has_v4 = row->has_v4;
    memcpy(out->v4, row->v4, 4);
    memcpy(out->v6, row->v6, 16);
}

/* Put a key into the book. ERR_LIMIT with row->present: no IPv4 address. */
static int enter(struct address_book *book, const uint8_t key[KEY_SIZE], bool self, uint32_t peer,
                 struct address_book_addresses *out, bool *fresh)
{
    uint8_t ip4[4];
    int rc;
    struct row *row = row_take(book, key, &rc);

    if (row == NULL) {
        return rc;
    }
    bool added = !row->present;

    if (added) {
        book->cfg.ip6(row->v6, key);
        rc = map_find_pointer(book->by_v6, row->v6) != NULL
                 ? ERR_LIMIT /* 96 equal bits of two hashes: an attack, the first one stays */
                 : map_put_pointer(book->by_v6, row->v6, row);
        if (rc != ERR_OK) {
            row_release(book, row);
            return rc;
        }
        if (row->has_v4) {
            absent_remove(book, row);
        }
        row->present = true;
        row->self = self;
        row->peer = peer;
        book->present_count += self ? 0 : 1;
    }
    rc = ERR_OK;
    if (!row->has_v4) {
        rc = address_choose(book, key, ip4);
        if (rc == ERR_OK) {
            rc = row_assign(book, row, ip4);
        }
        *fresh = rc == ERR_OK;
    }
    if (rc == ERR_NOMEM && added) {
        address_book_remove(book, key);
        return rc;
    }
    addresses_of(row, out);
    return rc;
}

int address_book_own(struct address_book *book, struct address_book_addresses *out, bool *fresh)
{
    memset(out, 0, sizeof(*out));
    *fresh = false;
    return enter(book, book->cfg.own_key, true, 0, out, fresh);
}

int address_book_add(struct address_book *book, const uint8_t key[KEY_SIZE], uint32_t peer,
                     struct address_book_addresses *out, bool *fresh)
{
    const struct row *row = map_find_pointer(book->by_key, key);
    bool present = row != NULL && row->present;

    memset(out, 0, sizeof(*out));
    *fresh = false;
    if (memcmp(key, book->cfg.own_key, KEY_SIZE) == 0 ||
        (!present && book->present_count >= book->cfg.peers_max)) {
        return ERR_LIMIT;
    }
    return enter(book, key, false, peer, out, fresh);
}

static void unclaim(struct address_book *book, struct row *row)
{
    for (size_t i = 0; i < row->fixed_count; i++) {
        map_remove(book->by_eui64, row->fixed[i], NULL);
    }
    memset(row->fixed, 0, sizeof(row->fixed));
    row->fixed_count = 0;
}

void address_book_unclaim(struct address_book *book, const uint8_t key[KEY_SIZE])
{
    struct row *row = map_find_pointer(book->by_key, key);

    if (row != NULL) {
        unclaim(book, row);
    }
}

void address_book_remove(struct address_book *book, const uint8_t key[KEY_SIZE])
{
    struct row *row = map_find_pointer(book->by_key, key);

    if (row == NULL || !row->present || row->self) {
        return;
    }
    unclaim(book, row);
    map_remove(book->by_v6, row->v6, NULL);
    row->present = false;
    book->present_count--;
    if (row->has_v4) {
        absent_add(book, row);
    }
    row_release(book, row);
}

int address_book_claim(struct address_book *book, const uint8_t key[KEY_SIZE],
                       const uint8_t eui64[EUI64_SIZE])
{
    static const uint8_t zero[EUI64_SIZE];
    struct row *row = map_find_pointer(book->by_key, key);
    const struct row *holder = map_find_pointer(book->by_eui64, eui64);

    if (row == NULL || !row->present || (holder != NULL && holder != row) ||
        memcmp(eui64, zero, EUI64_SIZE) == 0) {
        return ERR_DROP;
    }
    if (holder == row) {
        return ERR_OK;
    }
    if (row->fixed_count == ADDRPLAN_FIXED_MAX) {
        return ERR_LIMIT;
    }
    int rc = map_put_pointer(book->by_eui64, eui64, row);

    if (rc == ERR_OK) {
        memcpy(row->fixed[row->fixed_count], eui64, EUI64_SIZE);
        row->fixed_count++;
    }
    return rc;
}

static const struct row *find6(const struct address_book *book, const uint8_t ip[16])
{
    uint8_t ip4[4];
    uint8_t middle[ADDRPLAN_MIDDLE_SIZE];
    uint8_t eui64[EUI64_SIZE];

    switch (addrplan_kind(ip)) {
    case ADDRPLAN_KIND_AUTO:
        return map_find_pointer(book->by_v6, ip);
    case ADDRPLAN_KIND_4IN6:
        return addrplan_4in6_extract(ip4, ip) ? map_find_pointer(book->by_v4, ip4) : NULL;
    case ADDRPLAN_KIND_FIXED:
        return addrplan_fixed_extract(middle, eui64, ip) ? map_find_pointer(book->by_eui64, eui64)
                                                         : NULL;
    case ADDRPLAN_KIND_NONE:
    case ADDRPLAN_KIND_RESERVED:
        break;
    }
    return NULL;
}

enum address_book_owner address_book_find(const struct address_book *book, const uint8_t *ip,
                                          size_t size, uint32_t *peer)
{
    const struct row *row = NULL;

    if (size == 4) {
        row = map_find_pointer(book->by_v4, ip);
    } else if (size == 16) {
        row = find6(book, ip);
    }
    if (row == NULL || !row->present) {
        return ADDRESS_BOOK_OWNER_NONE;
    }
    if (row->self) {
        return ADDRESS_BOOK_OWNER_SELF;
    }
    *peer = row->peer;
    return ADDRESS_BOOK_OWNER_PEER;
}

size_t address_book_assigned_count(const struct address_book *book)
{
    return map_count(book->by_v4);
}
