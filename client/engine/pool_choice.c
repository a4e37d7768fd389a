/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A short list of private networks, of which the first are rarely used by others. */
#include "client/engine/pool_choice.h"

#include "client/peer/address_book.h"
#include "proto/base/bytes.h"

enum { STORED_SIZE = 5 }; /* base(4) bits(1) */

static const char stored_key[] = "pool";

/* `around` is what must not be used by others if the pool is to be taken. */
static const struct {
    struct addrplan_pool pool, around;
} pools[POOL_CHOICES] = {
    {{0x64400000, 16, false}, {0x64400000, 10, false}}, /* 100.64.0.0/16, of 100.64.0.0/10 */
    {{0x0ad50000, 16, false}, {0x0ad50000, 16, false}}, /* 10.213.0.0/16 */
    {{0x0abb0000, 16, false}, {0x0abb0000, 16, false}}, /* 10.187.0.0/16 */
    {{0x0a5d0000, 16, false}, {0x0a5d0000, 16, false}}, /* 10.93.0.0/16 */
    {{0xac1d0000, 16, false}, {0xac1d0000, 16, false}}, /* 172.29.0.0/16 */
    {{0xac170000, 16, false}, {0xac170000, 16, false}}, /* 172.23.0.0/16 */
    {{0xc0a8d000, 20, false}, {0xc0a8d000, 20, false}}, /* 192.168.208.0/20 */
    {{0xc0a87000, 20, false}, {0xc0a87000, 20, false}}, /* 192.168.112.0/20 */
};

void pool_choice_strike(struct pool_choice *choice, const struct netused *used)
{
    for (size_t i = 0; i < POOL_CHOICES; i++) {
        bool own = used->kind == NETUSED_RESOLVER &&
                   be32_read(used->ip) == pools[i].pool.base + ADDRESS_BOOK_RESOLVER_OFFSET;

        choice->used[i] = choice->used[i] ||
                          (!own && addrplan_pool_overlaps(&pools[i].around, used->ip, used->bits));
    }
}

bool pool_choice_take(const struct pool_choice *choice, struct addrplan_pool *out)
{
    for (size_t i = 0; i < POOL_CHOICES; i++) {
        if (!choice->used[i]) {
            *out = pools[i].pool;
            return true;
        }
    }
    *out = pools[0].pool;
    return false;
}

bool pool_choice_read(struct store *store, struct addrplan_pool *out, int *rc)
{
    uint8_t value[STORED_SIZE];
    size_t size;

    *rc = store_read_sized(store, STORE_TABLE_META, stored_key, sizeof(stored_key) - 1, value,
                           STORED_SIZE, STORED_SIZE, &size);
    if (*rc != ERR_OK || size == STORE_NONE || value[4] < 8 || value[4] > 28) {
        return false;
    }
    *out = (struct addrplan_pool){.base = be32_read(value), .prefix_bits = value[4]};
    return true;
}

int pool_choice_write(struct store *store, const struct addrplan_pool *pool)
{
    uint8_t value[STORED_SIZE];

    be32_write(value, pool->base);
    value[4] = pool->prefix_bits;
    return store_write(store, STORE_TABLE_META, stored_key, sizeof(stored_key) - 1, value,
                       sizeof(value));
}
