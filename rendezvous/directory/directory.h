/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The directory of a ziglan as one of its entry points keeps it (docs/protocol.md, section 14): who
 * is a member, under which name and addresses, which invites are open, who was revoked. Every
 * change gets the next number of one growing sequence, which is kept in the store, so that members
 * can ask for what changed since they last looked. Whether a member is online is not its business.
 *
 * All keys given here are authenticated by the caller's sessions. Each function that changes
 * something is one transaction of the store (a group of joins is one together): it happened
 * entirely or not at all.
 *
 * What can be done with it stands in the headers that this one brings along. Bottom up:
 * directory_write (transactions, sequence) and directory_name (names and addresses),
 * directory_entry (what the store has about a key), directory_find, directory_invite, then
 * directory_join, directory_revoke, directory_watch, directory_expire and directory_repair, and
 * this one.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/crypto/identity.h"
#include "proto/wire/frame.h"
#include "rendezvous/directory/directory_expire.h"
#include "rendezvous/directory/directory_find.h"
#include "rendezvous/directory/directory_invite.h"
#include "rendezvous/directory/directory_join.h"
#include "rendezvous/directory/directory_revoke.h"
#include "rendezvous/directory/directory_watch.h"
#include "rendezvous/store/store.h"

#include <stdint.h>

enum {
    DIRECTORY_MEMBER_COUNT_MAX = 10000, /* default cap of members, and of revocations */
    DIRECTORY_INVITE_COUNT_MAX = 1000,  /* default cap of open invites */
};

struct directory_config {
    struct store *store;             /* borrowed, outlives the directory */
    const struct env *env;           /* borrowed, outlives the directory */
    const struct identity *identity; /* of this entry relay, signs; borrowed, outlives it */
    uint8_t ziglan_key[KEY_SIZE];
    uint32_t member_max; /* 0: default */
    uint32_t invite_max; /* 0: default */
};

struct directory;

/**
 * Open the directory in a store. Indexes that do not fit the members (a crash, a torn disk) are
 * made anew, and records that do not decode are dropped; that is traced. ERR_NOMEM, ERR_SYSTEM.
 */
int directory_new(struct directory **out, const struct directory_config *cfg) MUST_CHECK;
void directory_free(struct directory *directory);

/** The sequence number of the latest change; 0 in a new directory. */
uint64_t directory_sequence(const struct directory *directory);

/** Gauges for metrics: members; nodes whose revocation is kept, who left included; open invites.
 * Later: the last two for the page of metrics (monitoring). */
uint32_t directory_member_count(const struct directory *directory);
uint32_t directory_revoked_count(const struct directory *directory);
uint32_t directory_invite_count(const struct directory *directory);
