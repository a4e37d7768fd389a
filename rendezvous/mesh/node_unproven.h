/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records that were told and are not believed yet, with what attests to them, and when to dial the
 * relay. They are kept apart from the table, are few, and are forgotten when nobody answers at
 * their address. A relay that is believed stands here, too, while it is to be reached once more.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/wire/frame.h"
#include "rendezvous/mesh/node_shelf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NODE_UNPROVEN_MAX = 256,
    NODE_CANDIDATES_MAX = 8, /* attestations kept of one */
    NODE_DIALS_MAX = 4,      /* dials at once */
    NODE_DIALS_PER_MIN = 60,
    NODE_DIAL_TRIES = 3,
    NODE_DIAL_MS_MAX = 15000, /* then a dial has failed, whatever the caller does */
    NODE_DIAL_RETRY_MS = 20000,
    NODE_DIAL_WAIT_MS = 2000, /* before the first dial, with up to as much again by chance: it may
                                 get its attestations meanwhile */
};

struct node_unproven {
    struct node_item *node;
    struct node_item *attestations[NODE_CANDIDATES_MAX];
    size_t attestations_count;
    struct mono due; /* to be dialled; while `dialling`: when that has failed */
    uint8_t tries;
    bool dialling;
};

/** A list, empty if zeroed. */
struct node_unproven_list {
    struct node_shelf *shelf;
    struct node_unproven *slots; /* dense; they move at every change */
    size_t count, capacity;
};

/** The one of this key, or NULL. */
struct node_unproven *node_unproven_find(const struct node_unproven_list *list,
                                         const uint8_t key[KEY_SIZE]);

/** Put a record (kept) in, in place of the former one of its key, to be dialled at `due`. ERR_LIMIT
 * if there are NODE_UNPROVEN_MAX, ERR_NOMEM; nothing changed. */
int node_unproven_put(struct node_unproven_list *list, struct node_item *node,
                      struct mono due) MUST_CHECK;

/** Keep one attestation more, in place of an older one of the same attester, unless there are
 * NODE_CANDIDATES_MAX. */
void node_unproven_attest(struct node_unproven_list *list, struct node_unproven *unproven,
                          struct node_item *attestation);

/** Forget one. */
void node_unproven_remove(struct node_unproven_list *list, struct node_unproven *unproven);

/** The one to dial now, marked as dialling; NULL if none is due, NODE_DIALS_MAX are dialled
 * already, or all that are due are in a network where one is dialled. */
struct node_unproven *node_unproven_dial(struct node_unproven_list *list, struct mono now);

/** A dial failed: it is tried again later. False if that is enough: the caller removes it. */
bool node_unproven_failed(struct node_unproven *unproven, struct mono now);

/** When something is due; MONO_NEVER if nothing is. */
struct mono node_unproven_deadline(const struct node_unproven_list *list);

/** Forget all, and free the memory. */
void node_unproven_fini(struct node_unproven_list *list);
