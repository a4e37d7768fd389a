/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ziglan's directory on a memory store, for the tests of directory and roster. */
#pragma once

#include "rendezvous/directory/directory.h"
#include "rendezvous/store/store.h"
#include "tests/support/env.h"
#include "tests/support/identities.h"
#include "tests/support/parts.h"

/** A ziglan that has one entry point. */
struct ziglan {
    struct test_env ports;
    struct identity entry, ziglan;
    struct directory_config cfg;
    struct store *store;
    struct directory *directory;
};

/** Make the directory again on the same store, as after a restart. */
void ziglan_reopen(struct ziglan *z);

/** Make a store and a directory. The wall clock stands at TEST_WALL_MS. */
void ziglan_init(struct ziglan *z);

/** Free the directory and the store. */
void ziglan_fini(struct ziglan *z);

/** Make an invite for this number of uses that expires in `days`; 0: never. */
void ziglan_invite(struct ziglan *z, uint32_t uses, uint32_t days, const char *name,
                   uint8_t invite[INVITE_SIZE]);

/** Node n (node_of) asks to join with this invite; NULL: it has none. */
enum verdict ziglan_join(struct ziglan *z, uint32_t n, const uint8_t *invite, const char *name,
                         const struct part *part, struct directory_joined *out);

/** Node n becomes a member with an invite of its own. Returns the name that it is given, which
 * stands in *out. mac is that of part_of. */
const char *ziglan_admit(struct ziglan *z, uint32_t n, const char *name, uint8_t mac,
                         struct directory_joined *out);

/** Node n is revoked; node n leaves. */
enum verdict ziglan_revoke(struct ziglan *z, uint32_t n);
enum verdict ziglan_leave(struct ziglan *z, uint32_t n);
