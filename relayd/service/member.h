/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the relay tells of a member: to other members as a message, to the operator in the log.
 */
#pragma once

#include "proto/wire/control.h"
#include "relayd/base/relay_base.h"

#include <stdbool.h>
#include <stdint.h>

/** A key and its name for the log. */
struct member_label {
    char peer[KEY_SHORT_SIZE]; /* the key's short text */
    char name[NAME_TEXT_SIZE]; /* "-": none */
};

/** The session of a member who is online; NULL for strangers and for those who are away. */
const struct relay_client *member_session(const struct relay_base *base,
                                          const uint8_t key[KEY_SIZE]);

/** Fill a Member message from a row of the directory; it borrows the row. */
void member_fill(const struct relay_base *base, Ziglan__Member *out,
                 const struct directory_entry *row);

/** What the log calls a key, to be asked before an action that makes the name free. */
struct member_label member_label(const struct relay_base *base, const uint8_t key[KEY_SIZE]);
