/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the relay speaks of a member: to other members in a message, to the operator in the log.
 */
#pragma once

#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"

#include <stdbool.h>
#include <stdint.h>

/** How the log calls a member. */
struct member_label {
    char peer[KEY_SHORT_SIZE]; /* the key's short text */
    char name[NAME_TEXT_SIZE]; /* "-": it has none */
};

/** The session of a member who is online; NULL for strangers and for those who are away. */
const struct relay_client *member_session(const struct relay_base *base,
                                          const uint8_t key[KEY_SIZE]);

/** Fill in whether the member of this key is online, and in which session. */
void member_fill_online(const struct relay_base *base, Ziglan__Member *out,
                        const uint8_t key[KEY_SIZE]);

/** Fill a Member message from a row of the directory; it borrows the row. */
void member_fill(const struct relay_base *base, Ziglan__Member *out,
                 const struct directory_entry *row);

/** How the log calls the node of a key. To be asked before its name is taken from it. */
struct member_label member_label(const struct relay_base *base, const uint8_t key[KEY_SIZE]);
