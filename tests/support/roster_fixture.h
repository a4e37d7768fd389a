/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host that watches a ziglan's directory, for the tests of its roster. */
#pragma once

#include "rendezvous/roster/roster.h"
#include "tests/support/directory_fixture.h"

enum { ALL_RIGHTS = RECORD_RIGHT_ADMIT_FLAG | RECORD_RIGHT_REVOKE_FLAG | RECORD_RIGHT_INVITE_FLAG };

/** A host that watches a ziglan, both on stores of their own. */
struct watcher {
    struct office office;
    struct store *store;
    struct roster *roster;
    struct part delegation;
    uint32_t member_max; /* of the roster; 0: the usual */
};

/** Make both, with nobody in the ziglan; the second for a roster with room for so many. Free both.
 */
void watcher_init(struct watcher *w);
void watcher_init_of(struct watcher *w, uint32_t member_max);
void watcher_fini(struct watcher *w);

/** Make both, with node 1 as a member that the roster knows. */
void watcher_init_with(struct watcher *w, const char *name, uint8_t mac);

/** Make both, with node 1 as a member that the roster was not told of; *change, which borrows from
 * *entry, would tell it. */
void watcher_init_untold(struct watcher *w, const char *name, uint8_t mac,
                         struct directory_entry *entry, struct roster_change *change);

/** Another roster of the same ziglan, on a new store of memory and without a delegation. The caller
 * frees both. */
void watcher_roster_new(struct watcher *w, struct roster **roster, struct store **store);

/** Make the roster again on its store, as after a restart, with a delegation from now on. */
void watcher_reopen(struct watcher *w);

/** Node n becomes a member; mac is that of part_of. The roster is not told. */
void watcher_admit(struct watcher *w, uint32_t n, const char *name, uint8_t mac);

/** Apply all changes that are new; returns how many had an effect. */
size_t watcher_follow(struct watcher *w);

/** roster_expire by the watcher's wall clock. */
enum roster_effect watcher_expire(struct watcher *w, uint64_t settled_ms, uint8_t key[KEY_SIZE]);

/** The change that tells of node n as it is now; it borrows from *entry. */
void watcher_change_for(struct watcher *w, uint32_t n, struct directory_entry *entry,
                        struct roster_change *change);

/** Whom the roster knows by this name, or as node n; NULL: nobody. */
const struct roster_member *watcher_member_named(struct watcher *w, const char *name);
const struct roster_member *watcher_member(struct watcher *w, uint32_t n);
