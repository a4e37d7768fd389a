/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The directory of a ziglan as one of its entry points keeps it (docs/protocol.md, section 14): who
 * is a member, under which name and addresses, which invites are open, who was revoked. Every
 * change gets a number from one growing sequence, which is kept in the store, so that members can
 * ask for what changed since they last looked. The directory does not know who is online.
 *
 * The callers' sessions have authenticated all keys that are given here. Each function that changes
 * something does so in one transaction of the store: all of it happens or nothing. The joins of a
 * group share one transaction.
 *
 * The verbs stand in the headers that this one includes. The files, bottom up: directory_write
 * (transactions, sequence), directory_groups (what groups and notes may be) and directory_name
 * (names and addresses), directory_entry (what the store has about a key), directory_details (what
 * only the operator sees of a member), directory_use (its traffic), directory_admission,
 * directory_find, directory_invite, directory_allow (who needs none), directory_pick (which name a
 * newcomer gets), directory_revoke, then directory_join, directory_rename, directory_adjust,
 * directory_watch, directory_expire and directory_repair, and this one.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/crypto/identity.h"
#include "proto/wire/frame.h"
#include "rendezvous/directory/directory_adjust.h"
#include "rendezvous/directory/directory_admission.h"
#include "rendezvous/directory/directory_allow.h"
#include "rendezvous/directory/directory_details.h"
#include "rendezvous/directory/directory_expire.h"
#include "rendezvous/directory/directory_find.h"
#include "rendezvous/directory/directory_invite.h"
#include "rendezvous/directory/directory_join.h"
#include "rendezvous/directory/directory_rename.h"
#include "rendezvous/directory/directory_revoke.h"
#include "rendezvous/directory/directory_use.h"
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
 * Open the directory in a store. Indexes that do not fit the records (after a crash, on a torn
 * disk) are mended, and records that do not decode are removed; both are traced. cfg is not kept.
 * On ERR_NOMEM and ERR_SYSTEM *out is NULL.
 */
int directory_new(struct directory **out, const struct directory_config *cfg) MUST_CHECK;

/** Free what is in memory; the store stays open. NULL is legal. */
void directory_free(struct directory *directory);

/** The sequence number of the latest change; 0 in a new directory. */
uint64_t directory_sequence(const struct directory *directory);

/** Gauges for metrics: members; revocations, also of those who left; invites in the store.
 * Later: the last two for the page of metrics (monitoring). */
uint32_t directory_member_count(const struct directory *directory);
uint32_t directory_revoked_count(const struct directory *directory);
uint32_t directory_invite_count(const struct directory *directory);
