/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether a peer is there, as far as this host can know. It is if it answers directly. It is not if
 * it said goodbye, or if each entry point that may speak about it tells who is online and does not
 * name it. Without an entry point that tells, nobody knows.
 */
#pragma once

#include "client/peer/conversation.h"

enum presence {
    PRESENCE_UNKNOWN,
    PRESENCE_ONLINE,
    PRESENCE_OFFLINE,
};

enum {
    PRESENCE_GOODBYE_MS = 5000,    /* so long its goodbye counts where no entry point tells */
    PRESENCE_ELSEWHERE_MS = 20000, /* an answer through a relay of no ziglan; longer than from one
                                      PINGING_SPARE_MS to the next */
    PRESENCE_LATE_MS = 1000,       /* so long a frame may have been on its way */
};

/** Whether the peer is there. ziglans: all that this host has joined. */
enum presence presence_of(const struct peer *peer, const struct ziglan_list *ziglans,
                          struct mono now);

/** True if it is known to be away. Cheap for a peer about which nobody said so. */
bool presence_is_offline(const struct peer *peer, const struct ziglan_list *ziglans,
                         struct mono now);

/** Somebody here wants to reach a peer that is offline, as far as we were told: ask its entry
 * point. What that tells may not reach us, because a NAT before us forgot our session; but whoever
 * asks is heard, and hears again. Once a second, for all peers together. */
void presence_ask(const struct peer *peer, struct mono now);

/** Somebody says that it is away, perhaps again. */
void presence_set_away(struct peer *peer, struct mono now);

/** An entry point tells that the peer is not there: a handshake with it is given up, and a direct
 * path has to answer. */
void presence_on_away(struct peer *peer, const struct ziglan_list *ziglans, struct mono now);

/** An entry point tells that it is there, in the session that it had before. */
void presence_on_named(struct peer *peer);

/** It is there: an entry point tells that it came, or a session with it begins. */
void presence_on_here(struct peer *peer);

/** A frame of it came, in a session: whoever said long enough before that it is away was wrong. */
void presence_on_frame(struct peer *peer, struct mono now);
