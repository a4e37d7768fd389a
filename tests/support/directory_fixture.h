/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ziglan's directory on a memory store, for the tests of directory and roster. */
#pragma once

#include "rendezvous/directory/directory.h"
#include "rendezvous/store/store.h"
#include "tests/support/env.h"
#include "tests/support/identities.h"
#include "tests/support/parts.h"

/** Where a ziglan's only entry point keeps its directory. */
struct office {
    struct test_env ports;
    struct identity entry, ziglan;
    struct directory_config cfg;
    struct store *store;
    struct directory *directory;
};

/** Make the directory again on the same store, as after a restart. */
void office_reopen(struct office *office);

/** Make a store and a directory; the second for so many members. The wall clock stands at
 * TEST_WALL_MS. */
void office_init(struct office *office);
void office_init_of(struct office *office, uint32_t member_max);

/** Free the directory and the store. */
void office_fini(struct office *office);

/** Make an invite for this number of uses that expires in `days`; 0: never. */
void office_invite(struct office *office, uint32_t uses, uint32_t days, const char *name,
                   uint8_t invite[INVITE_SIZE]);

/** Node n (node_of) asks to join with this invite; NULL: it has none. */
enum verdict office_join(struct office *office, uint32_t n, const uint8_t *invite, const char *name,
                         const struct part *part, struct directory_joined *out);

/** Node n becomes a member with an invite of its own. Returns the name that it is given, which
 * stands in *out. mac is that of part_of. */
const char *office_admit(struct office *office, uint32_t n, const char *name, uint8_t mac,
                         struct directory_joined *out);

/** Node n is revoked; node n leaves. */
enum verdict office_revoke(struct office *office, uint32_t n);
enum verdict office_leave(struct office *office, uint32_t n);

/** Node n's name, or the one it had; "-" if the directory does not know it. Valid until the next
 * call. */
const char *office_name_of(struct office *office, uint32_t n);

/** What node n is to the directory. */
enum directory_status office_status_of(struct office *office, uint32_t n);

/** Look the name up; what is found must be node `want`. */
enum verdict office_find_name(struct office *office, const char *name, uint32_t want);

/** Look up a fixed address; mac is that of part_of. */
enum verdict office_find_fixed(struct office *office, uint8_t mac, struct directory_entry *entry);

/** Which of the nodes 1 to node_max has that fixed address; 0: none. */
uint32_t office_owner_of(struct office *office, uint8_t mac, uint32_t node_max);

/** Read and count all changes after `since`, which then is where they end; each chunk must fit into
 * its message. *revoked is how many were revocations. */
size_t office_follow(struct office *office, uint64_t *since, size_t *revoked);
