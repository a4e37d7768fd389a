/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a host says to an entry point of a ziglan (docs/protocol.md, section 4): Join, Watch,
 * Lookup, Leave; and the member part that it signs for them (section 5). Each returns false if it
 * could not be sent.
 */
#pragma once

#include "client/ziglan/ziglan_state.h"

/** Request ids: an Error tells that of the request which it answers. */
enum ziglan_request {
    ZIGLAN_REQUEST_JOIN = 1,
    ZIGLAN_REQUEST_WATCH = 2,
    ZIGLAN_REQUEST_LOOKUP = 3,
    ZIGLAN_REQUEST_LEAVE = 4,
};

/** The name that this host wants in the ziglan; empty: none. */
const char *ziglan_wanted_name(const struct ziglan *ziglan);

/** Ask a relay whose session is open for admission, with an invite (INVITE_SIZE bytes) or without
 * (NULL). The member part is signed anew if the last one is not true any more, or is old. */
bool ziglan_send_join(struct ziglan *ziglan, struct relay_session *relay, const uint8_t *invite);

/** Ask the entry point for all changes since those that the roster has. */
bool ziglan_send_watch(struct ziglan *ziglan);

/** Ask the entry point for the member with this key; with this key-derived or fixed address. */
bool ziglan_send_lookup_key(struct ziglan *ziglan, const uint8_t key[KEY_SIZE]);
bool ziglan_send_lookup_address(struct ziglan *ziglan, const uint8_t ip6[16]);

/** Tell an entry point that we leave its ziglan. */
bool ziglan_send_leave(struct relay_session *entry_point);
