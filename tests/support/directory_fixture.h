/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nodes with keys, signed member parts and delegations, for the tests of directory and roster. */
#pragma once

#include "proto/crypto/identity.h"
#include "proto/crypto/signed.h"
#include "rendezvous/directory/directory.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/rendezvous_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DAY_MS (UINT64_C(24) * 3600 * 1000)

/** Node number n. */
static inline struct identity node_of(uint32_t n)
{
    uint8_t seed[IDENTITY_SEED_SIZE] = {0x77};
    struct identity identity;

    memcpy(seed + 1, &n, sizeof(n));
    identity_from_seed(&identity, seed);
    return identity;
}

struct part {
    uint8_t bytes[RECORD_SIGNED_SIZE_MAX];
    size_t size;
};

/** A member part signed by node n, claiming the fixed address of `mac` (0: none). */
static inline struct part part_of(const struct world *w, uint32_t n, uint64_t sequence, uint8_t mac)
{
    struct identity identity = node_of(n);
    struct record_member record = {0};
    uint8_t bytes[RECORD_MEMBER_SIZE_MAX];
    struct part part;
    size_t size;

    memcpy(record.header.key, identity.public_key, KEY_SIZE);
    record.header.sequence = sequence;
    record.header.created_ms = w->wall_ms;
    record.header.lifetime_s = 30 * 24 * 3600;
    if (mac != 0) {
        memset(record.fixed[0], mac, sizeof(record.fixed[0]));
        record.fixed_count = 1;
    }
    assert_int_equal(record_member_encode(bytes, &size, &record), ERR_OK);
    assert_int_equal(
        signed_make(part.bytes, sizeof(part.bytes), &part.size, &identity, bytes, size), ERR_OK);
    return part;
}

/** The ziglan's word that an entry relay may do all this. */
static inline struct part delegation_of(const struct world *w, const struct identity *ziglan,
                                        const struct identity *entry, uint32_t rights,
                                        uint64_t expires_ms)
{
    struct record_delegation record = {0};
    uint8_t bytes[RECORD_SIZE_MAX];
    struct part part;
    size_t size;

    memcpy(record.header.key, ziglan->public_key, KEY_SIZE);
    record.header.sequence = 1;
    record.header.created_ms = w->wall_ms;
    record.header.lifetime_s = 365 * 24 * 3600;
    memcpy(record.entry_key, entry->public_key, KEY_SIZE);
    record.rights = rights;
    record.expires_ms = expires_ms;
    assert_int_equal(record_delegation_encode(bytes, &size, &record), ERR_OK);
    assert_int_equal(signed_make(part.bytes, sizeof(part.bytes), &part.size, ziglan, bytes, size),
                     ERR_OK);
    return part;
}

/** A ziglan with one entry point on a memory store. */
struct ziglan {
    struct world world;
    struct identity entry, ziglan;
    struct directory_config cfg;
    struct store *store;
    struct directory *directory;
};

static inline void ziglan_reopen(struct ziglan *z)
{
    directory_free(z->directory);
    assert_int_equal(directory_new(&z->directory, &z->cfg), ERR_OK);
}

static inline void ziglan_init(struct ziglan *z)
{
    memset(z, 0, sizeof(*z));
    world_init(&z->world);
    z->entry = node_of(1000001);
    z->ziglan = node_of(1000002);
    assert_int_equal(store_memory_new(&z->store), ERR_OK);
    z->cfg.store = z->store;
    z->cfg.env = &z->world.env;
    z->cfg.identity = &z->entry;
    memcpy(z->cfg.ziglan_key, z->ziglan.public_key, KEY_SIZE);
    ziglan_reopen(z);
}

static inline void ziglan_fini(struct ziglan *z)
{
    directory_free(z->directory);
    store_close(z->store);
}

/** An invite for so many uses; `days` 0: for ever. */
static inline void ziglan_invite(struct ziglan *z, uint32_t uses, uint32_t days, const char *name,
                                 uint8_t invite[INVITE_SIZE])
{
    struct directory_terms terms = {.uses = uses};

    terms.expires_ms = days == 0 ? 0 : z->world.wall_ms + days * DAY_MS;
    memcpy(terms.name, name, strlen(name) + 1);
    assert_int_equal(directory_invite(z->directory, &terms, invite), VERDICT_OK);
}

/** Node n asks to join; invite NULL: it has none. */
static inline enum verdict ziglan_join(struct ziglan *z, uint32_t n, const uint8_t *invite,
                                       const char *name, const struct part *part,
                                       struct directory_joined *out)
{
    struct identity identity = node_of(n);
    struct directory_join join = {
        .key = identity.public_key,
        .invite = invite,
        .invite_size = invite != NULL ? INVITE_SIZE : 0,
        .wanted_name = name,
        .member_part = part->bytes,
        .member_part_size = part->size,
    };

    return directory_join(z->directory, &join, out);
}

/** Node n becomes a member by an invite of its own. Returns its granted name, in out. */
static inline const char *ziglan_admit(struct ziglan *z, uint32_t n, const char *name, uint8_t mac,
                                       struct directory_joined *out)
{
    uint8_t invite[INVITE_SIZE];
    struct part part = part_of(&z->world, n, z->world.wall_ms, mac);

    ziglan_invite(z, 1, 0, "", invite);
    assert_int_equal(ziglan_join(z, n, invite, name, &part, out), VERDICT_OK);
    return out->name;
}

/** Library start-up for a group of tests. */
static inline int fixture_group_setup(void **state)
{
    (void)state;
    return identity_library_init() == ERR_OK ? 0 : -1;
}
