/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which member a name means: the key that was first seen under it, for as long as that is a member,
 * live or over. After that the name means the live member to whom an entry point gave it.
 *
 * All functions: ERR_NOMEM, ERR_SYSTEM of the store and the map.
 */
#pragma once

#include "proto/base/err.h"

struct roster;
struct roster_slot;

/** Let a live member be found by its name, unless that means another key. A name under which no key
 * is remembered, or that of a key which is no member any more, is from now on this one's. */
int roster_name_claim(struct roster *roster, struct roster_slot *slot) MUST_CHECK;

/** The member is not found by its name any more. */
void roster_name_release(struct roster *roster, struct roster_slot *slot);

/** A key has gone, or all members are loaded: look again at those whose name means another key. */
int roster_names_again(struct roster *roster) MUST_CHECK;

/** The name of a live member means it from now on, because the user says so. */
int roster_name_take(struct roster *roster, struct roster_slot *slot) MUST_CHECK;
