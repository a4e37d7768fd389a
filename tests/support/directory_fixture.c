/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A directory, and nodes that ask it for membership. */
#include "tests/support/directory_fixture.h"

#include "rendezvous/store/store_memory.h"
#include "tests/support/fixture.h"

void ziglan_reopen(struct ziglan *z)
{
    directory_free(z->directory);
    assert_int_equal(directory_new(&z->directory, &z->cfg), ERR_OK);
}

void ziglan_init(struct ziglan *z)
{
    memset(z, 0, sizeof(*z));
    test_env_init(&z->ports, 0);
    z->entry = node_of(1000001);
    z->ziglan = node_of(1000002);
    assert_int_equal(store_memory_new(&z->store), ERR_OK);
    z->cfg.store = z->store;
    z->cfg.env = &z->ports.env;
    z->cfg.identity = &z->entry;
    memcpy(z->cfg.ziglan_key, z->ziglan.public_key, KEY_SIZE);
    ziglan_reopen(z);
}

void ziglan_fini(struct ziglan *z)
{
    directory_free(z->directory);
    store_close(z->store);
}

void ziglan_invite(struct ziglan *z, uint32_t uses, uint32_t days, const char *name,
                   uint8_t invite[INVITE_SIZE])
{
    struct directory_terms terms = {.uses = uses};

    terms.expires_ms = days == 0 ? 0 : z->ports.wall_ms + days * DAY_MS;
    memcpy(terms.name, name, strlen(name) + 1);
    assert_int_equal(directory_invite(z->directory, &terms, invite), VERDICT_OK);
}

enum verdict ziglan_join(struct ziglan *z, uint32_t n, const uint8_t *invite, const char *name,
                         const struct part *part, struct directory_joined *out)
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

const char *ziglan_admit(struct ziglan *z, uint32_t n, const char *name, uint8_t mac,
                         struct directory_joined *out)
{
    uint8_t invite[INVITE_SIZE];
    struct part part = part_of(z->ports.wall_ms, n, z->ports.wall_ms, mac);

    ziglan_invite(z, 1, 0, "", invite);
    assert_int_equal(ziglan_join(z, n, invite, name, &part, out), VERDICT_OK);
    return out->name;
}

enum verdict ziglan_revoke(struct ziglan *z, uint32_t n)
{
    struct identity identity = node_of(n);

    return directory_revoke(z->directory, identity.public_key);
}

enum verdict ziglan_leave(struct ziglan *z, uint32_t n)
{
    struct identity identity = node_of(n);

    return directory_leave(z->directory, identity.public_key);
}
