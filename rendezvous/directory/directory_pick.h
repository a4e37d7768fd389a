/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which name a newcomer gets, and why it is not the one that it wants. An operator's word goes
 * before everything: the name that an invite grants is kept for it, is given although it was freed
 * only lately, and is taken from the member that had it when the invite was made.
 *
 * All functions: ERR_NOMEM, ERR_SYSTEM of the store.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"
#include "proto/wire/name.h"
#include "rendezvous/directory/directory_invite.h"

#include <stdbool.h>
#include <stdint.h>

struct directory;

/** Why a node has another name than it wants: the numbers of Joined.name_note in control.proto. */
enum directory_name_note {
    DIRECTORY_NAME_AS_WANTED = 0,
    DIRECTORY_NAME_CHOSEN = 1,   /* by the invite, by the operator, or by an earlier join */
    DIRECTORY_NAME_TAKEN = 2,    /* it is another member's */
    DIRECTORY_NAME_FREED = 3,    /* it was another's until lately */
    DIRECTORY_NAME_RESERVED = 4, /* an invite that may still be used grants it; newcomers only */
};

struct directory_name_why {
    enum directory_name_note note;
    uint8_t key[KEY_SIZE]; /* TAKEN, FREED: whose it is or was; else zeros */
    uint64_t free_ms;      /* FREED: when it may be given to others (wall clock); else 0 */
};

/** What a newcomer gets. */
struct directory_pick {
    char name[NAME_TEXT_SIZE];
    bool found; /* false: none is free, and the rest has no meaning */
    bool takes; /* the name is taken from the member with this key */
    uint8_t taken[KEY_SIZE];
};

/** Pick a name for a newcomer with this invite. `wanted` is any text, of which a label is made; it
 * does not matter if the invite grants a name. What is not free is tried with -2 to -200 behind it,
 * then with a part of the key. */
int directory_pick(struct directory *directory, const uint8_t key[KEY_SIZE],
                   const struct directory_open_invite *invite, const char *wanted,
                   struct directory_pick *out) MUST_CHECK;

/** Say why a node that wants one name (any text; empty: none) has another one. invite is the one
 * that it just joined with, NULL: none. */
int directory_pick_why(struct directory *directory, const uint8_t key[KEY_SIZE],
                       const struct directory_open_invite *invite, const char *wanted,
                       const char *granted, struct directory_name_why *out) MUST_CHECK;
