/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables NAMES and ADDRESSES: who holds a name or an address, and when it becomes free. */
#include "rendezvous/directory/directory_name.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"
#include "proto/crypto/identity.h"
#include "proto/net/addrplan.h"
#include "proto/wire/name.h"
#include "rendezvous/directory/directory_internal.h"

#include <string.h>

/* 2025-01-01. A name that was freed before was freed under a clock that was not set. */
#define FREED_MS_MIN UINT64_C(1735689600000)

int directory_name_read(struct directory *directory, const char *name, struct directory_name *out)
{
    uint8_t value[DIRECTORY_NAME_VALUE_SIZE];
    size_t size;
    int rc = store_read(directory->store, STORE_TABLE_NAMES, name, strlen(name), value,
                        sizeof(value), &size);

    memset(out, 0, sizeof(*out));
    if (rc != ERR_OK || size == STORE_NONE) {
        return rc;
    }
    struct rbuf r = rbuf_over(value, size);
    rbuf_copy(&r, out->key, KEY_SIZE);
    out->freed_ms = rbuf_u64(&r);
    out->found = rbuf_done(&r);
    return ERR_OK;
}

static int name_write(struct directory *d, const char *name, const uint8_t key[KEY_SIZE],
                      uint64_t freed_ms)
{
    uint8_t value[DIRECTORY_NAME_VALUE_SIZE];
    struct wbuf w = wbuf_over(value, sizeof(value));

    wbuf_put(&w, key, KEY_SIZE);
    wbuf_u64(&w, freed_ms);
    return store_write(d->store, STORE_TABLE_NAMES, name, strlen(name), value, wbuf_size(&w));
}

int directory_name_hold(struct directory *directory, const char *name, const uint8_t key[KEY_SIZE])
{
    return name_write(directory, name, key, 0);
}

int directory_name_free(struct directory *directory, const char *name, const uint8_t key[KEY_SIZE])
{
    uint64_t now_ms = env_wall_ms(directory->env);

    return name_write(directory, name, key, now_ms == 0 ? 1 : now_ms); /* 0 would say: held */
}

int directory_name_remove(struct directory *directory, const char *name)
{
    return store_remove(directory->store, STORE_TABLE_NAMES, name, strlen(name));
}

/* True if a name that was freed at freed_ms may be given to others at now_ms. */
static bool quarantine_over(uint64_t freed_ms, uint64_t now_ms)
{
    return freed_ms >= FREED_MS_MIN && now_ms >= freed_ms &&
           now_ms - freed_ms >= DIRECTORY_NAME_FREED_MS;
}

int directory_name_expire(struct directory *directory, const char *name, size_t name_size,
                          const uint8_t *value, size_t size, uint64_t now_ms)
{
    uint8_t later[DIRECTORY_NAME_VALUE_SIZE];
    struct rbuf r = rbuf_over(value, size);
    const uint8_t *key = rbuf_take(&r, KEY_SIZE);
    uint64_t freed_ms = rbuf_u64(&r);

    if (rbuf_done(&r) && freed_ms != 0 && freed_ms < FREED_MS_MIN && now_ms >= FREED_MS_MIN) {
        memcpy(later, key, KEY_SIZE);
        be64_write(later + KEY_SIZE, now_ms);
        return store_write(directory->store, STORE_TABLE_NAMES, name, name_size, later,
                           sizeof(later));
    }
    return quarantine_over(freed_ms, now_ms)
               ? store_remove(directory->store, STORE_TABLE_NAMES, name, name_size)
               : ERR_OK;
}

bool directory_name_is_free(const struct directory *directory, const struct directory_name *name,
                            const uint8_t key[KEY_SIZE])
{
    const struct directory *d = directory;

    if (!name->found || memcmp(name->key, key, KEY_SIZE) == 0) {
        return true;
    }
    /* The settled time must agree. A clock that is wrong for a while would give the name away, and
       its new holder would keep it. */
    uint64_t now_ms = env_wall_ms(d->env);
    return quarantine_over(name->freed_ms, now_ms < d->settled_ms ? now_ms : d->settled_ms);
}

/* ---- addresses ---- */

/* Who holds an address; *found is false, and key not meaningful, if nobody does. */
static int address_read(struct directory *d, const uint8_t *address, size_t size,
                        uint8_t key[KEY_SIZE], bool *found)
{
    size_t value_size;
    int rc = store_read(d->store, STORE_TABLE_ADDRESSES, address, size, key, KEY_SIZE, &value_size);

    *found = rc == ERR_OK && value_size == KEY_SIZE;
    return rc;
}

static bool part_claims(const struct record_member *part, const uint8_t eui64[EUI64_SIZE])
{
    for (size_t i = 0; part != NULL && i < part->fixed_count; i++) {
        if (memcmp(part->fixed[i], eui64, EUI64_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

/* Free a fixed address if the key holds it. */
static int claim_free(struct directory *d, const uint8_t key[KEY_SIZE],
                      const uint8_t eui64[EUI64_SIZE])
{
    uint8_t holder[KEY_SIZE];
    bool held;
    int rc = address_read(d, eui64, EUI64_SIZE, holder, &held);

    if (rc == ERR_OK && held && memcmp(holder, key, KEY_SIZE) == 0) {
        rc = store_remove(d->store, STORE_TABLE_ADDRESSES, eui64, EUI64_SIZE);
    }
    return rc;
}

/* Give the key an address, unless somebody holds it. */
static int claim_take(struct directory *d, const uint8_t key[KEY_SIZE], const uint8_t *address,
                      size_t size)
{
    uint8_t holder[KEY_SIZE];
    bool held;
    int rc = address_read(d, address, size, holder, &held);

    if (rc == ERR_OK && !held) {
        rc = store_write(d->store, STORE_TABLE_ADDRESSES, address, size, key, KEY_SIZE);
    }
    return rc;
}

int directory_addresses_move(struct directory *directory, const uint8_t key[KEY_SIZE],
                             const struct record_member *before, const struct record_member *now)
{
    uint8_t ip6[16];
    int rc;

    key_ip6(ip6, key);
    rc = claim_take(directory, key, ip6, sizeof(ip6));
    for (size_t i = 0; rc == ERR_OK && before != NULL && i < before->fixed_count; i++) {
        if (!part_claims(now, before->fixed[i])) {
            rc = claim_free(directory, key, before->fixed[i]);
        }
    }
    for (size_t i = 0; rc == ERR_OK && i < now->fixed_count; i++) {
        rc = claim_take(directory, key, now->fixed[i], EUI64_SIZE);
    }
    return rc;
}

int directory_addresses_free(struct directory *directory, const uint8_t key[KEY_SIZE],
                             const struct record_member *before)
{
    uint8_t ip6[16];
    int rc;

    key_ip6(ip6, key);
    rc = store_remove(directory->store, STORE_TABLE_ADDRESSES, ip6, sizeof(ip6));
    for (size_t i = 0; rc == ERR_OK && before != NULL && i < before->fixed_count; i++) {
        rc = claim_free(directory, key, before->fixed[i]);
    }
    return rc;
}

int directory_address_read(struct directory *directory, const uint8_t address[16],
                           uint8_t key[KEY_SIZE], bool *found)
{
    uint8_t middle[ADDRPLAN_MIDDLE_SIZE], eui64[EUI64_SIZE];

    return addrplan_fixed_extract(middle, eui64, address)
               ? address_read(directory, eui64, EUI64_SIZE, key, found)
               : address_read(directory, address, 16, key, found);
}
