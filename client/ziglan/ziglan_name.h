/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why this host has another name in a ziglan than it wants.
 */
#pragma once

#include "proto/wire/control.h"
#include "proto/wire/frame.h"

#include <stdint.h>

/** Why we have another name than we want: the numbers of Joined.name_note in control.proto. */
enum ziglan_name_note {
    ZIGLAN_NAME_AS_WANTED = 0, /* or the entry point does not tell */
    ZIGLAN_NAME_CHOSEN = 1,    /* by the invite, by the operator, or by an earlier join */
    ZIGLAN_NAME_TAKEN = 2,     /* it is another member's */
    ZIGLAN_NAME_FREED = 3,     /* it was another's until lately */
    ZIGLAN_NAME_RESERVED = 4,  /* an invite that may still be used grants it */
};

/** As the entry point told last; not kept over restarts. */
struct ziglan_name_why {
    enum ziglan_name_note note;
    uint8_t key[KEY_SIZE]; /* TAKEN, FREED: whose it is or was */
    uint64_t free_ms;      /* FREED: when others may get it (wall clock) */
};

/** Take what a Joined says about the name. An unknown note counts as CHOSEN. */
void ziglan_name_told(struct ziglan_name_why *why, const Ziglan__Joined *joined);
